/*
 * The one reply to a request.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "log.h"
#include "reply.h"

#define RETRY_AFTER_S "2" /* when a 503 may be worth another attempt */

static const struct {
	enum err e;
	int status;
	const char *detail;
} meaning[] = {
	{ ERR_MALFORMED, 400, "There was an error parsing the body" },
	{ ERR_INVALID, 400, "The database does not take a value of this" },
	{ ERR_UNAUTH, 401, "Could not validate credentials" },
	{ ERR_NOTFOUND, 404, "Not Found" },
	{ ERR_TOOBIG, 413, "Request Entity Too Large" },
	{ ERR_LIMIT, 429, "Too Many Requests" },
	{ ERR_BUSY, 503, "The service is not available, please try again" },
};

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 307:
		return "Temporary Redirect";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 413:
		return "Request Entity Too Large";
	case 421:
		return "Misdirected Request";
	case 422:
		return "Unprocessable Entity";
	case 429:
		return "Too Many Requests";
	case 503:
		return "Service Unavailable";
	default:
		return "Internal Server Error";
	}
}

struct buf *
reply_begin(struct req *r, int status, const char *type)
{
	r->reply = (struct reply){ .status = status, .type = type };
	buf_init(&r->reply.headers, r->ctx->arena);
	buf_init(&r->reply.body, r->ctx->arena);
	return &r->reply.body;
}

void
reply_header(struct req *r, const char *name, const char *value)
{
	const char *p;

	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			log_event(
			    LOG_ERROR, LOG_BUG, "what=header name=%s", name);
			r->reply.broken = true;
			return;
		}
	/* not by buf_addf(): a token check is little more than its headers */
	buf_adds(&r->reply.headers, name);
	buf_adds(&r->reply.headers, ": ");
	buf_adds(&r->reply.headers, value);
	buf_adds(&r->reply.headers, "\r\n");
}

void
reply_detail(struct req *r, int status, const char *detail)
{
	struct buf *b = reply_begin(r, status, "application/json");

	buf_adds(b, "{\"detail\":");
	buf_add_json(b, detail, strlen(detail));
	buf_adds(b, "}");
	if (status == 503)
		reply_header(r, "Retry-After", RETRY_AFTER_S);
}

void
reply_unauthorized(struct req *r, const char *detail)
{
	if (detail != NULL)
		reply_detail(r, 401, detail);
	else
		reply_begin(r, 401, NULL);
	reply_header(r, "WWW-Authenticate", "Bearer");
}

/* When to come again after too many attempts. */
static void
add_retry_after(struct req *r)
{
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRId64, r->ctx->retry_after_s);
	reply_header(r, "Retry-After", seconds);
}

void
reply_error(struct req *r, enum err e)
{
	size_t i;

	if (e == ERR_INVALID && r->faults != NULL) {
		fault_write(reply_begin(r, 422, "application/json"), r->faults);
		return;
	}
	for (i = 0; i < ARRAY_LEN(meaning); i++) {
		if (meaning[i].e != e)
			continue;
		if (e == ERR_UNAUTH)
			reply_unauthorized(r, meaning[i].detail);
		else
			reply_detail(r, meaning[i].status, meaning[i].detail);
		if (e == ERR_LIMIT)
			add_retry_after(r);
		return;
	}
	log_event(LOG_ERROR, LOG_BUG, "what=reply err=%d", (int)e);
	reply_detail(r, 500, "Internal Server Error");
}

void
reply_settle(struct req *r)
{
	if (r->reply.broken)
		reply_detail(r, 500, "Internal Server Error");
}

void
reply_write(struct req *r, struct buf *out)
{
	struct reply *p = &r->reply;

	reply_settle(r);
	buf_addf(out, "Status: %d %s\r\n", p->status, reason(p->status));
	if (p->type != NULL)
		buf_addf(out, "Content-Type: %s\r\n", p->type);
	buf_addf(out, "Content-Length: %zu\r\nCache-Control: %s\r\n",
	    p->body.len, p->may_be_cached ? "no-cache" : "no-store");
	buf_add(out, p->headers.s, p->headers.len);
	buf_adds(out, "\r\n");
	if (r->method != METHOD_HEAD)
		buf_add(out, p->body.s, p->body.len);
}
