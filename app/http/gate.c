/*
 * Gates before a handler that need no rule of the product.
 */
#include "base.h"

#include <inttypes.h>

#include "http/gate.h"
#include "http/reply.h"
#include "stats/event.h"

bool
gate_origin(struct req *r, enum origin accepted)
{
	if (origin_is_accepted(
	        accepted, &r->from, r->ctx->app->conf->cors_origins))
		return true;
	reply_detail(r, 403, "Cross-origin request refused");
	return false;
}

/* Load shedding, where passwords are hashed. True: shed. */
static bool
shed(struct req *r)
{
	if (!r->gone && r->waited_ms <= r->ctx->app->conf->login_wait_ms)
		return false;
	event(r->gone ? EVENT_SHED_GONE : EVENT_SHED_LATE, "waited_ms=%" PRId64,
	    r->waited_ms);
	reply_error(r, ERR_BUSY);
	return true;
}

bool
gate_lane(struct req *r, enum role lane, const char *path)
{
	if ((r->ctx->app->lanes & ROLE_BIT(lane)) == 0) {
		event(EVENT_WRONG_LANE, "route=%s lane=%s", path,
		    roles[lane].name);
		reply_detail(r, 421,
		    "Misdirected request: wrong socket for this endpoint");
		return false;
	}
	return (roles[lane].needs & NEED_HASHING) == 0 || !shed(r);
}

enum err
gate_body(const struct req *r, enum body body, unsigned max_bytes)
{
	if (body == BODY_NONE)
		return ERR_OK;
	return r->body_too_big || r->body_len > max_bytes ? ERR_TOOBIG : ERR_OK;
}
