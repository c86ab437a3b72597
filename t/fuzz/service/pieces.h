/*
 * Pieces of an input of t/fuzz/service.c, sent one after the other, each but
 * the first after CUT and a byte that says how.
 */
#ifndef LATCHKEY_FUZZ_PIECES_H
#define LATCHKEY_FUZZ_PIECES_H

#include "base.h"

#define CUT "\xfe\xed"

/*
 * The byte behind CUT: in its lowest 3 bits how the database takes it, in the
 * next 2 what time has done, and then whether it comes over a new connection,
 * whose client goes at once, to a worker that does nothing but the api lane.
 */
enum { HOW_ANEW = 32, HOW_GONE = 64, HOW_API = 128 };
#define HOW_MOOD(how) ((how)&7)
#define HOW_TIME(how) ((how) >> 3 & 3)

struct pieces {
	const uint8_t *next, *end;
};

struct piece {
	const uint8_t *bytes;
	size_t len; /* not 0 */
	unsigned how;
};

/* The next piece. False: there is none. */
bool pieces_next(struct pieces *p, struct piece *out);

/*
 * Is a whole request in these n bytes, which are scratch afterwards? *len: of
 * it; more may follow.
 */
bool piece_is_whole(unsigned char *bytes, size_t n, size_t *len);

#endif
