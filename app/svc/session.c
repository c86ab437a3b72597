/*
 * Bearer-token authentication.
 */
#include "base.h"

#include "crypto/token_cache.h"
#include "db/user.h"
#include "stats/event.h"
#include "svc/session.h"

/* A token, found in the cache or verified. */
static enum err
read_token(struct ctx *c, const char *token, struct token_claims *out)
{
	const struct token_clock clock = {
		.now_s = c->now_s,
		.leeway_s = c->app->conf->token_leeway_s,
		.life_s = c->app->conf->access_token_minutes * 60,
	};
	unsigned char digest[TOKEN_DIGEST_BYTES];
	bool keep = c->app->tokens != NULL && token_cache_digest(token, digest);
	enum err e;

	if (keep && token_cache_find(c->app->tokens, digest, &clock, out))
		return ERR_OK;
	event(EVENT_TOKEN_VERIFIED, NULL);
	e = token_check(c->app->keyring, token, &clock, c->arena, out);
	if (e == ERR_OK && keep)
		token_cache_add(c->app->tokens, digest, out);
	return e;
}

enum err
session_claims(struct ctx *c, const char *token, struct token_claims *out)
{
	enum err e = read_token(c, token, out);

	/* a date may have passed since the token was first seen */
	if (e == ERR_OK && out->is_plain &&
	    c->now_s >= c->app->conf->plain_until_s)
		return ERR_UNAUTH;
	return e;
}

enum err
session_user(struct ctx *c, const char *token, struct user *out)
{
	struct token_claims claims;
	enum err e;

	if ((e = session_claims(c, token, &claims)) != ERR_OK)
		return e;
	e = db_user_by_name(c, claims.sub, out);
	if (e != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	/*
	 * A name that was freed and taken again is another account. And an
	 * epoch ahead of the account's comes from a database that has been
	 * replaced by an older copy: later logins may reach the same number.
	 */
	if (!out->is_active || (claims.uid != 0 && claims.uid != out->id) ||
	    claims.epoch != out->epoch)
		return ERR_UNAUTH;
	return ERR_OK;
}

int64_t
session_life_s(const struct ctx *c)
{
	const struct conf *conf = c->app->conf;

	return conf->access_token_minutes * 60 + conf->token_leeway_s;
}
