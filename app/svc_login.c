/*
 * Password login.
 */
#include "base.h"

#include <inttypes.h>

#include "db_user.h"
#include "log.h"
#include "pwhash.h"
#include "svc_login.h"

/* Make a weak hash anew. A failure costs nothing but the next attempt. */
static void
upgrade_hash(struct ctx *c, const struct user *u, const char *password)
{
	char hash[PWHASH_BYTES];

	if (!c->conf->hash_upgrade ||
	    !pwhash_is_weaker(u->password, c->conf->hash_cost) ||
	    pwhash_make(c->conf->hash_cost, password, hash) != ERR_OK)
		return;
	if (db_user_replace_hash(c, u, hash) == ERR_OK)
		log_event(LOG_INFO, LOG_HASH_UPGRADED, "user=%" PRId64, u->id);
}

/* Why a login failed, for the log alone. */
static const char *
reason_of(const struct ctx *c, const struct user *u, bool matches)
{
	if (u->username == NULL)
		return "unknown";
	if (!pwhash_is_usable(u->password, c->conf->hash_memory_max_mib))
		return "hash";
	return matches ? "inactive" : "password";
}

enum err
login(struct ctx *c, const char *username, const char *password,
    const char **token)
{
	struct user u = { 0 };
	struct token_claims claims;
	bool matches;
	enum err e;

	e = db_user_by_name(c, username, &u);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	/* before anything is looked at, so that the time tells nothing */
	e = pwhash_check(c->conf->hash_cost, c->conf->hash_memory_max_mib,
	    password, u.password, &matches);
	if (e != ERR_OK)
		return e;
	if (!matches || !u.is_active) {
		log_event(LOG_INFO, LOG_LOGIN_FAILED,
		    "user=%" PRId64 " reason=%s", u.id,
		    reason_of(c, &u, matches));
		return ERR_UNAUTH;
	}
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
