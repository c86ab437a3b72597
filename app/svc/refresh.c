/*
 * Renewal of a session by its refresh token.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/refresh.h"
#include "crypto/revoked.h"
#include "crypto/token.h"
#include "db/client.h"
#include "db/session.h"
#include "lib/scope.h"
#include "stats/event.h"
#include "svc/client.h"
#include "svc/refresh.h"
#include "svc/session.h"

static enum err
make(struct ctx *c, const struct refresh *r, const char *client,
    const char **out)
{
	char *text = arena_alloc(c->arena, REFRESH_CHARS + 1);

	*out = text;
	return refresh_make(c->app->secrets, r, client, text) ? ERR_OK
	                                                      : ERR_INTERNAL;
}

enum err
refresh_begin(
    struct ctx *c, const char *sid, const char *client, const char **out)
{
	struct refresh first = { .counter = 0 };

	snprintf(first.sid, sizeof(first.sid), "%s", sid);
	return make(c, &first, client, out);
}

/* A spent token was used again, by the owner or a thief: no way to know. */
static enum err
end_reused(struct ctx *c, const struct renewal *n)
{
	enum err e = db_session_end_reused(c, n);

	if (e == ERR_OK)
		event(EVENT_REFRESH_REUSED, "user=%" PRId64, n->user.id);
	return e == ERR_OK || e == ERR_NOTFOUND ? ERR_UNAUTH : e;
}

/* The access token, which does not outlast its session. */
static enum err
sign(struct ctx *c, const struct renewal *n, const struct client *client,
    struct refreshed *out)
{
	struct token_claims claims = {
		.sub = n->user.username,
		.uid = n->user.id,
		.exp = c->now_s + c->app->conf->access_token_minutes * 60,
		.epoch = n->user.epoch,
		.sid = n->id,
		.client_id = client->id,
		.audience = client->audience,
		.scope = n->scope,
	};

	if (claims.exp > n->expires_s)
		claims.exp = n->expires_s;
	out->expires_in_s = claims.exp - c->now_s;
	out->scope = n->scope;
	return token_sign(
	    c->app->keyring, &claims, c->now_s, c->arena, &out->token);
}

/*
 * May the token of this session have some of the scopes that are wanted? Asked
 * before the renewal, since a refusal must not spend the refresh token. One
 * that is spent already is the renewal's.
 */
static enum err
check_wanted(struct ctx *c, const struct renewal *n, const char *wanted)
{
	struct renewal found = *n;
	enum err e;

	if (wanted == NULL)
		return ERR_OK;
	if ((e = db_session_look(c, &found)) != ERR_OK)
		return e;
	return found.result == RENEWAL_SPENT ||
	               (scope_is_list(wanted) &&
	                   (scope_has(wanted, SCOPE_OFFLINE) ||
	                       scope_common(found.scope, wanted, c->arena) !=
	                           NULL))
	           ? ERR_OK
	           : ERR_DENIED;
}

static enum err
renew(struct ctx *c, const char *token, const struct client *client,
    const char *wanted, struct refreshed *out)
{
	struct refresh r;
	struct renewal n = {
		.id = r.sid,
		.grace_s = c->app->conf->refresh_grace_s + revoked_outage_s(),
		.idle_s = c->app->conf->session_idle_minutes * 60,
	};
	enum err e;

	if ((e = refresh_read(c->app->secrets, token, client->id, &r)) !=
	    ERR_OK)
		return e;
	n.counter = r.counter;
	if ((e = check_wanted(c, &n, wanted)) != ERR_OK ||
	    (e = db_session_renew(c, &n)) != ERR_OK)
		return e;
	if (n.result == RENEWAL_SPENT)
		return end_reused(c, &n);
	n.scope = scope_choose(n.scope, wanted, c->arena);
	if ((e = sign(c, &n, client, out)) != ERR_OK)
		return e;
	r.counter++;
	return make(c, &r, client->id, &out->refresh_token);
}

enum err
refresh(struct ctx *c, const char *token, const struct client *client,
    const char *wanted, struct refreshed *out)
{
	enum err e = renew(c, token, client, wanted, out);

	event(
	    event_of(FAMILY_REFRESHES, e == ERR_DENIED ? ERR_UNAUTH : e), NULL);
	return e;
}

enum err
refresh_continue(struct ctx *c, const char *sid, struct refreshed *out)
{
	struct renewal n = { .id = sid };
	struct refresh r;
	enum err e;

	out->refresh_token = NULL;
	if ((e = db_session_live(c, &n)) != ERR_OK ||
	    (e = sign(c, &n, &n.client, out)) != ERR_OK || n.counter < 0)
		return e;
	snprintf(r.sid, sizeof(r.sid), "%s", sid);
	r.counter = n.counter;
	return make(c, &r, n.client.id, &out->refresh_token);
}

/* The sessions of users are rows, a client's own tokens have none. */
static enum err
end(struct ctx *c, const char *sid, bool is_client)
{
	enum err e =
	    is_client ? db_client_revoke(c, sid) : db_session_end(c, 0, sid);

	if (e == ERR_OK)
		event(EVENT_SESSION_ENDED, "session=%.8s", sid);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

/* An access token that is good now, and that this client was given. */
static enum err
end_access(struct ctx *c, const char *token, const struct client *client)
{
	struct token_claims claims;
	enum err e = session_known_claims(c, token, client->audience, &claims);

	if (e != ERR_OK)
		return e == ERR_UNAUTH ? ERR_OK : e;
	if (claims.sid == NULL || !client_owns(client, &claims))
		return ERR_OK;
	return end(c, claims.sid, token_is_client(&claims));
}

enum err
refresh_revoke(struct ctx *c, const char *token, const struct client *client)
{
	struct refresh r;
	enum err e = refresh_read(c->app->secrets, token, client->id, &r);

	if (e == ERR_UNAUTH)
		return end_access(c, token, client);
	return e == ERR_OK ? end(c, r.sid, false) : e;
}
