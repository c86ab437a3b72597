/*
 * Password hashes: made with yescrypt, checked as yescrypt or bcrypt. The only
 * file that knows libxcrypt.
 */
#ifndef LATCHKEY_CRYPTO_PWHASH_H
#define LATCHKEY_CRYPTO_PWHASH_H

#include "base.h"

#define PWHASH_BYTES 384              /* a hash and its NUL, at most */
#define PWHASH_PASSWORD_MAX_BYTES 511 /* what libxcrypt takes */
#define PWHASH_COST_MAX 11            /* yescrypt's, as crypt(5) has it */

/* What yescrypt of a cost (1 to 11) takes of memory, and some KiB besides. */
#define PWHASH_MIB(cost) (INT64_C(1) << ((cost)-1))

/*
 * Hash a password with yescrypt of this cost (1 to 11) and a random salt.
 * ERR_TOOBIG: over PWHASH_PASSWORD_MAX_BYTES. ERR_BUSY: not enough memory.
 * Source: crypt(5).
 */
enum err pwhash_make(
    int64_t cost, const char *password, char out[PWHASH_BYTES]) MUST_CHECK;

/*
 * Can this stored hash be checked? No: NULL, what is no hash of a known format
 * ($y$, $2a$, $2b$, $2y$) in its full length, bcrypt of a cost below 4 or above
 * 16, and yescrypt that takes more than mib_max MiB.
 */
bool pwhash_is_usable(const char *hash, int64_t mib_max);

/* So much of a hash tells its format and cost: "$2b$12$", "$y$j9T$". */
#define PWHASH_KIND_CHARS 7

/*
 * Is this the password that hash was made of? bcrypt looks at the first 72
 * bytes of a password only. One that is not usable, as above, is never
 * matched, and work is done all the same: that of a usable one if the first
 * PWHASH_KIND_CHARS are such a one's (which may be all there is of it),
 * otherwise that of today's cost. ERR_BUSY: not enough memory.
 */
enum err pwhash_check(int64_t cost, int64_t mib_max, const char *password,
    const char *hash, bool *matches) MUST_CHECK;

/*
 * Would pwhash_make() of this cost make a stronger hash than this one, which
 * pwhash_check() matched? True for bcrypt, and for yescrypt of a lower cost.
 */
bool pwhash_is_weaker(const char *hash, int64_t cost);

#endif
