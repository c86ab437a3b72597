/*
 * Keyring of access tokens: keys in the memory of a process, and which of them
 * signs at which time. With HMAC (HS256) the key that verifies is the one that
 * signs: each process that checks tokens holds it. Of the others, which are
 * pairs, those processes hold the public halves alone.
 */
#ifndef LATCHKEY_CRYPTO_KEY_H
#define LATCHKEY_CRYPTO_KEY_H

#include "crypto/jws.h"
#include "crypto/mac.h"
#include "crypto/secret.h"

#define KEYRING_MAX 16       /* keys */
#define KEY_NEVER INT64_MAX  /* a time that does not come */
#define KEY_HEADER_BYTES 160 /* the longest header of a token, in base64url */

/* Types of tokens, as their headers name them. */
enum key_typ {
	KEY_TYP_JWT,          /* "JWT" */
	KEY_TYP_ACCESS_TOKEN, /* "at+jwt": RFC 9068, section 2.1 */
	KEY_TYPS
};

/* A header in base64url, with the dot behind it. */
struct key_header {
	char text[KEY_HEADER_BYTES];
	size_t len;
};

/* All of them verify; only one signs. */
enum key_state {
	KEY_NEXT,     /* published, and does not sign yet */
	KEY_ACTIVE,   /* signs */
	KEY_RETIRING, /* has signed, and its tokens have not all expired */
	KEY_EXPIRED   /* verifies nothing any more */
};

struct key {
	enum jws_alg alg;
	int64_t from_s;  /* signs from then on, until a later one does */
	int64_t until_s; /* verifies until then */
	char kid[JWS_THUMBPRINT_BYTES];     /* as tokens name it */
	struct key_header header[KEY_TYPS]; /* of tokens that it signs */
	struct mac_key *mac;                /* HS256 */
	struct jws_key *public_half;        /* of a pair */
	struct jws_key *private_half; /* NULL: this process does not sign */
	char pem[JWS_PEM_BYTES];      /* of the private half, not yet parsed */
};

/*
 * The keys, and the parties that each token has to name: its issuer, and one
 * of its audience. NULL or "": none. All zero: no key, so no token is good.
 */
struct keyring {
	const char *issuer, *audience; /* not copied */
	size_t count;
	struct key keys[KEYRING_MAX];
};

/*
 * Read the keyring from a file: its one key, of HS256, active until another one
 * is. On failure says on standard error what is wrong and what to do, leaves no
 * key in *out, and returns false (crypto/secret.h). *out is zero, or a keyring.
 */
bool keyring_load(const char *path, struct keyring *out) MUST_CHECK;

/*
 * Add a key of HS256, of which a copy is made; its kid is mac_key_name(). The
 * keyring has room for it. False: OpenSSL could not prepare it; it is logged.
 */
bool keyring_add(struct keyring *ring, const struct secret *secret,
    int64_t from_s) MUST_CHECK;

/* A pair and its times; pem as jws_key_write() gives it. */
struct key_pair {
	enum jws_alg alg;
	int64_t from_s, until_s;
	const char *kid; /* its thumbprint */
	const char *pem;
};

/*
 * Add a pair, of which copies are made. Its public half is parsed; the private
 * one is kept as it is for keyring_unlock(), since memory that has once held a
 * parsed one cannot be wiped for sure. The keyring has room for it. False: its
 * PEM is not what jws_key_write() makes, or the kid is not its thumbprint;
 * nothing is added, and it is not logged.
 */
bool keyring_add_pair(
    struct keyring *ring, const struct key_pair *pair) MUST_CHECK;

/*
 * In a process that signs: parse the private halves, and wipe their PEM.
 * False: one is broken, or another key's; *kid is the key's.
 */
bool keyring_unlock(struct keyring *ring, const char **kid) MUST_CHECK;

/* In a process that only verifies: wipe the private halves. */
void keyring_lock(struct keyring *ring);

/* The state of this key of the ring at a time. */
enum key_state key_state(
    const struct keyring *ring, const struct key *key, int64_t now_s);

/*
 * The key that signs at a time: of those that verify then (of all, where none
 * does) the one with the latest from_s that has passed; where the clock is
 * before all of them, the first. There has to be one.
 */
const struct key *keyring_active(const struct keyring *ring, int64_t now_s);

/* Is this, of n characters, a header of the tokens that this key signs? */
bool key_has_header(
    const struct key *key, const char *header, size_t n) MUST_CHECK;

/*
 * The pair whose tokens begin with this header of n characters, in base64url
 * and with the dot; NULL: none. Latchkey alone signs by its pairs, so there is
 * one header of each type for each, and nothing of it has to be parsed.
 */
const struct key *keyring_by_header(
    const struct keyring *ring, const char *header, size_t n);

/*
 * Sign n bytes by a key, whose private half this process has. *out_n: bytes of
 * the signature. False: OpenSSL could not; it is not logged.
 */
bool key_sign(const struct key *key, const void *bytes, size_t n,
    unsigned char out[JWS_SIGNATURE_MAX_BYTES], size_t *out_n) MUST_CHECK;

/*
 * Is this the signature of n bytes, by this key and its algorithm? ERR_UNAUTH:
 * it is not. ERR_INTERNAL: OpenSSL failed; it is not logged.
 */
enum err key_verify(const struct key *key, const void *bytes, size_t n,
    const unsigned char *signature, size_t signature_n) MUST_CHECK;

/* Wipe all keys and release what they hold. */
void keyring_clear(struct keyring *ring);

#endif
