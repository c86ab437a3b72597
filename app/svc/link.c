/*
 * Links to sign up, or to set a new password.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/random.h"
#include "db/link.h"
#include "db/user.h"
#include "lib/text.h"
#include "stats/event.h"
#include "svc/link.h"
#include "svc/ratelimit.h"

static const char *const kinds[] = {
	[LINK_INVITE] = "invite",
	[LINK_RESET] = "reset",
};

/* ERR_NOTFOUND: what is no token has no link. */
static enum err
key_of(enum link kind, const char *token, struct link_key *out)
{
	if (token == NULL || strlen(token) != LINK_TOKEN_CHARS)
		return ERR_NOTFOUND;
	out->kind = kinds[kind];
	return mac_sha256(token, LINK_TOKEN_CHARS, out->hash) ? ERR_OK
	                                                      : ERR_INTERNAL;
}

enum err
link_make(struct ctx *c, enum link kind, const struct user *u, int64_t hours,
    const char **token)
{
	unsigned char bytes[32];
	char *text = arena_alloc(c->arena, TEXT_BASE64URL_BYTES(sizeof(bytes)));
	struct link_key key;
	enum err e;

	random_bytes(bytes, sizeof(bytes));
	text_base64url(bytes, sizeof(bytes), text);
	explicit_bzero(bytes, sizeof(bytes));
	*token = text;
	if ((e = key_of(kind, text, &key)) != ERR_OK)
		return e;
	return db_link_insert(c, &key, u, hours);
}

enum err
link_find(struct ctx *c, enum link kind, const char *token, struct user *out)
{
	struct link_key key;
	enum err e = key_of(kind, token, &key);

	return e == ERR_OK ? db_link_find(c, &key, out) : e;
}

enum err
link_spend(struct ctx *c, enum link kind, const char *token)
{
	struct link_key key;
	enum err e = key_of(kind, token, &key);

	return e == ERR_OK ? db_link_spend(c, &key) : e;
}

/* A step of a transaction. */
struct reset {
	struct ctx *c;
	const char *token, *hash;
	const struct user *u;
};

static enum err
spend_and_change(void *of)
{
	const struct reset *r = of;
	enum err e = link_spend(r->c, LINK_RESET, r->token);

	if (e != ERR_OK)
		return e;
	return db_user_change_password(
	    r->c, r->u, r->hash, PASSWORD_BY_OPERATOR, NULL);
}

static enum err
reset(struct ctx *c, struct reset *r, const char *password,
    enum password_problem *why)
{
	char hash[PASSWORD_HASH_BYTES];
	enum err e;

	if ((e = password_judge(c, r->u->username, password, why)) != ERR_OK)
		return e;
	if (*why != PASSWORD_GOOD)
		return ERR_INVALID;
	if ((e = password_hash(c, password, hash)) != ERR_OK)
		return e;
	r->hash = hash;
	return db_transaction(c->app->db, c->arena, spend_and_change, r);
}

enum err
link_reset(struct ctx *c, const char *token, const char *password,
    enum password_problem *why, struct user *out)
{
	struct reset r = { .c = c, .token = token, .u = out };
	enum err e;

	*why = PASSWORD_GOOD;
	if ((e = link_find(c, LINK_RESET, token, out)) != ERR_OK ||
	    (e = reset(c, &r, password, why)) != ERR_OK)
		return e;
	event(EVENT_RESET, "user=%" PRId64, out->id);
	/* the password is set, whatever comes of this, which is logged */
	e = ratelimit_unlock(c, out->username);
	(void)e;
	return ERR_OK;
}
