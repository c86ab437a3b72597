/*
 * Gates before a handler that need no rule of the product.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "http/gate.h"
#include "http/header.h"
#include "http/next.h"
#include "http/path.h"
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

/* Is it only to be read, by every application that keeps to RFC 9110? */
static bool
is_safe(const struct req *r, bool is_check)
{
	enum method m = is_check ? method_of(r->guarded.method) : r->method;

	return (m & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS)) != 0 &&
	       r->guarded.upgrade == NULL;
}

bool
gate_session(struct req *r, bool is_check)
{
	if (header_has_bearer(r->authorization))
		return true;
	r->session = header_session(r);
	if (r->session == NULL || is_safe(r, is_check))
		return true;
	if (is_check && r->guarded.method == NULL)
		event(EVENT_REQUEST_BROKEN,
		    "what=LATCHKEY_METHOD hint=\"fastcgi_param "
		    "LATCHKEY_METHOD $request_method\"");
	return gate_origin(r, ORIGIN_OWN);
}

bool
gate_guarded_path(struct req *r)
{
	if (r->guarded.uri == NULL || path_is_plain(r->guarded.uri))
		return true;
	reply_detail(r, 403, "The path has more than one reading");
	return false;
}

/* Did somebody go to this address, as the browser says, or as it looks? */
static bool
is_navigation(const struct guarded *g)
{
	if (g->uri == NULL || g->upgrade != NULL)
		return false;
	if (g->sec_fetch_mode != NULL)
		return strcmp(g->sec_fetch_mode, "navigate") == 0;
	return g->accept != NULL && strstr(g->accept, "text/html") != NULL;
}

void
gate_refuse_check(struct req *r)
{
	reply_unauthorized(r, NULL);
	gate_offer_login(r);
}

void
gate_offer_login(struct req *r)
{
	const struct guarded *g = &r->guarded;
	bool is_back = (method_of(g->method) & (METHOD_GET | METHOD_HEAD)) != 0;
	struct buf login;

	if (!is_navigation(g))
		return;
	buf_init(&login, r->ctx->arena);
	buf_addf(&login, "%s/login?next=", r->prefix != NULL ? r->prefix : "");
	/* the body of another method is lost */
	buf_add_percent(&login, is_back ? next_of(g->uri) : "/");
	reply_header(r, "X-Latchkey-Login", login.s);
}

/* Load shedding, where passwords are hashed. True: shed. */
static bool
shed(struct req *r, int64_t wait_ms)
{
	if (!r->gone && r->waited_ms <= wait_ms)
		return false;
	event(r->gone ? EVENT_SHED_GONE : EVENT_SHED_LATE, "waited_ms=%" PRId64,
	    r->waited_ms);
	reply_error(r, ERR_BUSY);
	return true;
}

bool
gate_lane(struct req *r, enum role lane, const char *path, int64_t wait_ms)
{
	if ((r->ctx->app->lanes & ROLE_BIT(lane)) == 0) {
		event(EVENT_WRONG_LANE, "route=%s lane=%s", path,
		    roles[lane].name);
		reply_detail(r, 421,
		    "Misdirected request: wrong socket for this endpoint");
		return false;
	}
	return (roles[lane].needs & NEED_HASHING) == 0 || !shed(r, wait_ms);
}

enum err
gate_body(const struct req *r, enum body body, unsigned max_bytes)
{
	if (body == BODY_NONE)
		return ERR_OK;
	return r->body_too_big || r->body_len > max_bytes ? ERR_TOOBIG : ERR_OK;
}
