/*
 * Fuzz target of a token's claims, signed with the right key: crypto/token.c
 * accepts them only if another parser, http/json.c, finds the required ones,
 * with the same values. And crypto/token_cache.c, which then knows the token.
 * The input is the header, a newline, and the claims; http_header_bearer.c has
 * tokens that nobody can sign.
 */
#include "sign.h"

#include <inttypes.h>

#include "http/json.h"
#include "crypto/token_cache.h"

static const struct token_clock now = {
	.now_s = 1790000000, .leeway_s = 5, .life_s = 1800
};

/* The member's JSON text, or NULL: there is none. */
static const char *
member(struct arena *a, struct json object, const char *name)
{
	struct json v;
	struct buf b;

	if (!json_get(object, name, &v))
		return NULL;
	buf_init(&b, a);
	json_write(&b, v, NULL);
	return b.s;
}

static const char *
number(struct arena *a, int64_t v)
{
	struct buf b;

	buf_init(&b, a);
	buf_addf(&b, "%" PRId64, v);
	return b.s;
}

static struct json
parse(struct arena *a, const char *text, size_t n)
{
	struct json_error why;
	struct json v;

	/* for libjwt a text ends where a C string does */
	if (json_parse(a, text, strnlen(text, n), &v, &why) != ERR_OK)
		abort();
	assert(json_kind(v) == JSON_OBJECT);
	return v;
}

/* A time in JSON, without its fraction. */
static int64_t
whole(const char *json)
{
	return strpbrk(json, ".eE") != NULL ? (int64_t)strtod(json, NULL)
	                                    : strtoll(json, NULL, 10);
}

/* A token that is our own: not of later, and not for longer than those. */
static void
check_ours(struct arena *a, struct json claims, const struct token_claims *c)
{
	const char *ep = member(a, claims, "ep"),
	           *jti = member(a, claims, "jti");
	int64_t iat = whole(member(a, claims, "iat"));

	assert(iat <= now.now_s + now.leeway_s);
	assert(c->exp - iat <= now.life_s);
	assert(jti[0] == '"');
	assert(strcmp(ep != NULL ? ep : "0", number(a, c->epoch)) == 0);
}

/* What token_check() says it found. */
static void
check_claims(struct arena *a, struct json claims, const struct token_claims *c)
{
	const char *nbf = member(a, claims, "nbf");
	struct json sub, client;
	/* of a client itself */
	bool is_own = json_get(claims, "client_id", &client) &&
	              json_kind(client) == JSON_TEXT &&
	              strcmp(json_text(client, NULL), c->sub) == 0;

	assert(json_get(claims, "sub", &sub) && json_kind(sub) == JSON_TEXT);
	assert(strcmp(json_text(sub, NULL), c->sub) == 0);
	assert(whole(member(a, claims, "exp")) == c->exp);
	assert(c->exp > now.now_s - now.leeway_s);
	if (c->uid == 0)
		assert(member(a, claims, "uid") == NULL);
	else
		assert(
		    strcmp(member(a, claims, "uid"), number(a, c->uid)) == 0);
	assert(c->is_plain == ((member(a, claims, "uid") == NULL && !is_own) ||
	                          member(a, claims, "jti") == NULL ||
	                          member(a, claims, "iat") == NULL));
	if (c->is_plain)
		assert(c->client_id == NULL && c->scope == NULL);
	if (token_is_client(c))
		assert(c->sid != NULL && c->client_id != NULL &&
		       strcmp(c->sub, c->client_id) == 0);
	if (!c->is_plain)
		check_ours(a, claims, c);
	if (nbf != NULL)
		assert(whole(nbf) <= now.now_s + now.leeway_s);
}

static size_t
n_of(const char *s)
{
	return s != NULL ? strlen(s) : 0;
}

static void
check_cache(const char *token, const struct token_claims *c)
{
	static struct token_cache cache;
	const struct token_clock then = {
		.now_s = INT64_MAX - 5, .leeway_s = 5, .life_s = 1800
	};
	unsigned char digest[TOKEN_DIGEST_BYTES];
	struct token_claims found;

	if (!token_cache_digest(&cache, token, digest))
		return;
	token_cache_add(&cache, digest, c);
	if (token_cache_find(&cache, digest, &now, &found)) {
		assert(strcmp(found.sub, c->sub) == 0);
		assert(found.uid == c->uid && found.exp == c->exp &&
		       found.epoch == c->epoch &&
		       found.is_plain == c->is_plain);
	} else {
		assert(
		    strlen(c->sub) + n_of(c->client_id) + n_of(c->scope) + 3 >
		    TOKEN_CACHE_TEXT_BYTES);
	}
	if (c->exp < INT64_MAX - 10)
		assert(!token_cache_find(&cache, digest, &then, &found));
	digest[TOKEN_DIGEST_BYTES - 1] ^= 1;
	assert(!token_cache_find(&cache, digest, &now, &found));
}

/* The same where an issuer and an audience are set. */
static void
check_parties(struct arena *a, const char *token, const char *text, size_t n)
{
	struct keyring ring = *fuzz_keyring();
	struct token_claims c;
	struct json claims;

	ring.issuer = "i";
	ring.audience = "a";
	if (token_check(&ring, token, &now, a, &c) != ERR_OK)
		return;
	claims = parse(a, text, n);
	assert(strcmp(member(a, claims, "iss"), "\"i\"") == 0);
	assert(strstr(member(a, claims, "aud"), "\"a\"") != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *header = (const char *)data, *claims, *token;
	const uint8_t *newline = memchr(data, '\n', size);
	struct token_claims c;
	struct arena a;
	size_t n;
	enum err e;

	if (newline == NULL)
		return 0;
	n = (size_t)(newline - data);
	claims = header + n + 1;
	arena_init(&a);
	token = sign_token(&a, header, n, claims, size - n - 1);
	e = token_check(fuzz_keyring(), token, &now, &a, &c);
	assert(e == ERR_OK || e == ERR_UNAUTH);
	if (e == ERR_OK) {
		struct json h = parse(&a, header, n);

		assert(strlen(token) <= TOKEN_MAX_BYTES);
		assert(member(&a, h, "crit") == NULL);
		assert(strcasecmp(member(&a, h, "alg"), "\"HS256\"") == 0);
		check_claims(&a, parse(&a, claims, size - n - 1), &c);
		check_cache(token, &c);
	}
	check_parties(&a, token, claims, size - n - 1);
	arena_free(&a);
	return 0;
}
