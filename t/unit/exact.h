/*
 * Bytes that end where their memory ends, so that ASan detects a read beyond
 * them.
 */
#ifndef LATCHKEY_EXACT_H
#define LATCHKEY_EXACT_H

#include <stdlib.h>
#include <string.h>

struct exact {
	char *memory; /* to be freed */
	char *bytes;
};

static inline struct exact
exact_copy(const char *bytes, size_t n)
{
	char *memory = malloc(n + 1); /* none of 0 bytes, which ASan rounds */

	if (memory == NULL)
		abort();
	memcpy(memory + 1, bytes, n);
	return (struct exact){ memory, memory + 1 };
}

#endif
