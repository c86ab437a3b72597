/*
 * The Cookie header, and the proof of a device in it: none is accepted, since
 * none can be signed.
 */
#include "fuzz.h"

#include "cookie.h"
#include "svc_device.h"
#include "token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct token_key key = { 32,
		"not the key of anything at all.." };
	static const struct conf conf = { .token_leeway_s = 5 };
	struct arena a;
	const struct ctx c = { .conf = &conf, .key = &key, .arena = &a };
	const char *header, *value;

	arena_init(&a);
	header = arena_strndup(&a, (const char *)data, size);
	value = cookie_find(header, "id", &a);
	assert(value == NULL || strchr(value, ';') == NULL);
	assert(device_read(&c, value != NULL ? value : header, "ada").id[0] ==
	       '\0');
	arena_free(&a);
	return 0;
}
