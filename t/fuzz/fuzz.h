/*
 * Common parts of fuzz targets: an arena, and libFuzzer's entry.
 */
#ifndef LATCHKEY_FUZZ_H
#define LATCHKEY_FUZZ_H

#include "base.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy on the heap of exactly n bytes, so that a read beyond them shows. */
static inline char *
exactly(struct arena *a, const void *bytes, size_t n)
{
	char *s = malloc(n == 0 ? 1 : n);

	assert(s != NULL);
	memcpy(s, bytes, n);
	arena_defer(a, free, s);
	return s;
}

/* The same as a C string. */
static inline const char *
exact_text(struct arena *a, const void *bytes, size_t n)
{
	char *s = malloc(n + 1);

	assert(s != NULL);
	memcpy(s, bytes, n);
	s[n] = '\0';
	arena_defer(a, free, s);
	return s;
}

#endif
