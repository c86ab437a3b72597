/*
 * Table latchkey_throttle: rate limits as leaky buckets.
 *
 * A full bucket is empty an hour later, so a row needs only the time at which
 * it will be empty. A subject has two buckets, and is as full as the emptier
 * one: it is refused for the attempts of others only if both of its buckets are
 * shared. Source: count-min sketch (Cormode, Muthukrishnan); ITU-T I.371, annex
 * A.
 */
#ifndef LATCHKEY_DB_RATELIMIT_H
#define LATCHKEY_DB_RATELIMIT_H

#include "ctx.h"
#include "db/db.h"

#define DB_RATELIMIT_BUCKETS 327682 /* rows of the table */
#define DB_RATELIMIT_SERVICE 286720 /* and the next: one for each share */
#define DB_RATELIMIT_FULL_US INT64_C(3600000000)

/* The two shares of the limit of the whole service (svc/service_limit.h). */
enum service_share { SERVICE_COMMON, SERVICE_KNOWN, SERVICE_SHARES };

/* A subject of a rate limit, whose attempts are counted. */
struct ratelimit_subject {
	unsigned bucket[2]; /* 0 to DB_RATELIMIT_BUCKETS - 1 */
	int64_t cost_us;    /* an attempt's part of DB_RATELIMIT_FULL_US */
};

/* An attempt: all that it counts for, buckets in ascending order. */
struct ratelimit_attempt {
	size_t count;
	struct ratelimit_subject subject[5];
	bool in_service_limit;    /* svc/service_limit.h */
	enum service_share share; /* the share, if it is counted there */
};

/* The memory of a worker. All 0 at first. */
struct ratelimit_memory {
	int64_t refused_s; /* time of the last refusal; 0: none */
};

extern const struct db_sql db_ratelimit_sql[];

/*
 * Count an attempt for all of its subjects in one statement, which returns how
 * full they are then: of several at once no more pass than there is room for.
 * An attempt without room is refunded by another statement; but for a minute
 * after a refusal the levels are read first, and without room nothing is
 * written. *wait_s: 0: it was counted; else the seconds until there is room,
 * and it was not. ERR_BUSY: as db_run(); it may have been counted.
 */
enum err db_ratelimit_reserve(struct ctx *c, const struct ratelimit_attempt *t,
    int64_t *wait_s) MUST_CHECK;

/*
 * Add an amount to the bucket of a share of the whole service; *level_us is how
 * full it is then. Errors as db_run(); after a lost connection it may have been
 * added twice.
 */
enum err db_ratelimit_service(struct ctx *c, enum service_share share,
    int64_t us, int64_t *level_us) MUST_CHECK;

/*
 * *wait_s as of db_ratelimit_reserve(), but nothing is counted. Errors as
 * db_run().
 */
enum err db_ratelimit_look(struct ctx *c, const struct ratelimit_attempt *t,
    int64_t *wait_s) MUST_CHECK;

/* A range of buckets. */
struct ratelimit_range {
	unsigned first, count;
};

/* The level of the fullest of these buckets. Errors as db_run(). */
enum err db_ratelimit_fullest(struct ctx *c, const struct ratelimit_range *r,
    int64_t *level_us) MUST_CHECK;

/* Empty all buckets of n ranges. Errors as db_run(); it may be sent twice. */
enum err db_ratelimit_empty(
    struct ctx *c, const struct ratelimit_range *r, size_t n) MUST_CHECK;

/*
 * Refund an attempt that was counted. The answer is awaited after the reply to
 * the request: no client waits for it, and a client that has its reply does not
 * find the attempt counted. Errors as db_send().
 */
enum err db_ratelimit_refund(
    struct ctx *c, const struct ratelimit_attempt *t) MUST_CHECK;

#endif
