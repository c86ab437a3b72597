/*
 * Cross-origin resource sharing.
 */
#include "base.h"

#include "http/cors.h"
#include "http/reply.h"

/* The most that all browsers take: Chromium two hours, others more. */
#define PREFLIGHT_MAX_AGE_S "7200"

static bool
is_listed(const struct req *r)
{
	return r->from.origin != NULL &&
	       origin_is_listed(
	           r->ctx->app->conf->cors_origins, r->from.origin);
}

bool
cors_is_preflight(const struct req *r)
{
	return r->method == METHOD_OPTIONS && is_listed(r);
}

void
cors_answer(struct req *r, unsigned methods)
{
	struct buf allowed;

	buf_init(&allowed, r->ctx->arena);
	method_list(&allowed, methods);
	reply_begin(r, 204, NULL);
	reply_header(r, "Access-Control-Allow-Methods", allowed.s);
	reply_header(
	    r, "Access-Control-Allow-Headers", "Authorization, Content-Type");
	reply_header(r, "Access-Control-Max-Age", PREFLIGHT_MAX_AGE_S);
}

void
cors_add(struct req *r)
{
	if (!is_listed(r))
		return;
	reply_header(r, "Access-Control-Allow-Origin", r->from.origin);
	reply_header(r, "Access-Control-Expose-Headers",
	    "Retry-After, WWW-Authenticate");
	reply_header(r, "Vary", "Origin");
}

bool
cors_depends(const struct req *r)
{
	return *r->ctx->app->conf->cors_origins != '\0' && !is_listed(r);
}
