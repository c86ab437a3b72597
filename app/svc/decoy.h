/*
 * Decoy hashes: equal login time for unknown names, so that the time of an
 * answer does not show whether an account exists.
 *
 * Stored hashes may be of several formats and costs: old bcrypt, and yescrypt
 * of the setting at the time. So each name without a usable hash has a decoy
 * account, chosen evenly among all by a keyed hash of the name, and a login
 * takes the work of that account's hash. A kind of hash thus has the same share
 * of such names as of accounts. When the decoy account logs in and its hash is
 * upgraded, the name follows, once and for good, as a name with an account
 * does. Once no bcrypt is left, one fixed setting would do.
 */
#ifndef LATCHKEY_SVC_DECOY_H
#define LATCHKEY_SVC_DECOY_H

#include "ctx.h"

/* The accounts that may be a decoy, as they were some seconds ago. */
struct decoy_range {
	int64_t first, count; /* numbers of accounts */
	int64_t read_s;       /* seconds since 1970; 0: not yet */
};

/*
 * The number (users.id) at or after which the decoy account of this name is,
 * for db_user_at_login(). It depends on the name, the key, and the accounts,
 * as they were some seconds ago.
 * ERR_BUSY: the database does not answer. ERR_INTERNAL: OpenSSL could not.
 */
enum err decoy_choose(
    struct ctx *c, const char *username, int64_t *id) MUST_CHECK;

/*
 * *hash: what db_user_at_login() found at that number, and then, if it is none
 * that can be verified, the first that can of the next hundred accounts; NULL:
 * there is none. Whether the table is read once more depends on the number
 * alone, so it has to be called for each login, whatever name it has.
 * ERR_BUSY: the database does not answer.
 */
enum err decoy_find(struct ctx *c, int64_t id, const char **hash) MUST_CHECK;

/*
 * One of the numbers 0 to count - 1 for a seed; 0 if count is below 1. Seeds
 * are spread evenly. A new number takes its share of the seeds, and all others
 * keep theirs.
 * Source: Lamping and Veach, A Fast, Minimal Memory, Consistent Hash Algorithm,
 * 2014.
 */
int64_t decoy_number(uint64_t seed, int64_t count);

#endif
