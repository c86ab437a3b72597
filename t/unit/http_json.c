/*
 * Tests of http/json.c: valid JSON, values read from it, and values echoed.
 * t/21-parsers.t compares all of RFC 8259 with another implementation.
 */
#include "base.h"

#include "exact.h"
#include "http/json.h"
#include "tap.h"
#include "lib/text.h"

static struct arena arena;

static enum err
parse_bytes(
    const char *text, size_t n, struct json *out, struct json_error *why)
{
	struct exact exact = exact_copy(text, n);
	enum err e = json_parse(&arena, exact.bytes, n, out, why);

	free(exact.memory);
	return e;
}

static enum err
parse(const char *text, struct json *out, struct json_error *why)
{
	return parse_bytes(text, strlen(text), out, why);
}

/* A text comes back as this. */
static void
echoes(const char *text, const char *want, const char *title)
{
	struct json v;
	struct json_error why;
	struct buf b;

	buf_init(&b, &arena);
	if (parse(text, &v, &why) == ERR_OK)
		json_write(&b, v, NULL);
	is(b.s, want, title);
}

static void
fails(const char *text, enum err want, size_t offset)
{
	struct json v;
	struct json_error why = { 0, "" };
	enum err e = parse(text, &v, &why);
	char title[80];

	snprintf(title, sizeof(title), "not JSON: %.40s", text);
	for (char *p = title; *p != '\0'; p++)
		if (*p < ' ' || *p == '#')
			*p = '.';
	if (!ok(e == want && (e != ERR_INVALID || why.offset == offset), title))
		printf("# error %d at %zu: %s\n", (int)e, why.offset, why.what);
}

static void
test_syntax(void)
{
	static const struct {
		const char *text;
		size_t offset;
	} bad[] = {
		{ "", 0 },
		{ "  \n ", 4 },
		{ "{'a':1}", 1 },
		{ "{\"a\":01}", 6 },
		{ "-01", 2 },
		{ "1.", 2 },
		{ "1.e5", 2 },
		{ ".5", 0 },
		{ "+1", 0 },
		{ "-", 0 },
		{ "1e", 2 },
		{ "1e+", 3 },
		{ "0x10", 1 },
		{ "NaN", 0 },
		{ "-Infinity", 0 },
		{ "nul", 0 },
		{ "True", 0 },
		{ "truex", 4 },
		{ "[1,]", 3 },
		{ "[1", 2 },
		{ "[", 1 },
		{ "{", 1 },
		{ "{\"a\"", 4 },
		{ "{\"a\":", 5 },
		{ "{\"a\":1,}", 7 },
		{ "{,}", 1 },
		{ "{1:2}", 1 },
		{ "{\"a\" 1}", 5 },
		{ "{} {}", 3 },
		{ "[1]]", 3 },
		{ "{\"a\":1]", 6 },
		{ "[1}", 2 },
		{ "\"abc", 0 },
		{ "\"a\\", 0 },
		{ "\"a\\x41\"", 2 },
		{ "\"\\u12\"", 3 },
		{ "\"\\u12", 3 },
		{ "\"\\u0041", 0 },
		{ "\"\\ud83d\\ude00", 0 },
		{ "\"\\ud83d\\ude0", 9 },
		{ "\"\\ud83d\\", 0 },
		{ "\x01", 0 },
		{ ":", 0 },
		{ "/", 0 },
		{ "1:", 1 },
		{ "1/", 1 },
		{ "-:", 0 },
		{ "1e.5", 2 },
		{ "1e,5", 2 },
		{ "tru", 0 },
		{ "fals", 0 },
		{ "nul", 0 },
		{ "{\"a\\q\":1}", 3 },
		{ "{\"a\\u00\":1}", 5 },
		{ "[\"\\q\"]", 2 },
		{ " \x0b[]", 1 },
		{ "\"a\x1f\"", 2 },
		{ "\"\\uZZZZ\"", 3 },
		{ "\"a\nb\"", 2 },
		{ "\"a\tb\"", 2 },
		{ "/*x*/1", 0 },
		{ "\xc2\xa0{}", 0 },
		{ "\xef\xbb\xbf{", 4 },
		{ "\xef\xbb\xbf", 3 },
		{ "[\"\\u00\" x", 4 },
		{ "\xef\xbb\xbf\xef\xbb\xbf{}", 3 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		fails(bad[i].text, ERR_INVALID, bad[i].offset);
	fails("\"\xff\"", ERR_MALFORMED, 0);
	fails("\"\xc0\x80\"", ERR_MALFORMED, 0);
	fails("\"\xed\xa0\x80\"", ERR_MALFORMED, 0);
	fails("{} \xff", ERR_MALFORMED, 0);
}

/* What is said of a text that is not JSON. */
static const char *
reason(const char *text)
{
	struct json_error why = { 0, "" };
	struct json v;

	return parse(text, &v, &why) == ERR_INVALID ? why.what : "";
}

static void
test_reasons(void)
{
	is(reason("\"\\u00\""), "expected four hexadecimal digits after \\u",
	    "the reason names a wrong escape");
	is(reason(":"), "expected a value", "the reason names a missing value");
	is(reason("-"), "expected a digit after the minus sign",
	    "the reason names a number without digits");
}

static void
test_echo(void)
{
	echoes(" [ 1 , -0.50 , 1E+2 , true,false , null ] ",
	    "[1,-0.50,1E+2,true,false,null]", "numbers come as written");
	echoes("[123456789012345678901234567890,-9223372036854775809,"
	       "9223372036854775807,18446744073709551616]",
	    "[123456789012345678901234567890,-9223372036854775809,"
	    "9223372036854775807,18446744073709551616]",
	    "integers of any width come as written");
	echoes("[123456789012345678,-123456789012345678,1234567890123456789,"
	       "12345678901234567e1,-0,0,0e0,1e-5,1e+5,1.5E-07]",
	    "[123456789012345678,-123456789012345678,1234567890123456789,"
	    "12345678901234567e1,0,0,0e0,1e-5,1e+5,1.5E-07]",
	    "integers at each width come as written; -0 is 0, as in Python");
	echoes(" { \"a\" : { } , \"b\" : [ ] , \"c\":[[],{}] } ",
	    "{\"a\":{},\"b\":[],\"c\":[[],{}]}",
	    "blanks may stand anywhere between");
	echoes("[{\"a\":[{\"b\":1},2]},[3,{\"c\":[4]}],5]",
	    "[{\"a\":[{\"b\":1},2]},[3,{\"c\":[4]}],5]",
	    "objects and arrays within each other are told apart");
	echoes("true", "true", "a word may be the whole text");
	echoes("1e400", "1e400",
	    "a number that no double can hold may be the whole text");
	echoes("12345678901234567890e0", "12345678901234567890e0",
	    "a wide number with an exponent is no integer");
	echoes("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}",
	    "the last value of equal names is at the place of the first");
	echoes("\"\\u00e9\\ud83d\\ude00\\/\"", "\"\u00e9\U0001f600/\"",
	    "escapes become characters");
	echoes("\"\\ud83d\\ud83d\\ude00\\ude00\"",
	    "\"\\ud83d\U0001f600\\ude00\"",
	    "lone surrogates stay themselves beside a pair");
	echoes("{\"a\\u0000b\":\"\\u0000\",\"a\":1}",
	    "{\"a\\u0000b\":\"\\u0000\",\"a\":1}",
	    "a name with a NUL is not cut, nor mixed up with another");
	echoes("\"\\\"\\\\\\u0022\\u005c\\u0001\"",
	    "\"\\\"\\\\\\\"\\\\\\u0001\"",
	    "escaped characters that must be escaped are escaped again");
	echoes("\xef\xbb\xbf[]", "[]", "a byte order mark is skipped");
}

/* Escaped code points where UTF-8's forms begin and end. */
static void
test_code_points(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "\"\\u0001\"", "\x01" },
		{ "\"\\u001f\"", "\x1f" },
		{ "\"\\u0020\"", " " },
		{ "\"\\u0021\"", "!" },
		{ "\"\\u0022\"", "\"" },
		{ "\"\\u0041\"", "A" },
		{ "\"\\u005c\"", "\\" },
		{ "\"\\u007F\"", "\x7f" },
		{ "\"\\u0080\"", "\xc2\x80" },
		{ "\"\\u07ff\"", "\xdf\xbf" },
		{ "\"\\u0800\"", "\xe0\xa0\x80" },
		{ "\"\\ud7ff\"", "\xed\x9f\xbf" },
		{ "\"\\ue000\"", "\xee\x80\x80" },
		{ "\"\\uFFFF\"", "\xef\xbf\xbf" },
		{ "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80" },
		{ "\"\\ud800\\udfff\"", "\xf0\x90\x8f\xbf" },
		{ "\"\\udbff\\udc00\"", "\xf4\x8f\xb0\x80" },
		{ "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
		/* no pairs: as http/json.h tells, a lone surrogate's three
		   bytes */
		{ "\"\\ud800\\udbff\"", "\xed\xa0\x80\xed\xaf\xbf" },
		{ "\"\\ud800\\ue000\"", "\xed\xa0\x80\xee\x80\x80" },
		{ "\"\\udc00\\udc00\"", "\xed\xb0\x80\xed\xb0\x80" },
		{ "\"\\ud7ff\\udc00\"", "\xed\x9f\xbf\xed\xb0\x80" },
		{ "\"\\ud800xudc00\"", "\xed\xa0\x80xudc00" },
		{ "\"\\ud800\\ndc00\"", "\xed\xa0\x80\ndc00" },
		{ "\"\\ud800\"", "\xed\xa0\x80" },
	};
	struct json_error why;
	struct json v;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(parse(cases[i].text, &v, &why) == ERR_OK ? json_text(v, NULL)
		                                            : NULL,
		    cases[i].want, tap_with("the text of", cases[i].text));
	is(parse("\r\t\n \"x\"\r\t\n ", &v, &why) == ERR_OK ? json_text(v, NULL)
	                                                    : NULL,
	    "x", "four kinds of blanks may surround a value");
	ok(parse_bytes("\"\\\0\"", 4, &v, &why) == ERR_INVALID &&
	        why.offset == 1,
	    "a NUL is not an escape");
	ok(parse_bytes("\"\0\"", 3, &v, &why) == ERR_INVALID && why.offset == 1,
	    "a NUL byte in a string is invalid");
}

/* An array of n zeros, and a NUL. */
static void
array_of(size_t n, char *out)
{
	size_t i;

	out[0] = '[';
	for (i = 0; i < n; i++) {
		out[2 * i + 1] = '0';
		out[2 * i + 2] = ',';
	}
	out[2 * n] = ']';
	out[2 * n + 1] = '\0';
}

static void
test_limits(void)
{
	char text[2 * JSON_DEPTH_MAX + 9], wide[JSON_INTEGER_MAX_DIGITS + 4];
	char many[2 * JSON_VALUES_MAX + 2];
	const size_t depth = JSON_DEPTH_MAX;
	struct json_error why;
	struct json v;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	echoes(text, text, "the greatest depth is read and written");
	memset(text + depth + 1, ']', depth);
	text[depth] = '1';
	text[2 * depth + 1] = '\0';
	echoes(text, text,
	    "the greatest depth with a value in it is read and written");
	memset(text, '[', depth + 1);
	memset(text + depth + 1, ']', depth + 1);
	text[2 * depth + 2] = '\0';
	ok(parse(text, &v, &why) == ERR_MALFORMED,
	    "a text one level deeper is malformed");

	array_of(JSON_VALUES_MAX - 1, many);
	echoes(
	    many, many, "an array and its items may be as many as the limit");
	array_of(JSON_VALUES_MAX, many);
	ok(parse(many, &v, &why) == ERR_MALFORMED,
	    "one value more than the limit is malformed");

	memset(wide, '7', sizeof(wide));
	wide[JSON_INTEGER_MAX_DIGITS] = '\0';
	echoes(wide, wide, "the widest integer is echoed");
	wide[JSON_INTEGER_MAX_DIGITS] = '7';
	wide[JSON_INTEGER_MAX_DIGITS + 1] = '\0';
	ok(parse(wide, &v, &why) == ERR_MALFORMED,
	    "an integer of one digit more is malformed");
}

static void
test_members(void)
{
	struct json o, v;
	struct json_error why;
	struct buf b;
	size_t n;

	ok(parse("{\"t\":\"\\u0000x\",\"n\":null,\"i\":1,\"o\":{}}", &o,
	       &why) == ERR_OK,
	    "an object is parsed");
	ok(json_get(o, "t", &v) && json_kind(v) == JSON_TEXT,
	    "an object has its text");
	ok(memcmp(json_text(v, &n), "\xc0\x80x", 3) == 0 && n == 3,
	    "a NUL in a text does not end it");
	ok(json_get(o, "n", &v) && json_kind(v) == JSON_NULL,
	    "a member of null is present");
	ok(json_get(o, "i", &v) && json_kind(v) == JSON_INTEGER &&
	        json_int64(v) == 1,
	    "a number is an integer");
	(void)parse("-123456789012345678", &v, &why);
	ok(json_kind(v) == JSON_INTEGER && json_int64(v) == -123456789012345678,
	    "an integer of 18 digits is an integer");
	(void)parse("1234567890123456789", &v, &why);
	ok(json_kind(v) == JSON_OTHER,
	    "an integer of more than 18 digits is JSON_OTHER");
	(void)parse("1.0", &v, &why);
	ok(json_kind(v) == JSON_OTHER,
	    "a number with a fraction is JSON_OTHER");
	(void)parse("true", &v, &why);
	ok(json_kind(v) == JSON_BOOL && json_truth(v), "true is true");
	(void)parse("false", &v, &why);
	ok(json_kind(v) == JSON_BOOL && !json_truth(v), "false is false");
	ok(json_get(o, "o", &v) && json_kind(v) == JSON_OBJECT,
	    "an object in an object is an object");
	ok(!json_get(o, "T", &v), "names of members differ by case");
	ok(!json_get(v, "t", &v), "an empty object has no member");
	(void)parse("[]", &o, &why);
	ok(!json_get(o, "t", &v), "an array has no member");

	(void)parse("{\"a\":{\"password\":1},\"password\":{\"x\":2},"
	            "\"b\":[0,{\"PassWord\":3,\"passwords\":4}]}",
	    &o, &why);
	buf_init(&b, &arena);
	json_write(&b, o, "password");
	is(b.s,
	    "{\"a\":{\"password\":\"**********\"},"
	    "\"password\":\"**********\","
	    "\"b\":[0,{\"PassWord\":\"**********\",\"passwords\":4}]}",
	    "no kind of masked member comes out, at any depth, in any case");
	(void)parse("{\"ab\":1,\"a\":2,\"b\":3,\"a b\":4,\"\":5}", &o, &why);
	buf_init(&b, &arena);
	json_write(&b, o, "b a");
	is(b.s,
	    "{\"ab\":1,\"a\":\"**********\",\"b\":\"**********\","
	    "\"a b\":4,\"\":5}",
	    "several secret members are not written, by their whole names");
}

int
main(void)
{
	arena_init(&arena);
	test_syntax();
	test_reasons();
	test_echo();
	test_code_points();
	test_limits();
	test_members();
	arena_free(&arena);
	return done();
}
