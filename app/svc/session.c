/*
 * Sessions and bearer tokens.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/revoked.h"
#include "crypto/token_cache.h"
#include "crypto/random.h"
#include "db/revoked.h"
#include "db/session.h"
#include "db/user.h"
#include "lib/address.h"
#include "lib/text.h"
#include "stats/event.h"
#include "svc/session.h"
#include "svc/unsettled.h"

/* For what had ended before the service began; then revocation_stale counts. */
#define FIRST_READ_MS 3000

/* A token, found in the cache or verified. */
static enum err
read_token(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	const struct token_clock clock = {
		.now_s = c->now_s,
		.leeway_s = c->app->conf->token_leeway_s,
		.life_s = c->app->conf->access_token_minutes * 60,
		.audience = audience,
	};
	unsigned char digest[TOKEN_DIGEST_BYTES];
	/* the cache is for the audience of the settings */
	bool keep = audience == NULL && c->app->tokens != NULL &&
	            token_cache_digest(c->app->tokens, token, digest);
	enum err e;

	if (keep && token_cache_find(c->app->tokens, digest, &clock, out))
		return ERR_OK;
	event(EVENT_TOKEN_VERIFIED, NULL);
	e = token_check(c->app->keyring, token, &clock, c->arena, out);
	if (e == ERR_OK && keep)
		token_cache_add(c->app->tokens, digest, out);
	return e;
}

/*
 * Has it ended, as far as this machine knows? A plain token that names no
 * account ends with its key.
 */
static enum revoked
find_revoked(const struct token_claims *claims)
{
	enum revoked r = REVOKED_NO;

	if (claims->uid != 0)
		r = revoked_user(claims->uid, claims->epoch);
	else if (token_is_client(claims) && claims->epoch < revoked_everybody())
		r = REVOKED_YES;
	if (r == REVOKED_NO && claims->sid != NULL)
		r = revoked_session(text_hex_value(claims->sid, 16));
	if (r == REVOKED_YES)
		event(EVENT_REVOKED, NULL);
	return r;
}

/* Asked each time, also of a token that was found in the cache. */
enum err
session_check_revoked(struct ctx *c, const struct token_claims *claims)
{
	enum revoked r;

	revoked_await(FIRST_READ_MS);
	if ((r = find_revoked(claims)) == REVOKED_YES)
		return ERR_UNAUTH;
	if (c->app->conf->revocation_stale_accepted ||
	    (r == REVOKED_NO && !revoked_is_stale()))
		return ERR_OK;
	return ERR_BUSY;
}

enum err
session_check_known(const struct token_claims *claims)
{
	return find_revoked(claims) == REVOKED_YES ? ERR_UNAUTH : ERR_OK;
}

/* Whether it has ended before its time is not asked. */
static enum err
read_claims(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	enum err e = read_token(c, token, audience, out);

	/* a date may have passed since the token was first seen */
	if (e == ERR_OK && out->is_plain &&
	    c->now_s >= c->app->conf->plain_until_s)
		return ERR_UNAUTH;
	return e;
}

enum err
session_any_claims(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	enum err e = read_claims(c, token, audience, out);

	return e == ERR_OK ? session_check_revoked(c, out) : e;
}

enum err
session_known_claims(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	enum err e = read_claims(c, token, audience, out);

	return e == ERR_OK ? session_check_known(out) : e;
}

enum err
session_claims(struct ctx *c, const char *token, struct token_claims *out)
{
	enum err e = session_any_claims(c, token, NULL, out);

	return e == ERR_OK && token_is_client(out) ? ERR_UNAUTH : e;
}

enum err
session_account(
    struct ctx *c, const struct token_claims *claims, struct user *out)
{
	/* the session of a plain token is not one of these */
	const char *sid = claims->is_plain ? NULL : claims->sid;
	enum err e = db_user_of_session(c, claims->sub, sid, out);

	if (e != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	/*
	 * A name that was freed and taken again is another account. And an
	 * epoch ahead of the account's comes from a database that has been
	 * replaced by an older copy: later logins may reach the same number.
	 */
	if (!out->is_active || (claims->uid != 0 && claims->uid != out->id) ||
	    claims->epoch != out->epoch)
		return ERR_UNAUTH;
	return ERR_OK;
}

enum err
session_user(struct ctx *c, const char *token, struct token_claims *claims,
    struct user *out)
{
	enum err e = session_known_claims(c, token, NULL, claims);

	if (e == ERR_OK && token_is_client(claims))
		return ERR_UNAUTH;
	return e == ERR_OK ? session_account(c, claims, out) : e;
}

/* An account that is gone, as it was. */
static enum err
find_deleted(struct ctx *c, const struct token_claims *claims, struct user *out)
{
	struct unsettled was;

	if (!unsettled_find(c->arena,
	        &(struct unsettled){ .kind = UNSETTLED_DELETION,
	            .user_id = claims->uid,
	            .epoch = claims->epoch,
	            .username = claims->sub },
	        &was))
		return ERR_UNAUTH;
	*out = (struct user){
		.id = was.user_id,
		.username = was.username,
		.fullname = was.fullname,
		.password_hash = was.hash,
		.is_active = true,
		.epoch = was.epoch,
	};
	return ERR_OK;
}

/* One that has the hash of an unsettled change. */
static enum err
find_changed(
    struct ctx *c, const struct token_claims *claims, const struct user *u)
{
	if (u->is_active && u->password_hash != NULL &&
	    unsettled_find(c->arena,
	        &(struct unsettled){ .kind = UNSETTLED_CHANGE,
	            .user_id = u->id,
	            .epoch = claims->epoch,
	            .hash = u->password_hash },
	        NULL))
		return ERR_OK;
	return ERR_UNAUTH;
}

enum err
session_account_before(
    struct ctx *c, const struct token_claims *claims, struct user *out)
{
	enum err e;

	/* its session may have been ended by itself */
	if (claims->is_plain || claims->uid == 0 ||
	    (claims->sid != NULL && revoked_session(text_hex_value(
	                                claims->sid, 16)) == REVOKED_YES))
		return ERR_UNAUTH;
	e = db_user_by_name(c, claims->sub, out);
	if (e == ERR_NOTFOUND || (e == ERR_OK && out->id != claims->uid))
		return find_deleted(c, claims, out);
	return e == ERR_OK ? find_changed(c, claims, out) : e;
}

enum err
session_user_before(struct ctx *c, const char *token,
    struct token_claims *claims, struct user *out)
{
	enum err e = read_token(c, token, NULL, claims);

	return e == ERR_OK ? session_account_before(c, claims, out) : e;
}

int64_t
session_life_s(const struct conf *conf)
{
	int64_t minutes = conf->access_token_minutes;

	if (minutes < conf->session_proof_minutes)
		minutes = conf->session_proof_minutes;
	return minutes * 60 + conf->token_leeway_s;
}

/* --- sessions --- */

/*
 * The User-Agent as it is kept: without control characters, cut between two
 * characters. NULL: it is none, or no UTF-8.
 */
static const char *
cut_agent(struct ctx *c)
{
	size_t n = c->agent != NULL ? strlen(c->agent) : 0;
	char *agent;
	size_t i, kept = 0;

	if (n == 0 || !text_is_utf8(c->agent, n))
		return NULL;
	agent = arena_strndup(c->arena, c->agent, n);
	for (i = 0; i < n; i++)
		if ((unsigned char)agent[i] >= 0x20 && agent[i] != 0x7f)
			agent[kept++] = agent[i];
	if (kept > SESSION_AGENT_BYTES) {
		kept = SESSION_AGENT_BYTES;
		while (((unsigned char)agent[kept] & 0xc0) == 0x80)
			kept--;
	}
	agent[kept] = '\0';
	return kept > 0 ? agent : NULL;
}

enum err
session_start(struct ctx *c, const struct user *u, struct session *s)
{
	char *id = arena_alloc(c->arena, SESSION_ID_CHARS + 1);
	char network[ADDRESS_BYTES];

	random_id(id);
	s->id = id;
	s->user_id = u->id;
	s->epoch = u->epoch;
	s->address = address_block(c->address, network) ? c->address : NULL;
	s->agent = cut_agent(c);
	return db_session_insert(c, s);
}

enum err
session_list(
    struct ctx *c, const struct user *u, const struct session **out, size_t *n)
{
	struct session *all =
	    arena_alloc(c->arena, SESSIONS_OF_USER * sizeof(*all));

	*out = all;
	return db_session_list(c, u, all, n);
}

static bool
is_id(const char *id)
{
	return strlen(id) == SESSION_ID_CHARS &&
	       strspn(id, "0123456789abcdef") == SESSION_ID_CHARS;
}

enum err
session_find(struct ctx *c, const struct user *u, const char *id,
    const char **expires_at)
{
	return db_session_find(c, id, u->id, expires_at);
}

enum err
session_end(struct ctx *c, const struct user *u, const char *id)
{
	enum err e;

	if (!is_id(id))
		return ERR_NOTFOUND;
	if ((e = db_session_end(c, u->id, id)) == ERR_OK)
		event(EVENT_SESSION_ENDED, "user=%" PRId64, u->id);
	return e;
}

enum err
session_end_others(struct ctx *c, const struct user *u, const char *id)
{
	enum err e = db_session_end_others(c, u->id, id);

	if (e == ERR_OK)
		event(EVENT_SESSIONS_ENDED, "user=%" PRId64, u->id);
	return e;
}

enum err
session_end_any(struct ctx *c, const char *id)
{
	return is_id(id) ? db_session_end(c, 0, id) : ERR_NOTFOUND;
}

enum err
session_end_all(struct ctx *c)
{
	return db_revoked_end_all(c);
}

enum err
session_size(struct ctx *c, struct session_size *out)
{
	return db_session_size(c, out);
}
