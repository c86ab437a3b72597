/*
 * Who is asking.
 */
#include "base.h"

#include "svc_session.h"

enum err
session_claims(struct ctx *c, const char *token, struct token_claims *out)
{
	const struct token_clock clock = { c->now_s, c->conf->token_leeway_s };

	return token_check(c->key, token, &clock, c->arena, out);
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
	/* a name that was freed and taken again is another account */
	if (!out->is_active || (claims.uid != 0 && claims.uid != out->id))
		return ERR_UNAUTH;
	return ERR_OK;
}
