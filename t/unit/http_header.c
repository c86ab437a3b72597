/*
 * Tests of http/header.c: the Cookie header.
 */
#include "base.h"

#include "http/header.h"
#include "http/reply.h"
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

static void
test_all(struct arena *a)
{
	const char *values[2] = { NULL, NULL };

	is_int((long long)header_cookies(
	           "id=1; a=b; id=; id=3", "id", a, values, 2),
	    3, "all cookies of a name are counted");
	is(values[0], "1", "the first of several cookies is read");
	is(values[1], "", "the second of several cookies may be empty");
	is_int((long long)header_cookies("id=1", "id", a, values, 0), 1,
	    "cookies are counted where there is room for none");
	is_int((long long)header_cookies("a=b", "id", a, values, 2), 0,
	    "another cookie is not counted");
	is_int((long long)header_cookies(NULL, "id", a, values, 2), 0,
	    "without a header there is no cookie");
}

/* The header of a reply in which this is called. */
static const char *
replied(struct arena *a, void (*call)(struct req *r))
{
	static char none[] = "";
	static struct conf conf = { .cors_origins = none };
	static const struct app app = { .conf = &conf };
	struct ctx ctx = { .app = &app, .arena = a };
	struct req r = { .ctx = &ctx };

	reply_begin(&r, 200, NULL);
	call(&r);
	header_add_session(&r);
	return r.reply.headers.s != NULL ? r.reply.headers.s : "";
}

static void
set_aged(struct req *r)
{
	header_set_cookie(r, "__Host-a", "b", 60);
}

static void
set_ageless(struct req *r)
{
	header_set_lax_cookie(r, "__Host-a", "b", HEADER_NO_MAX_AGE);
}

static void
set_session(struct req *r)
{
	header_set_session(r, "v", 0);
	header_set_session(r, "w", 60);
}

static void
set_nothing(struct req *r)
{
	(void)r;
}

static void
test_set(struct arena *a)
{
	is(replied(a, set_aged),
	    "Set-Cookie: __Host-a=b; Max-Age=60; Path=/; Secure; HttpOnly; "
	    "SameSite=Strict\r\n",
	    "a cookie is set for this host, and for a time");
	is(replied(a, set_ageless),
	    "Set-Cookie: __Host-a=b; Path=/; Secure; HttpOnly; "
	    "SameSite=Lax\r\n",
	    "a cookie is set until the browser is closed");
	is(replied(a, set_session),
	    "Set-Cookie: " HEADER_SESSION
	    "=w; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax\r\n",
	    "of two session cookies the last is set");
	is(replied(a, header_remove_session),
	    "Set-Cookie: " HEADER_SESSION
	    "=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax\r\n",
	    "a session cookie is removed");
	is(replied(a, set_nothing), "", "no session cookie is set unasked");
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
	test_all(&a);
	test_set(&a);
	arena_free(&a);
	return done();
}
