/*
 * Tests of lib/text.c, against the tables of RFC 3629 and by counting.
 */
#include "base.h"

#include "exact.h"
#include "tap.h"
#include "lib/text.h"

static void
test_numbers(void)
{
	int64_t v = 7;

	ok(text_to_i64("42", 0, 100, &v) && v == 42, "a number is read");
	ok(text_to_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v) &&
	        v == INT64_MIN,
	    "the smallest number of 64 bits is read");
	v = 7;
	ok(!text_to_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v) &&
	        v == 7,
	    "a number beyond 64 bits is refused and changes nothing");
	ok(text_to_i64("100", 0, 100, &v), "a number at its maximum is read");
	ok(!text_to_i64("101", 0, 100, &v),
	    "a number above its maximum is refused");
	ok(text_to_i64("0", 0, 100, &v), "a number at its minimum is read");
	ok(!text_to_i64("-1", 0, 100, &v),
	    "a number below its minimum is refused");
	ok(!text_to_i64("", 0, 100, &v), "an empty text is not a number");
	ok(!text_to_i64(" 1", 0, 100, &v), "a number after a blank is refused");
	ok(!text_to_i64("+1", 0, 100, &v), "a number with a plus is refused");
	ok(!text_to_i64("1x", 0, 100, &v),
	    "a number with text behind it is refused");
	ok(!text_to_i64("/", 0, 100, &v) && !text_to_i64(":", 0, 100, &v),
	    "the characters beside the digits are refused");
	ok(!text_to_i64("-", -5, 100, &v), "a minus alone is refused");
	ok(!text_to_i64("- 1", -5, 100, &v),
	    "a minus apart from its number is refused");
}

static void
test_decimal(void)
{
	static const struct {
		int64_t n;
		const char *text;
	} numbers[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ -1, "-1" },
		{ 1795869000, "1795869000" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};
	char out[TEXT_I64_BYTES];
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		is(text_of_i64(numbers[i].n, out), numbers[i].text,
		    "a number is written in decimal");
}

/* Every code point, encoded by hand, and every way to spoil it. */
static void
test_all_code_points(void)
{
	long wrong = 0;
	unsigned c;

	for (c = 0; c < 0x110000; c++) {
		char u[5] = { 0 };
		size_t n, want;

		if (c < 0x80) {
			n = 1;
			u[0] = (char)c;
		} else if (c < 0x800) {
			n = 2;
			u[0] = (char)(0xc0 | c >> 6);
		} else if (c < 0x10000) {
			n = 3;
			u[0] = (char)(0xe0 | c >> 12);
			u[1] = (char)(0x80 | (c >> 6 & 63));
		} else {
			n = 4;
			u[0] = (char)(0xf0 | c >> 18);
			u[1] = (char)(0x80 | (c >> 12 & 63));
			u[2] = (char)(0x80 | (c >> 6 & 63));
		}
		if (n > 1)
			u[n - 1] = (char)(0x80 | (c & 63));
		want = c >= 0xd800 && c <= 0xdfff ? 0 : n;
		wrong += text_utf8_len(u, n) != want;
		wrong += text_utf8_len(u, n - 1) != 0 && n > 1;
		u[n - 1] ^= 0x40;
		wrong += n > 1 && text_utf8_len(u, n) != 0;
	}
	is_int(wrong, 0,
	    "each code point has its length, and none once cut or changed");
}

static void
test_utf8(void)
{
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80", "\xfe", "\xff", "a\xe2\x82",
		"\xe2\x82z" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!text_is_utf8(bad[i], strlen(bad[i])),
		    "overlong, surrogate, cut or stray bytes are not UTF-8");
	ok(text_is_utf8("a\0b", 3), "a NUL is UTF-8");
	ok(text_is_utf8("", 0), "an empty text is UTF-8");
	is_int((long long)text_utf8_len("a", 0), 0,
	    "an empty text has no character");
	is_int((long long)text_chars("a\u00e9\ud64d\U0001f600"), 4,
	    "characters are counted, not bytes");
}

/* Every byte as a digit, and none but 22 is one. */
static void
test_hex(void)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *digit;
	int c, want, wrong = 0;

	for (c = 0; c < 256; c++) {
		digit = memchr(digits, c, sizeof(digits) - 1);
		want = digit == NULL ? -1 : (int)(digit - digits);
		wrong += text_hex((char)c) != (want > 15 ? want - 6 : want);
	}
	is_int(wrong, 0, "hexadecimal digits have their values");
	ok(text_hex_value("0123456789abcdef", 16) ==
	            UINT64_C(0x0123456789abcdef) &&
	        text_hex_value("FEDCBA9876543210", 16) ==
	            UINT64_C(0xfedcba9876543210) &&
	        text_hex_value("10", 1) == 1,
	    "sixteen digits, of either case, have their value");
}

static void
test_percent_at_end(void)
{
	static const char *const texts[] = { "%", "%4", "%41", "x%", "x%4",
		"x%41" };
	size_t i, n, decoded;
	struct exact s;

	for (i = 0; i < ARRAY_LEN(texts); i++) {
		n = strlen(texts[i]);
		s = exact_copy(texts[i], n);
		decoded = text_percent_decode(s.bytes, n, true);
		if (texts[i][n - 1] == '1') /* it is whole */
			ok(decoded == n - 2 && s.bytes[decoded - 1] == 'A',
			    texts[i]);
		else
			ok(decoded == n && memcmp(s.bytes, texts[i], n) == 0,
			    texts[i]);
		free(s.memory);
	}
}

static void
test_percent(void)
{
	static const struct {
		const char *in, *out;
		bool plus;
	} cases[] = {
		{ "a%20b", "a b", false },
		{ "%61%4C%4c", "aLL", false },
		{ "a+b", "a b", true },
		{ "a+b", "a+b", false },
		{ "a%2Bb", "a+b", true },
		{ "%zz%4", "%zz%4", true },
		{ "%", "%", true },
		{ "%%41", "%A", true },
		{ "%u0041", "%u0041", true },
		{ "%25%34%31", "%41", true },
	};
	char s[32];
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(s, sizeof(s), "%s", cases[i].in);
		n = text_percent_decode(s, strlen(s), cases[i].plus);
		s[n] = '\0';
		is(s, cases[i].out,
		    tap_with("a text is percent-decoded", cases[i].in));
	}
	memcpy(s, "a%00b", 6);
	is_int((long long)text_percent_decode(s, 5, true), 3,
	    "%00 is decoded to a byte");
	ok(memcmp(s, "a\0b", 3) == 0, "%00 is decoded to a NUL");
}

/* RFC 4648, section 10, and the two characters that base64 has not. */
static void
test_base64url(void)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "-_-_" } };
	char out[TEXT_BASE64URL_BYTES(6)];
	unsigned char read[sizeof(out)];
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		is_int((long long)text_base64url(
		           cases[i].bytes, strlen(cases[i].bytes), out),
		    (long long)strlen(cases[i].text),
		    "the length in base64url is known");
		is(out, cases[i].text,
		    tap_with("bytes are written in base64url", cases[i].text));
		ok(text_base64url_read(out, strlen(out), read, &n) &&
		        n == strlen(cases[i].bytes) &&
		        memcmp(read, cases[i].bytes, n) == 0,
		    tap_with("base64url is read", cases[i].text));
	}
}

/* Padding, other alphabets, a character too many, bits that are not 0. */
static void
test_base64url_bad(void)
{
	static const char *const bad[] = { "Zg==", "Zm8=", "=", "Z", "Zm9vY",
		"Zh", "Zm9", "Zm8+", "Zm8/", "Zm8 ", " Zm8", "Zm8\n", "Zm8.",
		"Zm8@", "Zm8[", "Zm8`", "Zm8{", "Zm8:", "Zm8,", "Zm8^",
		"Zm8\xc3" };
	unsigned char read[8];
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!text_base64url_read(bad[i], strlen(bad[i]), read, &n),
		    tap_with("text is no base64url", bad[i]));
	ok(!text_base64url_read("Zm8\0", 4, read, &n),
	    "a NUL is no character of base64url");
}

int
main(void)
{
	test_numbers();
	test_decimal();
	test_all_code_points();
	test_utf8();
	test_hex();
	test_percent();
	test_percent_at_end();
	test_base64url();
	test_base64url_bad();
	return done();
}
