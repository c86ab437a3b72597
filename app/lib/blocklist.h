/*
 * The passwords that are tried first: a file that tells whether a text is in a
 * list, without holding it (a Bloom filter). About 20 bits a text; of those
 * that are not in the list fewer than 1 in 10,000 are taken for one that is.
 */
#ifndef LATCHKEY_LIB_BLOCKLIST_H
#define LATCHKEY_LIB_BLOCKLIST_H

#include <stdio.h>

#include "lib/arena.h"

struct blocklist {
	int file;      /* -1: none, and nothing is in it */
	uint64_t bits; /* of the filter */
	unsigned probes;
};

/*
 * Open the file of this path; an empty path is an empty list. False, with a
 * line on standard error that says what to do: there is none, or it is not
 * whole, or of another version.
 */
bool blocklist_open(const char *path, struct blocklist *out) MUST_CHECK;

/* Close what blocklist_open() opened. */
void blocklist_close(struct blocklist *b);

/*
 * Is this UTF-8 text in the list? Upper and lower case are one, and so are a
 * letter with its accent and the two apart. ERR_BUSY: the file cannot be read
 * any more.
 */
enum err blocklist_has(const struct blocklist *b, struct arena *a,
    const char *text, bool *found) MUST_CHECK;

/*
 * Make such a file at path of the texts in from, a line each; one that is there
 * is replaced when the new one is whole. Returns how many there are; 0, with a
 * line on standard error: none, or the file could not be written.
 */
uint64_t blocklist_make(FILE *from, const char *path) MUST_CHECK;

#endif
