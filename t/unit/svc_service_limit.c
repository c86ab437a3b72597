/*
 * Tests of svc/service_limit.c with a fake clock and database, and with
 * anything that a dead worker may have left in shared memory.
 */
#include "base.h"

#define service_limit_section tested_section
#define service_limit_refusal tested_refusal
#define service_limit_reserve tested_reserve
#define service_limit_refund tested_give_back
#define clock_us clock_of_ours
#define db_ratelimit_service service_of_ours
#include "svc/service_limit.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

#include <string.h>

#define START_US INT64_C(5000000000)
#define FULL_US DB_RATELIMIT_FULL_US

static int64_t clock_at_us = START_US;

/* The row in the database: what was written to it, and what it says. */
static struct {
	int times;
	enum service_share share;
	int64_t us, level_us;
	enum err e;
} row;

int64_t
clock_of_ours(void)
{
	return clock_at_us;
}

enum err
service_of_ours(
    struct ctx *c, enum service_share share, int64_t us, int64_t *level)
{
	(void)c;
	row.times++;
	row.share = share;
	row.us = us;
	*level = row.level_us;
	return row.e;
}

/* As a worker begins, with the row empty. */
static void
begin(void)
{
	memset(memory, 0, sizeof(own));
	row.times = 0;
	row.us = row.level_us = 0;
	row.e = ERR_OK;
	clock_at_us = START_US;
}

/* How many attempts of this many are let through. */
static int
reserve(struct ctx *c, int times)
{
	int i, n = 0;

	for (i = 0; i < times; i++)
		n += service_limit_reserve(c, SERVICE_COMMON) == ERR_OK;
	return n;
}

static void
test_limit(struct ctx *c)
{
	begin();
	is_int(reserve(c, 10), 10,
	    "half of a share, which is half of the limit, passes at once");
	c->retry_after_s = 0;
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_LIMIT,
	    "an attempt beyond half of a share is refused");
	is_int(c->retry_after_s, 360,
	    "a refused attempt may come when one has leaked out");
	service_limit_refund(c, SERVICE_COMMON);
	is_int(reserve(c, 2), 1, "a refund lets one more attempt pass");
	is_int(row.times, 1, "the database is asked once at first");
	is_int(row.us, 0, "nothing is written before anything was counted");
}

static void
test_writing(struct ctx *c)
{
	begin();
	(void)reserve(c, 10);
	clock_at_us += 999999;
	(void)reserve(c, 1);
	is_int(row.times, 1, "nothing is written within a second");
	clock_at_us++;
	row.level_us = FULL_US - FULL_US / 10;
	is_int(
	    reserve(c, 2), 1, "after a second the count of the database holds");
	is_int(row.times, 2, "the database is asked again after a second");
	is_int(row.us, FULL_US, "the write has all that was counted");
	row.level_us = FULL_US;
	clock_at_us += WRITE_US;
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_LIMIT,
	    "attempts that others have counted are refused here");
	is_int(row.us, FULL_US / 10, "nothing is written twice");
	row.level_us = 0;
	clock_at_us += WRITE_US;
	service_limit_refund(c, SERVICE_COMMON);
	is_int(reserve(c, 12), 10, "an empty row gives half of a share again");
	is_int(
	    row.us, -FULL_US / 10, "a later refund is subtracted from the row");
	row.e = ERR_BUSY;
	clock_at_us += WRITE_US;
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_BUSY,
	    "no attempt passes without the database");
	row.e = ERR_OK;
	clock_at_us += WRITE_US;
	(void)reserve(c, 1);
	is_int(row.us, FULL_US,
	    "nothing that was counted is lost without the database");
}

/* The share of known networks is another. */
static void
test_shares(struct ctx *c)
{
	begin();
	(void)reserve(c, 11);
	is_int(row.share, SERVICE_COMMON, "the common share has a row");
	ok(service_limit_reserve(c, SERVICE_KNOWN) == ERR_OK,
	    "the share of known networks lasts when the common one is spent");
	is_int(row.share, SERVICE_KNOWN,
	    "the share of known networks has a row of its own");
	is_int(row.us, 0,
	    "the row of known networks has nothing of the common share");
	is_int(row.times, 2, "each share is asked at its own time");
	while (service_limit_reserve(c, SERVICE_KNOWN) == ERR_OK)
		row.times++;
	is_int(row.times, 2 + 9, "the share of known networks is as large");
	service_limit_refund(c, SERVICE_KNOWN);
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_LIMIT,
	    "a refund to one share is not the other's");
	ok(service_limit_reserve(c, SERVICE_KNOWN) == ERR_OK,
	    "a refund to a share is its own");
}

/* What a worker that died may have left. */
static void
test_garbage(struct ctx *c)
{
	begin();
	(void)reserve(c, 1);
	atomic_store(&memory->next_us, clock_at_us + WRITE_US + 1);
	(void)reserve(c, 1);
	is_int(row.times, 2, "a time too far ahead does not stop the writing");
	atomic_store(&memory->next_us, clock_at_us + WRITE_US);
	(void)reserve(c, 1);
	is_int(row.times, 2,
	    "a time that this process may have written stops the writing");
	atomic_store(&memory->next_us, clock_at_us);
	(void)reserve(c, 1);
	is_int(row.times, 3, "the writing goes on when its time has come");

	begin();
	(void)reserve(c, 1);
	atomic_store(&memory->empty_us, INT64_MAX);
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_LIMIT,
	    "a row with a time of infinity is full");
	is_int(c->retry_after_s, 3600 + 720,
	    "a row with a time of infinity is twice full, with two attempts more");
	atomic_store(&memory->empty_us, INT64_MIN / 2);
	is_int(reserve(c, 1), 1, "a row that emptied long ago is empty");

	begin();
	(void)reserve(c, 1);
	atomic_store(&memory->pending, INT64_MAX / 2);
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_LIMIT,
	    "more attempts than there can be are refused");
	clock_at_us += WRITE_US;
	ok(service_limit_reserve(c, SERVICE_COMMON) == ERR_OK,
	    "more attempts than there can be are forgotten a second later");
	is_int(row.us, 21 * (FULL_US / 10),
	    "more attempts than there can be are written as the limit");
	is_int(atomic_load(&memory->pending), 1,
	    "attempts counted during the write stay");
	atomic_store(&memory->pending, INT64_MIN / 2);
	clock_at_us += WRITE_US;
	(void)reserve(c, 1);
	is_int(row.us, -21 * (FULL_US / 10),
	    "more refunds than there can be are written as the limit");
}

/* What one attempt adds to the row, of this limit. */
static int64_t
cost_of(struct ctx *c, struct conf *conf, int64_t limit)
{
	conf->login_failures_per_service = limit;
	begin();
	(void)reserve(c, 1);
	clock_at_us += WRITE_US;
	(void)reserve(c, 1);
	return row.us;
}

static void
test_costs(struct ctx *c, struct conf *conf)
{
	is_int(cost_of(c, conf, 1), FULL_US, "an attempt fills a limit of one");
	begin();
	is_int(reserve(c, 2), 1, "a limit of one lets one attempt pass");
	is_int(cost_of(c, conf, 10000000), 1440,
	    "an attempt costs little of the largest limit");
	is_int(cost_of(c, conf, 14), 1028571429,
	    "a cost that does not divide is rounded up");
	is_int(cost_of(c, conf, 15), 1028571429,
	    "an odd limit has its half rounded down");
	conf->login_failures_per_service = 0;
	begin();
	is_int(reserve(c, 1000), 1000, "a limit of 0 is no limit");
	service_limit_refund(c, SERVICE_COMMON);
	is_int(row.times + atomic_load(&memory->pending), 0,
	    "nothing is counted without a limit");
}

int
main(void)
{
	static struct memory shared[SERVICE_SHARES];
	struct conf conf = { .login_failures_per_service = 40 };
	const struct app app = { .conf = &conf };
	struct ctx c = { .app = &app };

	log_set_level(LOG_LEVEL_ERROR); /* of a spent budget warnings tell */
	test_limit(&c);
	test_writing(&c);
	test_shares(&c);
	test_garbage(&c);
	service_limit_section.use(shared);
	ok(memory == shared,
	    "the memory of the service's limit can be replaced");
	test_limit(&c);
	test_costs(&c, &conf);
	return done();
}
