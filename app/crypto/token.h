/*
 * Access tokens: JSON Web Tokens, signed and verified. Alone knows libjwt,
 * which writes and reads their JSON.
 */
#ifndef LATCHKEY_CRYPTO_TOKEN_H
#define LATCHKEY_CRYPTO_TOKEN_H

#include "crypto/key.h"
#include "lib/arena.h"

#define TOKEN_SID_CHARS 32   /* lower-case hexadecimal digits */
#define TOKEN_MAX_BYTES 8192 /* nginx's limit of a header line */

/* Claims of a token. Times are seconds since 1970. */
struct token_claims {
	const char *sub; /* user name */
	int64_t uid;     /* users.id; 0: not said */
	int64_t exp;
	int32_t epoch;   /* of the account when it was signed */
	bool is_plain;   /* it lacks uid, jti or iat: not made by Latchkey */
	const char *sid; /* session id of TOKEN_SID_CHARS; NULL: none */
};

/*
 * The time of verification, the tolerated difference of clocks, and the longest
 * life of Latchkey's own tokens.
 */
struct token_clock {
	int64_t now_s, leeway_s, life_s;
};

/*
 * Sign a token for these claims by the key that is active at now_s, with iat =
 * now_s and a random jti, in arena a, and with the ring's issuer and audience.
 * Its header names the key. An epoch of 0 is left out, which keeps the tokens
 * of most accounts as they were before there were epochs. ERR_INTERNAL: libjwt
 * or OpenSSL could not (a sub that is not UTF-8, no memory); it is logged.
 * Source: RFC 7519.
 */
enum err token_sign(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out) MUST_CHECK;

/*
 * Check a token's form, signature, algorithm (that of the key) and times, in
 * this order, and read its claims into *out; sub lives as long as arena a.
 * Nothing of it is parsed before the signature is verified: the key is the pair
 * whose tokens have exactly this header, kid and algorithm included, or else
 * any of HS256. Of a pair, only Latchkey's own tokens count, not plain ones.
 * exp and a sub that is not empty are required; nbf is optional; both times
 * have the clock's leeway, and the fraction of a time is dropped. The ring's
 * issuer is required in iss, its audience in aud; without one a token with aud
 * is for another audience. One
 * without uid, jti or iat is plain, and of epoch 0; any other is refused when
 * its iat is in the future or its exp further from that than life_s. Of a
 * repeated claim the last counts. ERR_UNAUTH: anything else, without
 * distinction. ERR_INTERNAL: OpenSSL could not verify the signature; it is
 * logged. Source: RFC 7519, section 7.2; RFC 8725.
 */
enum err token_check(const struct keyring *ring, const char *token,
    const struct token_clock *clock, struct arena *a,
    struct token_claims *out) MUST_CHECK;

#endif
