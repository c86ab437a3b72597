/*
 * OAuth 2.0 endpoints.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "api/token.h"
#include "http/params.h"
#include "http/problem.h"
#include "http/reply.h"
#include "lib/scope.h"
#include "svc/client.h"
#include "svc/introspect.h"
#include "svc/login.h"
#include "svc/refresh.h"

/*
 * An error with a code, which says more than the status.
 * Source: RFC 6749, section 5.2.
 */
static enum err
refuse(struct req *r, const char *code, const char *why)
{
	struct buf *b = reply_begin(r, 400, "application/json");

	buf_addf(
	    b, "{\"error\":\"%s\",\"error_description\":\"%s\"}", code, why);
	return ERR_OK;
}

/* --- tokens --- */

/* The fields of a token request. */
enum { GRANT_TYPE, SCOPE, REFRESH_TOKEN, USERNAME, PASSWORD, FIELDS };

static const struct field fields[FIELDS] = {
	[GRANT_TYPE] = { .name = "grant_type", .required = true },
	[SCOPE] = { .name = "scope" },
	[REFRESH_TOKEN] = { .name = "refresh_token", .secret = true },
	[USERNAME] = { .name = "username" },
	[PASSWORD] = { .name = "password", .secret = true },
};

/* Source: RFC 6749, section 5.1. */
static void
reply_tokens(struct req *r, const struct token_reply *t)
{
	struct buf *b = reply_begin(r, 200, "application/json");

	reply_header(r, "Pragma", "no-cache");
	buf_adds(b, "{");
	token_add_members(b, t);
	buf_adds(b, "}");
}

/* A field that this grant needs. ERR_INVALID: it is missing. */
static enum err
need(struct req *r, const struct param *v, int which)
{
	if (v[which].given)
		return ERR_OK;
	problem_add(r, (struct problem){ .kind = PROBLEM_MISSING,
	                   .field = fields[which].name });
	return ERR_INVALID;
}

static enum err
refuse_scope(struct req *r)
{
	return refuse(
	    r, "invalid_scope", "The client may not have these scopes");
}

static enum err
grant_refresh(struct req *r, const struct param *v)
{
	struct refreshed new;
	enum err e;

	if ((e = need(r, v, REFRESH_TOKEN)) != ERR_OK)
		return e;
	e = refresh(
	    r->ctx, v[REFRESH_TOKEN].text, r->client, v[SCOPE].text, &new);
	if (e == ERR_UNAUTH)
		return refuse(r, "invalid_grant",
		    "The refresh token is not valid, or its session has ended");
	if (e == ERR_DENIED)
		return refuse_scope(r);
	if (e == ERR_OK)
		reply_tokens(r, &(struct token_reply){ .token = new.token,
		                    .life_s = new.expires_in_s,
		                    .refresh_token = new.refresh_token,
		                    .scope = new.scope });
	return e;
}

static enum err
grant_client(struct req *r, const struct param *v)
{
	struct client_token made;
	const char *scope;
	enum err e;

	if (client_scope(r->client, v[SCOPE].text, &scope) != ERR_OK)
		return refuse_scope(r);
	e = client_token(r->ctx, r->client, scope, &made);
	if (e == ERR_OK)
		reply_tokens(r, &(struct token_reply){ .token = made.token,
		                    .life_s = made.life_s,
		                    .scope = scope });
	return e;
}

/* The scopes of a user's token, and that of its refresh token. */
static const char *
granted_scope(struct req *r, const struct login *l)
{
	struct buf b;

	if (!l->offline)
		return l->scope;
	buf_init(&b, r->ctx->arena);
	if (l->scope != NULL)
		buf_addf(&b, "%s ", l->scope);
	buf_adds(&b, SCOPE_OFFLINE);
	return b.s;
}

/* On the login lane. Limits, decoys and so on are login()'s, as at /token. */
static enum err
grant_password(struct req *r, const struct param *v)
{
	struct login l = {
		.username = v[USERNAME].text,
		.password = v[PASSWORD].text,
		.device = api_device_cookie(r),
		.client = r->client,
	};
	enum err e;

	if ((e = need(r, v, USERNAME)) != ERR_OK ||
	    (e = need(r, v, PASSWORD)) != ERR_OK)
		return e;
	if (client_user_scope(r->client, v[SCOPE].text, &l.offline) != ERR_OK)
		return refuse_scope(r);
	l.wanted = v[SCOPE].text;
	e = login(r->ctx, &l);
	if (e == ERR_UNAUTH)
		return refuse(
		    r, "invalid_grant", "Incorrect username or password");
	if (e == ERR_DENIED)
		return refuse_scope(r);
	if (e != ERR_OK)
		return e;
	reply_tokens(r, &(struct token_reply){ .token = l.token,
	                    .life_s = l.token_life_s,
	                    .refresh_token = l.refresh_token,
	                    .scope = granted_scope(r, &l) });
	api_device_remember(r, &l);
	return ERR_OK;
}

static const struct grant {
	const char *type;
	bool hashes; /* the login lane is for it */
	enum err (*run)(struct req *r, const struct param *v);
} grants[] = {
	{ "refresh_token", false, grant_refresh },
	{ "client_credentials", false, grant_client },
	{ "password", true, grant_password },
};

static const struct grant *
find_grant(const char *type)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(grants); i++)
		if (strcmp(grants[i].type, type) == 0)
			return &grants[i];
	return NULL;
}

static enum err
run(struct req *r, bool hashes)
{
	struct param v[FIELDS];
	const struct grant *grant;
	enum err e;

	if ((e = params_read(r, fields, FIELDS, v)) != ERR_OK)
		return e;
	if ((grant = find_grant(v[GRANT_TYPE].text)) == NULL)
		return refuse(r, "unsupported_grant_type",
		    "grant_type is refresh_token, client_credentials or "
		    "password");
	if (grant->hashes != hashes) {
		r->other_lane = true;
		return ERR_OK;
	}
	if (!client_has_grant(r->client, grant->type))
		return refuse(r, "unauthorized_client",
		    "The client may not use this grant type");
	return grant->run(r, v);
}

enum err
api_oauth2_token(struct req *r)
{
	return run(r, false);
}

enum err
api_oauth2_password(struct req *r)
{
	return run(r, true);
}

/* --- about tokens --- */

/* The fields of a request about a token. */
enum { TOKEN, HINT, ABOUT_FIELDS };

static const struct field about_fields[ABOUT_FIELDS] = {
	[TOKEN] = { .name = "token", .required = true, .secret = true },
	[HINT] = { .name = "token_type_hint", .ignored = true },
};

/* Source: RFC 7009. */
enum err
api_oauth2_revoke(struct req *r)
{
	struct param v[ABOUT_FIELDS];
	enum err e;

	if ((e = params_read(r, about_fields, ABOUT_FIELDS, v)) != ERR_OK)
		return e;
	e = refresh_revoke(r->ctx, v[TOKEN].text, r->client);
	/* which clients ignore, but simple-oauth2 takes nothing that is not
	 * JSON */
	if (e == ERR_OK)
		buf_adds(reply_begin(r, 200, "application/json"), "{}");
	return e;
}

static void
add_text(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_add_json(b, value, strlen(value));
}

/* Source: RFC 7662, section 2.2. */
static void
reply_introspected(struct req *r, const struct introspected *t)
{
	struct buf *b = reply_begin(r, 200, "application/json");

	if (!t->is_active) {
		buf_adds(b, "{\"active\":false}");
		return;
	}
	buf_addf(b, "{\"active\":true,\"exp\":%" PRId64, t->exp_s);
	add_text(b, "sub", t->sub);
	add_text(b, "username", t->username);
	add_text(b, "client_id", t->client_id);
	add_text(b, "scope", t->scope);
	add_text(b, "aud", t->audience);
	add_text(b, "iss", t->issuer);
	add_text(b, "token_type", t->is_refresh ? NULL : "bearer");
	buf_adds(b, "}");
}

enum err
api_oauth2_introspect(struct req *r)
{
	struct param v[ABOUT_FIELDS];
	struct introspected found;
	enum err e;

	if ((e = params_read(r, about_fields, ABOUT_FIELDS, v)) != ERR_OK)
		return e;
	if ((e = introspect(r->ctx, v[TOKEN].text, r->client, &found)) ==
	    ERR_OK)
		reply_introspected(r, &found);
	return e;
}
