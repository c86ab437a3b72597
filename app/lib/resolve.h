/*
 * Name resolution with a time limit.
 */
#ifndef LATCHKEY_LIB_RESOLVE_H
#define LATCHKEY_LIB_RESOLVE_H

#include "base.h"

#define RESOLVE_MAX 8    /* addresses of a name; the rest is left out */
#define RESOLVE_BYTES 80 /* of one, with the name of an interface behind % */

struct resolved {
	unsigned count;
	char address[RESOLVE_MAX][RESOLVE_BYTES];
};

enum resolve_result { RESOLVE_DONE, RESOLVE_UNKNOWN, RESOLVE_LATE };

/*
 * The addresses of a name in figures, in the order in which getaddrinfo(3) has
 * them. limit_ms: how long it may take; -1: for ever. RESOLVE_UNKNOWN: there is
 * none, or no process can be made. RESOLVE_LATE: no answer in time.
 *
 * getaddrinfo() has no limit that holds for all of its sources, so it is called
 * in a separate process, which ends with this one.
 */
enum resolve_result resolve(
    const char *name, int64_t limit_ms, struct resolved *out) MUST_CHECK;

#define RESOLVE_NAMES_MAX 16
#define RESOLVE_NAME_BYTES 256

/* Names that a resolver looks up, and what it does before. */
struct resolver {
	unsigned count;
	const char *const *names;
	/* in its process: let go of all that it does not need. False: it ends,
	 * what went wrong on standard error */
	bool (*begin)(void *of);
	/* in each process that looks a name up, in front of that */
	bool (*narrow)(void);
	void *of;
};

/*
 * For a process that may make none later: start one now by which resolve()
 * looks names up from then on; it knows those in the list alone, and ends with
 * this process. Should it end before, this process gets SIGTERM at the next
 * look-up, so that another takes its place. False: see errno.
 */
bool resolver_start(const struct resolver *r) MUST_CHECK;

#endif
