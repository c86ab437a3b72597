/*
 * Access tokens: JSON Web Tokens signed with HMAC-SHA-256.
 *
 * The signature is checked here, before libjwt and the JSON library that it
 * brings see a byte: nobody without the key reaches them. They only read what
 * was signed; algorithm and times are checked here as well.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/token.h"
#include "lib/log.h"
#include "lib/text.h"
#include "stats/event.h"

#define SIGNATURE_CHARS 43 /* 32 bytes in base64url */

/* SHA-256 of the secret_key that the FastAPI tutorial prints. */
static const unsigned char published_sha256[SHA256_DIGEST_LENGTH] = { 0x77,
	0x5e, 0xbe, 0xb5, 0x46, 0xea, 0x0d, 0x86, 0x77, 0x28, 0xa7, 0xd3, 0x2e,
	0x5b, 0x62, 0xeb, 0x8c, 0x01, 0xcf, 0x37, 0xba, 0x31, 0xed, 0xe3, 0xf0,
	0x52, 0x96, 0x97, 0xcc, 0x12, 0x6e, 0x64 };

static bool
key_error(const char *path, const char *what)
{
	log_say("key_file %s: %s", path, what);
	return false;
}

/* Also in quotes, or with NULs, blanks or ends of lines around it. */
static bool
key_is_published(const struct token_key *k)
{
	static const char around[] = "\"' \t\r\n";
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t from = 0, end = k->len;

	while (from < end && strchr(around, k->bytes[from]) != NULL)
		from++;
	while (end > from && strchr(around, k->bytes[end - 1]) != NULL)
		end--;
	SHA256(k->bytes + from, end - from, digest);
	return memcmp(digest, published_sha256, sizeof(digest)) == 0;
}

/* One byte over and over, as a key that is to be replaced one day may be. */
static bool
key_is_one_byte(const struct token_key *k)
{
	return k->len > 0 && memcmp(k->bytes, k->bytes + 1, k->len - 1) == 0;
}

static bool
key_is_good(const char *path, const struct token_key *k)
{
	if (k->len < TOKEN_KEY_MIN_BYTES)
		return key_error(path,
		    "key is shorter than 32 bytes; make one with: "
		    "openssl rand -hex 32");
	if (k->len > TOKEN_KEY_MAX_BYTES)
		return key_error(path,
		    "key is longer than 4096 bytes; make one with: "
		    "openssl rand -hex 32");
	if (key_is_one_byte(k))
		return key_error(path,
		    "key is a single repeated byte, which can be guessed; make "
		    "one with: openssl rand -hex 32");
	if (key_is_published(k))
		return key_error(path,
		    "key is published in the FastAPI tutorial, so anybody "
		    "can forge tokens with it; make one with: "
		    "openssl rand -hex 32");
	return true;
}

bool
token_key_load(const char *path, struct token_key *out)
{
	unsigned char bytes[TOKEN_KEY_MAX_BYTES + 2];
	ssize_t n, len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	out->len = 0;
	if (fd < 0)
		return key_error(path,
		    errno == ENOENT
		        ? "no such file; make a key with: "
		          "(umask 027; openssl rand -hex 32 >FILE), and give "
		          "it to the workers' group"
		        : strerror(errno));
	if (!secret_is_safe("key_file", path, fd)) {
		close(fd);
		return false;
	}
	while ((n = read(fd, bytes + len, sizeof(bytes) - (size_t)len)) > 0)
		len += n;
	close(fd);
	if (n < 0)
		return key_error(path, strerror(errno));
	if (len > 0 && bytes[len - 1] == '\n')
		len--;
	out->len = (size_t)len;
	if (out->len <= TOKEN_KEY_MAX_BYTES)
		memcpy(out->bytes, bytes, out->len);
	explicit_bzero(bytes, sizeof(bytes));
	if (key_is_good(path, out))
		return true;
	explicit_bzero(out, sizeof(*out));
	return false;
}

static void
free_jwt(void *jwt)
{
	jwt_free(jwt);
}

enum err
token_sign(const struct token_key *key, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out)
{
	jwt_t *jwt = NULL;
	char jti[33], *token;

	if (jwt_new(&jwt) != 0)
		return ERR_INTERNAL;
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
	    jwt_add_grant_int(jwt, "uid", c->uid) != 0 ||
	    (c->epoch != 0 && jwt_add_grant_int(jwt, "ep", c->epoch) != 0) ||
	    jwt_set_alg(jwt, JWT_ALG_HS256, key->bytes, (int)key->len) != 0 ||
	    (token = jwt_encode_str(jwt)) == NULL) {
		event(EVENT_BUG, "what=token_sign");
		return ERR_INTERNAL;
	}
	*out = arena_strndup(a, token, strlen(token));
	explicit_bzero(token, strlen(token));
	free(token);
	return ERR_OK;
}

/* The six bits that a character of base64url stands for, or -1. */
static int
base64url_bits(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/*
 * Are these n characters the one base64url form of some bytes? Those go to out,
 * which has room for them; where it is NULL they have to be text, without a
 * NUL. libjwt would pass over what is left at the end, and over all that stands
 * behind a NUL.
 */
static bool
read_base64url(const char *s, size_t n, unsigned char *out)
{
	unsigned bits = 0, left = 0; /* read, and not yet part of a byte */
	size_t i;
	int six;

	for (i = 0; i < n; i++) {
		if ((six = base64url_bits(s[i])) < 0)
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

/* A token's parts: how much of it is signed, and by what. */
struct parts {
	size_t signed_len; /* header, dot and claims */
	unsigned char signature[TOKEN_MAC_BYTES];
};

/* Header, claims and a signature as long as HS256's is, in base64url. */
static bool
has_token_form(const char *token, struct parts *out)
{
	const char *claims, *signature;
	size_t head, body, n = strnlen(token, TOKEN_MAX_BYTES + 1);

	if (n > TOKEN_MAX_BYTES)
		return false;
	head = strcspn(token, ".");
	claims = token + head + (token[head] == '.');
	body = strcspn(claims, ".");
	signature = claims + body + (claims[body] == '.');
	out->signed_len = (size_t)(claims + body - token);
	return strlen(signature) == SIGNATURE_CHARS &&
	       read_base64url(signature, SIGNATURE_CHARS, out->signature) &&
	       read_base64url(token, head, NULL) &&
	       read_base64url(claims, body, NULL);
}

/* HMAC-SHA-256 without a key as yet, or NULL. */
static EVP_MAC_CTX *
new_hmac(void)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = NULL;

	if (mac != NULL)
		ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return ctx;
}

/* Give it a key. */
static bool
start_hmac(EVP_MAC_CTX *ctx, const void *key, size_t len)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
		                          OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end() };

	return EVP_MAC_init(ctx, key, len, params) == 1;
}

static bool
end_hmac(EVP_MAC_CTX *ctx, unsigned char out[TOKEN_MAC_BYTES])
{
	size_t n;

	return EVP_MAC_final(ctx, out, &n, TOKEN_MAC_BYTES) == 1 &&
	       n == TOKEN_MAC_BYTES;
}

/*
 * The HMAC of tokens, ready for the next one, or NULL. A process has one key,
 * and to prepare it costs more than a token's HMAC does.
 */
static EVP_MAC_CTX *
signing_hmac(const struct token_key *key)
{
	static EVP_MAC_CTX *ctx;
	static struct token_key ready; /* the key that it has */

	if (ready.len == key->len && key->len > 0 &&
	    memcmp(ready.bytes, key->bytes, key->len) == 0)
		return EVP_MAC_init(ctx, NULL, 0, NULL) == 1 ? ctx : NULL;
	ready.len = 0;
	if ((ctx == NULL && (ctx = new_hmac()) == NULL) ||
	    !start_hmac(ctx, key->bytes, key->len))
		return NULL;
	memcpy(ready.bytes, key->bytes, key->len);
	ready.len = key->len;
	return ctx;
}

/*
 * Is this the signature of these bytes? ERR_INTERNAL: OpenSSL could not tell.
 * The right one is wiped: a forger would like to have it.
 */
static enum err
check_signature(
    const struct token_key *key, const char *token, const struct parts *parts)
{
	unsigned char right[TOKEN_MAC_BYTES];
	EVP_MAC_CTX *ctx = signing_hmac(key);
	enum err e = ERR_INTERNAL;

	if (ctx != NULL &&
	    EVP_MAC_update(
	        ctx, (const unsigned char *)token, parts->signed_len) == 1 &&
	    end_hmac(ctx, right))
		e = text_equal_secret(right, parts->signature, sizeof(right))
		        ? ERR_OK
		        : ERR_UNAUTH;
	explicit_bzero(right, sizeof(right));
	if (e == ERR_INTERNAL)
		event(EVENT_BUG, "what=token_check");
	return e;
}

enum claim { CLAIM_ABSENT, CLAIM_PRESENT, CLAIM_BAD };

/*
 * An integer claim. Read as JSON text: jwt_get_grant_int() does not tell
 * another type from an integer.
 */
static enum claim
get_int(jwt_t *jwt, const char *name, int64_t *out)
{
	char *json = jwt_get_grants_json(jwt, name);
	enum claim claim = CLAIM_ABSENT;

	*out = 0;
	if (json != NULL)
		claim = text_to_i64(json, INT64_MIN, INT64_MAX, out)
		            ? CLAIM_PRESENT
		            : CLAIM_BAD;
	free(json);
	return claim;
}

/* Is the token valid at this time? Compared so that nothing can overflow. */
static bool
is_current(jwt_t *jwt, const struct token_clock *clock, int64_t *exp)
{
	int64_t nbf;

	switch (get_int(jwt, "nbf", &nbf)) {
	case CLAIM_PRESENT:
		if (nbf > clock->now_s + clock->leeway_s)
			return false;
		break;
	case CLAIM_ABSENT:
		break;
	default:
		return false;
	}
	return get_int(jwt, "exp", exp) == CLAIM_PRESENT &&
	       *exp > clock->now_s - clock->leeway_s;
}

/*
 * Is the header one of ours? The signature was HS256's, so that is what it has
 * to name, in its one spelling; and an extension that is not understood must
 * not be passed over: RFC 7515, sections 4.1.1 and 4.1.11. What a header says
 * of keys (jku, jwk, kid, x5u ...) is never looked at.
 */
static bool
has_our_header(jwt_t *jwt)
{
	const char *alg = jwt_get_header(jwt, "alg");
	char *crit = jwt_get_headers_json(jwt, "crit");

	free(crit);
	return crit == NULL && alg != NULL && strcmp(alg, "HS256") == 0;
}

/*
 * Is it for us? A claim aud names others: what an application signs with the
 * same key for some purpose of its own lets nobody in here. RFC 7519, section
 * 4.1.3.
 */
static bool
is_for_us(jwt_t *jwt)
{
	char *aud = jwt_get_grants_json(jwt, "aud");

	free(aud);
	return aud == NULL;
}

/* A claim that is a text, if it is there. */
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
 * No token of ours is of later, or good for longer than a token is. exp is not
 * long ago, so nothing can overflow.
 */
static bool
is_within_limits(int64_t iat, int64_t exp, const struct token_clock *clock)
{
	return iat <= clock->now_s + clock->leeway_s &&
	       iat >= exp - clock->life_s;
}

/*
 * Which account is meant, and which epoch of it. Where it is none of ours, what
 * iat and ep say is for others.
 */
static bool
read_account(
    jwt_t *jwt, const struct token_clock *clock, struct token_claims *out)
{
	int64_t iat_s, epoch;
	enum claim uid = get_int(jwt, "uid", &out->uid);
	enum claim iat = get_int(jwt, "iat", &iat_s);
	enum claim jti = has_text(jwt, "jti");

	out->epoch = 0;
	if (uid == CLAIM_BAD || iat == CLAIM_BAD || jti == CLAIM_BAD ||
	    (uid == CLAIM_PRESENT && out->uid <= 0))
		return false;
	out->is_plain =
	    uid == CLAIM_ABSENT || iat == CLAIM_ABSENT || jti == CLAIM_ABSENT;
	if (out->is_plain)
		return true;
	if (!is_within_limits(iat_s, out->exp, clock) ||
	    get_int(jwt, "ep", &epoch) == CLAIM_BAD || epoch < 0 ||
	    epoch > INT32_MAX)
		return false;
	out->epoch = (int32_t)epoch;
	return true;
}

enum err
token_check(const struct token_key *key, const char *token,
    const struct token_clock *clock, struct arena *a, struct token_claims *out)
{
	struct parts parts;
	jwt_t *jwt = NULL;
	enum err e;

	if (!has_token_form(token, &parts))
		return ERR_UNAUTH;
	if ((e = check_signature(key, token, &parts)) != ERR_OK)
		return e;
	/* without a key it verifies nothing, which has been done, and reads */
	if (jwt_decode(&jwt, token, NULL, 0) != 0)
		return ERR_UNAUTH;
	arena_defer(a, free_jwt, jwt);
	out->sub = jwt_get_grant(jwt, "sub");
	if (!has_our_header(jwt) || !is_for_us(jwt) || out->sub == NULL ||
	    *out->sub == '\0' || !is_current(jwt, clock, &out->exp) ||
	    !read_account(jwt, clock, out))
		return ERR_UNAUTH;
	return ERR_OK;
}

bool
token_digest(const char *token, unsigned char out[TOKEN_DIGEST_BYTES])
{
	/* EVP_Q_digest() would look the algorithm up each time */
	static EVP_MD *sha256;
	static EVP_MD_CTX *ctx;
	size_t n = strlen(token);

	if (n > TOKEN_DIGEST_MAX_BYTES)
		return false;
	if (ctx == NULL) {
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
		ctx = EVP_MD_CTX_new();
	}
	return sha256 != NULL && ctx != NULL &&
	       EVP_DigestInit_ex2(ctx, sha256, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, token, n) == 1 &&
	       EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

/* One HMAC-SHA-256, of texts with their ends. */
static bool
hmac(const void *key, size_t key_len, const char *const *texts,
    unsigned char out[TOKEN_MAC_BYTES])
{
	static EVP_MAC_CTX *ctx;

	if ((ctx == NULL && (ctx = new_hmac()) == NULL) ||
	    !start_hmac(ctx, key, key_len))
		return false;
	for (; *texts != NULL; texts++)
		if (EVP_MAC_update(ctx, (const unsigned char *)*texts,
		        strlen(*texts) + 1) != 1)
			return false;
	return end_hmac(ctx, out);
}

bool
token_mac(const struct token_key *key, const char *purpose,
    const char *const *texts, unsigned char out[TOKEN_MAC_BYTES])
{
	unsigned char derived[TOKEN_MAC_BYTES];
	bool good =
	    hmac(key->bytes, key->len,
	        (const char *[]){ "latchkey", purpose, NULL }, derived) &&
	    hmac(derived, sizeof(derived), texts, out);

	explicit_bzero(derived, sizeof(derived));
	if (!good)
		event(EVENT_BUG, "what=token_mac");
	return good;
}
