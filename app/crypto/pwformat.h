/*
 * Formats of stored password hashes: their table, and verification of any.
 */
#ifndef LATCHKEY_CRYPTO_PWFORMAT_H
#define LATCHKEY_CRYPTO_PWFORMAT_H

#include "base.h"

#define PWFORMAT_HASH_MAX 1023 /* bytes of a stored hash */

/* Limits that the settings give. */
struct pwformat_policy {
	int64_t cost;    /* of a hash made today: yescrypt's, 1 to 11 */
	int64_t mib_max; /* that a hash may take */
	bool weak;       /* formats that are quick to guess, or cut passwords */
};

/* Can a stored hash be verified, and why not? */
enum pwformat_state {
	PWFORMAT_GOOD,
	PWFORMAT_UNKNOWN, /* broken, or of no format of the table */
	PWFORMAT_MEMORY,  /* it takes more than mib_max */
	PWFORMAT_WORK,    /* it takes 5 s of a CPU, or what no setting allows */
	PWFORMAT_WEAK,    /* the policy does not allow it */
	PWFORMAT_LOCKED,  /* nobody is meant to log in: there is none, or ! or *
	                   * begins it, as on Unix and in Django */
	PWFORMAT_STATES
};

#define PWFORMAT_MIB_MAX 1024 /* of memory that a setting may allow */

struct pwformat_info {
	const char *name; /* "argon2id"; "unknown", "locked", "none" */
	int64_t mib;      /* of memory, rounded up; 1 at least */
};

/*
 * Judge a stored hash (NULL: none) without computing anything. out may be NULL.
 */
enum pwformat_state pwformat_state(const struct pwformat_policy *p,
    const char *hash, struct pwformat_info *out);

/*
 * Is this the password that hash was made of? A hash that is not
 * PWFORMAT_GOOD never matches, and takes the work of a hash made today. Neither
 * does a password over PWHASH_PASSWORD_MAX_BYTES, which takes the work of this
 * hash. bcrypt looks at 72 bytes of a password only, traditional DES at 8.
 * ERR_BUSY: not enough memory.
 */
enum err pwformat_check(const struct pwformat_policy *p, const char *password,
    const char *hash, bool *matches) MUST_CHECK;

/*
 * The names of all formats, in the order of the table, each once, and last
 * those of what is none: "unknown", "locked", "none"; NULL beyond the last.
 */
const char *pwformat_name(size_t i);

#endif
