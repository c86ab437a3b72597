/*
 * Tests of svc/decoy.c: the account that a seed chooses, and when the range of
 * accounts is read, from a fake table. The known answers are those with which
 * other implementations of the algorithm are tested.
 */
#include "base.h"

#include <stdlib.h>

#include "mac.h"

#define decoy_number tested_number
#define decoy_choose tested_choose
#define decoy_find tested_find
#define db_user_range range_of_ours
#include "svc/decoy.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

#define SEEDS 20000
#define ACCOUNTS 50

static uint64_t
seed_of(unsigned i)
{
	return i * UINT64_C(0x9e3779b97f4a7c15); /* far apart */
}

static void
test_known(void)
{
	is_int(decoy_number(1, 1), 0, "1 of 1 is number 0");
	is_int(decoy_number(42, 57), 43, "42 of 57 is number 43");
	is_int(decoy_number(0xDEAD10CC, 1), 0, "0xDEAD10CC of 1 is number 0");
	is_int(decoy_number(0xDEAD10CC, 666), 361,
	    "0xDEAD10CC of 666 is number 361");
	is_int(decoy_number(256, 1024), 520, "256 of 1024 is number 520");
	is_int(decoy_number(256, 0), 0, "256 of 0 is number 0");
	is_int(decoy_number(256, -5), 0, "256 of -5 is number 0");
	ok(decoy_number(UINT64_MAX, INT64_MAX) >= 0,
	    "the highest seed has a number");
}

static void
test_even(void)
{
	unsigned of[ACCOUNTS] = { 0 }, i, least = SEEDS, most = 0;
	int64_t n;

	for (i = 0; i < SEEDS; i++) {
		n = decoy_number(seed_of(i), ACCOUNTS);
		if (n < 0 || n >= ACCOUNTS)
			abort();
		of[n]++;
	}
	for (i = 0; i < ACCOUNTS; i++) {
		least = of[i] < least ? of[i] : least;
		most = of[i] > most ? of[i] : most;
	}
	/* 400 each, of which five deviations are 100 */
	ok(least > 300 && most < 500, "each number is chosen about as often");
}

static void
test_join(void)
{
	unsigned i, elsewhere = 0, moved = 0;
	int64_t before, after;

	for (i = 0; i < SEEDS; i++) {
		before = decoy_number(seed_of(i), ACCOUNTS);
		after = decoy_number(seed_of(i), ACCOUNTS + 1);
		moved += after != before;
		elsewhere += after != before && after != ACCOUNTS;
	}
	ok(moved > 300 && moved < 500,
	    "an account that joins takes its part of the seeds");
	is_int(elsewhere, 0, "a seed goes to the account that joins or stays");
}

/* The table: how often it was asked, and what it says. */
static struct {
	int times;
	int64_t first, count;
	enum err e;
} table;

enum err
range_of_ours(struct ctx *c, int64_t *first, int64_t *count)
{
	(void)c;
	table.times++;
	*first = table.first;
	*count = table.count;
	return table.e;
}

/* The number for a name at this time; -1: there is none. */
static int64_t
chosen(struct ctx *c, int64_t now_s)
{
	int64_t id;

	c->now_s = now_s;
	return decoy_choose(c, "ada", &id) == ERR_OK ? id : -1;
}

static void
test_look(void)
{
	struct secrets secrets;
	struct decoy_range decoys = { .count = 0 };
	const struct app app = { .secrets = &secrets, .decoys = &decoys };
	struct ctx c = { .app = &app };
	int64_t id;

	make_secrets(&secrets, KEY_TEXT);
	table.first = 7;
	table.count = 1000;
	table.e = ERR_BUSY;
	is_int(chosen(&c, 1), -1, "no decoy is chosen without the table");
	table.e = ERR_OK;
	id = chosen(&c, 1);
	ok(id >= 7 && id < 1007,
	    "a decoy is one of the accounts that there are");
	is_int(table.times, 2, "the table is read again after a failure");
	is_int(chosen(&c, 1), id, "a name keeps its decoy");
	is_int(
	    chosen(&c, 10), id, "a name keeps its decoy while nothing changes");
	is_int(table.times, 2, "the table is read at most once in ten seconds");
	table.first = 8;
	is_int(chosen(&c, 11), id + 1,
	    "a decoy follows the table after ten seconds");
	is_int(table.times, 3, "the table is read once after ten seconds");
	(void)chosen(&c, 10);
	is_int(
	    table.times, 4, "the table is read where the clock was set back");
	mac_fails = true;
	is_int(
	    chosen(&c, 10), -1, "no decoy is chosen without a MAC of the name");
}

int
main(void)
{
	test_look();
	test_known();
	test_even();
	test_join();
	return done();
}
