/*
 * List of common passwords: a file that answers whether a text is in the list
 * without containing it (a Bloom filter), in about 20 bits for each. Fewer than
 * 1 in 10,000 other texts are taken for a listed one.
 */
#ifndef LATCHKEY_LIB_BLOCKLIST_H
#define LATCHKEY_LIB_BLOCKLIST_H

#include <stdio.h>

#include "lib/arena.h"

struct blocklist {
	int file;      /* -1: none; the list is empty */
	uint64_t bits; /* of the filter */
	unsigned probes;
};

/*
 * Open the file of this path; an empty path is an empty list. False, with a
 * line on standard error that says what to do: missing, incomplete, or of
 * another version.
 */
bool blocklist_open(const char *path, struct blocklist *out) MUST_CHECK;

/* Close what blocklist_open() opened. */
void blocklist_close(struct blocklist *b);

/*
 * Is this UTF-8 text in the list? Case does not matter, nor does the form in
 * which accents are written. ERR_BUSY: the file cannot be read any more.
 */
enum err blocklist_has(const struct blocklist *b, struct arena *a,
    const char *text, bool *found) MUST_CHECK;

/*
 * Make such a file at path from the texts in from, one on each line; an
 * existing file is replaced when the new one is complete. Returns the number of
 * texts; 0, with a line on standard error: none, or the file could not be
 * written.
 */
uint64_t blocklist_make(FILE *from, const char *path) MUST_CHECK;

#endif
