/*
 * Cache of verified tokens: the next check of the same one skips parsing and
 * verification, and takes a seventh of the instructions.
 */
#ifndef LATCHKEY_CRYPTO_TOKEN_CACHE_H
#define LATCHKEY_CRYPTO_TOKEN_CACHE_H

#include "crypto/token.h"

#define TOKEN_DIGEST_BYTES MAC_SHORT_BYTES
#define TOKEN_DIGEST_MAX_BYTES 1024 /* a longer token is not kept */
#define TOKEN_CACHE_SETS 512
#define TOKEN_CACHE_WAYS 8         /* tokens of a set */
#define TOKEN_CACHE_TEXT_BYTES 107 /* sub, client_id, scope, with NULs */

/* The claims of one token. */
struct token_cache_entry {
	int64_t uid, exp; /* exp 0: the entry is empty */
	int32_t epoch;
	bool is_plain;
	char sid[TOKEN_SID_CHARS + 1]; /* "": none */
	/* sub, client_id and scope, one behind the other; "": none */
	char text[TOKEN_CACHE_TEXT_BYTES];
};

/*
 * Tokens by a digest, so reading this memory yields no token. With one token
 * to a set a thousand in use at once would displace each other, a fifth of them
 * each time; with four some seven in a thousand checks still miss, with eight
 * less than one.
 */
struct token_cache_set {
	unsigned char digest[TOKEN_CACHE_WAYS][TOKEN_DIGEST_BYTES];
	struct token_cache_entry entry[TOKEN_CACHE_WAYS];
	unsigned char next; /* the entry to replace */
};

/*
 * All zero when it is new. It belongs to one keyring and one process. The key
 * is random: nobody outside can choose two tokens with one digest, so equal
 * digests are equal tokens, signature included, and a forged one is never
 * found. A process that reads this memory could make one, and has then also
 * read the key of session cookies beside it.
 */
struct token_cache {
	bool has_key;
	unsigned char key[MAC_SHORT_BYTES];
	struct token_cache_set sets[TOKEN_CACHE_SETS];
};

/*
 * The digest of a token as it was sent, of this cache alone, whose key the
 * first call makes. False: the token is longer than TOKEN_DIGEST_MAX_BYTES, or
 * OpenSSL could not.
 */
bool token_cache_digest(struct token_cache *cache, const char *token,
    unsigned char out[TOKEN_DIGEST_BYTES]) MUST_CHECK;

/*
 * Find the claims of the token with this digest, if it is known and has not
 * expired meanwhile; nbf and iat, which had passed once, are not checked again,
 * nor is whether plain tokens count.
 * Its texts live until the next token_cache_add().
 */
bool token_cache_find(const struct token_cache *cache,
    const unsigned char digest[TOKEN_DIGEST_BYTES],
    const struct token_clock *clock, struct token_claims *out) MUST_CHECK;

/*
 * Keep the claims of a verified token in place of the one of its set that was
 * added first, unless their texts take more than TOKEN_CACHE_TEXT_BYTES.
 */
void token_cache_add(struct token_cache *cache,
    const unsigned char digest[TOKEN_DIGEST_BYTES],
    const struct token_claims *claims);

#endif
