/*
 * Password hashes: made with yescrypt, verified as yescrypt or bcrypt. Alone
 * knows libxcrypt.
 */
#ifndef LATCHKEY_CRYPTO_PWHASH_H
#define LATCHKEY_CRYPTO_PWHASH_H

#include "base.h"

#define PWHASH_BYTES 384              /* a hash and its NUL, at most */
#define PWHASH_PASSWORD_MAX_BYTES 511 /* what libxcrypt takes */
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

/*
 * Can this stored hash be verified? Not NULL, nor anything but a hash of a
 * known format ($y$, $2a$, $2b$, $2y$) in its full length, nor bcrypt of a cost
 * below 4 or above 16, nor yescrypt that takes more than mib_max MiB.
 */
bool pwhash_is_usable(const char *hash, int64_t mib_max);

/* Prefix of a hash with its format and cost: "$2b$12$", "$y$j9T$". */
#define PWHASH_KIND_CHARS 7

/*
 * Was hash made of this password? bcrypt uses only the first 72 bytes of a
 * password. An unusable hash, as above, never matches, but work is done still:
 * that of a usable one if the first PWHASH_KIND_CHARS are such a one's (which
 * may be all of it), otherwise that of the current cost. ERR_BUSY: not enough
 * memory.
 */
enum err pwhash_check(int64_t cost, int64_t mib_max, const char *password,
    const char *hash, bool *matches) MUST_CHECK;

/*
 * Would pwhash_make() of this cost make a stronger hash than this one, which
 * pwhash_check() matched? True for bcrypt, and for yescrypt of a lower cost.
 */
bool pwhash_is_weaker(const char *hash, int64_t cost);

#endif
