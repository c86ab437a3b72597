/*
 * http/params.c: which bodies are read, which fields are taken, and what the
 * client is told of the others. What pydantic says was recorded of the
 * original.
 */
#include "base.h"

#include "exact.h"
#include "http/problem.h"
#include "http/params.h"
#include "tap.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define JSON "application/json"
#define MISSING \
	"{\"type\":\"missing\",\"loc\":[\"body\",\"a\"],\"msg\":\"Field required\",\"input\":"
#define NOT_TEXT \
	"{\"type\":\"string_type\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid string\",\"input\":"
#define SHORT(n, s)                                                                                         \
	"{\"type\":\"string_too_short\",\"loc\":[\"body\",\"a\"],\"msg\":\"String should have at least " #n \
	" character" s "\",\"input\":"
#define LONG(n, s)                                                                                        \
	"{\"type\":\"string_too_long\",\"loc\":[\"body\",\"a\"],\"msg\":\"String should have at most " #n \
	" character" s "\",\"input\":"
#define NUL_VALUE \
	"{\"type\":\"value_error\",\"loc\":[\"body\",\"a\"],\"msg\":\"Value error, a NUL character is not allowed\",\"input\":"
#define NUL_WHY ",\"ctx\":{\"error\":\"a NUL character is not allowed\"}}"
#define NOT_UNICODE \
	"{\"type\":\"string_unicode\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid string, unable to parse raw data as a unicode string\",\"input\":"
#define PATTERN \
	"{\"type\":\"string_pattern_mismatch\",\"loc\":[\"body\",\"a\"],\"msg\":\"String should match pattern '^yes$'\",\"input\":"
#define NOT_OBJECT \
	"{\"type\":\"model_attributes_type\",\"loc\":[\"body\"],\"msg\":\"Input should be a valid dictionary or object to extract fields from\",\"input\":\"**********\"}"
#define NO_BODY \
	"{\"type\":\"missing\",\"loc\":[\"body\"],\"msg\":\"Field required\",\"input\":null}"

static struct arena arena;
static struct ctx ctx = { .arena = &arena };

/* Begin a request. */
static struct req
request(const char *type, const char *body, size_t n)
{
	static struct exact exact;
	struct req r = { .ctx = &ctx, .content_type = type, .body_len = n };

	free(exact.memory);
	exact = exact_copy(body, n);
	r.body = exact.bytes;
	r.body_kind = type != NULL && strcmp(type, URLENCODED) == 0 ? BODY_FORM
	                                                            : BODY_JSON;
	return r;
}

/* What is wrong, without what is around it; an error of another kind's number.
 */
static const char *
complaint(const struct req *r, enum err e)
{
	static const char before[] = "{\"detail\":[";
	struct buf b;

	buf_init(&b, &arena);
	if (e != ERR_INVALID) {
		buf_addf(&b, "error %d", (int)e);
		return b.s;
	}
	problem_write(&b, r->problems);
	b.s[b.len - 2] = '\0'; /* the list's ]} */
	return b.s + sizeof(before) - 1;
}

/* What is wrong with a body; "" if it can be read. */
static const char *
parsed(const char *type, const char *body)
{
	struct req r = request(type, body, strlen(body));
	enum err e;

	r.body_kind = BODY_JSON;
	e = params_parse(&r);
	return e == ERR_OK ? "" : complaint(&r, e);
}

/* A field's value, "(none)", or what is wrong with it. */
static const char *
read_bytes(const struct field *f, const char *type, const char *body, size_t n)
{
	struct req r = request(type, body, n);
	const char *value = "not set";
	enum err e = params_parse(&r);

	if (e == ERR_OK)
		e = params_read(&r, f, 1, &value);
	if (e != ERR_OK)
		return complaint(&r, e);
	return value != NULL ? value : "(none)";
}

static const char *
read_json(const struct field *f, const char *body)
{
	return read_bytes(f, JSON, body, strlen(body));
}

static const char *
read_form(const struct field *f, const char *body)
{
	return read_bytes(f, URLENCODED, body, strlen(body));
}

static void
test_types(void)
{
	static const char *const json[] = { "application/json",
		"APPLICATION/JSON", "application/json; charset=utf-8",
		"application/json \t;x", "application/problem+json",
		"application/problem+json; charset=x", "application/+json",
		"application/a.b+JSON" };
	static const char *const other[] = { NULL, "", "application/",
		"application/jsox", "application/json5", "application/xjson",
		"application/jso", "text/json", "application/x/json",
		"application/x/a+json", "application//+json",
		"application/+jso", "applicationxjson", "/json",
		";application/json", " application/json", "application;/json" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(json); i++)
		is(parsed(json[i], "{}"), "", json[i]);
	for (i = 0; i < ARRAY_LEN(other); i++)
		is(parsed(other[i], "{}"), NOT_OBJECT,
		    other[i] != NULL ? other[i] : "no type");
	is(parsed("text/plain", "\xff"), "error 1",
	    "bytes that are no text are no body at all");
}

static void
test_bodies(void)
{
	struct req r;

	is(parsed(JSON, ""), NO_BODY, "a body has to be there");
	is(parsed(JSON, "null"), NO_BODY, "null is none");
	is(parsed(JSON, "[]"), NOT_OBJECT, "an array is not what is wanted");
	is(parsed(JSON, "\"secret\""), NOT_OBJECT,
	    "nor a text, which is not shown");
	is(parsed(JSON, "{\"a\""),
	    "{\"type\":\"json_invalid\",\"loc\":[\"body\",4],"
	    "\"msg\":\"JSON decode error\",\"input\":{},"
	    "\"ctx\":{\"error\":\"a colon must follow the name\"}}",
	    "of what is not JSON it is told where and why");
	is(parsed(JSON, "\"\xff\""), "error 1", "bytes are no JSON");
	r = request("application/json", "{", 1);
	r.body_kind = BODY_NONE;
	ok(params_parse(&r) == ERR_OK, "where none is wanted none is read");
	r = request(URLENCODED, "a=1", 3);
	ok(params_parse(&r) == ERR_OK && r.form.count == 1, "a form is read");
}

static void
test_presence(void)
{
	static const struct field must = { .name = "a", .required = true };
	static const struct field may = { .name = "a" };
	static const struct field null = {
		.name = "a", .required = true, .nullable = true
	};
	static const struct field secret = {
		.name = "password", .required = true, .secret = true
	};
	static const struct field new = {
		.name = "new", .required = true, .secret = true
	};

	is(read_json(&must, "{\"a\":\"x\"}"), "x", "a field is read");
	is(read_json(&must, "{\"a\":\"\"}"), "", "an empty text is one");
	is(read_json(&must, "{\"b\":1,\"password\":\"p\",\"new\":2}"),
	    MISSING "{\"b\":1,\"password\":\"**********\",\"new\":2}}",
	    "one that is missing is told, and no password with it");
	is(read_json(&new, "{\"b\":1,\"password\":\"p\",\"new\":2}"),
	    "{\"type\":\"string_type\",\"loc\":[\"body\",\"new\"],"
	    "\"msg\":\"Input should be a valid string\","
	    "\"input\":\"**********\"}",
	    "nor what is a secret where it is asked for");
	is(read_json(&may, "{}"), "(none)", "one may be missing");
	is(read_json(&may, "{\"a\":null}"), NOT_TEXT "null}",
	    "but null is no text");
	is(read_json(&null, "{\"a\":null}"), "(none)", "unless it may be");
	is(read_json(&null, "{}"), MISSING "{}}", "and is not absence");
	is(read_json(&must, "{\"a\":{\"password\":5}}"),
	    NOT_TEXT "{\"password\":\"**********\"}}",
	    "an object is no text, and its secrets are not shown");
	is(read_json(&secret, "{\"password\":7}"),
	    "{\"type\":\"string_type\",\"loc\":[\"body\",\"password\"],"
	    "\"msg\":\"Input should be a valid string\","
	    "\"input\":\"**********\"}",
	    "nor is a secret of any kind");
	is(read_json(&must, "{\"a\":[{\"b\":{\"PASSWORD\":5}}]}"),
	    NOT_TEXT "[{\"b\":{\"PASSWORD\":\"**********\"}}]}",
	    "however deep they are, and in whichever case");
	is(read_form(&must, "a=x"), "x", "a form's field is read");
	is(read_form(&must, "a=&b=1"), MISSING "null}", "but an empty is none");
	is(read_form(&may, "b=1"), "(none)", "which may be");
}

/* What is told of a value of this many characters c, within its quotes. */
static const char *
echoed(const char *type, char c, size_t n)
{
	static const struct field yes = { .name = "a", .must_be = "yes" };
	static const struct field f = { .name = "b", .required = true };
	struct buf b;
	size_t i;

	buf_init(&b, &arena);
	buf_adds(&b, strcmp(type, JSON) == 0 ? "{\"a\":\"" : "a=");
	for (i = 0; i < n; i++)
		buf_add(&b, &c, 1);
	if (strcmp(type, JSON) == 0)
		buf_adds(&b, "\"}");
	return strstr(
	    read_bytes(strcmp(type, JSON) == 0 ? &f : &yes, type, b.s, b.len),
	    "\"input\":");
}

/* An echo is no lever: of six bytes for each that was sent. */
static void
test_echo(void)
{
	ok(strlen(echoed(URLENCODED, 'x', 1022)) > 1024,
	    "a value of 1,024 bytes as JSON is shown");
	ok(strncmp(echoed(URLENCODED, 'x', 1023), "\"input\":null", 12) == 0,
	    "one of a byte more is not");
	ok(strlen(echoed(URLENCODED, 1, 170)) > 1020,
	    "what becomes longer as JSON counts as that");
	ok(strncmp(echoed(URLENCODED, 1, 171), "\"input\":null", 12) == 0,
	    "and is not shown beyond 1,024 bytes");
	ok(strncmp(echoed(URLENCODED, 1, 65000), "\"input\":null", 12) == 0,
	    "nor is the longest that fits a body");
	ok(strlen(echoed(JSON, 'x', 1024 - 8)) > 1024,
	    "an object of 1,024 bytes is shown");
	ok(strncmp(echoed(JSON, 'x', 1024 - 7), "\"input\":null", 12) == 0,
	    "and one of a byte more is not");
}

static void
test_texts(void)
{
	static const struct field f = { .name = "a", .required = true };
	static const struct field normal = { .name = "a", .normal = true };
	static const char part[] =
	    "--B\r\nContent-Disposition: x; name=a; filename=f\r\n\r\n"
	    "x\r\n--B--\r\n";
	struct req r;
	const char *value;

	is(read_json(&f, "{\"a\":\"x\\u0000y\"}"),
	    NUL_VALUE "\"x\\u0000y\"" NUL_WHY, "a NUL is refused");
	is(read_json(&f, "{\"a\":\"\\u0000\"}"),
	    NUL_VALUE "\"\\u0000\"" NUL_WHY, "at any place");
	is(read_form(&f, "a=x%00"), NUL_VALUE "\"x\\u0000\"" NUL_WHY,
	    "in a form as well");
	is(read_form(&f, "a=%00x"), NUL_VALUE "\"\\u0000x\"" NUL_WHY,
	    "wherever it stands");
	is(read_json(&f, "{\"a\":\"\\ud800\"}"), NOT_UNICODE "\"\\ud800\"}",
	    "so is half a pair");
	is(read_form(&f, "a=%ff"), NOT_UNICODE "null}",
	    "and bytes that are no UTF-8, which are not shown");
	is(read_form(&f, "a=%c3%a9"), "\xc3\xa9", "UTF-8 is taken");
	is(read_form(&f, "a=e%cc%81"), "e\xcc\x81", "as it is");
	is(read_form(&normal, "a=e%cc%81"), "\xc3\xa9",
	    "or in its normal form");

	r = request("multipart/form-data; boundary=B", part, sizeof(part) - 1);
	r.body_kind = BODY_FORM;
	ok(params_parse(&r) == ERR_OK, "a file is read");
	is(complaint(&r, params_read(&r, &f, 1, &value)), NOT_TEXT "null}",
	    "but is no text, and not shown");
}

static void
test_rules(void)
{
	static const struct field sized = {
		.name = "a", .min_chars = 1, .max_chars = 3
	};
	static const struct field two = { .name = "a", .min_chars = 2 };
	static const struct field one = { .name = "a", .max_chars = 1 };
	static const struct field normal = {
		.name = "a", .normal = true, .min_chars = 2
	};
	static const struct field secret = {
		.name = "a", .secret = true, .min_chars = 2
	};
	static const struct field yes = { .name = "a", .must_be = "yes" };
	static const struct field both[] = { { .name = "a", .required = true },
		{ .name = "b", .required = true } };
	const char *values[2];
	struct req r;

	is(read_json(&sized, "{\"a\":\"\xc3\xa9\"}"), "\xc3\xa9",
	    "the shortest is taken, counted in characters");
	is(read_json(&sized, "{\"a\":\"\"}"),
	    SHORT(1, "") "\"\",\"ctx\":{\"min_length\":1}}", "not a shorter");
	is(read_json(&sized, "{\"a\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}"),
	    "\xc3\xa9\xc3\xa9\xc3\xa9", "the longest is taken");
	is(read_json(&sized, "{\"a\":\"abcd\"}"),
	    LONG(3, "s") "\"abcd\",\"ctx\":{\"max_length\":3}}",
	    "not a longer");
	is(read_json(&two, "{\"a\":\"abcd\"}"), "abcd", "0 is no limit");
	is(read_json(&two, "{\"a\":\"x\"}"),
	    SHORT(2, "s") "\"x\",\"ctx\":{\"min_length\":2}}",
	    "two are characters");
	is(read_json(&one, "{\"a\":\"xy\"}"),
	    LONG(1, "") "\"xy\",\"ctx\":{\"max_length\":1}}", "one is not");
	is(read_form(&normal, "a=e%cc%81"),
	    SHORT(2, "s") "\"e\xcc\x81\",\"ctx\":{\"min_length\":2}}",
	    "the normal form is counted, and what was sent is shown");
	is(read_json(&secret, "{\"a\":\"x\"}"),
	    SHORT(2, "s") "\"**********\",\"ctx\":{\"min_length\":2}}",
	    "a secret is not");
	is(read_form(&secret, "a=x"),
	    SHORT(2, "s") "\"**********\",\"ctx\":{\"min_length\":2}}",
	    "nor a form's");
	is(read_json(&yes, "{\"a\":\"yes\"}"), "yes", "it is what it must be");
	is(read_json(&yes, "{\"a\":\"no\"}"),
	    PATTERN "\"no\",\"ctx\":{\"pattern\":\"^yes$\"}}",
	    "or it is told what that is");
	r = request(JSON, "{\"a\":1}", 7);
	ok(params_parse(&r) == ERR_OK, "of several");
	is(complaint(&r, params_read(&r, both, 2, values)),
	    NOT_TEXT "1},"
	             "{\"type\":\"missing\",\"loc\":[\"body\",\"b\"],"
	             "\"msg\":\"Field required\",\"input\":{\"a\":1}}",
	    "each that is wrong is told");
}

int
main(void)
{
	arena_init(&arena);
	test_types();
	test_bodies();
	test_presence();
	test_echo();
	test_texts();
	test_rules();
	(void)request(NULL, "", 0); /* releases the last body */
	arena_free(&arena);
	return done();
}
