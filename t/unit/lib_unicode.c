/*
 * Tests of lib/unicode.c, against Python's unicodedata.
 */
#include "base.h"

#include <stdlib.h>

#include "lib/buf.h"
#include "tap.h"
#include "lib/unicode.h"

static struct arena arena;

static void
test_nfc(void)
{
	/* clang-format off */
	static const struct { const char *raw, *nfc, *title; } known[] = {
		{ "e\xcc\x81", "\xc3\xa9", "a letter and its accent are one character" },
		{ "\xe1\x84\x92\xe1\x85\xa9\xe1\x86\xbc", "\xed\x99\x8d", "the parts of a syllable are one character" },
		{ "\xe1\xbe\xbe\xcc\x88\xcc\x81", "\xce\x90", "seven bytes can become two" },
		{ "\xe2\x84\xab", "\xc3\x85", "the sign for angstrom is a letter" },
		{ "a\xcc\xa3\xcc\x87", "\xe1\xba\xa1\xcc\x87", "accents stand in one order" },
		{ "a\xcc\x87\xcc\xa3", "\xe1\xba\xa1\xcc\x87", "however they were typed" },
		{ "\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae", "some characters become longer" },
	};
	static const char *const same[] = { "", "correct horse", "\xc3\xa9",
		"\xef\xac\x81", "\xef\xbc\xa1", "\xf0\x9f\x90\xb4" };
	/* clang-format on */
	char *behind;
	const char *form;
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		is(unicode_nfc(&arena, known[i].raw), known[i].nfc,
		    known[i].title);
	for (i = 0; i < ARRAY_LEN(same); i++)
		ok(unicode_nfc(&arena, same[i]) == same[i],
		    "a text in normal form is returned as it is");
	/* two notes, which become four characters of four bytes */
	form = unicode_nfc(&arena, "\xf0\x9d\x85\x9e\xf0\x9d\x85\x9e");
	behind = arena_alloc(&arena, 16);
	memset(behind, 'x', 16);
	is_int(
	    (long long)strlen(form), 16, "a normal form has room for its end");
}

static void
test_fold(void)
{
	is(unicode_fold(&arena, "LatchKey"), "latchkey", "case is folded");
	is(unicode_fold(&arena, "\xce\xa3\xce\x91\xce\xa3"),
	    "\xcf\x83\xce\xb1\xcf\x83", "case is folded in other scripts");
	is(unicode_fold(&arena, "Stra\xc3\x9f"
	                        "e"),
	    "strasse", "a folded letter may become two");
	is(unicode_fold(&arena, "E\xcc\x81"), "\xc3\xa9",
	    "a folded letter is composed");
}

static void
test_limit(void)
{
	char long_text[UNICODE_MAX_BYTES + 2] = "e\xcc\x81";

	memset(long_text + 3, 'x', UNICODE_MAX_BYTES - 3);
	ok(strlen(unicode_nfc(&arena, long_text)) == UNICODE_MAX_BYTES - 1,
	    "a text of the greatest length is normalized");
	long_text[UNICODE_MAX_BYTES] = 'x';
	ok(unicode_nfc(&arena, long_text) == long_text,
	    "a text of one byte more is not normalised");
}

static const char *
repeat(const char *s, size_t n, const char *end)
{
	struct buf b;

	buf_init(&b, &arena);
	while (n-- > 0)
		buf_adds(&b, s);
	buf_adds(&b, end);
	return b.s;
}

/* To order n marks takes the square of n. */
static void
test_marks(void)
{
	const char *s;

	s = repeat("\xcc\x87\xcc\xa3", 15, "30 marks in a row are ordered");
	ok(unicode_nfc(&arena, s) != s, "31 marks in a row are not ordered");
	s = repeat("\xcc\x87\xcc\xa3", 15, "\xcc\x87");
	ok(unicode_nfc(&arena, s) == s, "31 are not");
	s = repeat("\xcc\x87\xcc\xa3", 15, "");
	s = repeat("\xcc\x87\xcc\xa3", 15, repeat("e", 1, s));
	ok(unicode_nfc(&arena, s) != s, "a letter ends a row of marks");
	s = repeat("\xe0\xbd\xb3", 15, "");
	ok(unicode_nfc(&arena, s) != s,
	    "15 marks that decompose to two each are ordered");
	s = repeat("\xe0\xbd\xb3", 16, "");
	ok(unicode_nfc(&arena, s) == s,
	    "16 marks that decompose to two each are not ordered");
}

int
main(void)
{
	arena_init(&arena);
	test_nfc();
	test_fold();
	test_limit();
	test_marks();
	arena_free(&arena);
	return done();
}
