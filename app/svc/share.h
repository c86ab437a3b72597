/*
 * Share of a login worker's time that other requests than logins may have:
 * sign-ups, changes of passwords, deletions.
 *
 * Each is a write to a table whose triggers are the operator's, or the
 * application's, and may take as long as the database lets them; the logins
 * behind it wait in the same queue. Three bounds together keep them within
 * login_wait_ms, whatever a trigger does:
 *
 * - All calls of the database for such a request take share_database_ms()
 *   together at most.
 * - One that has waited for longer than share_wait_ms() is not begun: the login
 *   right behind it would wait too long.
 * - The time that they wait for the database counts against a share of one half
 *   of the worker's. When it is used up they are refused for as long, while
 *   logins are served, in whichever order they come out of the sockets.
 *
 * Only waiting for answers of the database counts: on a busy machine hashing
 * takes long, too, and is what logins do; and without a connection logins fail
 * as well, so that connecting would only have sign-ups refused for longer than
 * a fail-over takes. A sign-up's own share that a database of usual speed needs
 * is free, and so is a burst of an eighth of login_wait_ms.
 */
#ifndef LATCHKEY_SVC_SHARE_H
#define LATCHKEY_SVC_SHARE_H

#include "ctx.h"

/* Memory of a worker. All 0 at first; times are clock_ms()'s. */
struct share {
	int64_t paid_ms;   /* until then the share is spoken for */
	int64_t begun_ms;  /* the request under way: when it began, */
	int64_t waited_ms; /* and what was waited for the database before it */
};

/*
 * The limit of a call of the database, in a process that serves logins: that of
 * db_timeout_ms, or half of login_wait_ms if that is less.
 */
int64_t share_database_ms(const struct conf *conf);

/* How long a request that is no login may have waited when its turn comes. */
int64_t share_wait_ms(const struct conf *conf);

/*
 * Begin work that is no login's, in a process that has a database: until
 * share_end(), its calls have one limit together. False: the share is used up,
 * c->retry_after_s says for how long, and nothing was begun.
 */
bool share_begin(struct ctx *c) MUST_CHECK;

/* It has ended, and what it waited for the database counts. */
void share_end(struct ctx *c);

#endif
