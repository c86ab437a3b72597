/*
 * Account endpoints: sign-up, the current user, and its changes.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "api/token.h"
#include "http/header.h"
#include "http/params.h"
#include "http/problem.h"
#include "http/reply.h"
#include "svc/browser.h"
#include "svc/profile.h"
#include "svc/signup.h"

void
api_add_user(struct buf *b, const struct user *u)
{
	buf_adds(b, "\"username\":");
	buf_add_json(b, u->username, strlen(u->username));
	buf_adds(b, ",\"fullname\":");
	if (u->fullname != NULL)
		buf_add_json(b, u->fullname, strlen(u->fullname));
	else
		buf_adds(b, "null");
	buf_addf(b, ",\"id\":%" PRId64 ",\"is_active\":%s", u->id,
	    u->is_active ? "true" : "false");
}

static void
reply_user(struct req *r, const struct user *u)
{
	struct buf *b = reply_begin(r, 200, "application/json");

	buf_adds(b, "{");
	api_add_user(b, u);
	buf_adds(b, "}");
}

/* With the tokens of the session that goes on, if it does. */
static void
reply_user_and_tokens(
    struct req *r, const struct user *u, const struct refreshed *kept)
{
	struct buf *b = reply_begin(r, 200, "application/json");

	buf_adds(b, "{");
	api_add_user(b, u);
	if (kept->token != NULL) {
		buf_adds(b, ",");
		token_add_members(
		    b, &(struct token_reply){ .token = kept->token,
		           .life_s = kept->expires_in_s,
		           .refresh_token = kept->refresh_token,
		           .scope = kept->scope });
	}
	buf_adds(b, "}");
}

/* A browser gets the cookie of its session, and no token that scripts read. */
static void
reply_changed(struct req *r, const struct refreshed *kept)
{
	struct browser_cookie new;

	if (r->session == NULL) {
		reply_user_and_tokens(r, r->user, kept);
		return;
	}
	reply_user(r, r->user);
	if (browser_go_on(r->ctx, r->session, &new) == ERR_OK)
		header_set_session(r, new.value, new.max_age_s);
}

/*
 * Add a problem of a chosen password to the list; e is the service's result.
 */
static enum err
explain(struct req *r, const char *field, enum password_problem why, enum err e)
{
	static const enum problem_kind kind[] = {
		[PASSWORD_TOO_SHORT] = PROBLEM_TOO_SHORT,
		[PASSWORD_TOO_LONG] = PROBLEM_TOO_MANY_BYTES,
		[PASSWORD_COMMON] = PROBLEM_PASSWORD_COMMON,
		[PASSWORD_IS_NAME] = PROBLEM_PASSWORD_IS_NAME,
		[PASSWORD_NOT_UTF8] = PROBLEM_NOT_UNICODE,
	};

	if (e == ERR_INVALID && why != PASSWORD_GOOD)
		problem_add(
		    r, (struct problem){ .kind = kind[why],
		           .field = field,
		           .input = JSON_MASK,
		           .number =
		               why == PASSWORD_TOO_LONG
		                   ? PASSWORD_MAX_BYTES
		                   : r->ctx->app->conf->password_min_chars });
	return e;
}

/* By the setting signup. */
static enum err
refuse_signup(struct req *r)
{
	bool closed = r->ctx->app->conf->signup == SIGNUP_CLOSED;

	reply_detail(r, 403,
	    closed ? "Sign-up is closed"
	           : "Sign-up needs an invitation that works");
	return ERR_OK;
}

enum err
api_users_add(struct req *r)
{
	enum { USERNAME, FULLNAME, PASSWORD, INVITE, FIELDS };
	const struct field want[FIELDS] = {
		[USERNAME] = { .name = "username",
		    .required = true,
		    .min_chars = r->ctx->app->conf->username_min_chars,
		    .pattern = r->ctx->app->conf->username_pattern,
		    .max_chars = signup_name_max(r->ctx, NAME_USER) },
		[FULLNAME] = { .name = "fullname",
		    .nullable = true,
		    .max_chars = signup_name_max(r->ctx, NAME_FULL) },
		[PASSWORD] = { .name = "password",
		    .required = true,
		    .secret = true,
		    .normal = true,
		    .min_chars = r->ctx->app->conf->password_min_chars },
		[INVITE] = { .name = "invite",
		    .nullable = true,
		    .secret = true },
	};
	/* if open, it takes what the original does, whatever else is sent */
	bool open = r->ctx->app->conf->signup == SIGNUP_OPEN;
	struct param v[FIELDS] = { 0 };
	struct applicant_problem why;
	struct user u;
	enum err e;

	if ((e = params_read(r, want, open ? INVITE : FIELDS, v)) != ERR_OK)
		return e;
	e = signup(r->ctx,
	    &(struct applicant){ v[USERNAME].text, v[FULLNAME].text,
	        v[PASSWORD].text, v[INVITE].text },
	    &why, &u);
	switch (e) {
	case ERR_OK:
		reply_user(r, &u);
		return ERR_OK;
	case ERR_CONFLICT:
		reply_detail(r, 400, "User already registered");
		return ERR_OK;
	case ERR_DENIED:
		return refuse_signup(r);
	default:
		return explain(r, "password", why.password, e);
	}
}

enum err
api_users_me(struct req *r)
{
	reply_user(r, r->user);
	return ERR_OK;
}

enum err
api_users_change(struct req *r)
{
	/* there is only one, so a missing one is a mistake */
	const struct field want = { .name = "fullname",
		.required = true,
		.nullable = true,
		.max_chars = signup_name_max(r->ctx, NAME_FULL) };
	struct param fullname;
	struct user u = *r->user;
	enum err e;

	if ((e = params_read(r, &want, 1, &fullname)) == ERR_OK)
		e = profile_change_fullname(r->ctx, &u, fullname.text);
	if (e == ERR_OK)
		reply_user(r, &u);
	return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
}

/*
 * A wrong current password is not a 401: the token is valid, and the client
 * should keep it.
 */
enum err
api_users_change_password(struct req *r)
{
	enum { CURRENT, NEW, FIELDS };
	const struct field want[FIELDS] = {
		[CURRENT] = { .name = "current",
		    .required = true,
		    .secret = true },
		[NEW] = { .name = "new",
		    .required = true,
		    .secret = true,
		    .normal = true,
		    .min_chars = r->ctx->app->conf->password_min_chars },
	};
	struct param v[FIELDS];
	enum password_problem why;
	struct refreshed kept;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	e = profile_change_password(r->ctx, r->user,
	    &(struct password_change){ .current = v[CURRENT].text,
	        .wanted = v[NEW].text,
	        .is_repeat = r->is_repeat,
	        .device = api_device_cookie(r),
	        .session = r->claims.sid },
	    &why, r->session == NULL ? &kept : NULL);
	switch (e) {
	case ERR_OK:
		reply_changed(r, &kept);
		return ERR_OK;
	case ERR_DENIED:
		reply_detail(r, 400, "Incorrect current password");
		return ERR_OK;
	case ERR_CONFLICT:
		reply_detail(r, 409, "The password has been changed meanwhile");
		return ERR_OK;
	default:
		return explain(r, "new", why, e);
	}
}

/* A POST, since not every client can send a body with DELETE. */
enum err
api_users_delete(struct req *r)
{
	static const struct field want = {
		.name = "current", .required = true, .secret = true
	};
	struct param current;
	bool referred;
	enum err e;

	if ((e = params_read(r, &want, 1, &current)) != ERR_OK)
		return e;
	e = profile_delete(r->ctx, r->user,
	    &(struct password_change){ .current = current.text,
	        .is_repeat = r->is_repeat,
	        .device = api_device_cookie(r) },
	    &referred);
	switch (e) {
	case ERR_OK:
		if (r->session != NULL)
			header_remove_session(r);
		reply_user(r, r->user);
		return ERR_OK;
	case ERR_DENIED:
		reply_detail(r, 400, "Incorrect current password");
		return ERR_OK;
	case ERR_CONFLICT:
		reply_detail(r, 409,
		    referred ? "Other data refer to the account"
		             : "The password has been changed meanwhile");
		return ERR_OK;
	default:
		return e;
	}
}
