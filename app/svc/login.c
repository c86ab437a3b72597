/*
 * Login by name and password.
 */
#include "base.h"

#include <inttypes.h>

#include "crypto/pwformat.h"
#include "crypto/token.h"
#include "db/user.h"
#include "lib/scope.h"
#include "stats/event.h"
#include "svc/client.h"
#include "svc/decoy.h"
#include "svc/device.h"
#include "svc/login.h"
#include "svc/network.h"
#include "svc/password.h"
#include "svc/ratelimit.h"
#include "svc/refresh.h"
#include "svc/session.h"
#include "svc/share.h"

static void
replace_hash(struct ctx *c, const struct user *u, const char *password)
{
	char hash[PASSWORD_HASH_BYTES];

	if (password_hash(c, password, hash) != ERR_OK)
		return;
	if (db_user_replace_hash(c, u, hash) == ERR_OK)
		event(EVENT_HASH_UPGRADED, "user=%" PRId64, u->id);
}

/*
 * Re-hash a stale hash. A failure only costs another attempt at the next login.
 * It meets the triggers that a sign-up does, and has to leave time for logins.
 */
static void
upgrade_hash(struct ctx *c, const struct user *u, const char *password)
{
	if (!c->app->conf->hash_upgrade || !share_begin(c))
		return;
	replace_hash(c, u, password);
	share_end(c);
}

/* Why a login failed, only for the log and the counters. */
static enum event
reason_of(const struct ctx *c, const struct user *u, bool matches)
{
	const struct pwformat_policy policy = password_policy(c->app->conf);

	if (u->username == NULL)
		return EVENT_LOGIN_UNKNOWN;
	if (pwformat_state(&policy, u->password_hash, NULL) != PWFORMAT_GOOD)
		return EVENT_LOGIN_HASH;
	return matches ? EVENT_LOGIN_INACTIVE : EVENT_LOGIN_PASSWORD;
}

/*
 * Is this the password of that account, and may it log in? *stale: it should be
 * re-hashed.
 */
static enum err
find_account(struct ctx *c, const struct login *l, struct user *u, bool *stale)
{
	struct password_result found;
	const char *decoy_hash;
	int64_t decoy;
	enum err e;

	if ((e = decoy_choose(c, l->username, &decoy)) != ERR_OK)
		return e;
	e = db_user_at_login(c, l->username, decoy, u, &decoy_hash);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	if ((e = decoy_find(c, decoy, &decoy_hash)) != ERR_OK)
		return e;
	/* before anything is verified, so that the time reveals nothing */
	e = password_check(c, l->password, u, decoy_hash, &found);
	if (e != ERR_OK)
		return e;
	*stale = found.stale;
	if (found.matches && u->is_active) {
		event(password_event(u->password_hash), NULL);
		return ERR_OK;
	}
	event(reason_of(c, u, found.matches), "user=%" PRId64, u->id);
	return ERR_UNAUTH;
}

/* A session that cannot be renewed ends with its token. */
static int64_t
session_end_s(const struct ctx *c, const struct login *l)
{
	const struct conf *conf = c->app->conf;

	return c->now_s + (l->offline || l->browser
	                          ? conf->session_days * 86400
	                          : conf->access_token_minutes * 60);
}

/* Of the scopes that the account has those that are wanted. */
static const char *
choose_scope(struct ctx *c, const struct login *l, const struct user *u)
{
	const char *limit = l->client != NULL ? client_limit(l->client) : NULL;
	const char *scope = u->scope;

	if (limit != NULL)
		scope = scope_common(scope, limit, c->arena);
	return scope_choose(scope, l->wanted, c->arena);
}

/*
 * Does the client ask for scopes by name, of which it gets none? Better no
 * token than one that opens nothing. Requests of /token, which is older than
 * scopes, are not refused. Source: RFC 6749, section 3.3.
 */
static bool
gets_none(const struct login *l)
{
	return l->client != NULL && l->wanted != NULL && l->scope == NULL &&
	       !l->offline;
}

/* The scopes, and the session, of an account whose password was right. */
static enum err
begin_session(
    struct ctx *c, struct login *l, const struct user *u, struct session *s)
{
	enum err e;

	network_note(c, u->id);
	l->scope = s->scope = choose_scope(c, l, u);
	if (gets_none(l)) {
		event(EVENT_LOGIN_SCOPE, "user=%" PRId64, u->id);
		return ERR_DENIED;
	}
	/* the browser is about to lose its cookie, and nobody could end it */
	if ((e = browser_end(c, l->old_cookie)) == ERR_OK)
		e = session_start(c, u, s);
	l->session = s->id;
	return e;
}

/* The cookie of a browser. */
static enum err
grant_cookie(struct ctx *c, struct login *l, const struct user *u)
{
	const struct browser_session s = { .sid = l->session,
		.user = u,
		.expires_s = session_end_s(c, l),
		.keep = l->keep };

	return browser_cookie(c, &s, &l->cookie);
}

/* The tokens of any other client. */
static enum err
grant_tokens(struct ctx *c, struct login *l, const struct user *u)
{
	struct token_claims claims = {
		.sub = u->username,
		.uid = u->id,
		.exp = c->now_s + c->app->conf->access_token_minutes * 60,
		.epoch = u->epoch,
	};
	enum err e;

	/* it does not outlast its session */
	if (claims.exp > session_end_s(c, l))
		claims.exp = session_end_s(c, l);
	l->token_life_s = claims.exp - c->now_s;
	if (l->offline &&
	    (e = refresh_begin(c, l->session,
	         l->client != NULL ? l->client->id : CLIENT_FIRST_PARTY,
	         &l->refresh_token)) != ERR_OK)
		return e;
	/* tokens of /token stay as they were before there were clients */
	if (l->client != NULL) {
		claims.client_id = l->client->id;
		claims.audience = l->client->audience;
	}
	claims.sid = l->session;
	claims.scope = l->scope;
	return token_sign(
	    c->app->keyring, &claims, c->now_s, c->arena, &l->token);
}

/* The result for an account whose password was right. */
static enum err
grant(struct ctx *c, struct login *l, const struct user *u,
    const struct device *device)
{
	enum err e;

	l->new_device = NULL;
	l->refresh_token = NULL;
	if ((device->id[0] == '\0' || device->is_old) &&
	    (e = device_make(c, device, u->username, &l->new_device)) != ERR_OK)
		return e;
	e = l->browser ? grant_cookie(c, l, u) : grant_tokens(c, l, u);
	if (e == ERR_OK)
		event(EVENT_LOGIN, "user=%" PRId64, u->id);
	return e;
}

static enum err
log_in(struct ctx *c, struct login *l)
{
	struct device device = device_read(c, l->device, l->username);
	struct ratelimit_attempt attempt;
	struct session s = {
		.expires_s = session_end_s(c, l),
		.renewable = l->offline,
		.client = l->client != NULL ? l->client->number : 0,
	};
	struct user u = { 0 };
	bool stale;
	enum err e;

	if ((e = ratelimit_login(c, l->username, device.id, &attempt)) !=
	    ERR_OK)
		return e;
	e = find_account(c, l, &u, &stale);
	if (e == ERR_OK)
		e = begin_session(c, l, &u, &s);
	/*
	 * Neither the right password nor our failure is a guess. The last
	 * statement, if it can be: nobody waits for its answer.
	 */
	if (e != ERR_UNAUTH)
		ratelimit_refund(c, &attempt);
	if (e != ERR_OK)
		return e;
	if (stale)
		upgrade_hash(c, &u, l->password);
	return grant(c, l, &u, &device);
}

enum err
login(struct ctx *c, struct login *l)
{
	enum err e = log_in(c, l);

	/* outcomes of an account are reported where it is known */
	if (e != ERR_OK && e != ERR_UNAUTH && e != ERR_DENIED)
		event(event_of(FAMILY_LOGINS, e), NULL);
	return e;
}
