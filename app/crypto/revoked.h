/*
 * Ended sessions and raised epochs, in shared memory: one process writes, any
 * number look up, without a lock and without the database.
 *
 * A table is never repaired: a writer that is killed at any instruction leaves
 * it as it was before an entry, or with it. Two copies of each, of which one is
 * current; the other is rewritten and then becomes current by one store.
 */
#ifndef LATCHKEY_CRYPTO_REVOKED_H
#define LATCHKEY_CRYPTO_REVOKED_H

#include "stats/shm.h"

#define REVOKED_STALE_MS 3000 /* without word from the database */
/*
 * Entries. The memory is the system's until it is used: a table takes 132 bytes
 * for each of the entries that it ever had at once, at most.
 */
#ifndef REVOKED_SESSIONS_MAX
#define REVOKED_SESSIONS_MAX 1048576
#define REVOKED_USERS_MAX 131072
#endif

/* The memory; its owner writes it, all others only read. */
extern const struct shm_section revoked_section;

enum revoked {
	REVOKED_NO,
	REVOKED_YES,
	REVOKED_UNKNOWN /* rewritten as often as it was read: as if stale */
};

/* Has the session ended whose id has these first 64 bits? */
enum revoked revoked_session(uint64_t sid);

/* Tokens of a lower epoch have ended, of all accounts; 0: none have. */
int32_t revoked_everybody(void) MUST_CHECK;

/* Have this user's tokens of that epoch ended, or everybody's? */
enum revoked revoked_user(int64_t user_id, int32_t epoch);

/*
 * Has the writer not heard from the database for REVOKED_STALE_MS, or not yet
 * at all? Then entries may be missing.
 */
bool revoked_is_stale(void);

/*
 * Seconds that the database was away for, as the writer found: until it has
 * been there again for a minute. 0: it was not.
 */
int64_t revoked_outage_s(void);

/*
 * Wait until the writer has read the database for the first time, or has failed
 * to, at most ms, and once in a process: before it judges its first token, so
 * that a service that begins takes none that had ended before.
 */
void revoked_await(int64_t ms);

/* --- the wake-up of the writer --- */

/* For the supervisor, before it forks. False: see errno. */
bool revoked_open_wake(void) MUST_CHECK;

/* For a process that ends no sessions: it cannot wake the writer any more. */
void revoked_close_wake(void);

/*
 * Something has ended here: have the writer read the database now and not
 * later. Never blocks; without revoked_open_wake() nothing happens.
 */
void revoked_wake(void);

/* --- for the one process that writes --- */

/*
 * Take over the memory, before anything else below. Entries of an earlier
 * writer still count.
 */
void revoked_take_over(void);

/*
 * Add a session until a time (seconds since 1970) when all its tokens have
 * expired. An entry that is present keeps the later time. False: the table is
 * full.
 */
bool revoked_add_session(uint64_t sid, int64_t until_s) MUST_CHECK;

#define REVOKED_EVERYBODY 0 /* no user has this number */

/*
 * The same of a user, or REVOKED_EVERYBODY: tokens of a lower epoch have ended.
 * An entry that is present keeps the later time and the higher epoch.
 */
bool revoked_add_user(
    int64_t user_id, int32_t epoch, int64_t until_s) MUST_CHECK;

/* Remove the entries whose time has passed. */
void revoked_expire(int64_t now_s);

/* All that the database had at this time has been added. */
void revoked_heard(int64_t when_ms);

/*
 * The database was asked at this time for nothing, or, where it answered, for
 * what there is no room for.
 */
void revoked_missed(int64_t when_ms, bool answered);

/*
 * Wait for revoked_wake(): least_ms at least, however often it is called, and
 * most_ms at most.
 */
void revoked_wait(int64_t least_ms, int64_t most_ms);

/* That clock: monotonic, the same for all processes, a few ms coarse. */
int64_t revoked_clock_ms(void);

/* How many entries there are, sessions and users. */
size_t revoked_count(void);

/* The bytes of full tables, both copies. */
#define REVOKED_BYTES_MAX \
	((size_t)66 * (REVOKED_SESSIONS_MAX + REVOKED_USERS_MAX))

#endif
