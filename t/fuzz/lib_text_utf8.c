/*
 * Fuzz target of text_is_utf8(), against the C library's decoder.
 */
#include "fuzz.h"

#include <iconv.h>

#include "lib/text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[4 * 65536];
	char *from, *to = out;
	size_t from_left = size, to_left = sizeof(out);
	struct arena a;
	iconv_t cd;
	bool good;

	if (size > 65536)
		return 0;
	arena_init(&a);
	from = exactly(&a, data, size);
	good = text_is_utf8(from, size);
	cd = iconv_open("UTF-32LE", "UTF-8");
	assert(cd != (iconv_t)-1);
	assert((iconv(cd, &from, &from_left, &to, &to_left) == 0 &&
	           from_left == 0) == good);
	iconv_close(cd);
	if (good && memchr(data, 0, size) == NULL)
		assert(text_chars(arena_strndup(&a, (const char *)data,
		           size)) == (sizeof(out) - to_left) / 4);
	arena_free(&a);
	return 0;
}
