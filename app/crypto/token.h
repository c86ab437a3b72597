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
	const char *sub; /* user name; of a client's own token its client_id */
	int64_t uid;     /* users.id; 0: not said, or a client's own token */
	int64_t exp;
	int32_t epoch;   /* of the account when it was signed */
	bool is_plain;   /* it lacks uid, jti or iat: not made by Latchkey */
	const char *sid; /* session id of TOKEN_SID_CHARS; NULL: none */
	/* of Latchkey's own tokens; a plain one has neither */
	const char *client_id; /* whom it was given to; NULL: not said */
	const char *scope;     /* scopes, a blank between two; NULL: none */
	const char
	    *audience; /* to be signed, in the ring's place; NULL: that */
};

/*
 * Is it a client's own token (client_credentials), which is of no user: it has
 * no uid, and its sub is its client_id? Source: RFC 9068, section 2.2.
 */
bool token_is_client(const struct token_claims *c) MUST_CHECK;

/*
 * The time of verification, the tolerated difference of clocks, and the longest
 * life of Latchkey's own tokens; and for whom a token has to be, in the place
 * of the ring's audience (NULL: that).
 */
struct token_clock {
	int64_t now_s, leeway_s, life_s;
	const char *audience;
};

/*
 * Sign a token for these claims by the key that is active at now_s, with iat =
 * now_s and a random jti, in arena a, and with the ring's issuer, and its
 * audience where the claims have none. Its header names the key. A claim of 0
 * or NULL is left out, which keeps the tokens of most accounts as they were
 * before there were epochs and clients. A text has to be UTF-8. One with a
 * client_id says in its header that it is an access token (at+jwt).
 * ERR_INTERNAL: libjwt or OpenSSL could not (a sub that is not UTF-8);
 * ERR_BUSY: memory lacked; both are logged.
 * Source: RFC 7519; with a client_id, RFC 9068, section 2.
 */
enum err token_sign(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out) MUST_CHECK;

/*
 * Check a token's form, signature, algorithm (that of the key) and times, in
 * this order, and read its claims into *out; texts live as long as arena a.
 * Nothing of it is parsed before the signature is verified: the key is the pair
 * whose tokens have exactly this header, kid and algorithm included, or else
 * any of HS256. Of a pair, only Latchkey's own tokens count, not plain ones.
 * exp and a sub that is not empty are required; nbf is optional; both times
 * have the clock's leeway, and the fraction of a time is dropped. The ring's
 * issuer is required in iss, its audience in aud; without one a token with aud
 * is for another audience. One without jti, iat, or both uid and a client_id
 * that is its sub, is plain, and of epoch 0; any other is refused when its iat
 * is in the future or its exp further from that than life_s, and where it has
 * no uid, without a sid: a client's own token can always be revoked. Of a
 * repeated claim the last counts. ERR_UNAUTH: anything else, without
 * distinction. ERR_INTERNAL: OpenSSL could not verify the signature; it is
 * logged. ERR_BUSY: memory lacked, so nothing is known of the token. Source:
 * RFC 7519, section 7.2; RFC 8725.
 */
enum err token_check(const struct keyring *ring, const char *token,
    const struct token_clock *clock, struct arena *a,
    struct token_claims *out) MUST_CHECK;

#endif
