/*
 * Tests of db/ratelimit.c: attempts admitted by the levels of buckets, and
 * statements sent to the database, which is a fake one.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "db/db.h"

#define FULL DB_RATELIMIT_FULL_US

/*
 * What the next statements give, and what the last ones were. raced: of several
 * at once, the look into the table found room that is gone when it is written.
 */
static struct {
	bool raced, looks;
	struct {
		int64_t bucket, level_us;
	} row[8];
	int rows;
	enum err e;
	char said[400];
} table;

static enum err
run_of_ours(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out)
{
	size_t n = strlen(table.said);

	(void)db;
	(void)a;
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	snprintf(table.said + n, sizeof(table.said) - n, "%s %s %s;", sql->name,
	    params.value[0], params.count > 1 ? params.value[1] : "");
	if (out != NULL)
		out->count = table.rows;
	table.looks = strcmp(sql->name, "ratelimit_look") == 0;
	return table.looks && table.raced ? ERR_OK : table.e;
}

static enum err
send_of_ours(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params)
{
	size_t n = strlen(table.said);

	snprintf(table.said + n, sizeof(table.said) - n, "sent ");
	return run_of_ours(db, a, sql, params, NULL);
}

static int64_t
int_of_ours(const struct db_rows *rows, int row, int column)
{
	(void)rows;
	if (column == 0)
		return table.row[row].bucket;
	return table.looks && table.raced ? 0 : table.row[row].level_us;
}

#define db_run run_of_ours
#define db_one run_of_ours
#define db_send send_of_ours
#define db_int int_of_ours
#define db_ratelimit_sql tested_sql
#define db_ratelimit_reserve tested_reserve
#define db_ratelimit_service tested_service
#define db_ratelimit_refund tested_give_back
#define db_ratelimit_look tested_look
#define db_ratelimit_fullest tested_fullest
#define db_ratelimit_empty tested_empty
#include "db/ratelimit.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

/* Buckets 3 and 7, and 10 and 20. */
static const struct ratelimit_attempt attempt = {
	.count = 2,
	.subject = { { { 3, 7 }, 5 }, { { 10, 20 }, 6 } },
};

/* How long an attempt has to wait where the buckets are so full. */
static int64_t
wait_s(struct ctx *c, int64_t l3, int64_t l7, int64_t l10, int64_t l20)
{
	const int64_t bucket[] = { 20, 3, 10, 7 },
	              level[] = { l20, l3, l10, l7 };
	bool raced = table.raced;
	int64_t s = -1;
	int i;

	memset(&table, 0, sizeof(table));
	table.raced = raced;
	for (i = 0; i < 4; i++) {
		table.row[i].bucket = bucket[i];
		table.row[i].level_us = level[i];
	}
	table.rows = 4;
	if (db_ratelimit_reserve(c, &attempt, &s) != ERR_OK)
		return -2;
	return s;
}

static struct ratelimit_memory memory;

static void
test_levels(struct ctx *c)
{
	memory.refused_s = 0;
	is_int(
	    wait_s(c, 1, 2, 3, 4), 0, "an attempt passes where there is room");
	is(table.said, "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "an attempt is counted in all of its buckets, by what each costs");
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0,
	    "an attempt that just fits passes");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1,
	    "an attempt that does not fit is refused");
	is(table.said,
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};"
	    "ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "an attempt that does not fit is refunded");
	is_int(wait_s(c, 0, 0, FULL + 1, FULL + 1), 1,
	    "an attempt is refused when any of its subjects has no room");
	is_int(wait_s(c, FULL + 1, FULL, FULL, FULL + 1), 0,
	    "the emptier of a subject's two buckets decides");
	is_int(wait_s(c, FULL, FULL + 1, FULL + 1, FULL), 0,
	    "the emptier bucket may be the first or the second");
	is_int(wait_s(c, FULL + 9000000, FULL + 3000000, FULL + 2000000,
	           FULL + 8000000),
	    3, "an attempt has to wait for the fuller of its subjects");
	is_int(wait_s(c, FULL + 1000000, FULL + 1000000, 0, 0), 1,
	    "an attempt waits a second for a second's excess");
	is_int(wait_s(c, FULL + 1000001, FULL + 1000001, 0, 0), 2,
	    "a part of a second counts as a second");
}

static void
test_wary(struct ctx *c)
{
	memory.refused_s = 0;
	(void)wait_s(c, FULL + 1, FULL + 1, 0, 0);
	is_int(memory.refused_s, c->now_s, "the second of a refusal is kept");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1,
	    "an attempt that does not fit after a refusal is refused");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "an attempt that does not fit after a refusal writes nothing");
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0,
	    "an attempt that fits passes after a refusal");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "an attempt that fits after a refusal is counted");
	memory.refused_s = c->now_s - 59;
	(void)wait_s(c, FULL + 1, FULL + 1, 0, 0);
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "an attempt within a minute of a refusal is looked up first");
	is_int(memory.refused_s, c->now_s,
	    "a refusal within a minute of another renews the kept second");
	memory.refused_s = c->now_s - 60;
	(void)wait_s(c, 0, 0, 0, 0);
	is(table.said, "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "an attempt a minute after a refusal is counted at once");
	memory.refused_s = c->now_s;

	table.raced = true;
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0,
	    "of several attempts at once those that still fit pass");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1,
	    "of several attempts at once those that do not fit are refused");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};"
	    "ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "an attempt that no longer fits at its count is refunded");
	table.raced = false;
}

static void
test_failures(struct ctx *c)
{
	int64_t s = -1, level = -1;

	(void)wait_s(c, 0, 0, 0, 0);
	table.rows = 0;
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_OK && s > 0,
	    "no attempt passes if the table does not answer");
	(void)wait_s(c, 0, 0, 0, 0);
	table.rows = 2; /* neither 10 nor 7 */
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_OK && s == 0,
	    "an attempt passes with one bucket of each subject");
	table.e = ERR_BUSY;
	table.said[0] = '\0';
	s = -1;
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_BUSY && s == 0,
	    "a missing table makes the attempt ERR_BUSY");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "a missing table is asked once");
	table.raced = true;
	table.said[0] = '\0';
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_BUSY && s == 0,
	    "a table lost in the middle makes the attempt ERR_BUSY");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "nothing is refunded to a table lost in the middle");
	ok(db_ratelimit_service(c, SERVICE_COMMON, 8, &level) == ERR_BUSY &&
	        level == -1,
	    "a missing table makes the service's limit ERR_BUSY");
}

static void
test_service(struct ctx *c)
{
	int64_t level = -1;

	memset(&table, 0, sizeof(table));
	table.row[0].bucket = DB_RATELIMIT_SERVICE;
	table.row[0].level_us = 77;
	table.rows = 1;
	ok(db_ratelimit_service(c, SERVICE_COMMON, 8, &level) == ERR_OK &&
	        level == 77,
	    "the service has a bucket of its own");
	is(table.said, "ratelimit_reserve {286720} {8};",
	    "the service's bucket is behind those of sites");
	table.said[0] = '\0';
	table.row[0].bucket++;
	ok(db_ratelimit_service(c, SERVICE_KNOWN, 9, &level) == ERR_OK &&
	        level == 77,
	    "the known networks have a bucket of their own");
	is(table.said, "ratelimit_reserve {286721} {9};",
	    "the bucket of known networks is behind the service's");
	table.rows = 0;
	ok(db_ratelimit_service(c, SERVICE_COMMON, 8, &level) == ERR_OK &&
	        level == 2 * FULL,
	    "the service's bucket is full if the table does not answer");
}

/* An attempt was right: nobody waits until that is written. */
static void
test_refund(struct ctx *c)
{
	memset(&table, 0, sizeof(table));
	ok(tested_give_back(c, &attempt) == ERR_OK,
	    "a right attempt is refunded");
	is(table.said, "sent ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "a refund is sent, and not waited for");
	table.e = ERR_BUSY;
	ok(tested_give_back(c, &attempt) == ERR_BUSY,
	    "a refund that cannot be sent is ERR_BUSY");
}

/* What an operator asks, and does. */
static void
test_ranges(struct ctx *c)
{
	static const struct ratelimit_range r[] = { { 3, 2 }, { 10, 3 } };
	int64_t level = -1, s = -1;

	(void)wait_s(c, FULL, FULL, FULL + 1, FULL + 1);
	table.said[0] = '\0';
	ok(db_ratelimit_look(c, &attempt, &s) == ERR_OK && s == 1,
	    "db_ratelimit_look returns how long an attempt would have to wait");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "db_ratelimit_look counts nothing");
	table.said[0] = '\0';
	table.row[0].level_us = 77;
	ok(db_ratelimit_fullest(c, r, &level) == ERR_OK,
	    "db_ratelimit_fullest returns the fullest of several buckets");
	is(table.said, "ratelimit_fullest {3,4} ;",
	    "db_ratelimit_fullest asks once");
	table.said[0] = '\0';
	ok(db_ratelimit_empty(c, r, 2) == ERR_OK,
	    "db_ratelimit_empty empties several buckets");
	is(table.said, "ratelimit_empty {3,4,10,11,12} ;",
	    "db_ratelimit_empty asks once");
	table.e = ERR_BUSY;
	ok(db_ratelimit_fullest(c, r, &level) == ERR_BUSY &&
	        db_ratelimit_empty(c, r, 2) == ERR_BUSY,
	    "buckets are neither read nor emptied without the database");
}

int
main(void)
{
	struct arena arena;
	const struct app app = { .ratelimit = &memory };
	struct ctx c = { .app = &app, .arena = &arena, .now_s = 1000000 };

	arena_init(&arena);
	test_levels(&c);
	test_wary(&c);
	test_failures(&c);
	test_service(&c);
	test_refund(&c);
	test_ranges(&c);
	arena_free(&arena);
	return done();
}
