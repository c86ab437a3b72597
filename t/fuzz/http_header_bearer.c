/*
 * Fuzz target of the Authorization header and the token in it: no input is
 * accepted, since none can be signed.
 */
#include "sign.h"

#include "http/header.h"
#include "crypto/token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct token_clock clock = { .now_s = 0 };
	struct token_claims claims;
	const char *header, *token;
	struct arena a;

	arena_init(&a);
	header = arena_strndup(&a, (const char *)data, size);
	token = header_bearer(header);
	assert(token == NULL || (token > header && *token != '\0' &&
	                            strchr(token, ' ') == NULL));
	if (token == NULL)
		token = header;
	if (token_check(fuzz_keyring(), token, &clock, &a, &claims) == ERR_OK)
		abort();
	arena_free(&a);
	return 0;
}
