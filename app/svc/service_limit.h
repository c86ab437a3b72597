/*
 * Service-wide limit of failed logins, of all instances together: against an
 * attacker with so many addresses that no other limit binds.
 * In two shares, each a half of the limit: the common one, and one for known
 * networks (svc/network.h) once the first is spent. So no network is looked up
 * before that, and an attacker that spends it keeps out new networks alone.
 *
 * Counted in memory that an instance's workers share, and written to a row of
 * PostgreSQL for each share about once a second, so that logins do not queue
 * for a row. Between instances it is exact to what each counts in that second.
 */
#ifndef LATCHKEY_SVC_SERVICE_LIMIT_H
#define LATCHKEY_SVC_SERVICE_LIMIT_H

#include "db/ratelimit.h"
#include "stats/event.h"
#include "stats/shm.h"

/*
 * The shared memory that an instance's workers count in together. Without it a
 * process counts for itself.
 */
extern const struct shm_section service_limit_section;

/*
 * Count an attempt; at most once a second the database is asked.
 * ERR_LIMIT: the share is spent, and it was not counted; c->retry_after_s says
 * when there is room again. Other errors: as db_run(), and it was not counted.
 */
enum err service_limit_reserve(
    struct ctx *c, enum service_share share) MUST_CHECK;

/* The event of a login that is refused since this share is spent. */
enum event service_limit_refusal(enum service_share share);

/* Count an attempt back: the password was not wrong. */
void service_limit_refund(const struct ctx *c, enum service_share share);

#endif
