/*
 * How many wrong passwords the service as a whole looks at, all instances
 * together: against who has so many addresses that no other limit binds them.
 * In two shares, each a half of the limit: one is for everybody, and one for
 * those from known networks (svc/network.h) when the first is spent. So nobody
 * is looked up while it is not, and who spends it keeps out new networks alone.
 *
 * Counted in memory that an instance's workers share, and written to a row of
 * PostgreSQL for each about once a second, so that no row is waited for by all
 * logins. Between two instances it is exact to what each of them counts in that
 * second.
 */
#ifndef LATCHKEY_SVC_SERVICE_LIMIT_H
#define LATCHKEY_SVC_SERVICE_LIMIT_H

#include "db/ratelimit.h"
#include "stats/event.h"

/*
 * For the supervisor, before it forks: let its workers count together. Without
 * it a process counts for itself. False: no memory.
 */
bool service_limit_share_memory(void) MUST_CHECK;

/*
 * Count an attempt; at most once a second the database is asked.
 * ERR_LIMIT: there is no room, and it was not counted; c->retry_after_s says
 * when there will be. Other errors: as db_run(), and it was not counted.
 */
enum err service_limit_reserve(
    struct ctx *c, enum service_share share) MUST_CHECK;

/* The event of a login that is refused since this share is spent. */
enum event service_limit_refusal(enum service_share share);

/* It was no wrong password. */
void service_limit_refund(const struct ctx *c, enum service_share share);

#endif
