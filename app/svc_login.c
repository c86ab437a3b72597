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

enum err
login(struct ctx *c, const char *username, const char *password,
    const char **token)
{
	struct user u = { 0 };
	struct token_claims claims;
	const char *reason;
	bool matches;
	enum err e;

	e = db_user_by_name(c, username, &u);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	/* before anything is looked at, so that the time tells nothing */
	if (pwhash_check(c->conf->hash_cost, password, u.password, &matches) !=
	    ERR_OK)
		return ERR_BUSY;
	if (!matches || !u.is_active) {
		reason = e == ERR_NOTFOUND ? "unknown"
		         : !matches        ? "password"
		                           : "inactive";
		log_event(LOG_INFO, LOG_LOGIN_FAILED,
		    "user=%" PRId64 " reason=%s", u.id, reason);
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
