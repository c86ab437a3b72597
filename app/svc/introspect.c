/*
 * Introspection: what a token is, for a client that was sent it.
 */
#include "base.h"

#include "crypto/refresh.h"
#include "crypto/revoked.h"
#include "db/session.h"
#include "svc/client.h"
#include "svc/introspect.h"
#include "svc/session.h"

/* Of this client, and its session would be renewed by it. */
static enum err
introspect_refresh(struct ctx *c, const char *token,
    const struct client *caller, struct introspected *out)
{
	struct refresh r;
	struct renewal n = {
		.id = r.sid,
		.grace_s = c->app->conf->refresh_grace_s + revoked_outage_s(),
		.idle_s = c->app->conf->session_idle_minutes * 60,
	};
	enum err e = refresh_read(c->app->secrets, token, caller->id, &r);

	if (e != ERR_OK)
		return e;
	n.counter = r.counter;
	if ((e = db_session_look(c, &n)) != ERR_OK)
		return e;
	*out = (struct introspected){
		.is_active = n.result != RENEWAL_SPENT,
		.is_refresh = true,
		.exp_s = n.expires_s,
		.sub = n.user.username,
		.username = n.user.username,
		.client_id = caller->id,
	};
	return ERR_OK;
}

static enum err
introspect_access(struct ctx *c, const char *token, const struct client *caller,
    struct introspected *out)
{
	const char *audience = caller->audience != NULL
	                           ? caller->audience
	                           : c->app->keyring->audience;
	const char *issuer = c->app->keyring->issuer;
	struct token_claims claims;
	enum err e = session_any_claims(c, token, caller->audience, &claims);

	if (e != ERR_OK)
		return e;
	*out = (struct introspected){
		.is_active = true,
		.exp_s = claims.exp,
		.sub = claims.sub,
		.username = token_is_client(&claims) ? NULL : claims.sub,
		.client_id = claims.client_id,
		.scope = claims.scope,
		.audience =
		    audience != NULL && *audience != '\0' ? audience : NULL,
		.issuer = issuer != NULL && *issuer != '\0' ? issuer : NULL,
	};
	return ERR_OK;
}

enum err
introspect(struct ctx *c, const char *token, const struct client *caller,
    struct introspected *out)
{
	enum err e = introspect_refresh(c, token, caller, out);

	if (e == ERR_UNAUTH)
		e = introspect_access(c, token, caller, out);
	if (e != ERR_UNAUTH)
		return e;
	*out = (struct introspected){ .is_active = false };
	return ERR_OK;
}
