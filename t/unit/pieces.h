/*
 * Pieces of an arena that end where their memory ends, so that ASan detects
 * what is written beyond them by the file that a test includes after this.
 */
#ifndef LATCHKEY_PIECES_H
#define LATCHKEY_PIECES_H

#include <stdlib.h>

#include "lib/arena.h"

static inline void *
piece_of_ours(struct arena *a, size_t n)
{
	void *p = calloc(1, n);

	if (p == NULL)
		abort();
	arena_defer(a, free, p);
	return p;
}

#define arena_alloc piece_of_ours

#endif
