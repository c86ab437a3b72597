/*
 * Tests of http/gate.c: what is refused before a handler, and how.
 */
#include "base.h"

#include <string.h>

#include "http/gate.h"
#include "http/header.h"
#include "http/reply.h"
#include "said.h"
#include "tap.h"

#define COOKIE HEADER_SESSION "=v"

static char none[] = "";
static struct conf conf = { .cors_origins = none };
static struct app app = { .conf = &conf };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena };

static const char *
headers_of(const struct req *r)
{
	return r->reply.headers.s != NULL ? r->reply.headers.s : "";
}

/* The status and the body that a request was refused with; "": not. */
static const char *
refusal_of(const struct req *r)
{
	struct buf b;

	buf_init(&b, &arena);
	buf_adds(&b, "");
	if (r->reply.status != 0)
		buf_addf(&b, "%d %s", r->reply.status,
		    r->reply.body.s != NULL ? r->reply.body.s : "");
	return b.s;
}

static void
test_origin(void)
{
	static char allowed[] = "https://a.org";
	struct req own = { .ctx = &ctx, .from.sec_fetch_site = "same-origin" },
	           other = { .ctx = &ctx,
		           .from.sec_fetch_site = "cross-site",
		           .from.origin = "https://a.org" };

	ok(gate_origin(&own, ORIGIN_SAME), "a page of this host is let in");
	is(refusal_of(&own), "", "a page that is let in has no reply yet");
	ok(gate_origin(&other, ORIGIN_ANY),
	    "where any page may ask, one of another site is let in");
	ok(!gate_origin(&other, ORIGIN_SAME),
	    "a page of another site is refused");
	is(refusal_of(&other),
	    "403 {\"detail\":\"Cross-origin request refused\"}",
	    "a page of another site is told so");
	conf.cors_origins = allowed;
	ok(gate_origin(&other, ORIGIN_SAME),
	    "a page of an origin of the settings is let in");
	conf.cors_origins = none;
}

/* --- the session cookie --- */

/* "v": the cookie counts; "-": it does not, and the request goes on. */
static const char *
session_of(struct req *r, bool is_check)
{
	r->ctx = &ctx;
	if (!gate_session(r, is_check))
		return refusal_of(r);
	return r->session != NULL ? r->session : "-";
}

#define REFUSED "403 {\"detail\":\"Cross-origin request refused\"}"

static void
test_session(void)
{
	static const struct {
		enum method method;
		const char *site, *wanted;
	} cases[] = {
		{ METHOD_GET, "cross-site", "v" },
		{ METHOD_HEAD, "cross-site", "v" },
		{ METHOD_OPTIONS, "cross-site", "v" },
		{ METHOD_GET, NULL, "v" },
		{ METHOD_POST, "same-origin", "v" },
		{ METHOD_POST, "cross-site", REFUSED },
		{ METHOD_POST, NULL, REFUSED },
		{ METHOD_PUT, "cross-site", REFUSED },
		{ METHOD_PATCH, "cross-site", REFUSED },
		{ METHOD_DELETE, "cross-site", REFUSED },
		{ METHOD_OTHER, "cross-site", REFUSED },
	};
	struct req r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		r = (struct req){ .method = cases[i].method,
			.cookie = COOKIE,
			.from.sec_fetch_site = cases[i].site };
		is(session_of(&r, false), cases[i].wanted,
		    tap_with(method_name(cases[i].method),
		        cases[i].site != NULL
		            ? cases[i].site
		            : "with a cookie, of no page that is known"));
	}
	r = (struct req){ .method = METHOD_POST };
	is(session_of(&r, false), "-",
	    "without a cookie a request goes on to its handler");
	r = (struct req){ .method = METHOD_POST, .cookie = COOKIE "; " COOKIE };
	is(session_of(&r, false), "-", "a cookie that came twice is none");
	r = (struct req){ .method = METHOD_POST,
		.cookie = COOKIE,
		.authorization = "Bearer x" };
	is(session_of(&r, false), "-",
	    "beside a bearer token no cookie counts");
	r = (struct req){ .method = METHOD_GET,
		.cookie = COOKIE,
		.guarded = { .method = "POST", .upgrade = "websocket" } };
	is(session_of(&r, false), REFUSED,
	    "a cookie opens no upgrade for a page that is not known");
	r = (struct req){
		.method = METHOD_GET, .cookie = COOKIE, .guarded.method = "POST"
	};
	is(session_of(&r, false), "v",
	    "what is no check goes by the request's own method");
}

/* What is said in the log while a check is made. */
static const char *
checked(struct req *r, const char **said_so)
{
	const char *got;

	listen_to_stderr();
	got = session_of(r, true);
	*said_so = said();
	return got;
}

static void
test_checks(void)
{
	static const struct {
		const char *method, *upgrade, *site, *wanted;
	} cases[] = {
		{ "GET", NULL, "cross-site", "v" },
		{ "HEAD", NULL, "cross-site", "v" },
		{ "OPTIONS", NULL, "cross-site", "v" },
		{ "GET", "websocket", "cross-site", REFUSED },
		{ "GET", "websocket", "same-origin", "v" },
		{ "POST", NULL, "cross-site", REFUSED },
		{ "POST", NULL, "same-origin", "v" },
		{ "PROPFIND", NULL, "cross-site", REFUSED },
		{ "get", NULL, "cross-site", REFUSED },
	};
	const char *log;
	struct req r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		r = (struct req){ .method = METHOD_GET,
			.cookie = COOKIE,
			.guarded = { .method = cases[i].method,
			    .upgrade = cases[i].upgrade },
			.from.sec_fetch_site = cases[i].site };
		is(checked(&r, &log), cases[i].wanted,
		    tap_with("a check by cookie, of a request with",
		        cases[i].method));
		is(log, "",
		    tap_with(
		        "the log is silent about a check of", cases[i].method));
	}
	r = (struct req){ .method = METHOD_GET, .cookie = COOKIE };
	is(checked(&r, &log), REFUSED,
	    "a check that names no method is taken for one that is not safe");
	ok(strstr(log, "request_broken what=LATCHKEY_METHOD") != NULL,
	    "the log tells of a check that names no method");
	r = (struct req){ .method = METHOD_GET,
		.cookie = COOKIE,
		.from.sec_fetch_site = "same-origin" };
	is(checked(&r, &log), "v",
	    "a check that names no method is good for a page of this host");
	r = (struct req){ .method = METHOD_POST,
		.cookie = COOKIE,
		.from.sec_fetch_site = "cross-site" };
	listen_to_stderr();
	is(session_of(&r, false), REFUSED,
	    "what is no check needs no guarded method");
	is(said(), "", "the log is silent about what is no check");
}

static void
test_path(void)
{
	struct req r = { .ctx = &ctx };

	ok(gate_guarded_path(&r), "a check need not name a path");
	r.guarded.uri = "/a/b?c=../d";
	ok(gate_guarded_path(&r), "a path of one reading is let in");
	is(refusal_of(&r), "", "a path that is let in has no reply yet");
	r.guarded.uri = "/a/../b";
	ok(!gate_guarded_path(&r), "a path of two readings is refused");
	is(refusal_of(&r),
	    "403 {\"detail\":\"The path has more than one reading\"}",
	    "a path of two readings is told so");
}

/* --- the offer of a log-in --- */

/* The headers of a check that is refused. */
static const char *
offered(const char *prefix, const struct guarded *g)
{
	struct req r = { .ctx = &ctx, .prefix = prefix, .guarded = *g };

	gate_refuse_check(&r);
	if (r.reply.status != 401 || r.reply.body.len != 0)
		return "(another reply)";
	return headers_of(&r);
}

#define BEARER "WWW-Authenticate: Bearer\r\n"
#define LOGIN(uri) BEARER "X-Latchkey-Login: " uri "\r\n"

static void
test_offers(void)
{
	static const struct {
		const char *title;
		struct guarded g;
		const char *wanted;
	} cases[] = {
		{ "navigation by GET",
		    { .method = "GET",
		        .uri = "/a?b",
		        .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2Fa%3Fb") },
		{ "navigation by HEAD",
		    { .method = "HEAD",
		        .uri = "/a",
		        .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2Fa") },
		{ "navigation by POST, which cannot be repeated",
		    { .method = "POST",
		        .uri = "/a",
		        .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2F") },
		{ "navigation by OPTIONS",
		    { .method = "OPTIONS",
		        .uri = "/a",
		        .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2F") },
		{ "navigation by no method that is known",
		    { .uri = "/a", .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2F") },
		{ "navigation to another host",
		    { .method = "GET",
		        .uri = "//b/a",
		        .sec_fetch_mode = "navigate" },
		    LOGIN("/login?next=%2F") },
		{ "navigation whatever is accepted",
		    { .method = "GET",
		        .uri = "/a",
		        .sec_fetch_mode = "navigate",
		        .accept = "image/png" },
		    LOGIN("/login?next=%2Fa") },
		{ "a script, whatever is accepted",
		    { .method = "GET",
		        .uri = "/a",
		        .sec_fetch_mode = "cors",
		        .accept = "text/html" },
		    BEARER },
		{ "an old browser that wants a page",
		    { .method = "GET",
		        .uri = "/a",
		        .accept = "a/b, text/html;q=0.9" },
		    LOGIN("/login?next=%2Fa") },
		{ "a client that wants no page",
		    { .method = "GET", .uri = "/a", .accept = "*/*" }, BEARER },
		{ "a client that says nothing",
		    { .method = "GET", .uri = "/a" }, BEARER },
		{ "no address that is known",
		    { .method = "GET", .sec_fetch_mode = "navigate" }, BEARER },
		{ "an upgrade",
		    { .method = "GET",
		        .uri = "/a",
		        .sec_fetch_mode = "navigate",
		        .upgrade = "websocket" },
		    BEARER },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(offered(NULL, &cases[i].g), cases[i].wanted,
		    tap_with("the log-in that a refused check offers to",
		        cases[i].title));
	is(offered("/auth", &cases[0].g), LOGIN("/auth/login?next=%2Fa%3Fb"),
	    "a log-in below a prefix is offered there");
}

/* --- lanes and bodies --- */

static void
test_lanes(void)
{
	struct req r = { .ctx = &ctx, .waited_ms = 101 };

	app.lanes = ROLE_BIT(ROLE_API) | ROLE_BIT(ROLE_LOGIN);
	ok(gate_lane(&r, ROLE_API, "/x", 100),
	    "where nothing is hashed a request may have waited for long");
	is(refusal_of(&r), "", "a request of this lane has no reply yet");
	r.waited_ms = 100;
	ok(gate_lane(&r, ROLE_LOGIN, "/x", 100),
	    "a login that has waited as long as it may is let in");
	r.waited_ms = -1;
	ok(gate_lane(&r, ROLE_LOGIN, "/x", 100),
	    "a login that has waited nobody knows how long is let in");
	listen_to_stderr();
	ok(!gate_lane(&r, ROLE_CHECK, "/x", 100),
	    "a request of another lane is refused");
	ok(strstr(said(), "wrong_lane route=/x lane=check") != NULL,
	    "the log names the endpoint and the lane that it belongs to");
	is_int(r.reply.status, 421, "a request of another lane is misdirected");
	is(r.reply.body.s,
	    "{\"detail\":\"Misdirected request: wrong socket for this "
	    "endpoint\"}",
	    "a request of another lane is told so");
	r = (struct req){ .ctx = &ctx, .waited_ms = 101 };
	listen_to_stderr();
	ok(!gate_lane(&r, ROLE_LOGIN, "/x", 100),
	    "a login that has waited for longer than it may is refused");
	ok(strstr(said(), "login_shed waited_ms=101 reason=late") != NULL,
	    "the log tells how long a login had waited");
	is_int(r.reply.status, 503, "a login that came too late gets 503");
	ok(strstr(headers_of(&r), "Retry-After: ") != NULL,
	    "a login that came too late is told when to come again");
	r = (struct req){ .ctx = &ctx, .gone = true };
	listen_to_stderr();
	ok(!gate_lane(&r, ROLE_LOGIN, "/x", 100),
	    "a login whose client has gone is refused");
	ok(strstr(said(), "login_shed waited_ms=0 reason=gone") != NULL,
	    "the log tells of a login whose client has gone");
	r = (struct req){ .ctx = &ctx, .gone = true };
	ok(gate_lane(&r, ROLE_API, "/x", 100),
	    "where nothing is hashed nobody asks whether a client has gone");
}

static void
test_bodies(void)
{
	static const enum body kinds[] = { BODY_JSON, BODY_FORM, BODY_EITHER };
	struct req r = { .ctx = &ctx };
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		r.body_len = 10;
		ok(gate_body(&r, kinds[i], 10) == ERR_OK,
		    "the largest body is let in");
		r.body_len = 11;
		ok(gate_body(&r, kinds[i], 10) == ERR_TOOBIG,
		    "a body of a byte more is refused");
	}
	ok(gate_body(&r, BODY_NONE, 10) == ERR_OK,
	    "where no body is wanted none is too large");
	r = (struct req){ .ctx = &ctx, .body_too_big = true };
	ok(gate_body(&r, BODY_JSON, 10) == ERR_TOOBIG,
	    "a body that was too large to be read is refused");
	ok(gate_body(&r, BODY_NONE, 10) == ERR_OK,
	    "where no body is wanted one that was not read is none");
}

int
main(void)
{
	arena_init(&arena);
	test_origin();
	test_session();
	test_checks();
	test_path();
	test_offers();
	test_lanes();
	test_bodies();
	arena_free(&arena);
	return done();
}
