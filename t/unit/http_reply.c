/*
 * Tests of http/reply.c: values of headers, and the form of a whole reply.
 */
#include "base.h"

#include <unistd.h>

#include "lib/http_status.h"
#include "http/problem.h"
#include "http/reply.h"
#include "tap.h"

static struct arena arena;
static struct ctx ctx = { .arena = &arena };

/* The whole reply, as it is sent. */
static const char *
sent(struct req *r)
{
	struct buf out;

	buf_init(&out, &arena);
	reply_write(r, &out);
	return out.s;
}

/* A reply whose header X-Test has a value with this byte in it. */
static const char *
with_byte(int byte, int *status)
{
	struct req r = { .ctx = &ctx, .method = METHOD_GET };
	char value[] = "before ? after";

	value[7] = (char)byte;
	reply_begin(&r, 200, NULL);
	reply_header(&r, "X-First", "1");
	reply_header(&r, "X-Test", value);
	reply_header(&r, "X-Last", "3");
	reply_settle(&r);
	*status = r.reply.status;
	return sent(&r);
}

static void
test_bytes(void)
{
	static const char broken[] =
	    "Status: 500 Internal Server Error\r\n"
	    "Content-Type: application/json\r\nContent-Length: 34\r\n"
	    "Cache-Control: no-store\r\n\r\n"
	    "{\"detail\":\"Internal Server Error\"}";
	int byte, status, wrong = 0;
	char wanted[32];

	for (byte = 1; byte < 0x100; byte++) {
		const char *got = with_byte(byte, &status);
		bool good = status == 200 && strstr(got, "X-Last: 3") != NULL;

		snprintf(wanted, sizeof(wanted), "X-Test: before %c after\r\n",
		    byte);
		if (byte < 0x20 || byte == 0x7f)
			good = status == 500 && strcmp(got, broken) == 0;
		else
			good = good && strstr(got, wanted) != NULL;
		wrong += !good;
	}
	is_int(wrong, 0, "a header with any byte is sent or makes a 500");
	is(with_byte('\n', &status), broken,
	    "a header with LF makes a 500 without any of its headers");
	is(with_byte('\r', &status), broken, "a header with CR makes a 500");
	is(with_byte(0x1f, &status), broken, "a header with 0x1f makes a 500");
	is(with_byte(0x7f, &status), broken, "a header with 0x7f makes a 500");
	ok(strstr(with_byte(' ', &status), "X-Test: before   after\r\n") !=
	            NULL &&
	        status == 200,
	    "a header with a blank is sent");
	ok(strstr(with_byte('~', &status), "X-Test: before ~ after\r\n") !=
	            NULL &&
	        status == 200,
	    "a header with 0x7e is sent");
}

/* A reply begun again has nothing of the one before. */
static void
test_again(void)
{
	struct req r = { .ctx = &ctx, .method = METHOD_GET };

	reply_begin(&r, 200, NULL);
	reply_header(&r, "X-Test", "a\nb");
	reply_detail(&r, 404, "Not Found");
	is(sent(&r),
	    "Status: 404 Not Found\r\nContent-Type: application/json\r\n"
	    "Content-Length: 22\r\nCache-Control: no-store\r\n\r\n"
	    "{\"detail\":\"Not Found\"}",
	    "a reply begun again has none of the headers before");
	r.method = METHOD_HEAD;
	is(sent(&r),
	    "Status: 404 Not Found\r\nContent-Type: application/json\r\n"
	    "Content-Length: 22\r\nCache-Control: no-store\r\n\r\n",
	    "a reply to HEAD is sent without its body");
}

static void
test_errors(void)
{
	static const struct {
		int64_t s;
		const char *said;
	} wait[] = {
		{ 1, "1 second" },
		{ 2, "2 seconds" },
		{ 119, "119 seconds" },
		{ 120, "2 minutes" },
		{ 121, "3 minutes" },
		{ 300, "5 minutes" },
		{ 3600, "60 minutes" },
	};
	struct ctx c = { .arena = &arena, .retry_after_s = 360 };
	struct req r = { .ctx = &c, .method = METHOD_GET };
	char detail[96];
	size_t i;

	reply_error(&r, ERR_LIMIT);
	ok(r.reply.status == 429 &&
	        strstr(sent(&r), "\r\nRetry-After: 360\r\n") != NULL,
	    "the 429 of too many attempts has Retry-After");
	for (i = 0; i < ARRAY_LEN(wait); i++) {
		c.retry_after_s = wait[i].s;
		reply_error(&r, ERR_LIMIT);
		snprintf(detail, sizeof(detail),
		    "{\"detail\":\"Too many attempts, try again in %s\"}",
		    wait[i].said);
		is(r.reply.body.s, detail, wait[i].said);
	}
	r.ctx->retry_after_s = 61;
	reply_error(&r, ERR_BUSY);
	ok(r.reply.status == 503 &&
	        strstr(sent(&r), "\r\nRetry-After: 2\r\n") != NULL,
	    "the 503 of a service that is not available has Retry-After");
	r.ctx->retry_after_s = 60;
	reply_error(&r, ERR_BUSY);
	ok(strstr(sent(&r), "\r\nRetry-After: 60\r\n") != NULL,
	    "a 503 can say when, within a minute");
	reply_error(&r, ERR_UNAUTH);
	ok(r.reply.status == 401 &&
	        strstr(sent(&r), "\r\nWWW-Authenticate: Bearer\r\n") != NULL,
	    "the 401 of an unknown client has WWW-Authenticate");
	reply_error(&r, ERR_INTERNAL);
	is_int(r.reply.status, 500, "an error without words makes a 500");
}

static void
test_oauth(void)
{
	struct problem second = { .kind = PROBLEM_MISSING, .field = "b" };
	struct problem first = { .kind = PROBLEM_TOO_LONG,
		.field = "a",
		.number = 3,
		.next = &second };
	struct ctx c = { .arena = &arena, .retry_after_s = 60 };
	struct req r = { .ctx = &c, .face = FACE_OAUTH };

	reply_error(&r, ERR_MALFORMED);
	is(sent(&r),
	    "Status: 400 Bad Request\r\nContent-Type: application/json\r\n"
	    "Content-Length: 85\r\nCache-Control: no-store\r\n\r\n"
	    "{\"error\":\"invalid_request\",\"error_description\":"
	    "\"There was an error parsing the body\"}",
	    "a client of OAuth gets a code and a sentence");
	r.problems = &first;
	reply_error(&r, ERR_INVALID);
	is(r.reply.body.s,
	    "{\"error\":\"invalid_request\",\"error_description\":"
	    "\"a: String should have at most 3 characters\"}",
	    "an OAuth error says the first of several problems");
	is_int(r.reply.status, 400,
	    "an error that asks for status 400 does not get 422");
	/* cppcheck-suppress unreadVariable ; r.problems leads to it */
	first = (struct problem){ .kind = PROBLEM_NOT_OBJECT };
	reply_error(&r, ERR_INVALID);
	ok(strstr(r.reply.body.s, ":\"Input should be a valid dictionary") !=
	        NULL,
	    "a problem of the body itself names no field");
	reply_error(&r, ERR_UNAUTH);
	ok(r.reply.status == 401 &&
	        strstr(r.reply.body.s, "\"invalid_client\"") != NULL &&
	        strstr(r.reply.headers.s,
	            "WWW-Authenticate: Basic realm=\"latchkey\"\r\n") != NULL,
	    "an OAuth 401 asks for the client's secret");
	reply_error(&r, ERR_LIMIT);
	ok(r.reply.status == 429 &&
	        strstr(r.reply.body.s, "\"temporarily_unavailable\"") != NULL,
	    "an OAuth 429 is temporarily_unavailable");
	r.ctx->retry_after_s = 61;
	reply_error(&r, ERR_BUSY);
	ok(r.reply.status == 503 &&
	        strstr(r.reply.body.s, "\"temporarily_unavailable\"") != NULL &&
	        strstr(r.reply.headers.s, "Retry-After: 2\r\n") != NULL,
	    "an OAuth 503 is temporarily_unavailable, with Retry-After");
	reply_error(&r, ERR_INTERNAL);
	ok(r.reply.status == 500 &&
	        strstr(r.reply.body.s, "\"server_error\"") != NULL,
	    "an OAuth 500 is server_error");
}

/*
 * Once 403 was access_denied, and 421 server_error, which RFC 6749 has for
 * redirections alone.
 */
static void
test_oauth_codes(void)
{
	static const int statuses[] = { 400, 403, 404, 405, 409, 413, 414, 421,
		422 };
	struct ctx c = { .arena = &arena };
	struct req r = { .ctx = &c, .face = FACE_OAUTH };
	char title[48];
	size_t i;

	for (i = 0; i < ARRAY_LEN(statuses); i++) {
		reply_detail(&r, statuses[i], "No");
		snprintf(title, sizeof(title),
		    "an OAuth %d has a code of section 5.2", statuses[i]);
		is(r.reply.body.s,
		    "{\"error\":\"invalid_request\","
		    "\"error_description\":\"No\"}",
		    title);
	}
}

/* Where the recorded contract is silent. Source: RFC 6750, section 3. */
static void
test_bearer(void)
{
	static const struct {
		const char *authorization, *challenge, *title;
	} cases[] = {
		{ NULL, "Bearer", "no token is told of no error" },
		{ "Basic YTpi", "Bearer", "another scheme is told of none" },
		{ "Bearerx", "Bearer",
		    "a scheme that begins as Bearer is told of none" },
		{ "Bearer", "Bearer error=\"invalid_token\"",
		    "a scheme without a token is told of an error" },
		{ "bEARER x", "Bearer error=\"invalid_token\"",
		    "a token is told that it is invalid" },
	};
	struct ctx c = { .arena = &arena };
	struct req r = { .ctx = &c, .face = FACE_BEARER };
	char line[80];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(line, sizeof(line), "WWW-Authenticate: %s\r\n",
		    cases[i].challenge);
		r.authorization = cases[i].authorization;
		reply_error(&r, ERR_UNAUTH);
		is(r.reply.headers.s, line, cases[i].title);
		is(r.reply.body.s,
		    "{\"detail\":\"Could not validate credentials\"}",
		    tap_with("the body of a 401 is as ever", cases[i].title));
	}
	r.face = FACE_FASTAPI;
	reply_error(&r, ERR_UNAUTH);
	is(r.reply.headers.s, "WWW-Authenticate: Bearer\r\n",
	    "an endpoint of the recorded contract has its challenge");
}

/* At FastAPI's login both forms stand side by side. */
static void
test_login(void)
{
	struct problem grant = { .kind = PROBLEM_PATTERN,
		.field = "grant_type",
		.detail = "^password$" };
	struct problem first = {
		.kind = PROBLEM_MISSING, .field = "scope", .next = &grant
	};
	struct ctx c = { .arena = &arena };
	struct req r = { .ctx = &c, .face = FACE_LOGIN, .problems = &first };

	reply_error(&r, ERR_INVALID);
	ok(r.reply.status == 422 &&
	        strncmp(r.reply.body.s, "{\"detail\":[{\"type\":", 19) == 0 &&
	        strstr(r.reply.body.s,
	            "}],\"error\":\"unsupported_grant_type\","
	            "\"error_description\":\"grant_type: String should match "
	            "pattern '^password$'\"}") != NULL,
	    "another grant is named, whatever else is wrong");
	/* cppcheck-suppress unreadVariable */
	grant.field = "scope"; /* r.problems leads there */
	reply_error(&r, ERR_INVALID);
	ok(strstr(r.reply.body.s,
	       "}],\"error\":\"invalid_request\",\"error_description\":"
	       "\"scope: Field required\"}") != NULL,
	    "another field's pattern is no grant");
	reply_unauthorized(&r, "No");
	is(r.reply.body.s,
	    "{\"detail\":\"No\",\"error\":\"invalid_grant\","
	    "\"error_description\":\"No\"}",
	    "a wrong password is an invalid grant");
	is(r.reply.headers.s, "WWW-Authenticate: Bearer\r\n",
	    "a wrong password asks for no client's secret");
	reply_error(&r, ERR_DENIED);
	ok(strstr(r.reply.body.s, "\"invalid_request\"") != NULL,
	    "what is not allowed is an invalid request at a login, too");
	r.face = FACE_FASTAPI;
	reply_error(&r, ERR_INVALID);
	ok(strstr(r.reply.body.s, "error") == NULL,
	    "elsewhere there is the detail alone");
}

/* Each error and each status that is sent has its words. */
static void
test_tables(void)
{
	struct ctx c = { .arena = &arena };
	struct req r = { .ctx = &c, .method = METHOD_GET };
	char wanted[64];
	int e, wrong = 0;
	size_t i;

	for (e = 0; e < ERR_COUNT; e++) {
		reply_error(&r, (enum err)e);
		wrong += r.reply.status < 400 || strstr(sent(&r), ": ") == NULL;
	}
	is_int(wrong, 0, "each error has a reply");
	reply_error(&r, ERR_DENIED);
	ok(strncmp(sent(&r), "Status: 403 Forbidden\r\n", 23) == 0,
	    "a 403 is sent as 403");
	for (i = 0; i < HTTP_STATUSES - 1; i++) {
		reply_begin(&r, http_status[i].code, NULL);
		snprintf(wanted, sizeof(wanted), "Status: %d %s\r\n",
		    http_status[i].code, http_status[i].reason);
		wrong += strncmp(sent(&r), wanted, strlen(wanted)) != 0;
	}
	is_int(wrong, 0, "each status is sent with its reason");
	reply_begin(&r, 204, NULL);
	is(sent(&r),
	    "Status: 204 No Content\r\nCache-Control: no-store\r\n\r\n",
	    "a 204 is sent without length and type");
}

/* The status of a reply of so many bytes, with what it has around them. */
static int
status_of_size(size_t n, bool may_be_cached)
{
	struct req r = { .ctx = &ctx, .method = METHOD_GET };
	struct buf *b = reply_begin(&r, 200, "application/json");

	r.reply.may_be_cached = may_be_cached;
	while (n-- > 0)
		buf_add(b, "x", 1);
	(void)sent(&r);
	return r.reply.status;
}

static void
test_sizes(void)
{
	is_int(status_of_size(REPLY_MAX_BYTES - 256, false), 200,
	    "the largest reply is sent");
	is_int(status_of_size(REPLY_MAX_BYTES - 255, false), 500,
	    "a reply of one byte more makes a 500");
	is_int(status_of_size((size_t)2 * REPLY_MAX_BYTES, true), 200,
	    "a document may be larger than the largest reply");
}

int
main(void)
{
	/* the log's lines about all that */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	arena_init(&arena);
	test_bytes();
	test_again();
	test_errors();
	test_oauth();
	test_oauth_codes();
	test_bearer();
	test_login();
	test_tables();
	test_sizes();
	arena_free(&arena);
	return done();
}
