/*
 * Tests of http/params.c: accepted bodies and fields, and the errors of others.
 * pydantic's errors were recorded from the original.
 */
#include "base.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
	static const char before[] = "[";
	struct buf b;

	buf_init(&b, &arena);
	if (e != ERR_INVALID) {
		buf_addf(&b, "error %d", (int)e);
		return b.s;
	}
	problem_write(&b, r->problems);
	b.s[b.len - 1] = '\0'; /* the list's ] */
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
read_field(struct req *r, const struct field *f)
{
	struct param value = { .text = "not set" };
	enum err e = params_read(r, f, 1, &value);
	struct buf b;

	if (e == ERR_MALFORMED)
		return r->malformed;
	if (e != ERR_OK)
		return complaint(r, e);
	if (!value.given)
		return value.text == NULL ? "(none)" : "(a text, not given)";
	if (f->kind == FIELD_BOOL)
		return value.on ? "true" : "false";
	if (f->kind == FIELD_TEXT)
		return value.text;
	buf_init(&b, &arena);
	buf_addf(&b, "%" PRId64, value.number);
	return b.s;
}

/* The same out of a query string. */
static const char *
read_query(const struct field *f, const char *query)
{
	struct req r = { .ctx = &ctx, .body = "", .query = query };

	return read_field(&r, f);
}

/* The same of a body. */
static const char *
read_bytes(const struct field *f, const char *type, const char *body, size_t n)
{
	struct req r = request(type, body, n);
	enum err e = params_parse(&r);

	return e == ERR_OK ? read_field(&r, f) : complaint(&r, e);
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
		is(parsed(json[i], "{}"), "",
		    tap_with("a type of JSON", json[i]));
	for (i = 0; i < ARRAY_LEN(other); i++)
		is(parsed(other[i], "{}"), NOT_OBJECT,
		    tap_with("a type other than JSON", other[i]));
	is(parsed("text/plain", "\xff"), "error 1",
	    "bytes that are not text are malformed");
}

static void
test_bodies(void)
{
	struct req r;

	is(parsed(JSON, ""), NO_BODY, "an empty body is missing");
	is(parsed(JSON, "null"), NO_BODY, "a body of null is missing");
	is(parsed(JSON, "[]"), NOT_OBJECT, "an array is not an object");
	is(parsed(JSON, "\"secret\""), NOT_OBJECT,
	    "a text is not an object, and is not shown");
	is(parsed(JSON, "{\"a\""),
	    "{\"type\":\"json_invalid\",\"loc\":[\"body\",4],"
	    "\"msg\":\"JSON decode error\",\"input\":{},"
	    "\"ctx\":{\"error\":\"expected a colon after the name\"}}",
	    "the error of a body that is not JSON says where and why");
	is(parsed(JSON, "\"\xff\""), "error 1",
	    "bytes that are not JSON are malformed");
	r = request("application/json", "{", 1);
	r.body_kind = BODY_NONE;
	ok(params_parse(&r) == ERR_OK,
	    "a body is not read where none is wanted");
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
	static const char two_secrets[] =
	    "{\"b\":1,\"new\":\"x\",\"old\":\"y\"}";
	static const struct field several[] = { { .name = "new",
		                                    .secret = true },
		{ .name = "a", .required = true },
		{ .name = "old", .secret = true } };
	struct param values[ARRAY_LEN(several)];
	struct req r;

	is(read_json(&must, "{\"a\":\"x\"}"), "x", "a field is read");
	is(read_json(&must, "{\"a\":\"\"}"), "", "an empty text is a value");
	is(read_json(&must, "{\"b\":1,\"password\":\"p\",\"new\":2}"),
	    MISSING "{\"b\":1,\"password\":\"**********\",\"new\":2}}",
	    "the error of a missing field shows no password");
	is(read_json(&new, "{\"b\":1,\"password\":\"p\",\"new\":2}"),
	    "{\"type\":\"string_type\",\"loc\":[\"body\",\"new\"],"
	    "\"msg\":\"Input should be a valid string\","
	    "\"input\":\"**********\"}",
	    "the error of a secret field does not show it");
	r = request(JSON, two_secrets, sizeof(two_secrets) - 1);
	ok(params_parse(&r) == ERR_OK, "a body with two secrets is parsed");
	is(complaint(&r, params_read(&r, several, ARRAY_LEN(several), values)),
	    MISSING "{\"b\":1,\"new\":\"**********\",\"old\":\"**********\"}}",
	    "the error of a missing field shows no secret of the others");
	is(read_json(&may, "{}"), "(none)", "a field may be missing");
	is(read_json(&may, "{\"a\":null}"), NOT_TEXT "null}",
	    "null is not a text");
	is(read_json(&null, "{\"a\":null}"), "(none)",
	    "null is no value of a field that may be null");
	is(read_json(&null, "{}"), MISSING "{}}",
	    "a field that may be null may not be missing");
	is(read_json(&must, "{\"a\":{\"password\":5}}"),
	    NOT_TEXT "{\"password\":\"**********\"}}",
	    "an object is no text, and its secrets are not shown");
	is(read_json(&secret, "{\"password\":7}"),
	    "{\"type\":\"string_type\",\"loc\":[\"body\",\"password\"],"
	    "\"msg\":\"Input should be a valid string\","
	    "\"input\":\"**********\"}",
	    "a secret of any kind is not shown");
	is(read_json(&must, "{\"a\":[{\"b\":{\"PASSWORD\":5}}]}"),
	    NOT_TEXT "[{\"b\":{\"PASSWORD\":\"**********\"}}]}",
	    "secrets in arrays and objects are not shown, in any case");
	is(read_form(&must, "a=x"), "x", "a form's field is read");
	is(read_form(&must, "a=&b=1"), MISSING "null}",
	    "an empty field of a form is missing");
	is(read_form(&may, "b=1"), "(none)",
	    "a field of a form may be missing");
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
	    "a value of 1,025 bytes as JSON is not shown");
	ok(strlen(echoed(URLENCODED, 1, 170)) > 1020,
	    "a value of 1,020 bytes once escaped is shown");
	ok(strncmp(echoed(URLENCODED, 1, 171), "\"input\":null", 12) == 0,
	    "a value beyond 1,024 bytes once escaped is not shown");
	ok(strncmp(echoed(URLENCODED, 1, 65000), "\"input\":null", 12) == 0,
	    "the longest value of a body is not shown");
	ok(strlen(echoed(JSON, 'x', 1024 - 8)) > 1024,
	    "an object of 1,024 bytes is shown");
	ok(strncmp(echoed(JSON, 'x', 1024 - 7), "\"input\":null", 12) == 0,
	    "an object of 1,025 bytes is not shown");
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
	struct param value;

	is(read_json(&f, "{\"a\":\"x\\u0000y\"}"),
	    NUL_VALUE "\"x\\u0000y\"" NUL_WHY, "a NUL in a text is refused");
	is(read_json(&f, "{\"a\":\"\\u0000\"}"),
	    NUL_VALUE "\"\\u0000\"" NUL_WHY, "a NUL alone is refused");
	is(read_form(&f, "a=x%00"), NUL_VALUE "\"x\\u0000\"" NUL_WHY,
	    "a NUL in a form's field is refused");
	is(read_form(&f, "a=%00x"), NUL_VALUE "\"\\u0000x\"" NUL_WHY,
	    "a NUL at the start of a form's field is refused");
	is(read_json(&f, "{\"a\":\"\\ud800\"}"), NOT_UNICODE "\"\\ud800\"}",
	    "half a surrogate pair is refused");
	is(read_form(&f, "a=%ff"), NOT_UNICODE "null}",
	    "bytes that are not UTF-8 are refused, and not shown");
	is(read_form(&f, "a=%c3%a9"), "\xc3\xa9", "UTF-8 in a form is read");
	is(read_form(&f, "a=e%cc%81"), "e\xcc\x81",
	    "UTF-8 in a form is not normalised");
	is(read_form(&normal, "a=e%cc%81"), "\xc3\xa9",
	    "UTF-8 in a form is normalised where a field asks for it");

	r = request("multipart/form-data; boundary=B", part, sizeof(part) - 1);
	r.body_kind = BODY_FORM;
	ok(params_parse(&r) == ERR_OK, "a file is read");
	is(complaint(&r, params_read(&r, &f, 1, &value)), NOT_TEXT "null}",
	    "a file is not a text, and not shown");
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
	struct param values[2];
	struct req r;

	is(read_json(&sized, "{\"a\":\"\xc3\xa9\"}"), "\xc3\xa9",
	    "the shortest text is accepted, counted in characters");
	is(read_json(&sized, "{\"a\":\"\"}"),
	    SHORT(1, "") "\"\",\"ctx\":{\"min_length\":1}}",
	    "a shorter text is refused");
	is(read_json(&sized, "{\"a\":\"\xc3\xa9\xc3\xa9\xc3\xa9\"}"),
	    "\xc3\xa9\xc3\xa9\xc3\xa9", "the longest text is accepted");
	is(read_json(&sized, "{\"a\":\"abcd\"}"),
	    LONG(3, "s") "\"abcd\",\"ctx\":{\"max_length\":3}}",
	    "a longer text is refused");
	is(read_json(&two, "{\"a\":\"abcd\"}"), "abcd",
	    "a greatest length of 0 is no limit");
	is(read_json(&two, "{\"a\":\"x\"}"),
	    SHORT(2, "s") "\"x\",\"ctx\":{\"min_length\":2}}",
	    "the error of a least length of two says characters");
	is(read_json(&one, "{\"a\":\"xy\"}"),
	    LONG(1, "") "\"xy\",\"ctx\":{\"max_length\":1}}",
	    "the error of a greatest length of one says character");
	is(read_form(&normal, "a=e%cc%81"),
	    SHORT(2, "s") "\"e\xcc\x81\",\"ctx\":{\"min_length\":2}}",
	    "the normal form is counted, and what was sent is shown");
	is(read_json(&secret, "{\"a\":\"x\"}"),
	    SHORT(2, "s") "\"**********\",\"ctx\":{\"min_length\":2}}",
	    "a secret that is too short is not shown");
	is(read_form(&secret, "a=x"),
	    SHORT(2, "s") "\"**********\",\"ctx\":{\"min_length\":2}}",
	    "a secret of a form that is too short is not shown");
	is(read_json(&yes, "{\"a\":\"yes\"}"), "yes",
	    "a field has the one value that it must have");
	is(read_json(&yes, "{\"a\":\"no\"}"),
	    PATTERN "\"no\",\"ctx\":{\"pattern\":\"^yes$\"}}",
	    "the error of another value says which it must be");
	r = request(JSON, "{\"a\":1}", 7);
	ok(params_parse(&r) == ERR_OK,
	    "a body with two wrong fields is parsed");
	is(complaint(&r, params_read(&r, both, 2, values)),
	    NOT_TEXT "1},"
	             "{\"type\":\"missing\",\"loc\":[\"body\",\"b\"],"
	             "\"msg\":\"Field required\",\"input\":{\"a\":1}}",
	    "each wrong field of a body has its error");
}

static void
test_patterns(void)
{
	static const struct field f = { .name = "a", .pattern = "[ab]+" };
	static const struct field any = { .name = "a", .pattern = "" };

	is(read_json(&f, "{\"a\":\"ab\"}"), "ab",
	    "a text that matches its pattern is accepted");
	is(read_json(&f, "{\"a\":\"abc\"}"),
	    "{\"type\":\"string_pattern_mismatch\",\"loc\":[\"body\",\"a\"],\"msg\":\"String should match pattern '[ab]+'\",\"input\":\"abc\",\"ctx\":{\"pattern\":\"[ab]+\"}}",
	    "the error of a text that does not match says its pattern");
	is(read_json(&any, "{\"a\":\"x\"}"), "x", "an empty pattern is none");
}

/* A form to an endpoint of OAuth, or another one. */
static const char *
read_oauth(enum face face, const struct field *f, const char *body)
{
	struct req r = request(URLENCODED, body, strlen(body));

	r.face = face;
	r.query = body;
	return params_parse(&r) == ERR_OK ? read_field(&r, f) : "(no form)";
}

static void
test_twice(void)
{
	static const struct field f = { .name = "a", .required = true };
	static const struct field query = { .name = "a",
		.source = SOURCE_QUERY };

	is(read_oauth(FACE_OAUTH, &f, "b=1&a=x&b=2"), "x",
	    "OAuth takes a field that came once");
	is(read_oauth(FACE_OAUTH, &f, "a=x&a=x"),
	    "{\"type\":\"value_error\",\"loc\":[\"body\",\"a\"],\"msg\":\"Field given twice\",\"input\":null}",
	    "OAuth takes no field that came twice");
	is(read_oauth(FACE_LOGIN, &f, "a=x&a=y"), "y",
	    "of a login's fields of one name the last counts");
	is(read_oauth(FACE_OAUTH, &query, "a=x&a=y"), "y",
	    "of a query's fields of one name the last counts, at OAuth's, too");
}

#define IN_QUERY(type, msg)                                               \
	"{\"type\":\"" type "\",\"loc\":[\"query\",\"a\"],\"msg\":\"" msg \
	"\",\"input\":"
#define NO_INTEGER              \
	IN_QUERY("int_parsing", \
	    "Input should be a valid integer, unable to parse string as an integer")
#define NO_TRUTH                 \
	IN_QUERY("bool_parsing", \
	    "Input should be a valid boolean, unable to interpret input")

static void
test_query(void)
{
	static const struct field may = { .name = "a", .source = SOURCE_QUERY };
	static const struct field must = {
		.name = "a", .source = SOURCE_QUERY, .required = true
	};
	static const struct field sized = { .name = "a",
		.source = SOURCE_QUERY,
		.min_chars = 1,
		.max_chars = 2 };

	is(read_query(&may, ""), "(none)", "an empty query has no fields");
	is(read_query(&may, "b=1"), "(none)", "a field may be missing");
	is(read_query(&must, "b=1"),
	    IN_QUERY("missing", "Field required") "null}",
	    "a missing field of a query has FastAPI's error");
	is(read_query(&must, "a=x"), "x", "a field of a query is read");
	is(read_query(&must, "b=1&&a=x&"), "x",
	    "a field of a query is read wherever it is");
	is(read_query(&must, "a=%c3%A9+%26%3d"),
	    "\xc3\xa9 &=", "a value of a query is decoded");
	is(read_query(&must, "%61=x"), "x", "a name of a query is decoded");
	is(read_query(&must, "A=x&aa=y&a%00=z"),
	    IN_QUERY("missing", "Field required") "null}",
	    "a name of a query is compared whole, and by case");
	is(read_query(&must, "a=x&a=y"), "y",
	    "the last of several fields of a name counts");
	is(read_query(&must, "a=x&a="), "",
	    "the last of several fields of a name counts though it is empty");
	is(read_query(&must, "a"), "", "a name without = has an empty value");
	is(read_query(&must, "a=%zz%4"), "%zz%4",
	    "a percent sign without two digits is kept");
	is(read_query(&must, "a=x%00y"),
	    "{\"type\":\"value_error\",\"loc\":[\"query\",\"a\"],\"msg\":\"Value error, a NUL character is not allowed\",\"input\":\"x\\u0000y\"" NUL_WHY,
	    "a NUL in a field of a query is refused");
	is(read_query(&must, "a=%ff"),
	    "{\"type\":\"string_unicode\",\"loc\":[\"query\",\"a\"],\"msg\":\"Input should be a valid string, unable to parse raw data as a unicode string\",\"input\":null}",
	    "a field of a query that is not UTF-8 is refused");
	is(read_query(&sized, "a=%c3%a9%c3%a9"), "\xc3\xa9\xc3\xa9",
	    "the longest text of a query is accepted");
	is(read_query(&sized, "a=xyz"),
	    IN_QUERY("string_too_long",
	        "String should have at most 2 characters") "\"xyz\",\"ctx\":{\"max_length\":2}}",
	    "a longer text of a query is refused");
	is(read_query(&sized, "a="),
	    IN_QUERY("string_too_short",
	        "String should have at least 1 character") "\"\",\"ctx\":{\"min_length\":1}}",
	    "an empty text of a query is refused where there is a least length");
}

static void
test_query_limits(void)
{
	static const struct field f = { .name = "a", .source = SOURCE_QUERY };
	static const struct field body = { .name = "a" };
	char query[FORM_QUERY_MAX_BYTES + 2];
	size_t i;

	memset(query, 'x', sizeof(query));
	memcpy(query, "a=1&", 4);
	query[FORM_QUERY_MAX_BYTES + 1] = '\0';
	is(read_query(&f, query), "The query string is too long.",
	    "a query of more bytes than the limit is refused");
	is(read_query(&body, query), "(none)",
	    "a query of more bytes than the limit is not read where no field is wanted");
	query[FORM_QUERY_MAX_BYTES] = '\0';
	is(read_query(&f, query), "1", "the longest query is read");
	for (i = 0; i < FORM_FIELDS_MAX; i++)
		memcpy(query + (size_t)2 * i, "b&", 2);
	memcpy(query + (size_t)2 * (FORM_FIELDS_MAX - 1), "a&", 3);
	is(read_query(&f, query), "", "a query of 1000 fields is read");
	memcpy(query + (size_t)2 * FORM_FIELDS_MAX, "b", 2);
	is(read_query(&f, query),
	    "Too many fields. Maximum number of fields is 1000.",
	    "a query of 1001 fields is refused");
}

static void
test_numbers(void)
{
	static const struct field f = { .name = "a",
		.source = SOURCE_QUERY,
		.kind = FIELD_NUMBER,
		.min = -1,
		.max = 100 };
	static const struct field body = {
		.name = "a", .kind = FIELD_NUMBER, .min = 1, .max = 9
	};

	is(read_query(&f, "b=1"), "(none)",
	    "a number of a query may be missing");
	is(read_query(&f, "a=-1"), "-1",
	    "the least number of a query is accepted");
	is(read_query(&f, "a=100"), "100",
	    "the greatest number of a query is accepted");
	is(read_query(&f, "a=-2"),
	    IN_QUERY("greater_than_equal",
	        "Input should be greater than or equal to -1") "\"-2\",\"ctx\":{\"ge\":-1}}",
	    "a number below the least is refused");
	is(read_query(&f, "a=101"),
	    IN_QUERY("less_than_equal",
	        "Input should be less than or equal to 100") "\"101\",\"ctx\":{\"le\":100}}",
	    "a number above the greatest is refused");
	is(read_query(&f, "a="), NO_INTEGER "\"\"}",
	    "an empty text is not a number");
	is(read_query(&f, "a=5x"), NO_INTEGER "\"5x\"}",
	    "a number with text behind it is refused");
	is(read_query(&f, "a=+5"), NO_INTEGER "\" 5\"}",
	    "a number with a blank before it is refused");
	is(read_query(&f, "a=99999999999999999999"),
	    NO_INTEGER "\"99999999999999999999\"}",
	    "a number of 20 digits is refused");
	is(read_query(&f, "a=5%00"),
	    "{\"type\":\"value_error\",\"loc\":[\"query\",\"a\"],\"msg\":\"Value error, a NUL character is not allowed\",\"input\":\"5\\u0000\"" NUL_WHY,
	    "a number does not end at a NUL");
	is(read_json(&body, "{\"a\":9}"), "9", "a number of a body is JSON's");
	is(read_json(&body, "{\"a\":10}"),
	    "{\"type\":\"less_than_equal\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be less than or equal to 9\",\"input\":10,\"ctx\":{\"le\":9}}",
	    "a number of a body has the same limits");
	is(read_json(&body, "{\"a\":\"5\"}"),
	    "{\"type\":\"int_type\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid integer\",\"input\":\"5\"}",
	    "a number of a body is not a text");
	is(read_json(&body, "{\"a\":1234567890123456789}"),
	    "{\"type\":\"int_type\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid integer\",\"input\":1234567890123456789}",
	    "a number of a body with more than 18 digits is refused");
	is(read_form(&body, "a=5"), "5", "a number of a form is read");
	is(read_form(&body, "a="), "(none)",
	    "an empty number of a form is missing");
}

static void
test_truth(void)
{
	static const struct field f = {
		.name = "a", .source = SOURCE_QUERY, .kind = FIELD_BOOL
	};
	static const struct field body = { .name = "a", .kind = FIELD_BOOL };

	is(read_query(&f, ""), "(none)",
	    "a truth value of a query may be missing");
	is(read_query(&f, "a=true"), "true", "a truth value may be a word");
	is(read_query(&f, "a=0"), "false", "a truth value may be a digit");
	is(read_query(&f, "a=YES"), "true", "a truth value may be in capitals");
	is(read_query(&f, "a=off"), "false", "a truth value may be off");
	is(read_query(&f, "a=2"), NO_TRUTH "\"2\"}", "2 is not a truth value");
	is(read_query(&f, "a="), NO_TRUTH "\"\"}",
	    "an empty text is not a truth value");
	is(read_query(&f, "a=on%00"),
	    "{\"type\":\"value_error\",\"loc\":[\"query\",\"a\"],\"msg\":\"Value error, a NUL character is not allowed\",\"input\":\"on\\u0000\"" NUL_WHY,
	    "a truth value does not end at a NUL");
	is(read_json(&body, "{\"a\":true}"), "true",
	    "a truth value of a body may be JSON's true");
	is(read_json(&body, "{\"a\":false}"), "false",
	    "a truth value of a body may be JSON's false");
	is(read_json(&body, "{\"a\":\"true\"}"),
	    "{\"type\":\"bool_type\",\"loc\":[\"body\",\"a\"],\"msg\":\"Input should be a valid boolean\",\"input\":\"true\"}",
	    "a truth value of a body is not a text");
}

/* A field of the path /x/{id}, whose value is these bytes. */
static const char *
read_path(const struct field *f, const char *bytes, size_t n)
{
	struct req r = { .ctx = &ctx, .body = "", .query = "" };
	struct buf path;

	buf_init(&path, &arena);
	buf_adds(&path, "/x/");
	buf_add(&path, bytes, n);
	if (!path_fits("/x/{id}", path.s, path.len, &r.path))
		return "(another path)";
	return read_field(&r, f);
}

static void
test_path(void)
{
	static const struct field id = { .name = "id",
		.source = SOURCE_PATH,
		.required = true,
		.max_chars = 3 };
	static const struct field number = { .name = "id",
		.source = SOURCE_PATH,
		.kind = FIELD_NUMBER,
		.min = 1,
		.max = INT64_MAX };

	is(read_path(&id, "a-1", 3), "a-1", "a segment of a path is read");
	is(read_path(&id, "abcd", 4),
	    "{\"type\":\"string_too_long\",\"loc\":[\"path\",\"id\"],\"msg\":\"String should have at most 3 characters\",\"input\":\"abcd\",\"ctx\":{\"max_length\":3}}",
	    "a field of a path over its limit has FastAPI's error");
	is(read_path(&id, "a\0b", 3),
	    "{\"type\":\"value_error\",\"loc\":[\"path\",\"id\"],\"msg\":\"Value error, a NUL character is not allowed\",\"input\":\"a\\u0000b\"" NUL_WHY,
	    "a NUL in a field of a path is refused");
	is(read_path(&number, "9223372036854775807", 19), "9223372036854775807",
	    "a number of a path is read");
	is(read_path(&number, "0", 1),
	    "{\"type\":\"greater_than_equal\",\"loc\":[\"path\",\"id\"],\"msg\":\"Input should be greater than or equal to 1\",\"input\":\"0\",\"ctx\":{\"ge\":1}}",
	    "within its limits");
}

/* Does a handler that wants what its path does not have end the process? */
static bool
aborts(const char *name)
{
	const struct field f = { .name = name, .source = SOURCE_PATH };
	pid_t pid;
	int status;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		close(STDERR_FILENO);
		read_path(&f, "v", 1);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

static void
test_names(void)
{
	ok(aborts("no"), "a path has each field that a handler wants of it");
	ok(aborts("i"), "the beginning of a field's name is another");
	ok(aborts("idx"), "the end of a field's name counts");
	ok(!aborts("id"), "a field of a path is found by its name");
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
	test_patterns();
	test_twice();
	test_query();
	test_query_limits();
	test_numbers();
	test_truth();
	test_path();
	test_names();
	(void)request(NULL, "", 0); /* releases the last body */
	arena_free(&arena);
	return done();
}
