/*
 * Access tokens: JSON Web Tokens, signed and verified.
 *
 * The signature is checked here, before libjwt and the JSON library that it
 * brings see a byte: nobody without the key reaches them. They only read what
 * was signed; algorithm and times are checked here as well.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "crypto/random.h"
#include "crypto/token.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "stats/event.h"

#define MAC_CHARS 43 /* 32 bytes in base64url */
#define SIGNATURE_MAX_CHARS (TEXT_BASE64URL_BYTES(JWS_SIGNATURE_MAX_BYTES) - 1)

static void
free_jwt(void *jwt)
{
	jwt_free(jwt);
}

/* A claim that is a text, unless that is NULL or empty. */
static bool
add_text(jwt_t *jwt, const char *claim, const char *text)
{
	return text == NULL || *text == '\0' ||
	       jwt_add_grant(jwt, claim, text) == 0;
}

bool
token_is_client(const struct token_claims *c)
{
	return c->client_id != NULL && c->uid == 0;
}

/* Of no user, so that there is no uid. */
static bool
is_own_of_client(const struct token_claims *c)
{
	return c->uid == 0 && c->client_id != NULL &&
	       strcmp(c->client_id, c->sub) == 0;
}

/* The claims in JSON; the caller frees them. NULL: libjwt could not. */
static char *
write_claims(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a)
{
	jwt_t *jwt = NULL;
	char jti[33];

	if (jwt_new(&jwt) != 0)
		return NULL;
	arena_defer(a, free_jwt, jwt);
	random_id(jti);
	/*
	 * jwt_add_grant() leaves a claim out when its text is not UTF-8, and
	 * the token would be signed without it.
	 */
	if (jwt_add_grant(jwt, "sub", c->sub) != 0 ||
	    jwt_add_grant_int(jwt, "exp", c->exp) != 0 ||
	    jwt_add_grant_int(jwt, "iat", now_s) != 0 ||
	    jwt_add_grant(jwt, "jti", jti) != 0 ||
	    (!is_own_of_client(c) &&
	        jwt_add_grant_int(jwt, "uid", c->uid) != 0) ||
	    (c->epoch != 0 && jwt_add_grant_int(jwt, "ep", c->epoch) != 0) ||
	    !add_text(jwt, "sid", c->sid) ||
	    !add_text(jwt, "client_id", c->client_id) ||
	    !add_text(jwt, "scope", c->scope) ||
	    !add_text(jwt, "iss", ring->issuer) ||
	    !add_text(
	        jwt, "aud", c->audience != NULL ? c->audience : ring->audience))
		return NULL;
	return jwt_get_grants_json(jwt, NULL);
}

/* The token: header, claims and signature in base64url, with dots between. */
static enum err
sign_claims(const struct key *key, const struct key_header *header,
    const char *claims, struct arena *a, const char **out)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	size_t n = strlen(claims), signature_n;
	char *token =
	    arena_alloc(a, header->len + TEXT_BASE64URL_BYTES(n) +
	                       TEXT_BASE64URL_BYTES(sizeof(signature)));
	char *p = token + header->len;

	memcpy(token, header->text, header->len);
	p += text_base64url(claims, n, p);
	if (!key_sign(key, token, (size_t)(p - token), signature, &signature_n))
		return ERR_INTERNAL;
	*p++ = '.';
	text_base64url(signature, signature_n, p);
	*out = token;
	return ERR_OK;
}

enum err
token_sign(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out)
{
	const struct key *key = keyring_active(ring, now_s);
	char *claims = write_claims(ring, c, now_s, a);
	enum err e = ERR_INTERNAL;

	if (claims != NULL)
		e = sign_claims(key,
		    &key->header[c->client_id != NULL ? KEY_TYP_ACCESS_TOKEN
		                                      : KEY_TYP_JWT],
		    claims, a, out);
	free(claims);
	if (e != ERR_OK)
		event_library_failed("token_sign");
	return memory_err(e);
}

/*
 * Are these n characters the canonical base64url form of some bytes? Those go
 * to out, which has room for them; if it is NULL they have to be text without a
 * NUL. libjwt would ignore leftover bits at the end, and everything after a
 * NUL.
 */
static bool
read_base64url(const char *s, size_t n, unsigned char *out)
{
	unsigned bits = 0, left = 0; /* read, and not yet part of a byte */
	size_t i;
	int six;

	for (i = 0; i < n; i++) {
		if ((six = text_base64url_bits(s[i])) < 0)
			return false;
		bits = bits << 6 | (unsigned)six;
		left += 6;
		if (left < 8)
			continue;
		left -= 8;
		if (out != NULL)
			*out++ = (unsigned char)(bits >> left);
		else if (bits >> left == 0)
			return false;
		bits &= (1U << left) - 1;
	}
	return n > 0 && left < 6 && bits == 0;
}

/* A token's parts. */
struct parts {
	size_t header_len; /* with its dot */
	size_t signed_len; /* header, dot and claims */
	const char *signature;
	size_t signature_len;
};

/* Header, claims and signature, in base64url. */
static bool
has_token_form(const char *token, struct parts *out)
{
	const char *claims;
	size_t head, body, n = strnlen(token, TOKEN_MAX_BYTES + 1);

	if (n > TOKEN_MAX_BYTES)
		return false;
	head = strcspn(token, ".");
	claims = token + head + (token[head] == '.');
	body = strcspn(claims, ".");
	out->header_len = (size_t)(claims - token);
	out->signed_len = (size_t)(claims + body - token);
	out->signature = claims + body + (claims[body] == '.');
	out->signature_len = (size_t)(token + n - out->signature);
	return read_base64url(token, head, NULL) &&
	       read_base64url(claims, body, NULL);
}

/* Is it signed by this key of HS256? */
static enum err
check_mac(const struct key *key, const char *token, const struct parts *parts)
{
	unsigned char signature[MAC_BYTES];

	if (parts->signature_len != MAC_CHARS ||
	    !read_base64url(parts->signature, MAC_CHARS, signature))
		return ERR_UNAUTH;
	return key_verify(
	    key, token, parts->signed_len, signature, sizeof(signature));
}

/* Is it signed by this pair? */
static enum err
check_pair(const struct key *key, const char *token, const struct parts *parts)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	size_t n = parts->signature_len;

	if (n > SIGNATURE_MAX_CHARS ||
	    !read_base64url(parts->signature, n, signature))
		return ERR_UNAUTH;
	return key_verify(key, token, parts->signed_len, signature, n * 3 / 4);
}

/*
 * The key that signed it: the pair whose header it has, or any key without a
 * pair. Nothing of a header is read before it is known to be signed; a kid that
 * is no pair's, and an algorithm, choose nothing.
 */
static enum err
find_key(const struct keyring *ring, const char *token,
    const struct parts *parts, int64_t now_s, const struct key **out)
{
	const struct key *k = keyring_by_header(ring, token, parts->header_len);
	enum err e = ERR_UNAUTH;

	*out = k;
	if (k != NULL)
		return now_s < k->until_s ? check_pair(k, token, parts)
		                          : ERR_UNAUTH;
	for (k = ring->keys; k < ring->keys + ring->count && e == ERR_UNAUTH;
	     k++)
		if (k->alg == JWS_HS256) {
			*out = k;
			e = check_mac(k, token, parts);
		}
	return e;
}

enum claim { CLAIM_ABSENT, CLAIM_PRESENT, CLAIM_BAD };

/* Cut the fraction of a number in JSON off, unless that has an exponent. */
static void
drop_fraction(char *json)
{
	char *point = strchr(json, '.');

	if (point != NULL && point[1] != '\0' &&
	    point[1 + strspn(point + 1, "0123456789")] == '\0')
		*point = '\0';
}

/*
 * A number. Read as JSON text: jwt_get_grant_int() does not distinguish another
 * type from an integer.
 */
static enum claim
get_number(jwt_t *jwt, const char *name, bool is_time, int64_t *out)
{
	char *json = jwt_get_grants_json(jwt, name);
	enum claim claim = CLAIM_ABSENT;

	*out = 0;
	if (json != NULL && is_time)
		drop_fraction(json);
	if (json != NULL)
		claim = text_to_i64(json, INT64_MIN, INT64_MAX, out)
		            ? CLAIM_PRESENT
		            : CLAIM_BAD;
	free(json);
	return claim;
}

/* An integer claim. */
static enum claim
get_int(jwt_t *jwt, const char *name, int64_t *out)
{
	return get_number(jwt, name, false, out);
}

/* A time. It may have a fraction, which is dropped: RFC 7519, section 2. */
static enum claim
get_time(jwt_t *jwt, const char *name, int64_t *out)
{
	return get_number(jwt, name, true, out);
}

/* Is the token valid at this time? Compared so that nothing can overflow. */
static bool
is_current(jwt_t *jwt, const struct token_clock *clock, int64_t *exp)
{
	int64_t nbf;

	switch (get_time(jwt, "nbf", &nbf)) {
	case CLAIM_PRESENT:
		if (nbf > clock->now_s + clock->leeway_s)
			return false;
		break;
	case CLAIM_ABSENT:
		break;
	default:
		return false;
	}
	return get_time(jwt, "exp", exp) == CLAIM_PRESENT &&
	       *exp > clock->now_s - clock->leeway_s;
}

/*
 * Is the header acceptable? It must name the algorithm of the key that signed
 * it, HS256, in its one spelling; and an unknown extension must not be ignored:
 * RFC 7515, sections 4.1.1 and 4.1.11. Key parameters of a header (jku, jwk,
 * kid, x5u ...) are never used.
 */
static bool
has_our_header(jwt_t *jwt)
{
	const char *alg = jwt_get_header(jwt, "alg");
	char *crit = jwt_get_headers_json(jwt, "crit");

	free(crit);
	return crit == NULL && alg != NULL &&
	       strcmp(alg, jws_alg_name[JWS_HS256]) == 0;
}

/* The end of the text in JSON that begins at p; NULL: it is none. */
static const char *
text_end(const char *p)
{
	if (*p != '"')
		return NULL;
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		if (*p == '\0')
			return NULL;
	}
	return p + 1;
}

/*
 * Is this JSON, as libjwt writes it, the name, or a list of texts of which the
 * name is one? The name needs no escapes, so that bytes can be compared.
 */
static bool
is_named(const char *json, const char *name)
{
	bool is_list = *json == '[', found = false;
	const char *p = json + is_list, *end;
	size_t n = strlen(name);

	for (;; p = end + 1) {
		if ((end = text_end(p)) == NULL)
			return false;
		if ((size_t)(end - p) == n + 2 && memcmp(p + 1, name, n) == 0)
			found = true;
		if (!is_list || *end != ',')
			return found && strcmp(end, is_list ? "]" : "") == 0;
	}
}

/*
 * Is it by our issuer, and for this audience? Where no audience is set a claim
 * aud names others: what an application signs with the same key for another
 * purpose admits nobody here. RFC 7519, sections 4.1.1 and 4.1.3.
 */
static bool
is_for(jwt_t *jwt, const struct keyring *ring, const char *audience)
{
	const char *issuer = ring->issuer, *iss;
	char *aud = jwt_get_grants_json(jwt, "aud");
	bool good = audience == NULL || *audience == '\0'
	                ? aud == NULL
	                : aud != NULL && is_named(aud, audience);

	free(aud);
	if (!good || issuer == NULL || *issuer == '\0')
		return good;
	iss = jwt_get_grant(jwt, "iss");
	return iss != NULL && strcmp(iss, issuer) == 0;
}

/* A claim that is a text, if it is present. */
static enum claim
has_text(jwt_t *jwt, const char *name)
{
	char *json;

	if (jwt_get_grant(jwt, name) != NULL)
		return CLAIM_PRESENT;
	json = jwt_get_grants_json(jwt, name);
	free(json);
	return json == NULL ? CLAIM_ABSENT : CLAIM_BAD;
}

/*
 * Latchkey's own tokens never begin in the future or last longer than life_s.
 * exp is not long ago, so nothing can overflow.
 */
static bool
is_within_limits(int64_t iat, int64_t exp, const struct token_clock *clock)
{
	return iat <= clock->now_s + clock->leeway_s &&
	       iat >= exp - clock->life_s;
}

/* The session of one of Latchkey's own tokens: none, or an id of its form. */
static bool
read_session(jwt_t *jwt, struct token_claims *out)
{
	switch (has_text(jwt, "sid")) {
	case CLAIM_ABSENT:
		return true;
	case CLAIM_PRESENT:
		out->sid = jwt_get_grant(jwt, "sid");
		return strlen(out->sid) == TOKEN_SID_CHARS &&
		       strspn(out->sid, "0123456789abcdef") == TOKEN_SID_CHARS;
	default:
		return false;
	}
}

/* A text of one of Latchkey's own tokens, or none. */
static bool
read_text(jwt_t *jwt, const char *name, const char **out)
{
	enum claim claim = has_text(jwt, name);

	*out = claim == CLAIM_PRESENT ? jwt_get_grant(jwt, name) : NULL;
	return claim != CLAIM_BAD;
}

/* Is the client itself the subject? Other programs' tokens are not so. */
static bool
is_of_client(jwt_t *jwt, const struct token_claims *c)
{
	const char *id = jwt_get_grant(jwt, "client_id");

	return id != NULL && strcmp(id, c->sub) == 0;
}

/* The claims that Latchkey's own tokens have, and plain ones do not. */
static bool
read_own(jwt_t *jwt, struct token_claims *out)
{
	int64_t epoch;

	if (get_int(jwt, "ep", &epoch) == CLAIM_BAD || epoch < 0 ||
	    epoch > INT32_MAX)
		return false;
	out->epoch = (int32_t)epoch;
	return read_session(jwt, out) &&
	       read_text(jwt, "client_id", &out->client_id) &&
	       read_text(jwt, "scope", &out->scope) &&
	       (out->uid != 0 || out->sid != NULL);
}

/*
 * The account or client of the token, and its epoch. In a plain token, iat, ep,
 * scope and so on are meant for others.
 */
static bool
read_account(
    jwt_t *jwt, const struct token_clock *clock, struct token_claims *out)
{
	int64_t iat_s;
	enum claim uid = get_int(jwt, "uid", &out->uid);
	enum claim iat = get_time(jwt, "iat", &iat_s);
	enum claim jti = has_text(jwt, "jti");

	if (uid == CLAIM_BAD || iat == CLAIM_BAD || jti == CLAIM_BAD ||
	    (uid == CLAIM_PRESENT && out->uid <= 0))
		return false;
	out->is_plain = iat == CLAIM_ABSENT || jti == CLAIM_ABSENT ||
	                (uid == CLAIM_ABSENT && !is_of_client(jwt, out));
	if (out->is_plain)
		return true;
	return is_within_limits(iat_s, out->exp, clock) && read_own(jwt, out);
}

/* {"alg":"none"}, in the place of a header that has been compared. */
#define NO_HEADER "eyJhbGciOiJub25lIn0."

/*
 * Parse what a key has signed. libjwt gets no key: it verifies nothing, which
 * has been done, and reads. Behind a header that Latchkey wrote it reads the
 * claims alone: it does not know each algorithm and type.
 */
static bool
parse(const struct key *key, const char *token, const struct parts *parts,
    struct arena *a, jwt_t **out)
{
	size_t from = parts->header_len, n = parts->signed_len - from;
	char *text;

	if (!key_has_header(key, token, from)) {
		if (jwt_decode(out, token, NULL, 0) != 0)
			return false;
		arena_defer(a, free_jwt, *out);
		return has_our_header(*out);
	}
	text = arena_alloc(a, sizeof(NO_HEADER) + n + 1);
	memcpy(text, NO_HEADER, sizeof(NO_HEADER));
	memcpy(text + sizeof(NO_HEADER) - 1, token + from, n);
	memcpy(text + sizeof(NO_HEADER) - 1 + n, ".", 2);
	if (jwt_decode(out, text, NULL, 0) != 0)
		return false;
	arena_defer(a, free_jwt, *out);
	return true;
}

static enum err
check(const struct keyring *ring, const char *token,
    const struct token_clock *clock, struct arena *a, struct token_claims *out)
{
	const struct key *key;
	struct parts parts;
	jwt_t *jwt = NULL;
	enum err e;

	if (!has_token_form(token, &parts))
		return ERR_UNAUTH;
	e = find_key(ring, token, &parts, clock->now_s, &key);
	if (e == ERR_INTERNAL)
		event_library_failed("token_check");
	if (e != ERR_OK)
		return e;
	if (!parse(key, token, &parts, a, &jwt))
		return ERR_UNAUTH;
	*out = (struct token_claims){ .sub = jwt_get_grant(jwt, "sub") };
	if (!is_for(jwt, ring,
	        clock->audience != NULL ? clock->audience : ring->audience) ||
	    out->sub == NULL || *out->sub == '\0' ||
	    !is_current(jwt, clock, &out->exp) ||
	    !read_account(jwt, clock, out))
		return ERR_UNAUTH;
	/* Latchkey alone signs by its pairs, and nothing plain */
	return out->is_plain && key->alg != JWS_HS256 ? ERR_UNAUTH : ERR_OK;
}

enum err
token_check(const struct keyring *ring, const char *token,
    const struct token_clock *clock, struct arena *a, struct token_claims *out)
{
	enum err e = check(ring, token, clock, a, out);

	/*
	 * Without memory libjwt, its JSON library and OpenSSL call a good token
	 * wrong, and its client would log out. And a claim that they have no
	 * memory for looks as if it were absent: aud, nbf or sid would not
	 * count.
	 */
	return memory_lacked() ? ERR_BUSY : e;
}
