/*
 * Service-wide limit of failed logins.
 *
 * A worker may die at any instruction, and may leave anything behind in the
 * shared memory. Values read there are clamped to their range, and a second
 * later the database's figure replaces it: at worst the share is spent or
 * forgotten until then. The other limits do not depend on it.
 */
#include "base.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "db/ratelimit.h"
#include "lib/clock.h"
#include "stats/event.h"
#include "svc/service_limit.h"

#define WRITE_US INT64_C(1000000) /* from one writing to the next */

struct memory {
	_Atomic int64_t pending;  /* attempts not yet written */
	_Atomic int64_t empty_us; /* when what is written has leaked out */
	_Atomic int64_t next_us;  /* when to write again */
};

static struct memory own[SERVICE_SHARES];
static struct memory *memory = own;

static void
use_memory(void *shared)
{
	memory = shared;
}

const struct shm_section service_limit_section = {
	.name = "service_limit",
	.bytes = sizeof(own),
	.use = use_memory,
};

enum event
service_limit_refusal(enum service_share share)
{
	return share == SERVICE_KNOWN ? EVENT_LIMIT_KNOWN : EVENT_LIMIT_COMMON;
}

static int64_t
between(int64_t min, int64_t v, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

/* Half of the limit, rounded down; at least one. */
static int64_t
limit_of_share(const struct conf *conf)
{
	return between(1, conf->login_failures_per_service / 2, INT64_MAX);
}

/* The cost of an attempt: half of the share fills the bucket, at least one. */
static int64_t
cost_us(const struct conf *conf)
{
	int64_t limit = limit_of_share(conf);

	return between(1, (2 * DB_RATELIMIT_FULL_US + limit - 1) / limit,
	    DB_RATELIMIT_FULL_US);
}

/*
 * Negative if more was refunded than counted since the last write. With one
 * beyond the limit, so that with a limit of one the second is too many.
 */
static int64_t
pending(const struct conf *conf, const struct memory *m)
{
	int64_t most = limit_of_share(conf) + 1;

	return between(-most, atomic_load(&m->pending), most);
}

/* Does this worker write now? Of several at once one does. */
static bool
is_my_turn(struct memory *m, int64_t now_us)
{
	int64_t next_us = atomic_load(&m->next_us);

	/* a time too far ahead is not one that we wrote */
	if (now_us < next_us && next_us <= now_us + WRITE_US)
		return false;
	return atomic_compare_exchange_strong(
	    &m->next_us, &next_us, now_us + WRITE_US);
}

/* Add what was counted here, and learn what was counted everywhere. */
static enum err
write_back(struct ctx *c, enum service_share share)
{
	struct memory *m = &memory[share];
	int64_t level_us, n = pending(c->app->conf, m);
	enum err e;

	e = db_ratelimit_service(
	    c, share, n * cost_us(c->app->conf), &level_us);
	if (e != ERR_OK)
		return e;
	/* in this order, so that meanwhile too much is counted, not too little
	 */
	atomic_store(&m->empty_us, clock_us() + level_us);
	if (pending(c->app->conf, m) != atomic_load(&m->pending))
		atomic_store(&m->pending, 0);
	else
		atomic_fetch_sub(&m->pending, n);
	if (level_us + cost_us(c->app->conf) > DB_RATELIMIT_FULL_US)
		event(EVENT_LIMIT_REACHED, "share=%s limit=%" PRId64,
		    event_table[service_limit_refusal(share)].outcome,
		    limit_of_share(c->app->conf));
	return ERR_OK;
}

enum err
service_limit_reserve(struct ctx *c, enum service_share share)
{
	struct memory *m = &memory[share];
	int64_t now_us = clock_us(), over_us;
	enum err e;

	if (c->app->conf->login_failures_per_service == 0)
		return ERR_OK;
	if (is_my_turn(m, now_us) && (e = write_back(c, share)) != ERR_OK)
		return e;
	atomic_fetch_add(&m->pending, 1);
	over_us = between(0, atomic_load(&m->empty_us) - now_us,
	              2 * DB_RATELIMIT_FULL_US) +
	          pending(c->app->conf, m) * cost_us(c->app->conf) -
	          DB_RATELIMIT_FULL_US;
	if (over_us <= 0)
		return ERR_OK;
	atomic_fetch_sub(&m->pending, 1);
	c->retry_after_s = (over_us - 1) / 1000000 + 1;
	return ERR_LIMIT;
}

void
service_limit_refund(const struct ctx *c, enum service_share share)
{
	if (c->app->conf->login_failures_per_service != 0)
		atomic_fetch_sub(&memory[share].pending, 1);
}
