/*
 * Password login.
 */
#include "base.h"

#include <inttypes.h>

#include "db_user.h"
#include "log.h"
#include "metrics.h"
#include "pwhash.h"
#include "svc_login.h"
#include "svc_password.h"

/* Make a stale hash anew. A failure costs nothing but the next attempt. */
static void
upgrade_hash(struct ctx *c, const struct user *u, const char *password)
{
	char hash[PASSWORD_HASH_BYTES];

	if (!c->conf->hash_upgrade ||
	    password_hash(c, password, hash) != ERR_OK)
		return;
	if (db_user_replace_hash(c, u, hash) == ERR_OK)
		log_event(LOG_INFO, LOG_HASH_UPGRADED, "user=%" PRId64, u->id);
}

/* Why a login failed, for the log and the figures alone. */
static enum metric
reason_of(const struct ctx *c, const struct user *u, bool matches)
{
	if (u->username == NULL)
		return METRIC_LOGIN_UNKNOWN;
	if (!pwhash_is_usable(u->password, c->conf->hash_memory_max_mib))
		return METRIC_LOGIN_HASH;
	return matches ? METRIC_LOGIN_INACTIVE : METRIC_LOGIN_PASSWORD;
}

static enum err
log_in(struct ctx *c, const char *username, const char *password,
    const char **token)
{
	struct user u = { 0 };
	struct token_claims claims;
	enum metric reason;
	bool matches, stale;
	enum err e;

	e = db_user_by_name(c, username, &u);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	/* before anything is looked at, so that the time tells nothing */
	e = password_check(c, password, u.password, &matches, &stale);
	if (e != ERR_OK)
		return e;
	if (!matches || !u.is_active) {
		reason = reason_of(c, &u, matches);
		metrics_add(reason);
		log_event(LOG_INFO, LOG_LOGIN_FAILED,
		    "user=%" PRId64 " reason=%s", u.id, metrics_label[reason]);
		return ERR_UNAUTH;
	}
	if (stale)
		upgrade_hash(c, &u, password);
	claims = (struct token_claims){
		.sub = u.username,
		.uid = u.id,
		.exp = c->now_s + c->conf->access_token_minutes * 60,
	};
	e = token_sign(c->key, &claims, c->now_s, c->arena, token);
	if (e == ERR_OK)
		log_event(LOG_INFO, LOG_LOGIN, "user=%" PRId64, u.id);
	return e;
}

enum err
login(struct ctx *c, const char *username, const char *password,
    const char **token)
{
	enum err e = log_in(c, username, password, token);

	if (e == ERR_OK)
		metrics_add(METRIC_LOGIN_OK);
	else if (e != ERR_UNAUTH) /* why, has been counted */
		metrics_add(
		    e == ERR_BUSY ? METRIC_LOGIN_BUSY : METRIC_LOGIN_FAILED);
	return e;
}
