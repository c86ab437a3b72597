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
	is_int(wait_s(c, 1, 2, 3, 4), 0, "where there is room it passes");
	is(table.said, "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "counted in all of its buckets, by what each costs");
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0, "what just fits passes");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1, "no more");
	is(table.said,
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};"
	    "ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "and is given back");
	is_int(wait_s(c, 0, 0, FULL + 1, FULL + 1), 1,
	    "whichever of its subjects has no room");
	is_int(wait_s(c, FULL + 1, FULL, FULL, FULL + 1), 0,
	    "of a subject's two buckets the emptier one decides");
	is_int(wait_s(c, FULL, FULL + 1, FULL + 1, FULL), 0,
	    "which may be the first or the second");
	is_int(wait_s(c, FULL + 9000000, FULL + 3000000, FULL + 2000000,
	           FULL + 8000000),
	    3, "it has to wait for the fuller of the subjects");
	is_int(wait_s(c, FULL + 1000000, FULL + 1000000, 0, 0), 1,
	    "a second for a second");
	is_int(wait_s(c, FULL + 1000001, FULL + 1000001, 0, 0), 2,
	    "and the part of one counts as one");
}

static void
test_wary(struct ctx *c)
{
	memory.refused_s = 0;
	(void)wait_s(c, FULL + 1, FULL + 1, 0, 0);
	is_int(memory.refused_s, c->now_s, "when somebody was refused is kept");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1, "the next is, too");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "without anything being written");
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0, "what fits passes");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "counted as ever");
	memory.refused_s = c->now_s - 59;
	(void)wait_s(c, FULL + 1, FULL + 1, 0, 0);
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "so it is for a minute");
	is_int(memory.refused_s, c->now_s, "which begins anew");
	memory.refused_s = c->now_s - 60;
	(void)wait_s(c, 0, 0, 0, 0);
	is(table.said, "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "and no longer");
	memory.refused_s = c->now_s;

	table.raced = true;
	is_int(wait_s(c, FULL, FULL, FULL, FULL), 0,
	    "of several at once, who still fits passes");
	is_int(wait_s(c, FULL + 1, FULL + 1, 0, 0), 1, "no more");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};"
	    "ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "and is given back");
	table.raced = false;
}

static void
test_failures(struct ctx *c)
{
	int64_t s = -1, level = -1;

	(void)wait_s(c, 0, 0, 0, 0);
	table.rows = 0;
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_OK && s > 0,
	    "nobody passes if the table does not tell");
	(void)wait_s(c, 0, 0, 0, 0);
	table.rows = 2; /* neither 10 nor 7 */
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_OK && s == 0,
	    "one bucket of each is enough");
	table.e = ERR_BUSY;
	table.said[0] = '\0';
	s = -1;
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_BUSY && s == 0,
	    "want of the table is told");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "and it is not asked again");
	table.raced = true;
	table.said[0] = '\0';
	ok(db_ratelimit_reserve(c, &attempt, &s) == ERR_BUSY && s == 0,
	    "also if it goes then");
	is(table.said,
	    "ratelimit_look {3,7,10,20} {5,5,6,6};"
	    "ratelimit_reserve {3,7,10,20} {5,5,6,6};",
	    "and nothing given back");
	ok(db_ratelimit_service(c, SERVICE_COMMON, 8, &level) == ERR_BUSY &&
	        level == -1,
	    "also for the service as a whole");
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
	is(table.said, "ratelimit_reserve {286720} {8};", "behind the sites'");
	table.said[0] = '\0';
	table.row[0].bucket++;
	ok(db_ratelimit_service(c, SERVICE_KNOWN, 9, &level) == ERR_OK &&
	        level == 77,
	    "so have its known networks");
	is(table.said, "ratelimit_reserve {286721} {9};", "the next one");
	table.rows = 0;
	ok(db_ratelimit_service(c, SERVICE_COMMON, 8, &level) == ERR_OK &&
	        level == 2 * FULL,
	    "which is full if the table does not tell");
}

/* An attempt was right: nobody waits until that is written. */
static void
test_refund(struct ctx *c)
{
	memset(&table, 0, sizeof(table));
	ok(tested_give_back(c, &attempt) == ERR_OK, "a right attempt");
	is(table.said, "sent ratelimit_refund {3,7,10,20} {-5,-5,-6,-6};",
	    "a refund is sent, and not waited for");
	table.e = ERR_BUSY;
	ok(tested_give_back(c, &attempt) == ERR_BUSY,
	    "a refund that cannot be sent is told");
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
	    "how long an attempt would have to wait");
	is(table.said, "ratelimit_look {3,7,10,20} {5,5,6,6};",
	    "is told without counting it");
	table.said[0] = '\0';
	table.row[0].level_us = 77;
	ok(db_ratelimit_fullest(c, r, &level) == ERR_OK, "the fullest of some");
	is(table.said, "ratelimit_fullest {3,4} ;", "is asked for");
	table.said[0] = '\0';
	ok(db_ratelimit_empty(c, r, 2) == ERR_OK, "several are emptied");
	is(table.said, "ratelimit_empty {3,4,10,11,12} ;", "at once");
	table.e = ERR_BUSY;
	ok(db_ratelimit_fullest(c, r, &level) == ERR_BUSY &&
	        db_ratelimit_empty(c, r, 2) == ERR_BUSY,
	    "but not without the database");
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
