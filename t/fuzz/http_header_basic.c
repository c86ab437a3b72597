/*
 * Fuzz target of a client in the Authorization header: what is read is text,
 * and base64 of one spelling.
 */
#include "fuzz.h"

#include "http/header.h"
#include "lib/text.h"

static size_t
encoded_len(const char *header)
{
	const char *s = header + strlen("Basic");

	return strlen(s + strspn(s, " "));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *header, *id = NULL, *secret = NULL;
	struct arena a;
	enum err e;

	arena_init(&a);
	header = exact_text(&a, data, size);
	e = header_basic(header, &a, &id, &secret);
	assert(e == ERR_OK || e == ERR_NOTFOUND || e == ERR_UNAUTH);
	if (e == ERR_OK) {
		assert(text_is_utf8(id, strlen(id)));
		assert(text_is_utf8(secret, strlen(secret)));
		assert(encoded_len(header) % 4 == 0);
		/* decoding never adds */
		assert((strlen(id) + 1 + strlen(secret)) * 4 <=
		       encoded_len(header) * 3);
	}
	arena_free(&a);
	return 0;
}
