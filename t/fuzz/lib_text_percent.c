/*
 * Fuzz target of text_percent_decode(): never longer, and an encoded text
 * decodes to itself.
 */
#include "fuzz.h"

#include "lib/buf.h"
#include "lib/text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct buf b;
	size_t i, n;
	char *s;

	arena_init(&a);
	for (i = 0; i < 2; i++) {
		s = exactly(&a, data, size);
		n = text_percent_decode(s, size, i == 1);
		assert(n <= size);
	}
	buf_init(&b, &a);
	for (i = 0; i < size; i++)
		buf_addf(&b, i % 2 == 0 ? "%%%02x" : "%%%02X", data[i]);
	n = text_percent_decode(b.s, b.len, true);
	assert(n == size && (n == 0 || memcmp(b.s, data, n) == 0));
	arena_free(&a);
	return 0;
}
