/*
 * Fuzz target of http/json.c: accepted JSON is written again, and reads back
 * the same.
 */
#include "fuzz.h"

#include "http/json.h"
#include "lib/text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_error why = { 0, NULL };
	struct json v, again, member;
	struct buf first, second;
	struct arena a;
	enum err e;

	arena_init(&a);
	e = json_parse(&a, exactly(&a, data, size), size, &v, &why);
	if (e == ERR_INVALID)
		assert(why.offset <= size && why.what != NULL);
	if (e == ERR_OK) {
		buf_init(&first, &a);
		buf_init(&second, &a);
		json_write(&first, v, NULL);
		assert(text_is_utf8(first.s, first.len));
		e = json_parse(&a, first.s, first.len, &again, &why);
		assert(e == ERR_OK);
		json_write(&second, again, NULL);
		assert(strcmp(first.s, second.s) == 0);
		if (json_get(v, "password", &member))
			json_write(&second, v, "password");
	}
	arena_free(&a);
	return 0;
}
