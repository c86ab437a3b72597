/*
 * Known networks: the /24 (IPv4) or /48 (IPv6) of a successful login, for 30
 * days. Half of the service-wide limit is kept for them (svc/service_limit.h),
 * so that a flood of guesses from elsewhere does not lock their users out.
 *
 * Only accounts older than a week make a network known, each a few in a day:
 * otherwise an attacker would sign up and log in from each network before the
 * attack.
 */
#ifndef LATCHKEY_SVC_NETWORK_H
#define LATCHKEY_SVC_NETWORK_H

#include "ctx.h"

#define NETWORK_MEMO_ROWS 1024

/*
 * Cache of a worker, by digest: a flood from the same networks shall
 * not ask the database each time, nor shall each login. All 0 at first.
 */
struct network_memory {
	struct network_memo {
		int64_t digest;
		int64_t asked_s;   /* when is_known was so; 0: not here */
		int64_t noted_day; /* since 1970 */
		bool is_known;
	} row[NETWORK_MEMO_ROWS];
	int64_t young_id; /* this account and those after it were too young */
	int64_t young_s;  /* when that was so; 0: not here */
};

/*
 * Is c->address in a known network? Called only when the common share is spent;
 * an answer is kept for a minute. False also if the database does not answer,
 * which db/db.c has logged.
 */
bool network_is_known(struct ctx *c);

/*
 * Note that the account of this number has logged in from c->address. It costs
 * a write once a day for each network, and a read once a day and worker; of
 * accounts that are not old enough a worker asks once a minute. A failure is
 * logged; the network just stays unknown.
 */
void network_note(struct ctx *c, int64_t user_id);

#endif
