/*
 * Fuzz target of lib/unicode.c and buf_add_visible(): normalisation is
 * idempotent, grows threefold at most and gives UTF-8; text for a terminal is
 * inert.
 */
#include "fuzz.h"

#include "lib/buf.h"
#include "lib/text.h"
#include "lib/unicode.h"

static void
look_at(struct arena *a, const char *s)
{
	struct buf b;
	size_t i;

	buf_init(&b, a);
	buf_add_visible(&b, s);
	assert(text_is_utf8(b.s, b.len));
	for (i = 0; i < b.len; i++)
		assert((unsigned char)b.s[i] >= 0x20 && b.s[i] != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s, *nfc, *folded;
	struct arena a;

	if (size > 4096)
		return 0;
	arena_init(&a);
	s = arena_strndup(&a, (const char *)data, size);
	look_at(&a, s);
	if (text_is_utf8(s, strlen(s))) {
		nfc = unicode_nfc(&a, s);
		assert(text_is_utf8(nfc, strlen(nfc)));
		assert(strlen(nfc) <= 3 * strlen(s));
		assert(strcmp(unicode_nfc(&a, nfc), nfc) == 0);
		folded = unicode_fold(&a, s);
		assert(text_is_utf8(folded, strlen(folded)));
	}
	arena_free(&a);
	return 0;
}
