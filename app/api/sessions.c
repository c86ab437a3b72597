/*
 * Session endpoints: what a user is logged in with, and log-out.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "http/params.h"
#include "http/reply.h"
#include "svc/session.h"

static void
add_text(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, ",\"%s\":", name);
	if (value != NULL)
		buf_add_json(b, value, strlen(value));
	else
		buf_adds(b, "null");
}

/* Is it the session of this request's token? */
static bool
is_current(const struct req *r, const struct session *s)
{
	return r->claims.sid != NULL && strcmp(r->claims.sid, s->id) == 0;
}

enum err
api_sessions_list(struct req *r)
{
	const struct session *all;
	struct buf *b;
	size_t i, n;
	enum err e;

	if ((e = session_list(r->ctx, r->user, &all, &n)) != ERR_OK)
		return e;
	b = reply_begin(r, 200, "application/json");
	buf_adds(b, "[");
	for (i = 0; i < n; i++) {
		buf_addf(b, "%s{\"id\":\"%s\"", i > 0 ? "," : "", all[i].id);
		add_text(b, "created_at", all[i].created_at);
		add_text(b, "used_at", all[i].used_at);
		add_text(b, "expires_at", all[i].expires_at);
		add_text(b, "address", all[i].address);
		add_text(b, "agent", all[i].agent);
		add_text(b, "client", all[i].client_id);
		buf_addf(b, ",\"current\":%s}",
		    is_current(r, &all[i]) ? "true" : "false");
	}
	buf_adds(b, "]");
	return ERR_OK;
}

/* 204: it has ended. */
static enum err
reply_ended(struct req *r, enum err e)
{
	if (e == ERR_OK)
		reply_begin(r, 204, NULL);
	return e;
}

enum err
api_sessions_delete(struct req *r)
{
	static const struct field want = {
		.name = "id", .source = SOURCE_PATH, .required = true
	};
	struct param id;
	enum err e;

	if ((e = params_read(r, &want, 1, &id)) != ERR_OK)
		return e;
	return reply_ended(r, session_end(r->ctx, r->user, id.text));
}

/* A token without a session is not one of those that end. */
enum err
api_sessions_delete_others(struct req *r)
{
	const char *own = r->claims.sid != NULL
	                      ? r->claims.sid
	                      : "00000000000000000000000000000000";

	return reply_ended(r, session_end_others(r->ctx, r->user, own));
}

/* Log-out. Of a token without a session nothing can be ended: that is said. */
enum err
api_session_delete(struct req *r)
{
	if (r->claims.sid != NULL)
		return reply_ended(
		    r, session_end(r->ctx, r->user, r->claims.sid));
	reply_detail(r, 409, "The token has no session");
	return ERR_OK;
}
