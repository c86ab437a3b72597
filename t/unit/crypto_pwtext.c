/*
 * Tests of crypto/pwtext.c: the pieces of a stored hash, each at its limits.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwtext.h"
#include "tap.h"

static struct pwtext_part
part_of(const char *s)
{
	return (struct pwtext_part){ s, strlen(s) };
}

static void
test_parts(void)
{
	const char text[] = "a$bc$", *p = text;
	struct pwtext_part part;

	ok(pwtext_part(&p, '$', &part) && part.s == text && part.n == 1 &&
	        p == text + 2,
	    "a part ends before its end, which is skipped");
	ok(pwtext_literal(&p, "b") && p == text + 3,
	    "a literal that is present is skipped");
	ok(!pwtext_literal(&p, "b") && !pwtext_literal(&p, "cd") &&
	        p == text + 3,
	    "a literal that is not present is not skipped");
	ok(!pwtext_part(&p, ',', &part) && p == text + 3,
	    "without its end there is no part");
	ok(pwtext_part(&p, '\0', &part) && part.n == 2 && *p == '\0',
	    "a part may be all of the rest");
	ok(pwtext_part(&p, '\0', &part) && part.n == 0 && *p == '\0',
	    "the rest may be nothing");
}

static void
test_numbers(void)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: none */
	} numbers[] = {
		{ "0$", 0 },
		{ "007$", 7 },
		{ "999999999999$", INT64_C(999999999999) },
		{ "1000000000000$", PWSPEC_TOO_MUCH },
		{ "0000000000001$", PWSPEC_TOO_MUCH },
		{ "99999999999999999999999$", PWSPEC_TOO_MUCH },
		{ "$", -1 },
		{ "1", -1 },
		{ "1,2$", -1 },
		{ "-1$", -1 },
		{ "+1$", -1 },
		{ " 1$", -1 },
		{ "1 $", -1 },
		{ "0x1$", -1 },
	};
	const char *p;
	int64_t n;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_LEN(numbers); i++) {
		p = numbers[i].text;
		n = -1;
		good = pwtext_number(&p, '$', &n);
		ok(good == (numbers[i].value >= 0) && n == numbers[i].value &&
		        (!good || *p == '\0'),
		    tap_with("a number is read, or is none", numbers[i].text));
	}
}

typedef bool decode(struct pwtext_part in, struct pwspec_bytes *out);

/* What a text decodes to is n bytes at most: so many characters fit, not more.
 */
static void
test_room(decode *f, size_t chars, const char *name)
{
	char text[400];
	struct pwspec_bytes out;

	memset(text, '0', sizeof(text));
	text[chars] = '\0';
	ok(f(part_of(text), &out) && out.n == PWSPEC_BYTES_MAX,
	    tap_with("the most bytes are decoded", name));
	memset(text, '0', chars + 4);
	text[chars + 4] = '\0';
	ok(!f(part_of(text), &out), tap_with("more bytes are refused", name));
	ok(f(part_of(""), &out) && out.n == 0,
	    tap_with("no bytes are decoded", name));
}

static bool
gives(decode *f, const char *text, const char *bytes, size_t n)
{
	struct pwspec_bytes out;

	return f(part_of(text), &out) && out.n == n &&
	       memcmp(out.b, bytes, n) == 0;
}

static bool
refuses(decode *f, const char *text)
{
	struct pwspec_bytes out;

	return !f(part_of(text), &out);
}

static void
test_bytes(void)
{
	test_room(pwtext_copy, PWSPEC_BYTES_MAX, "as they stand");
	test_room(pwtext_hex, (size_t)2 * PWSPEC_BYTES_MAX, "hexadecimal");
	test_room(pwtext_base64, (size_t)PWSPEC_BYTES_MAX / 3 * 4, "base64");
	test_room(
	    pwtext_itoa64, (size_t)PWSPEC_BYTES_MAX / 3 * 4, "crypt(3)'s");
	ok(gives(pwtext_copy, "a\xff$", "a\xff$", 3), "bytes are copied");
	ok(gives(pwtext_hex, "00fFA9", "\x00\xff\xa9", 3) &&
	        gives(pwtext_hex, "0f", "\x0f", 1),
	    "hexadecimal bytes");
	ok(refuses(pwtext_hex, "0") && refuses(pwtext_hex, "000") &&
	        refuses(pwtext_hex, "0g") && refuses(pwtext_hex, "g0") &&
	        refuses(pwtext_hex, "00 0"),
	    "what is not hexadecimal is refused");
	/* as base64(1) has them */
	ok(gives(pwtext_base64, "+/8=", "\xfb\xff", 2) &&
	        gives(pwtext_base64, "-_8", "\xfb\xff", 2) &&
	        gives(pwtext_base64, "./8", "\xfb\xff", 2),
	    "base64 in each of its alphabets");
	ok(gives(pwtext_base64, "AAECAwQ=", "\0\1\2\3\4", 5) &&
	        gives(pwtext_base64, "AAECAw==", "\0\1\2\3", 4) &&
	        gives(pwtext_base64, "AAECAw", "\0\1\2\3", 4) &&
	        gives(pwtext_base64, "YWJj", "abc", 3),
	    "base64 with its padding and without");
	ok(refuses(pwtext_base64, "A") && refuses(pwtext_base64, "AAAAA") &&
	        refuses(pwtext_base64, "AA===") &&
	        refuses(pwtext_base64, "A=A=") &&
	        refuses(pwtext_base64, "AA*A") &&
	        refuses(pwtext_base64, "AA A"),
	    "what is not base64 is refused");
	/* the same bits, the lowest first */
	ok(gives(pwtext_itoa64, "zz", "\xff", 1) &&
	        gives(pwtext_itoa64, "/...", "\1\0\0", 3) &&
	        gives(pwtext_itoa64, "./..", "\x40\0\0", 3) &&
	        gives(pwtext_itoa64, "...z", "\0\0\xfc", 3),
	    "base64 of crypt(3) has its lowest bits first");
	ok(refuses(pwtext_itoa64, ".") && refuses(pwtext_itoa64, ".....") &&
	        refuses(pwtext_itoa64, "..+.") && refuses(pwtext_itoa64, "..="),
	    "what is not crypt(3)'s base64 is refused");
}

static void
test_itoa64(void)
{
	ok(pwtext_is_itoa64("./09AZaz", 8) && pwtext_is_itoa64("", 0),
	    "text of crypt(3)'s alphabet is known by its length");
	ok(!pwtext_is_itoa64("./09AZaz", 7) &&
	        !pwtext_is_itoa64("./09AZaz", 9) &&
	        !pwtext_is_itoa64("./09AZa=", 8),
	    "text of another length or alphabet is not crypt(3)'s");
	ok(pwtext_itoa64_number("/.", 2) == 1 &&
	        pwtext_itoa64_number("./", 2) == 64 &&
	        pwtext_itoa64_number("zz", 2) == 4095 &&
	        pwtext_itoa64_number("zz", 1) == 63,
	    "a number has its lowest bits first");
}

int
main(void)
{
	test_parts();
	test_numbers();
	test_bytes();
	test_itoa64();
	return done();
}
