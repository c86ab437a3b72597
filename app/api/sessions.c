/*
 * Session endpoints: what a user is logged in with, and log-out.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "http/header.h"
#include "http/params.h"
#include "http/reply.h"
#include "svc/login.h"
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

/*
 * Log-in of a browser without a page of Latchkey's. No limits of length, as at
 * /token.
 */
enum err
api_session_create(struct req *r)
{
	enum { USERNAME, PASSWORD, KEEP, FIELDS };
	static const struct field want[FIELDS] = {
		[USERNAME] = { .name = "username", .required = true },
		[PASSWORD] = { .name = "password",
		    .required = true,
		    .secret = true },
		[KEEP] = { .name = "keep",
		    .kind = FIELD_BOOL,
		    .nullable = true },
	};
	struct param v[FIELDS];
	struct login l;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	l = (struct login){
		.username = v[USERNAME].text,
		.password = v[PASSWORD].text,
		.device = api_device_cookie(r),
		.browser = true,
		.old_cookie = header_session(r),
		.keep = v[KEEP].on,
	};
	e = login(r->ctx, &l);
	if (e == ERR_UNAUTH)
		reply_unauthorized(r, "Incorrect username or password");
	if (e != ERR_OK)
		return e == ERR_UNAUTH ? ERR_OK : e;
	reply_begin(r, 204, NULL);
	api_device_remember(r, &l);
	header_set_session(r, l.cookie.value, l.cookie.max_age_s);
	return ERR_OK;
}

/* The account as /users/me has it, and the end; null: the token has no session.
 */
enum err
api_session_read(struct req *r)
{
	const char *expires_at = NULL;
	struct buf *b;
	enum err e;

	if (r->claims.sid != NULL) {
		e = session_find(r->ctx, r->user, r->claims.sid, &expires_at);
		if (e != ERR_OK)
			return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	}
	b = reply_begin(r, 200, "application/json");
	buf_adds(b, "{");
	api_add_user(b, r->user);
	add_text(b, "expires_at", expires_at);
	buf_adds(b, "}");
	return ERR_OK;
}

/* Log-out. Of a token without a session nothing can be ended: that is said. */
enum err
api_session_delete(struct req *r)
{
	enum err e;

	if (r->claims.sid != NULL) {
		e = session_end(r->ctx, r->user, r->claims.sid);
		if (e == ERR_OK && r->session != NULL)
			header_remove_session(r);
		return reply_ended(r, e);
	}
	reply_detail(r, 409, "The token has no session");
	return ERR_OK;
}
