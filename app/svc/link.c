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
#include "svc/unsettled.h"

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

/* By what a repeat finds the reset of a link again: a text of its hash. */
static const char *
note_of(struct ctx *c, const char *token)
{
	char *out = arena_alloc(c->arena, TEXT_BASE64URL_BYTES(MAC_BYTES));
	struct link_key key;

	if (key_of(LINK_RESET, token, &key) != ERR_OK)
		return NULL;
	text_base64url(key.hash, MAC_BYTES, out);
	return out;
}

/* The connection was lost while it was committed: is the hash there now? */
static enum err
settle(const struct reset *r)
{
	struct user stored;

	if (password_settle(r->c, r->u->username, r->hash, &stored) != ERR_OK ||
	    stored.id != r->u->id)
		return ERR_BUSY;
	return ERR_OK;
}

/* Noted before, so that a repeat knows it by its link. */
static enum err
write_hash(struct reset *r)
{
	struct db *db = r->c->app->db;
	struct unsettled_entry *entry =
	    unsettled_begin(&(struct unsettled){ .kind = UNSETTLED_RESET,
	        .user_id = r->u->id,
	        .username = note_of(r->c, r->token),
	        .fullname = r->u->username,
	        .hash = r->hash });
	enum err e = db_transaction(db, r->c->arena, spend_and_change, r);

	if (e == ERR_BUSY && db_is_in_doubt(db))
		e = settle(r);
	else if (e == ERR_BUSY)
		unsettled_drop(entry);
	unsettled_end(r->c->arena, entry, e);
	return e;
}

/*
 * The link does not work. ERR_OK: it was spent by this very reset, which was
 * made a moment ago and got no answer.
 */
static enum err
find_repeated(
    struct ctx *c, const char *token, const char *password, struct user *out)
{
	const struct unsettled like = { .kind = UNSETTLED_RESET,
		.username = note_of(c, token) };
	struct unsettled was;
	enum err e;

	if (like.username == NULL || !unsettled_find(c->arena, &like, &was))
		return ERR_NOTFOUND;
	if ((e = db_user_by_name(c, was.fullname, out)) != ERR_OK)
		return e;
	if (out->id != was.user_id || !out->is_active ||
	    out->password_hash == NULL ||
	    strcmp(out->password_hash, was.hash) != 0)
		return ERR_NOTFOUND;
	e = password_confirm(c, out, "", password);
	return e == ERR_DENIED ? ERR_NOTFOUND : e;
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
	return write_hash(r);
}

enum err
link_reset(struct ctx *c, const char *token, const char *password,
    enum password_problem *why, struct user *out)
{
	struct reset r = { .c = c, .token = token, .u = out };
	enum err e;

	*why = PASSWORD_GOOD;
	e = link_find(c, LINK_RESET, token, out);
	if (e == ERR_OK)
		e = reset(c, &r, password, why);
	else if (e == ERR_NOTFOUND)
		e = find_repeated(c, token, password, out);
	if (e != ERR_OK)
		return e;
	event(EVENT_RESET, "user=%" PRId64, out->id);
	/* the password is set, whatever comes of this, which is logged */
	e = ratelimit_unlock(c, out->username);
	(void)e;
	return ERR_OK;
}
