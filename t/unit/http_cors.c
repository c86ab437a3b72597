/*
 * Tests of http/cors.c: the origins whose pages may read a reply.
 */
#include "base.h"

#include "http/cors.h"
#include "http/reply.h"
#include "tap.h"

#define READABLE                                        \
	"Access-Control-Allow-Origin: http://a.org\r\n" \
	"Access-Control-Expose-Headers: Retry-After, "  \
	"WWW-Authenticate\r\nVary: Origin\r\n"

static char two[] = "https://b.org http://a.org", none[] = "";
static struct conf conf = { .cors_origins = two };
static const struct app app = { .conf = &conf };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena };

/* The headers that a reply to this origin begins with. */
static const char *
begun(const char *origin)
{
	struct req r = { .ctx = &ctx, .from.origin = origin };

	reply_begin(&r, 200, NULL);
	return r.reply.headers.s != NULL ? r.reply.headers.s : "";
}

static void
test_replies(void)
{
	struct req r = { .ctx = &ctx, .from.origin = "http://a.org" };

	is(begun("http://a.org"), READABLE, "a listed origin may read a reply");
	is(begun("http://a.org:80"), "",
	    "a listed origin with a port may not read a reply");
	is(begun("http://a.or"), "",
	    "a part of a listed origin may not read a reply");
	is(begun("null"), "", "a page without an origin may not read a reply");
	is(begun(""), "", "an empty origin may not read a reply");
	is(begun(two), "", "the whole list may not read a reply");
	is(begun(NULL), "", "no header is added to a client without an origin");
	conf.cors_origins = none;
	is(begun("http://a.org"), "",
	    "without a list no origin may read a reply");
	is(begun(""), "",
	    "without a list an empty origin may not read a reply");
	conf.cors_origins = two;
	reply_detail(&r, 404, "Not Found");
	reply_error(&r, ERR_BUSY);
	is(r.reply.headers.s, READABLE "Retry-After: 2\r\n",
	    "a reply that begins again has its headers once");
	reply_header(&r, "X-Test", "\n");
	reply_settle(&r);
	ok(r.reply.status == 500 && strcmp(r.reply.headers.s, READABLE) == 0,
	    "a reply that cannot be sent is a 500 that may be read");
}

/* A reply to this origin as it is written, which may be kept for so long. */
static const char *
written(const char *origin, int64_t max_age_s)
{
	struct req r = { .ctx = &ctx, .from.origin = origin };
	struct buf out;

	reply_begin(&r, 200, NULL);
	r.reply.max_age_s = max_age_s;
	buf_init(&out, &arena);
	reply_write(&r, &out);
	return out.s;
}

/* A cache once gave what it had kept of one origin to a page of another. */
static void
test_caches(void)
{
	const char *text = written("http://a.org", 60);

	text = strstr(text, "Vary: Origin\r\n");
	ok(text != NULL && strstr(text + 1, "Vary") == NULL,
	    "what a listed origin may keep depends on the origin, said once");
	ok(strstr(written("http://c.org", 60), "Vary: Origin\r\n") != NULL &&
	        strstr(written(NULL, 60), "Vary: Origin\r\n") != NULL,
	    "what others may keep depends on the origin");
	ok(strstr(written("http://c.org", 0), "Vary") == NULL,
	    "what nobody keeps has no header more for another origin");
	conf.cors_origins = none;
	ok(strstr(written("http://a.org", 60), "Vary") == NULL,
	    "without a list no reply depends on the origin");
	conf.cors_origins = two;
}

static void
test_preflights(void)
{
	struct req r = { .ctx = &ctx,
		.method = METHOD_OPTIONS,
		.from.origin = "http://a.org" };

	ok(cors_is_preflight(&r), "OPTIONS of a listed origin is a preflight");
	cors_answer(&r, METHOD_GET | METHOD_PATCH);
	is_int(r.reply.status, 204, "a preflight has no content");
	is(r.reply.headers.s,
	    READABLE "Access-Control-Allow-Methods: GET, PATCH\r\n"
	             "Access-Control-Allow-Headers: Authorization, "
	             "Content-Type\r\nAccess-Control-Max-Age: 7200\r\n",
	    "a preflight is told methods, headers and for how long");
	r.method = METHOD_GET;
	ok(!cors_is_preflight(&r), "GET of a listed origin is no preflight");
	r.method = METHOD_OPTIONS;
	r.from.origin = "http://c.org";
	ok(!cors_is_preflight(&r), "OPTIONS of another origin is no preflight");
	r.from.origin = NULL;
	ok(!cors_is_preflight(&r), "OPTIONS without an origin is no preflight");
}

int
main(void)
{
	arena_init(&arena);
	test_replies();
	test_caches();
	test_preflights();
	arena_free(&arena);
	return done();
}
