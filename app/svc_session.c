/*
 * Who is asking.
 */
#include "base.h"

#include "metrics.h"
#include "svc_session.h"

enum err
session_claims(struct ctx *c, const char *token, struct token_claims *out)
{
	const struct token_clock clock = { c->now_s, c->conf->token_leeway_s };
	unsigned char digest[TOKEN_DIGEST_BYTES];
	bool keep = c->tokens != NULL && token_digest(token, digest);
	enum err e;

	if (keep && token_cache_find(c->tokens, digest, &clock, out))
		return ERR_OK;
	metrics_add(METRIC_TOKEN_VERIFIED);
	e = token_check(c->key, token, &clock, c->arena, out);
	if (e == ERR_OK && keep)
		token_cache_add(c->tokens, digest, out);
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
	 * epoch that is ahead of the account's is that of a database which
	 * has been replaced by an older copy: who logs in after that may come
	 * to the same number.
	 */
	if (!out->is_active || (claims.uid != 0 && claims.uid != out->id) ||
	    claims.epoch != out->epoch)
		return ERR_UNAUTH;
	return ERR_OK;
}
