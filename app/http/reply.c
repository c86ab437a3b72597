/*
 * Reply construction: one for each request.
 */
#include "base.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/cors.h"
#include "http/header.h"
#include "http/problem.h"
#include "http/reply.h"
#include "lib/http_status.h"
#include "stats/event.h"

#define RETRY_AFTER_MIN_S INT64_C(2) /* after a 503 */
#define RETRY_AFTER_MAX_S INT64_C(60)
#define HEAD_MAX_BYTES 256 /* that reply_write() adds */

/* clang-format off */
static const struct {
	int status;
	const char *detail;
} meaning[] = {
	[ERR_OK]        = { 500, "Internal Server Error" },
	[ERR_MALFORMED] = { 400, "There was an error parsing the body" },
	[ERR_INVALID]   = { 400, "A value violates a database constraint" },
	[ERR_UNAUTH]    = { 401, "Could not validate credentials" },
	[ERR_DENIED]    = { 403, "Forbidden" },
	[ERR_NOTFOUND]  = { 404, "Not Found" },
	[ERR_CONFLICT]  = { 409, "Conflict" },
	[ERR_TOOBIG]    = { 413, "Request Entity Too Large" },
	[ERR_LIMIT]     = { 429, "Too many attempts" },
	[ERR_BUSY]      = { 503, "The service is not available, please try again" },
	[ERR_INTERNAL]  = { 500, "Internal Server Error" },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(meaning) == ERR_COUNT, "each error has a row");
_Static_assert(HTTP_ROW_201 < HTTP_STATUSES && HTTP_ROW_204 < HTTP_STATUSES &&
                   HTTP_ROW_303 < HTTP_STATUSES && HTTP_ROW_403 < HTTP_STATUSES,
    "so has each status of endpoints that create, delete, lead on or refuse");

struct buf *
reply_begin(struct req *r, int status, const char *type)
{
	r->reply = (struct reply){ .status = status, .type = type };
	buf_init(&r->reply.headers, r->ctx->arena);
	buf_init(&r->reply.body, r->ctx->arena);
	cors_add(r);
	return &r->reply.body;
}

void
reply_header(struct req *r, const char *name, const char *value)
{
	const char *p;

	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			event(EVENT_BUG, "what=header name=%s", name);
			r->reply.broken = true;
			return;
		}
	/* not by buf_addf(): a token check is little more than its headers */
	buf_adds(&r->reply.headers, name);
	buf_adds(&r->reply.headers, ": ");
	buf_adds(&r->reply.headers, value);
	buf_adds(&r->reply.headers, "\r\n");
}

/*
 * The code of an error at a token endpoint. RFC 6749, section 5.2, has those of
 * 400 and 401 alone. The statuses that say when to come again, and our own
 * failure, have the codes that stand for them where a status cannot be sent
 * (4.1.2.1): without any, Authlib would take the body of a 429 for a token,
 * and oauthlib reports that one is missing.
 */
static const char *
oauth_code(enum face face, int status)
{
	switch (status) {
	case 401:
		/* a login has no client that could be wrong */
		return face == FACE_LOGIN ? "invalid_grant" : "invalid_client";
	case 429:
	case 503:
		return "temporarily_unavailable";
	case 500:
		return "server_error";
	default:
		return "invalid_request";
	}
}

/* Begin an error with FastAPI's member, unless OAuth alone counts. */
static struct buf *
begin_error(struct req *r, int status)
{
	struct buf *b = reply_begin(r, status, "application/json");

	buf_adds(b, r->face == FACE_OAUTH ? "{" : "{\"detail\":");
	return b;
}

/*
 * A description in the characters that OAuth allows, of which quotation marks
 * and backslashes are none. Source: RFC 6749, section 5.2.
 */
static void
add_description(struct req *r, const char *text)
{
	size_t i, n = strlen(text);
	char *s = arena_strndup(r->ctx->arena, text, n);

	for (i = 0; i < n; i++)
		if (s[i] == '"' || s[i] == '\\' || s[i] < ' ' || s[i] > '~')
			s[i] = '\'';
	buf_add_json(&r->reply.body, s, n);
}

/* End it with OAuth's, unless FastAPI alone counts. */
static void
end_error(struct req *r, const char *code, const char *description)
{
	struct buf *b = &r->reply.body;

	if (r->face == FACE_LOGIN)
		buf_adds(b, ",");
	if (r->face == FACE_LOGIN || r->face == FACE_OAUTH) {
		buf_addf(b, "\"error\":\"%s\",\"error_description\":", code);
		add_description(r, description);
	}
	buf_adds(b, "}");
}

/*
 * When a 503 may be worth another attempt. A longer time is of a limit that was
 * asked before, and did not refuse.
 */
static void
add_retry(struct req *r)
{
	int64_t s = r->ctx->retry_after_s;
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64,
	    s > RETRY_AFTER_MIN_S && s <= RETRY_AFTER_MAX_S
	        ? s
	        : RETRY_AFTER_MIN_S);
	reply_header(r, "Retry-After", text);
}

void
reply_detail(struct req *r, int status, const char *detail)
{
	struct buf *b = begin_error(r, status);

	if (r->face != FACE_OAUTH)
		buf_add_json(b, detail, strlen(detail));
	end_error(r, oauth_code(r->face, status), detail);
	if (status == 503)
		add_retry(r);
}

/* A request without any token gets no error code: RFC 6750, section 3.1. */
static const char *
challenge(const struct req *r)
{
	if (r->face == FACE_OAUTH)
		return "Basic realm=\"latchkey\"";
	return r->face == FACE_BEARER && header_has_bearer(r->authorization)
	           ? "Bearer error=\"invalid_token\""
	           : "Bearer";
}

void
reply_unauthorized(struct req *r, const char *detail)
{
	if (detail != NULL)
		reply_detail(r, 401, detail);
	else
		reply_begin(r, 401, NULL);
	reply_header(r, "WWW-Authenticate", challenge(r));
}

/*
 * After too many attempts: when to try again, in a header in seconds, and in
 * words for people. It is the same for a name without an account.
 */
static void
reply_limit(struct req *r, int status, const char *detail)
{
	int64_t s = r->ctx->retry_after_s, n = s < 120 ? s : (s - 1) / 60 + 1;
	const char *unit = s < 120 ? "second" : "minute";
	char text[96];

	snprintf(text, sizeof(text), "%s, try again in %" PRId64 " %s%s",
	    detail, n, unit, n == 1 ? "" : "s");
	reply_detail(r, status, text);
	snprintf(text, sizeof(text), "%" PRId64, s);
	reply_header(r, "Retry-After", text);
}

/*
 * The problem of OAuth's one sentence: the first, unless the grant is one that
 * is not served, which is why its other fields are missing.
 */
static const struct problem *
main_problem(const struct problem *list, const char **code)
{
	const struct problem *p;

	*code = "unsupported_grant_type";
	for (p = list; p != NULL; p = p->next)
		if (p->kind == PROBLEM_PATTERN &&
		    strcmp(p->field, "grant_type") == 0)
			return p;
	*code = oauth_code(FACE_OAUTH, 400);
	return list;
}

/* All that is wrong with the fields; in OAuth's members, one of it. */
static void
reply_problems(struct req *r)
{
	struct buf *b = begin_error(r, r->face == FACE_OAUTH ? 400 : 422);
	const struct problem *p;
	const char *code;
	struct buf text;

	if (r->face != FACE_OAUTH)
		problem_write(b, r->problems);
	p = main_problem(r->problems, &code);
	buf_init(&text, r->ctx->arena);
	if (p->field != NULL)
		buf_addf(&text, "%s: ", p->field);
	problem_add_message(&text, p);
	end_error(r, code, text.s);
}

void
reply_error(struct req *r, enum err e)
{
	if (e == ERR_INVALID && r->problems != NULL) {
		reply_problems(r);
		return;
	}
	if (e == ERR_UNAUTH)
		reply_unauthorized(r, meaning[e].detail);
	else if (e == ERR_LIMIT)
		reply_limit(r, meaning[e].status, meaning[e].detail);
	else
		reply_detail(r, meaning[e].status, meaning[e].detail);
	if (meaning[e].status == 500)
		event(EVENT_BUG, "what=reply err=%d", (int)e);
}

void
reply_settle(struct req *r)
{
	struct reply *p = &r->reply;

	if (!p->may_be_cached &&
	    p->headers.len + p->body.len > REPLY_MAX_BYTES - HEAD_MAX_BYTES) {
		event(EVENT_BUG, "what=reply_size bytes=%zu",
		    p->headers.len + p->body.len);
		p->broken = true;
	}
	if (p->broken)
		reply_detail(r, 500, "Internal Server Error");
}

void
reply_write(struct req *r, struct buf *out)
{
	struct reply *p = &r->reply;
	const struct http_status *s;

	reply_settle(r);
	s = &http_status[http_status_row(p->status)];
	assert(s->line != NULL); /* each that is sent has a row */
	buf_adds(out, s->line);
	if (p->type != NULL)
		buf_addf(out, "Content-Type: %s\r\n", p->type);
	/* which have no length: RFC 9110, section 8.6 */
	if (s->code != 204 && s->code != 304)
		buf_addf(out, "Content-Length: %zu\r\n", p->body.len);
	if (p->max_age_s > 0)
		buf_addf(out, "Cache-Control: public, max-age=%" PRId64 "\r\n",
		    p->max_age_s);
	else if (!p->handed_over) /* or it would be there twice */
		buf_adds(out, p->may_be_cached ? "Cache-Control: no-cache\r\n"
		                               : "Cache-Control: no-store\r\n");
	if (p->max_age_s > 0 && cors_depends(r))
		buf_adds(out, "Vary: Origin\r\n");
	buf_add(out, p->headers.s, p->headers.len);
	buf_adds(out, "\r\n");
	if (r->method != METHOD_HEAD)
		buf_add(out, p->body.s, p->body.len);
	assert(p->may_be_cached || out->len <= REPLY_MAX_BYTES);
}
