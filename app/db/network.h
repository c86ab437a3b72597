/*
 * Tables latchkey_network and latchkey_watermark: known networks, and the
 * highest account number of each day.
 *
 * A network has two places in a table of fixed size, and is in one of them at
 * most. A place is taken over only when nobody has logged in from its network
 * for DB_NETWORK_DAYS, so nobody can push another out; where both are taken,
 * the network stays unknown. In a place stand 64 bits of a keyed hash, so who
 * finds an address that shares another's places is not taken for it.
 */
#ifndef LATCHKEY_DB_NETWORK_H
#define LATCHKEY_DB_NETWORK_H

#include "ctx.h"
#include "db/db.h"

#define DB_NETWORK_PLACES 65536 /* rows of the table, at most */
#define DB_NETWORK_DAYS 30      /* how long a network is known */

struct network {
	unsigned place[2]; /* 0 to DB_NETWORK_PLACES - 1 */
	int64_t digest;
};

/* What is known of a network, and of who logs in from there. */
struct network_state {
	bool is_known;   /* somebody has logged in within DB_NETWORK_DAYS */
	bool seen_today; /* and today, in UTC, too */
	bool is_old;     /* the account is older than a week */
	bool is_marked;  /* today's highest number has been noted */
};

extern const struct db_sql db_network_sql[];

/*
 * Look a network up, and an account by its number. Nothing is written. Errors
 * as db_run().
 *
 * An account counts as older than a week if its number is not above the highest
 * of any day since. That holds where numbers ascend, whoever makes the
 * accounts. Where they do not (chosen at random, or gaps that are filled) a new
 * account may count as old at once, and what is left are the limits of sign-up;
 * where one stands far above all others, that comes a week later.
 */
enum err db_network_find(struct ctx *c, const struct network *n,
    int64_t user_id, struct network_state *out) MUST_CHECK;

/*
 * Somebody has logged in from there: note it for today, in the place that it
 * has or in one that is free. If there is none, or it is noted, nothing is
 * written. Errors as db_run(), but it may be sent twice.
 */
enum err db_network_note(struct ctx *c, const struct network *n) MUST_CHECK;

/* Note the highest number of today, once. Errors as db_network_note(). */
enum err db_network_mark(struct ctx *c) MUST_CHECK;

#endif
