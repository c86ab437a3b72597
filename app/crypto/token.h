/*
 * Access tokens: JSON Web Tokens signed with HMAC-SHA-256. The only file that
 * knows libjwt.
 */
#ifndef LATCHKEY_CRYPTO_TOKEN_H
#define LATCHKEY_CRYPTO_TOKEN_H

#include "lib/arena.h"

#define TOKEN_KEY_MIN_BYTES 32 /* RFC 7518, section 3.2 */
#define TOKEN_KEY_MAX_BYTES 4096
#define TOKEN_DIGEST_BYTES 32
#define TOKEN_DIGEST_MAX_BYTES 1024 /* of a token that token_digest() takes */
#define TOKEN_MAC_BYTES 32
#define TOKEN_MAX_BYTES 8192 /* what nginx lets through in a header line */

struct token_key {
	size_t len;
	unsigned char bytes[TOKEN_KEY_MAX_BYTES];
};

/* What a token says. Times are seconds since 1970. */
struct token_claims {
	const char *sub; /* user name */
	int64_t uid;     /* users.id; 0: not said */
	int64_t exp;
	int32_t epoch; /* of the account when it was signed */
	bool is_plain; /* it lacks uid, jti or iat, so it is none of ours */
};

/*
 * When a token is looked at, how far the clocks may be apart, and how long one
 * of ours is good at most.
 */
struct token_clock {
	int64_t now_s, leeway_s, life_s;
};

/*
 * Read the key from a file: all its bytes but one trailing newline. On failure
 * says on standard error what is wrong and what to do, and returns false:
 * no such file, one that others can read or replace (crypto/secret.h), under 32
 * or over 4096 bytes, one byte over and over, or the key that the FastAPI
 * tutorial published.
 */
bool token_key_load(const char *path, struct token_key *out) MUST_CHECK;

/*
 * Sign a token for these claims, with iat = now_s and a random jti, in arena a.
 * An epoch of 0 is left out, which keeps the tokens of most accounts as they
 * were before there were epochs.
 * ERR_INTERNAL: libjwt could not (a sub that is not UTF-8, no memory).
 * Source: RFC 7519.
 */
enum err token_sign(const struct token_key *key, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out) MUST_CHECK;

/*
 * Check a token's form, signature, algorithm (HS256 alone) and times, in this
 * order, and read its claims into *out; sub lives as long as arena a. Nothing
 * of it is parsed before the signature is found good. exp and a sub that is not
 * empty must be there; nbf may; both times have the clock's leeway. A token
 * with aud is for somebody else. One without uid, jti and iat is plain, and of
 * epoch 0; one of ours is refused when its iat is in the future or its exp
 * further from that than life_s. Of a claim that stands there twice the last
 * counts. ERR_UNAUTH: anything else, with no difference told. ERR_INTERNAL:
 * OpenSSL could not check the signature; it is logged. Source: RFC 7519,
 * section 7.2; RFC 8725.
 */
enum err token_check(const struct token_key *key, const char *token,
    const struct token_clock *clock, struct arena *a,
    struct token_claims *out) MUST_CHECK;

/*
 * The SHA-256 of a token as it was sent. False: it is longer than
 * TOKEN_DIGEST_MAX_BYTES, and not worth it.
 */
bool token_digest(
    const char *token, unsigned char out[TOKEN_DIGEST_BYTES]) MUST_CHECK;

/*
 * The HMAC-SHA-256 of several texts (the last is NULL), told apart from all
 * others and from the same texts grouped otherwise. Its key is derived from the
 * signing key for this purpose alone: what is signed for one counts for no
 * other, and never as a token. False: OpenSSL could not; it is logged.
 */
bool token_mac(const struct token_key *key, const char *purpose,
    const char *const *texts, unsigned char out[TOKEN_MAC_BYTES]) MUST_CHECK;

#endif
