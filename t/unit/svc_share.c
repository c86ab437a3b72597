/*
 * Tests of svc/share.c with a fake clock and database.
 */
#include "base.h"

#define share_database_ms tested_database_ms
#define share_wait_ms tested_wait_ms
#define share_begin tested_begin
#define share_end tested_end
#define clock_ms clock_of_ours
#define db_waited_ms waited_of_ours
#define db_allow allow_of_ours
#include "svc/share.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

static struct conf conf = { .login_wait_ms = 4000, .db_timeout_ms = 1500 };
static struct share memory;
static const struct app app = { .conf = &conf, .share = &memory };
static int64_t now_ms, waited_ms, allowed_ms;

int64_t
clock_of_ours(void)
{
	return now_ms;
}

int64_t
waited_of_ours(const struct db *db)
{
	(void)db;
	return waited_ms;
}

void
allow_of_ours(struct db *db, int64_t ms)
{
	(void)db;
	allowed_ms = ms;
}

/* As a worker begins, on a machine that has run for a while. */
static void
begin(void)
{
	memory = (struct share){ .paid_ms = 0 };
	now_ms = 1000000;
	waited_ms = 70;
}

static bool
is_open(void)
{
	struct ctx c = { .app = &app };

	return share_begin(&c);
}

/* A request that takes so long, of which it waits for the database. */
static bool
serve(int64_t ms, int64_t database_ms)
{
	struct ctx c = { .app = &app };

	if (!share_begin(&c))
		return false;
	now_ms += ms;
	waited_ms += database_ms;
	share_end(&c);
	return true;
}

static void
test_limits(void)
{
	struct conf other = { .login_wait_ms = 4000, .db_timeout_ms = 2000 };
	struct ctx c = { .app = &app };

	ok(share_database_ms(&other) == 2000 && share_wait_ms(&other) == 2000,
	    "db_timeout_ms of half of login_wait_ms is the limit of a call");
	other.db_timeout_ms = 2001;
	ok(share_database_ms(&other) == 2000 && share_wait_ms(&other) == 2000,
	    "a longer one is cut to half of login_wait_ms");
	ok(share_database_ms(&conf) == 1500 && share_wait_ms(&conf) == 2500,
	    "a login right behind a request that is begun keeps its time");
	begin();
	ok(share_begin(&c) && allowed_ms == 1500,
	    "all calls of a request have the limit of one together");
	share_end(&c);
	ok(allowed_ms == 0, "the limit of the calls together ends");
}

static void
test_free(void)
{
	bool open = true;
	int i;

	begin();
	for (i = 0; i < 1000; i++)
		open = serve(50, 50) && open;
	ok(open, "50 ms of the database are free, however often");
	for (i = 0; i < 1000; i++)
		open = serve(100, 100) && open;
	ok(open, "twice as much is one half of the time");
	for (i = 0; i < 1000; i++)
		open = serve(1000, 0) && open;
	ok(open, "hashing does not count");
	for (i = 0; open && i < 1000; i++)
		open = serve(101, 101);
	ok(!open && i == 502, "more than one half is refused, after the burst");
}

static void
test_refused(void)
{
	struct ctx c = { .app = &app };

	begin();
	ok(serve(1500, 1500), "a request that sleeps is begun");
	now_ms += 899;
	ok(!share_begin(&c) && c.retry_after_s == 1,
	    "the next one is refused, with the time in seconds");
	now_ms++;
	ok(is_open(),
	    "a refused request is begun when logins have had as long but the burst");
	begin();
	ok(serve(600, 600) && is_open(), "600 ms leave the burst of 500");
	begin();
	ok(serve(601, 601) && !is_open(), "a longer one is refused");
	begin();
	conf.login_wait_ms = 16000;
	ok(serve(8200, 8200) && !share_begin(&c) && c.retry_after_s == 6,
	    "seconds are rounded up: 5.8");
	conf.login_wait_ms = 4000;
	now_ms += 3600000;
	ok(serve(600, 600) && is_open(),
	    "after a long pause the burst is the same");
	ok(serve(601, 601) && !is_open(),
	    "after a long pause it is not longer");
}

int
main(void)
{
	test_limits();
	test_free();
	test_refused();
	return done();
}
