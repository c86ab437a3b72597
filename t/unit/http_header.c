/*
 * Tests of http/header.c: the Cookie header.
 */
#include "base.h"

#include "http/header.h"
#include "tap.h"

static void
test_length(struct arena *a)
{
	char header[HEADER_COOKIE_MAX_BYTES + 2];

	memset(header, 'x', sizeof(header));
	memcpy(header, "id=1;", 5);
	header[HEADER_COOKIE_MAX_BYTES] = '\0';
	is(header_cookie(header, "id", a), "1",
	    "a cookie of the longest header is found");
	header[HEADER_COOKIE_MAX_BYTES] = 'x';
	header[HEADER_COOKIE_MAX_BYTES + 1] = '\0';
	is(header_cookie(header, "id", a), NULL,
	    "a cookie of a longer header is not found");
}

/* A cookie that came more than once is nobody's. */
static void
test_once(struct arena *a)
{
	static const char *const twice[] = { "id=1; id=2", "id=1;id=1",
		"id=;id=1", "id=1;id=", "id = 1; a=b ;\tid\t=2" };
	static const char *const once[] = { "id=1", "a=b; id=1; xid=2",
		"id=1; ID=2; id; idx=3", ";id=1;" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(twice); i++)
		is(header_cookie_once(twice[i], "id", a), NULL,
		    tap_with("no cookie id came once in", twice[i]));
	for (i = 0; i < ARRAY_LEN(once); i++)
		is(header_cookie_once(once[i], "id", a), "1",
		    tap_with("the cookie id came once in", once[i]));
	is(header_cookie_once(NULL, "id", a), NULL,
	    "without a header no cookie came once");
	is(header_cookie_once("a=b", "id", a), NULL,
	    "another cookie is not that which came once");
}

int
main(void)
{
	static const struct {
		const char *header, *value;
	} cases[] = {
		{ "id=1", "1" },
		{ "a=b; id=1", "1" },
		{ "a=b;id=1;c=d", "1" },
		{ "a; id=1", "1" },
		{ " \tid = 1\t ;", "1" },
		{ ";;; ;id=1", "1" },
		{ "id=", "" },
		{ "id= ", "" },
		{ "id=\t;a", "" },
		{ "id=;id=1", "" },
		{ "id=1; id=2", "1" },
		{ "id=a=b", "a=b" },
		{ "id=\"1\"", "\"1\"" },
		{ "a=\"x; id=1", "1" },
		{ "id=1\xff", "1\xff" },
		{ NULL, NULL },
		{ "", NULL },
		{ "id", NULL },
		{ "id; a=1", NULL },
		{ "ID=1", NULL },
		{ "xid=1", NULL },
		{ "idx=1", NULL },
		{ "i d=1", NULL },
		{ "a=id=1", NULL },
		{ "a=b, id=1", NULL },
		{ "=1", NULL },
		{ "=", NULL },
	};
	struct arena a;
	size_t i;

	arena_init(&a);
	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(header_cookie(cases[i].header, "id", &a), cases[i].value,
		    tap_with("the cookie id of a header", cases[i].header));
	test_once(&a);
	test_length(&a);
	arena_free(&a);
	return done();
}
