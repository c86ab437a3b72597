/*
 * Tests of http/form.c: both kinds of form, the media type, and the limits.
 */
#include "base.h"

#include "lib/buf.h"
#include "exact.h"
#include "http/form.h"
#include "tap.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define PART(name, value)                                     \
	"--B\r\nContent-Disposition: form-data; name=\"" name \
	"\"\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static struct arena arena;

/* The fields as "name=value|", a file's as "name=@value|"; or the error. */
static const char *
fields_of(const char *type, const char *body, size_t n)
{
	struct exact exact = exact_copy(body, n);
	struct form f;
	struct buf b;
	enum err e;
	size_t i;

	buf_init(&b, &arena);
	e = form_parse(&arena, type, exact.bytes, n, &f);
	free(exact.memory);
	if (e != ERR_OK)
		return f.error;
	for (i = 0; i < f.count; i++)
		buf_addf(&b, "%s=%s%s|", f.fields[i].name,
		    f.fields[i].is_file ? "@" : "", f.fields[i].value);
	return b.s;
}

static const char *
fields(const char *type, const char *body)
{
	return fields_of(type, body, strlen(body));
}

static void
test_urlencoded(void)
{
	static const struct {
		const char *body, *want;
	} cases[] = {
		{ "a=b&c=d", "a=b|c=d|" },
		{ "a=b=c", "a=b=c|" },
		{ "a;b=c;d", "a;b=c;d|" },
		{ "&&a&&b=&=c&", "a=|b=|=c|" },
		{ "%61+=%2B+%2b", "a =+ +|" },
		{ "a=%zz%4&b=%", "a=%zz%4|b=%|" },
		{ "a=\xff&b=\xed\x99\x8d", "a=\xff|b=\xed\x99\x8d|" },
		{ "", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(fields(URLENCODED, cases[i].body), cases[i].want,
		    tap_with("the fields of", cases[i].body));
}

static void
test_media_type(void)
{
	static const struct {
		const char *type, *want;
	} cases[] = {
		{ URLENCODED, "a=b|" },
		{ URLENCODED "; charset=x", "a=b|" },
		{ URLENCODED " ;", "a=b|" },
		{ "APPLICATION/X-WWW-FORM-URLENCODED; charset=UTF-8", "a=b|" },
		{ "application/json", "" },
		{ ";;;", "" },
		{ "", "" },
		{ "multipart/form-data", "Missing boundary in multipart." },
		{ "MULTIPART/FORM-DATA", "Missing boundary in multipart." },
		{ "multipart/form-data; x=boundary",
		    "Missing boundary in multipart." },
		{ "Multipart/Form-Data; boundary=B", "" },
		{ "multipart/mixed; boundary=B", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(fields(cases[i].type, "a=b"), cases[i].want,
		    tap_with(
		        "the fields of a body by its type", cases[i].type));
	is(fields(NULL, "a=b"), "", "a body without a type has no fields");
}

static void
test_multipart(void)
{
	static const char unparsable[] = "There was an error parsing the body";
	static const char unnamed[] =
	    "The Content-Disposition header field \"name\" must be provided.";
	static const struct {
		const char *body, *want, *title;
	} cases[] = {
		{ PART("a", "1") PART("b", "2") END, "a=1|b=2|",
		    "parts are fields" },
		{ "\r\n\nx" PART("a", "1") END, "a=1|",
		    "text before the first part is skipped" },
		{ PART("a", "1") END "epilogue --B\r\n", "a=1|",
		    "text behind the last boundary is skipped" },
		{ PART("a", "1") END PART("a", "2") END, "a=1|",
		    "a part behind the last boundary is skipped" },
		{ "x\r\n" PART("a", "1") END, unparsable,
		    "a text before the first part is an error" },
		{ "\r\na-b\r\n" PART("a", "1") END, unparsable,
		    "a dash in text before the first part is an error" },
		{ PART("a", "x\r\n--Bx\r\n--B-\r\n") END,
		    "a=x\r\n--Bx\r\n--B-\r\n|",
		    "a line that begins like a boundary is data" },
		{ PART("a", "1") "--B\r\nContent-Dispos", "a=1|",
		    "a part that is cut short does not count" },
		{ PART("a", "1"), "",
		    "a part without a boundary behind it does not count" },
		{ "", "", "an empty body has no fields" },
		{ END, "", "the last boundary alone has no fields" },
		{ "--B\r\nCONTENT-disposition:form-data; NAME = a;filename=\"\""
		  "\r\n\r\n1\r\n" END,
		    "a=@1|", "names of headers and parameters have no case" },
		{ "--B\r\nContent-Disposition: x; name=\"a\\\\\\\";b\"\r\n\r\n1\r\n" END,
		    "a\\\";b=1|",
		    "a name may have quotes, backslashes and semicolons" },
		{ "--B\r\nContent-Disposition: x; name=a; name=b\r\n\r\n1\r\n" END,
		    "b=1|", "the last of two names of a part counts" },
		{ "--B\r\nContent-Disposition: x; filename*=u; name=a\r\n\r\n1"
		  "\r\n" END,
		    "a=1|", "filename* does not make a part a file" },
		{ "--B\r\nContent-Disposition: x; name=a; name*=UTF-8''b"
		  "\r\n\r\n1\r\n" END,
		    "a=1|", "name* does not count beside name" },
		{ "--B\r\nContent-Disposition: x; name*=UTF-8''a\r\n\r\n1\r\n" END,
		    unnamed, "name* alone is not a name" },
		{ "--B\r\nContent-Disposition: x; name*0=a\r\n\r\n1\r\n" END,
		    unnamed, "name*0 alone is not a name" },
		{ "--B\r\nX: y\r\n\r\n1\r\n" END, unnamed,
		    "a part must be named" },
		{ "--B\r\nContent-Disposition: name\r\n\r\n1\r\n" END, unnamed,
		    "a part must be named by a parameter" },
		{ "--C\r\n", unparsable, "another boundary is an error" },
		{ "a=b", unparsable, "another kind of form is an error" },
		{ "--Bx", unparsable, "text behind a boundary is an error" },
		{ "--B\rx", unparsable,
		    "half a line's end behind a boundary is an error" },
		{ "--B\r\n: x\r\n", unparsable,
		    "a header without a name is an error" },
		{ "--B\r\na b: x\r\n", unparsable,
		    "a blank in a header's name is an error" },
		{ "--B\r\na: x\rb", unparsable,
		    "a carriage return in a header is an error" },
		{ "--B\r\na: x\r\n\rb", unparsable,
		    "a carriage return in the empty line is an error" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(fields("multipart/form-data; boundary=B", cases[i].body),
		    cases[i].want, cases[i].title);
	is(fields("multipart/form-data; x=\";\"; BOUNDARY=\"B\"",
	       PART("a", "1") END),
	    "a=1|", "a boundary may be quoted");
}

/* The one field of a part with this header, or what is wrong. */
static const char *
part_with(const char *header)
{
	struct buf b;

	buf_init(&b, &arena);
	buf_addf(&b, "--B\r\n%s\r\n\r\n1\r\n" END, header);
	return fields("multipart/form-data; boundary=B", b.s);
}

/* Quotes as the original's parser has them, which are not RFC 2616's. */
static void
test_parameters(void)
{
	static const struct {
		const char *parameters, *want;
	} cases[] = {
		{ "x; name=a", "a=1|" },
		{ "x;; name=a", "a=1|" },
		{ "x;\\\";name=a", "a=1|" },
		{ "x; name", "=1|" },
		{ "x; name=", "=1|" },
		{ "x; name= ", "=1|" },
		{ "x; name= ;y", "=1|" },
		{ "x; name=\ta\v\f", "a=1|" },
		{ "x; name=\"\"", "=1|" },
		{ "x; name=\"", "\"=1|" },
		{ "x; name=\"a", "\"a=1|" },
		{ "x; name=a\"", "a\"=1|" },
		{ "x; name=\"a\\b\"", "a\\b=1|" },
		{ "x; name=\"\\\"a\"", "\"a=1|" },
		{ "x; name=\"\\\\\\\\\"\\\"", "\\\"\\=1|" },
	};
	static const char nul[] =
	    "--B\r\nContent-Disposition: x; name= \0a\0 \r\n\r\n1\r\n" END;
	struct form f;
	struct buf b;
	size_t i;

	ok(form_parse(&arena, "multipart/form-data; boundary=B", nul,
	       sizeof(nul) - 1, &f) == ERR_OK &&
	        f.count == 1 && f.fields[0].name_len == 3 &&
	        memcmp(f.fields[0].name, "\0a\0", 4) == 0,
	    "a NUL in a field's name is kept");
	is(fields("multipart/form-data; boundary=B \t", PART("a", "1") END),
	    "a=1|", "blanks behind the boundary are left out");
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		buf_init(&b, &arena);
		buf_addf(&b, "Content-Disposition: %s", cases[i].parameters);
		is(part_with(b.s), cases[i].want,
		    tap_with("the name of a part with", cases[i].parameters));
	}
}

/* The names of a part's headers: RFC 7230's tokens. */
static void
test_header_names(void)
{
	static const char allowed[] =
	    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char header[] = "??: y\r\nContent-Disposition: x; name=a";
	int c, good, wrong = 0;

	for (c = 1; c < 256; c++) {
		if (c == ':')
			continue; /* the end of the name */
		good = strchr(allowed, c) != NULL;
		header[0] = (char)c;
		header[1] = 'x';
		wrong += (strcmp(part_with(header), "a=1|") == 0) != good;
		if (c == '\r')
			continue; /* that may end the headers */
		header[0] = 'x';
		header[1] = (char)c;
		wrong += (strcmp(part_with(header), "a=1|") == 0) != good;
	}
	is_int(wrong, 0, "a header's name may have these bytes and no others");
	is(fields_of("multipart/form-data; boundary=B",
	       "--B\r\n\0: y\r\nContent-Disposition: x; name=a\r\n\r\n1\r\n" END,
	       sizeof(
	           "--B\r\n\0: y\r\nContent-Disposition: x; name=a\r\n\r\n1\r\n" END) -
	           1),
	    "There was an error parsing the body",
	    "a NUL in a header's name is an error");
	is(part_with(": y\r\nContent-Disposition: x; name=a"),
	    "There was an error parsing the body",
	    "an empty header name before a good header is an error");
}

/* A body that is cut short at any byte has the fields before that, if any. */
static void
test_cut(void)
{
	static const char type[] =
	    "multipart/form-data; boundary=----WebKitFormBoundaryQ";
	static const char body[] =
	    "------WebKitFormBoundaryQ\r\n"
	    "Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
	    "------WebKitFormBoundaryQ--\r\n";
	const size_t end = sizeof(body) - 3; /* without the line's end */
	size_t n, wrong = 0;

	for (n = 0; n < sizeof(body) - 1; n++)
		wrong += strcmp(fields_of(type, body, n),
		             n < end ? "" : "a=1|") != 0;
	is_int((long long)wrong, 0, "a body that is cut short has no error");
	is(fields("multipart/form-data; boundary=B", "--B\r"), "",
	    "a body that is cut within a boundary has no error");
	is(fields("multipart/form-data; boundary=B", "--B-"), "",
	    "a body that is cut within the last boundary has no error");
	is(fields("multipart/form-data; boundary=B", "\n" PART("a", "1") END),
	    "a=1|", "a newline may come before the first boundary");
}

/* n parts, each with a file name or none. */
static const char *
many(int n, const char *disposition)
{
	struct buf b;
	const char *got;

	buf_init(&b, &arena);
	while (n-- > 0)
		buf_addf(&b, "--B\r\nContent-Disposition: x; %s\r\n\r\n1\r\n",
		    disposition);
	buf_adds(&b, END);
	got = fields("multipart/form-data; boundary=B", b.s);
	return strncmp(got, "Too many", 8) == 0 ? got : "";
}

static void
test_limits(void)
{
	char boundary[400] = "multipart/form-data; boundary=";
	struct buf b;
	int i;

	is(many(FORM_FIELDS_MAX, "name=a"), "", "1000 fields are read");
	is(many(FORM_FIELDS_MAX + 1, "name=a"),
	    "Too many fields. Maximum number of fields is 1000.",
	    "1001 multipart fields are refused");
	is(many(FORM_FIELDS_MAX, "name=a; filename=f"), "",
	    "1000 files are read");
	is(many(FORM_FIELDS_MAX + 1, "name=a; filename=f"),
	    "Too many files. Maximum number of files is 1000.",
	    "1001 files are refused");

	buf_init(&b, &arena);
	for (i = 0; i < FORM_FIELDS_MAX; i++)
		buf_adds(&b, "a&");
	ok(strncmp(fields(URLENCODED, b.s), "a=|", 3) == 0,
	    "1000 urlencoded fields are read");
	buf_adds(&b, "a");
	is(fields(URLENCODED, b.s),
	    "Too many fields. Maximum number of fields is 1000.",
	    "1001 urlencoded fields are refused");

	buf_init(&b, &arena);
	for (i = 0; i < 5; i++)
		buf_adds(&b,
		    PART("f",
		        "1\r\n--B\r\nContent-Disposition: x; name=f; filename=g\r\n\r\n1"));
	for (i = 5; i < FORM_FIELDS_MAX; i++)
		buf_adds(&b, PART("a", "1"));
	buf_adds(&b, END);
	ok(strncmp(fields("multipart/form-data; boundary=B", b.s), "f=1|", 4) ==
	        0,
	    "files are counted apart");

	memset(boundary + 30, 'b', FORM_BOUNDARY_MAX_BYTES);
	is(fields(boundary, ""), "", "a boundary of 256 bytes is accepted");
	boundary[30 + FORM_BOUNDARY_MAX_BYTES] = 'b';
	is(fields(boundary, ""), "There was an error parsing the body",
	    "a boundary of 257 bytes is refused");
}

/* Headers of a part: how many, and how long. */
static void
test_part_headers(void)
{
	static const char disposition[] = "Content-Disposition: x; name=a\r\n";
	struct buf b;
	int i, n;

	for (n = FORM_PART_HEADERS_MAX; n <= FORM_PART_HEADERS_MAX + 1; n++) {
		buf_init(&b, &arena);
		buf_adds(&b, "--B\r\n");
		for (i = 1; i < n; i++)
			buf_adds(&b, "x: y\r\n");
		buf_addf(&b, "%s\r\n1\r\n" END, disposition);
		is(fields("multipart/form-data; boundary=B", b.s),
		    n == FORM_PART_HEADERS_MAX
		        ? "a=1|"
		        : "There was an error parsing the body",
		    n == FORM_PART_HEADERS_MAX
		        ? "a part may have 8 headers"
		        : "a part may not have 9 headers");
	}
	buf_init(&b, &arena);
	buf_adds(&b, "--B\r\n");
	for (i = 0; i < FORM_PART_HEADERS_MAX; i++)
		buf_adds(&b, "x: y\r\n");
	is(fields("multipart/form-data; boundary=B", b.s), "",
	    "a body may be cut short behind 8 headers of a part");
	buf_init(&b, &arena);
	buf_adds(&b, "--B\r\n");
	for (i = 0; i < FORM_PART_HEADER_MAX_BYTES; i++)
		buf_adds(&b, "x");
	is(fields("multipart/form-data; boundary=B", b.s), "",
	    "a body may be cut short behind the longest header name");
	for (n = FORM_PART_HEADER_MAX_BYTES;
	     n <= FORM_PART_HEADER_MAX_BYTES + 1; n++) {
		buf_init(&b, &arena);
		buf_adds(&b, "--B\r\nx:");
		for (i = 2; i < n; i++)
			buf_adds(&b, "y");
		buf_addf(&b, "\r\n%s\r\n1\r\n" END, disposition);
		is(fields("multipart/form-data; boundary=B", b.s),
		    n == FORM_PART_HEADER_MAX_BYTES
		        ? "a=1|"
		        : "There was an error parsing the body",
		    n == FORM_PART_HEADER_MAX_BYTES
		        ? "a header may have 4224 bytes"
		        : "a header may not have 4225 bytes");
	}
}

int
main(void)
{
	const struct form_field *f;
	struct form form;

	arena_init(&arena);
	test_urlencoded();
	test_media_type();
	test_multipart();
	test_parameters();
	test_header_names();
	test_cut();
	test_limits();
	test_part_headers();
	ok(form_parse(&arena, URLENCODED, "a=1&b=2&a=3&a%00=4", 18, &form) ==
	        ERR_OK,
	    "a form with a name twice is parsed");
	f = form_get(&form, "a");
	is(f != NULL ? f->value : NULL, "3", "the last field of a name counts");
	f = form_get(&form, "b");
	is(f != NULL ? f->value : NULL, "2", "the only field of a name counts");
	ok(form_parse(&arena, URLENCODED, "b=1&c=2", 7, &form) == ERR_OK &&
	        form_get(&form, "b") != NULL,
	    "the first field of a form is found");
	ok(form_get(&form, "A") == NULL, "names of fields differ by case");
	arena_free(&arena);
	return done();
}
