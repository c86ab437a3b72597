/*
 * Clients: programs that ask for tokens, each by its own secret.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/mac.h"
#include "crypto/random.h"
#include "crypto/revoked.h"
#include "db/client.h"
#include "lib/clock.h"
#include "lib/scope.h"
#include "lib/text.h"
#include "stats/event.h"
#include "svc/client.h"

#define KEEP_MS 1000
#define SECRET_BYTES 32
#define DIGEST_CHARS 64

static const char grant_names[] = "client_credentials password refresh_token";

/* /token has given its grants to everybody since before there were clients. */
static const struct client first_party = {
	.id = CLIENT_FIRST_PARTY,
	.name = "built in",
	.grants = "password refresh_token",
	.scopes = "",
	.is_enabled = true,
};

static bool
is_first_party(const char *id)
{
	return strcmp(id, CLIENT_FIRST_PARTY) == 0;
}

/* --- what is kept for a second --- */

static size_t
place_of(const char *id)
{
	size_t place = 0;

	for (; *id != '\0'; id++)
		place = place * 31 + (unsigned char)*id;
	return place % CLIENT_KEPT;
}

static bool
is_recent(int64_t read_ms)
{
	return read_ms != 0 && clock_ms() - read_ms < KEEP_MS;
}

/* NULL: none. */
static const char *
copy(struct ctx *c, const char *s)
{
	return *s != '\0' ? arena_strndup(c->arena, s, strlen(s)) : NULL;
}

/* False: it is not kept, or for too long. */
static bool
find_kept(struct ctx *c, const char *id, struct client *out)
{
	const struct client_kept *k = &c->app->clients->kept[place_of(id)];

	if (!is_recent(k->read_ms) || strcmp(k->id, id) != 0)
		return false;
	*out = (struct client){
		.number = k->number,
		.id = copy(c, k->id),
		.secret = copy(c, k->secret),
		.old_secret = copy(c, k->old_secret),
		.grants = copy(c, k->grants),
		.scopes = copy(c, k->scopes),
		.audience = copy(c, k->audience),
		.epoch = k->epoch,
		.is_enabled = k->is_enabled,
	};
	if (out->scopes == NULL)
		out->scopes = "";
	return true;
}

/* The table allows no longer texts than fit. */
static void
keep(const struct ctx *c, const struct client *client, int64_t asked_ms)
{
	struct client_kept *k = &c->app->clients->kept[place_of(client->id)];

	*k = (struct client_kept){
		.read_ms = asked_ms,
		.number = client->number,
		.epoch = client->epoch,
		.is_enabled = client->is_enabled,
	};
	snprintf(k->id, sizeof(k->id), "%s", client->id);
	snprintf(k->secret, sizeof(k->secret), "%s", client->secret);
	snprintf(k->grants, sizeof(k->grants), "%s", client->grants);
	snprintf(k->scopes, sizeof(k->scopes), "%s", client->scopes);
	if (client->old_secret != NULL)
		snprintf(k->old_secret, sizeof(k->old_secret), "%s",
		    client->old_secret);
	if (client->audience != NULL)
		snprintf(
		    k->audience, sizeof(k->audience), "%s", client->audience);
}

/*
 * That there is none is kept as well, apart from those that there are: or the
 * time of a second answer would show which ids clients have.
 */
static bool
is_kept_none(const struct ctx *c, const char *id)
{
	const struct client_none *n = &c->app->clients->none[place_of(id)];

	return is_recent(n->read_ms) && strcmp(n->id, id) == 0;
}

static void
keep_none(const struct ctx *c, const char *id, int64_t asked_ms)
{
	struct client_none *n = &c->app->clients->none[place_of(id)];

	n->read_ms = asked_ms;
	snprintf(n->id, sizeof(n->id), "%s", id);
}

static enum err
find(struct ctx *c, const char *id, struct client *out)
{
	int64_t asked_ms = clock_ms();
	enum err e;

	if (strlen(id) > CLIENT_ID_MAX || is_kept_none(c, id))
		return ERR_NOTFOUND;
	if (find_kept(c, id, out))
		return ERR_OK;
	if ((e = db_client_find(c, id, out)) == ERR_OK)
		keep(c, out, asked_ms);
	else if (e == ERR_NOTFOUND)
		keep_none(c, id, asked_ms);
	return e;
}

/* --- authentication --- */

/* A secret is random, so that a plain hash of it reveals nothing. */
static bool
digest(const char *secret, char out[DIGEST_CHARS + 1])
{
	unsigned char bytes[MAC_BYTES];
	size_t i;

	if (!mac_sha256(secret, strlen(secret), bytes))
		return false;
	for (i = 0; i < MAC_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static bool
is_digest(const char *stored, const char given[DIGEST_CHARS + 1])
{
	return stored != NULL && strlen(stored) == DIGEST_CHARS &&
	       mac_equal(stored, given, DIGEST_CHARS);
}

/* The built-in client, which has no secret to send. */
static enum err
take_first_party(const struct client_login *login, struct client *out)
{
	*out = first_party;
	return login->secret == NULL || *login->secret == '\0' ? ERR_OK
	                                                       : ERR_UNAUTH;
}

static enum err
authenticate(
    struct ctx *c, const struct client_login *login, struct client *out)
{
	char given[DIGEST_CHARS + 1];
	enum err e;

	if (login->id == NULL || is_first_party(login->id))
		return take_first_party(login, out);
	if (login->secret == NULL)
		return ERR_UNAUTH;
	if (!digest(login->secret, given))
		return ERR_INTERNAL;
	if ((e = find(c, login->id, out)) != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	return out->is_enabled && (is_digest(out->secret, given) ||
	                              is_digest(out->old_secret, given))
	           ? ERR_OK
	           : ERR_UNAUTH;
}

enum err
client_authenticate(
    struct ctx *c, const struct client_login *login, struct client *out)
{
	enum err e = authenticate(c, login, out);

	if (e == ERR_UNAUTH)
		event(EVENT_CLIENT_REFUSED, NULL);
	return e;
}

bool
client_has_grant(const struct client *client, const char *grant)
{
	return scope_has(client->grants, grant);
}

bool
client_owns(const struct client *client, const struct token_claims *claims)
{
	const char *id =
	    claims->client_id != NULL ? claims->client_id : CLIENT_FIRST_PARTY;

	return strcmp(id, client->id) == 0;
}

/* --- scopes and tokens --- */

const char *
client_limit(const struct client *client)
{
	return is_first_party(client->id) ? NULL : client->scopes;
}

enum err
client_scope(const struct client *client, const char *wanted, const char **out)
{
	if (wanted != NULL &&
	    (!scope_is_list(wanted) || !scope_has_all(client->scopes, wanted)))
		return ERR_DENIED;
	*out = wanted != NULL ? wanted : client->scopes;
	if (**out == '\0')
		*out = NULL;
	return ERR_OK;
}

enum err
client_user_scope(
    const struct client *client, const char *wanted, bool *offline)
{
	*offline = scope_has(wanted, SCOPE_OFFLINE);
	if (wanted == NULL)
		return ERR_OK;
	if (!scope_is_list(wanted) ||
	    (*offline && !client_has_grant(client, "refresh_token")))
		return ERR_DENIED;
	return client_limit(client) == NULL ||
	               scope_has_all_but(client->scopes, wanted, SCOPE_OFFLINE)
	           ? ERR_OK
	           : ERR_DENIED;
}

enum err
client_token(struct ctx *c, const struct client *client, const char *scope,
    struct client_token *out)
{
	char sid[TOKEN_SID_CHARS + 1];
	struct token_claims claims = {
		.sub = client->id,
		.sid = sid,
		.client_id = client->id,
		.scope = scope,
		.audience = client->audience,
		.epoch = client->epoch,
	};
	enum err e;

	/* which may have risen since the client was read and kept */
	if (claims.epoch < revoked_everybody())
		claims.epoch = revoked_everybody();
	random_id(sid);
	out->life_s = c->app->conf->access_token_minutes * 60;
	claims.exp = c->now_s + out->life_s;
	e = token_sign(
	    c->app->keyring, &claims, c->now_s, c->arena, &out->token);
	if (e == ERR_OK)
		event(EVENT_CLIENT_TOKEN, "client=%d", (int)client->number);
	return e;
}

/* --- for their operator --- */

/* A secret and its digest. Both live in the arena, which wipes them. */
static enum err
make_secret(struct ctx *c, const char **secret, const char **its_digest)
{
	unsigned char bytes[SECRET_BYTES];
	char *text = arena_alloc(c->arena, TEXT_BASE64URL_BYTES(SECRET_BYTES));
	char *hash = arena_alloc(c->arena, DIGEST_CHARS + 1);

	random_bytes(bytes, sizeof(bytes));
	text_base64url(bytes, sizeof(bytes), text);
	explicit_bzero(bytes, sizeof(bytes));
	*secret = text;
	*its_digest = hash;
	return digest(text, hash) ? ERR_OK : ERR_INTERNAL;
}

static bool
is_id(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                     "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n <= CLIENT_ID_MAX && s[n] == '\0';
}

/* A text of 1 to max bytes of UTF-8. */
static bool
is_text(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && text_is_utf8(s, n);
}

static enum client_problem
find_problem(const struct client *new)
{
	if (!is_id(new->id))
		return CLIENT_BAD_ID;
	if (new->name != NULL && !is_text(new->name, CLIENT_NAME_MAX_BYTES))
		return CLIENT_BAD_NAME;
	if (!scope_is_list(new->grants) ||
	    strlen(new->grants) > CLIENT_GRANTS_MAX_BYTES ||
	    !scope_has_all(grant_names, new->grants))
		return CLIENT_BAD_GRANT;
	if (*new->scopes != '\0' &&
	    (!scope_is_list(new->scopes) ||
	        strlen(new->scopes) > CLIENT_SCOPES_MAX_BYTES ||
	        scope_has(new->scopes, SCOPE_OFFLINE)))
		return CLIENT_BAD_SCOPE;
	if (new->audience != NULL &&
	    !is_text(new->audience, CLIENT_AUDIENCE_MAX_BYTES))
		return CLIENT_BAD_AUDIENCE;
	return CLIENT_GOOD;
}

enum err
client_add(struct ctx *c, const struct client *new, enum client_problem *why,
    const char **secret)
{
	struct client made = *new;
	enum err e;

	if ((*why = find_problem(new)) != CLIENT_GOOD)
		return ERR_INVALID;
	if (is_first_party(new->id))
		return ERR_CONFLICT;
	if ((e = make_secret(c, secret, &made.secret)) != ERR_OK)
		return e;
	return db_client_insert(c, &made);
}

enum err
client_list(struct ctx *c, const struct client **out, size_t *n)
{
	const struct client *others;
	struct client *all;
	enum err e;

	if ((e = db_client_list(c, &others, n)) != ERR_OK)
		return e;
	all = arena_alloc(c->arena, (*n + 1) * sizeof(*all));
	all[0] = first_party;
	memcpy(all + 1, others, *n * sizeof(*all));
	*out = all;
	++*n;
	return ERR_OK;
}

enum err
client_show(struct ctx *c, const char *id, struct client *out)
{
	if (!is_first_party(id))
		return db_client_find(c, id, out);
	*out = first_party;
	return ERR_OK;
}

enum err
client_enable(struct ctx *c, const char *id, bool on)
{
	if (is_first_party(id))
		return ERR_DENIED;
	return db_client_enable(c, id, on);
}

enum err
client_rotate(struct ctx *c, const char *id, bool at_once, const char **secret)
{
	const char *its_digest;
	struct client found;
	enum err e;

	if (is_first_party(id))
		return ERR_DENIED;
	if ((e = db_client_find(c, id, &found)) != ERR_OK ||
	    (e = make_secret(c, secret, &its_digest)) != ERR_OK)
		return e;
	return db_client_rotate(
	    c, id, its_digest, at_once ? 0 : CLIENT_ROTATION_S);
}
