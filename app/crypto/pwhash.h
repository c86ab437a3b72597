/*
 * Password hashes made here, with yescrypt, and all that libxcrypt verifies.
 * The only file that knows libxcrypt.
 */
#ifndef LATCHKEY_CRYPTO_PWHASH_H
#define LATCHKEY_CRYPTO_PWHASH_H

#include "base.h"

#define PWHASH_BYTES 384              /* a hash and its NUL, at most */
#define PWHASH_PASSWORD_MAX_BYTES 511 /* libxcrypt's limit */
#define PWHASH_COST_MAX 11            /* yescrypt's, as crypt(5) has it */

/* Memory of yescrypt of a cost (1 to 11), without some KiB. */
#define PWHASH_MIB(cost) (INT64_C(1) << ((cost)-1))

/*
 * Hash a password with yescrypt of this cost (1 to 11) and a random salt.
 * ERR_TOOBIG: over PWHASH_PASSWORD_MAX_BYTES. ERR_BUSY: not enough memory.
 * Source: crypt(5).
 */
enum err pwhash_make(
    int64_t cost, const char *password, char out[PWHASH_BYTES]) MUST_CHECK;

/* The result of libxcrypt for a stored hash. */
enum pwhash_result {
	PWHASH_DONE,
	PWHASH_INVALID, /* it is none that libxcrypt computes */
	PWHASH_NO_MEMORY
};

/*
 * Is this the password (up to PWHASH_PASSWORD_MAX_BYTES) that a hash of
 * libxcrypt's was made of? Its cost is the caller's to judge: a hash may ask
 * for a week, or for all memory. *matches is set where it matches.
 */
enum pwhash_result pwhash_verify(
    const char *password, const char *hash, bool *matches) MUST_CHECK;

/* Take the work of pwhash_make(), for nothing. */
enum pwhash_result pwhash_waste(int64_t cost, const char *password) MUST_CHECK;

/* Log that there is not enough memory for a hash; ERR_BUSY. */
enum err pwhash_no_memory(int64_t cost) MUST_CHECK;

/*
 * The cost of a hash by yescrypt's parameters and what follows, "j9T$…" being
 * 5; 0: none that pwhash_make() could have used.
 */
int64_t pwhash_yescrypt_cost(const char *params);

/*
 * Would pwhash_make() of this cost make a stronger hash than this one, which
 * matched? True for all but yescrypt of this cost or a higher one.
 */
bool pwhash_is_weaker(const char *hash, int64_t cost);

#endif
