/*
 * Tables latchkey_network and latchkey_watermark: known networks, and the
 * highest account number of each day.
 *
 * A network has two places in a table of fixed size, and is in at most one of
 * them. A place is reused only after DB_NETWORK_DAYS without a login from its
 * network, so no network can push another out; if both are taken, it stays
 * unknown. A place holds 64 bits of a keyed hash, so an address with the same
 * places is not taken for the network.
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

/* The state of a network, and of the account that logs in from it. */
struct network_state {
	bool is_known;   /* had a login within DB_NETWORK_DAYS */
	bool seen_today; /* had a login today, in UTC */
	bool is_old;     /* the account is older than a week */
	bool is_marked;  /* today's highest number has been noted */
};

extern const struct db_sql db_network_sql[];

/*
 * Look a network up, and an account by its number. Nothing is written. Errors
 * as db_run().
 *
 * An account counts as older than a week if its number is not above the highest
 * of any day since. That holds if numbers ascend, whichever program makes the
 * accounts. If they do not (chosen at random, or filled gaps) a new account may
 * count as old at once, and only the sign-up limit is left; if one number is
 * far above all others, that begins a week later.
 */
enum err db_network_find(struct ctx *c, const struct network *n,
    int64_t user_id, struct network_state *out) MUST_CHECK;

/*
 * Note a login from a network today, in its place or a free one. If there is
 * none, or it is noted already, nothing is written. Errors as db_run(), but it
 * may be sent twice.
 */
enum err db_network_note(struct ctx *c, const struct network *n) MUST_CHECK;

/* Note the highest number of today, once. Errors as db_network_note(). */
enum err db_network_mark(struct ctx *c) MUST_CHECK;

#endif
