/*
 * Keyring of access tokens. With HMAC (HS256), the only algorithm so far, the
 * key that verifies is the one that signs: each process that checks tokens
 * holds it.
 */
#ifndef LATCHKEY_CRYPTO_KEY_H
#define LATCHKEY_CRYPTO_KEY_H

#include "crypto/mac.h"
#include "crypto/secret.h"

#define KEYRING_MAX 4 /* keys */

enum key_alg { KEY_HS256 };

/* All of them verify; only one signs. */
enum key_state {
	KEY_NEXT,    /* to be made active */
	KEY_ACTIVE,  /* signs */
	KEY_RETIRING /* was active, and its tokens have not all expired */
};

struct key {
	char kid[MAC_NAME_BYTES]; /* as tokens name it */
	enum key_alg alg;
	enum key_state state;
	struct secret secret; /* libjwt signs with it */
	struct mac_key *mac;  /* the same, prepared, to verify */
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

/* The algorithm's name in the headers of tokens. Source: RFC 7518, 3.1. */
extern const char *const key_alg_name[];

/*
 * Read the keyring from a file: its one key, active. On failure says on
 * standard error what is wrong and what to do, leaves no key in *out, and
 * returns false (crypto/secret.h).
 */
bool keyring_load(const char *path, struct keyring *out) MUST_CHECK;

/*
 * Add a key of HS256, of which a copy is made; its kid is mac_key_name(). The
 * keyring has room for it. False: OpenSSL could not prepare it; it is logged.
 */
bool keyring_add(struct keyring *ring, const struct secret *secret,
    enum key_state state) MUST_CHECK;

/* The key that signs. There has to be one. */
const struct key *keyring_active(const struct keyring *ring);

/* Wipe all keys and release what they hold. */
void keyring_clear(struct keyring *ring);

#endif
