/*
 * Tests of api/check.c: what nginx is told of the user of a request, and of one
 * whose token lacks a scope.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "said.h"
#include "tap.h"

#define NAME_MAX_BYTES 254

static char none[] = "";
static struct conf conf = { .cors_origins = none };
static struct app app = { .conf = &conf };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena };

/* The status and the headers of a check with these claims, in lines. */
static const char *
answer(struct req *r)
{
	struct buf b;

	r->ctx = &ctx;
	r->guarded = (struct guarded){
		.method = "GET", .uri = "/a", .sec_fetch_mode = "navigate"
	};
	if (api_check(r) != ERR_OK)
		return "(an error)";
	buf_init(&b, &arena);
	buf_addf(&b, "%d\r\n%s", r->reply.status, r->reply.headers.s);
	return b.s;
}

/* Of a name alone: the header of its plain form, or "": it has none. */
static const char *
plain_of(const char *name)
{
	static const char header[] = "X-Auth-User-Plain: ";
	struct req r = { .claims = { .sub = name } };
	const char *plain = strstr(answer(&r), header);

	if (plain == NULL)
		return "";
	plain += sizeof(header) - 1;
	return arena_strndup(&arena, plain, strcspn(plain, "\r"));
}

static void
test_names(void)
{
	static const char *const plain[] = { "a", "!", "~", "ada@example.org",
		"a+b", "\"" };
	static const char *const others[] = { "a b", " a", "a ", "a%41", "%",
		"\x7f", "\x1f", "\xc3\xa4", "a\r\nX-Auth-User-Id: 1" };
	char longest[NAME_MAX_BYTES + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(plain); i++)
		is(plain_of(plain[i]), plain[i],
		    tap_with("the plain form of a name", plain[i]));
	for (i = 0; i < ARRAY_LEN(others); i++)
		is(plain_of(others[i]), "",
		    "a name that applications read differently has no plain form");
	memset(longest, 'a', sizeof(longest));
	longest[NAME_MAX_BYTES + 1] = '\0';
	is(plain_of(longest), "", "a name of 255 bytes has no plain form");
	longest[NAME_MAX_BYTES] = '\0';
	is(plain_of(longest), longest, "a name of 254 bytes has a plain form");
}

static void
test_headers(void)
{
	struct req all = { .claims = { .sub = "a",
		               .uid = 7,
		               .exp = 1234,
		               .scope = "r w",
		               .sid = "s" } },
	           few = { .claims = { .sub = "\xc3\xa4\r", .exp = 1 } },
	           nobody = { .claims = { .sub = "", .uid = 7 } };

	is(answer(&all),
	    "200\r\nX-Auth-User: a\r\nX-Auth-User-Plain: a\r\n"
	    "X-Auth-User-Id: 7\r\nX-Auth-Expires: 1234\r\n"
	    "X-Auth-Scope: r w\r\nX-Auth-Session: s\r\n",
	    "a check tells all that a token says");
	is(answer(&few),
	    "200\r\nX-Auth-User: %C3%A4%0D\r\nX-Auth-Expires: 1\r\n",
	    "a check tells no more than a token says, its name encoded");
	ok(api_check(&nobody) == ERR_UNAUTH, "a token of no name is nobody's");
}

#define LACKS                                                            \
	"403\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", " \
	"scope=\"r w\"\r\n"

static void
test_scopes(void)
{
	struct req r = { .claims = { .sub = "a", .scope = "w r x" },
		.scope = "r w" };

	ok(strncmp(answer(&r), "200\r\n", 5) == 0,
	    "a token with each scope that is needed is good");
	r = (struct req){ .claims = { .sub = "a" }, .scope = NULL };
	ok(strncmp(answer(&r), "200\r\n", 5) == 0,
	    "where no scope is needed a token without any is good");
	r = (struct req){ .claims = { .sub = "a", .scope = "r" },
		.scope = "r w" };
	is(answer(&r), LACKS, "a token that lacks a scope is refused");
	r = (struct req){ .claims = { .sub = "a" }, .scope = "r w" };
	is(answer(&r), LACKS, "a token without any scope is refused");
	r = (struct req){ .claims = { .sub = "a", .scope = "r" },
		.scope = "r w",
		.session = "x" };
	is(answer(&r), LACKS "X-Latchkey-Login: /login?next=%2Fa\r\n",
	    "a browser whose user lacks a scope is offered another log-in");
}

static void
test_mistakes(void)
{
	static const char *const lists[] = { "", " ", "r  w", "\"", "r " };
	struct req r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(lists); i++) {
		r = (struct req){ .claims = { .sub = "a", .scope = "r w" },
			.scope = lists[i],
			.session = "x" };
		listen_to_stderr();
		is(answer(&r), "400\r\n",
		    tap_with(
		        "what is no list of scopes admits nobody", lists[i]));
		ok(strstr(said(), "request_broken what=LATCHKEY_SCOPE ") !=
		        NULL,
		    tap_with("the log tells of what is no list of scopes",
		        lists[i]));
		is(r.reply.body.s,
		    "{\"detail\":\"LATCHKEY_SCOPE is no list of scopes\"}",
		    tap_with(
		        "the reply to what is no list of scopes", lists[i]));
	}
}

int
main(void)
{
	arena_init(&arena);
	test_names();
	test_headers();
	test_scopes();
	test_mistakes();
	arena_free(&arena);
	return done();
}
