/*
 * Whose work is done for a name that has no account, so that the time of an
 * answer does not tell whether there is one.
 *
 * Stored hashes may be of several formats and costs: bcrypt from before, and
 * yescrypt as it was set at the time. So each name without a usable hash has an
 * account that stands in for it, chosen evenly among all by a keyed hash of the
 * name, and a login takes the work of that account's hash. What share of all
 * accounts a kind of hash has, it has of such names as well, down to the last
 * account. When the one that stands in logs in and its hash is made anew, the
 * name changes with it, once and for good, as a name with an account does.
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
 * The number (users.id) at or after which the account is that stands in for
 * this name, for db_user_at_login(). It depends on the name, the key, and which
 * accounts there are, or were some seconds ago.
 * ERR_BUSY: the database does not answer. ERR_INTERNAL: OpenSSL could not.
 */
enum err decoy_choose(
    struct ctx *c, const char *username, int64_t *id) MUST_CHECK;

/*
 * One of the numbers 0 to count - 1 for a seed; 0 if count is below 1. Each is
 * that of as many seeds as any other. A number that joins takes over its part
 * of the seeds, and all the rest stay where they are.
 * Source: Lamping and Veach, A Fast, Minimal Memory, Consistent Hash Algorithm,
 * 2014.
 */
int64_t decoy_number(uint64_t seed, int64_t count);

#endif
