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
#define db_user_hashes hashes_of_ours
#define password_policy policy_of_ours
#define pwformat_state state_of_ours
#include "svc/decoy.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdio.h>

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

/* Names have decoys far apart: a table of a million, and a hundred names. */
static void
test_names(void)
{
	struct secrets secrets;
	struct decoy_range decoys = { .count = 0 };
	const struct app app = { .secrets = &secrets, .decoys = &decoys };
	struct ctx c = { .app = &app, .now_s = 1 };
	int64_t id[100];
	char name[16];
	int i, k, same = 0, low = 0;

	make_secrets(&secrets, KEY_TEXT);
	mac_fails = false;
	table.first = 0;
	table.count = 1000000;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		if (decoy_choose(&c, name, &id[i]) != ERR_OK)
			abort();
		low += id[i] < 500000;
		for (k = 0; k < i; k++)
			same += id[k] == id[i];
	}
	ok(same < 5, "names have decoys of their own");
	ok(low > 25 && low < 75, "decoys of names are of all accounts");
}

/* --- the hash --- */

/* The next accounts' hashes; "good" is one that can be verified. */
static struct {
	const char *hash[3];
	size_t n;
	int times;
	int64_t from;
	enum err e;
} next;

enum err
hashes_of_ours(struct ctx *c, int64_t from, const char **out, size_t *n)
{
	(void)c;
	next.times++;
	next.from = from;
	memcpy(out, next.hash, sizeof(next.hash));
	*n = next.n;
	return next.e;
}

struct pwformat_policy
policy_of_ours(const struct conf *conf)
{
	(void)conf;
	return (struct pwformat_policy){ .cost = 5 };
}

enum pwformat_state
state_of_ours(const struct pwformat_policy *p, const char *hash,
    struct pwformat_info *out)
{
	(void)p;
	(void)out;
	return hash != NULL && strncmp(hash, "good", 4) == 0 ? PWFORMAT_GOOD
	                                                     : PWFORMAT_UNKNOWN;
}

static void
test_hash(void)
{
	const struct app app = { .db = NULL };
	struct ctx c = { .app = &app };
	const char *hash = "good";

	ok(decoy_find(&c, 55, &hash) == ERR_OK && strcmp(hash, "good") == 0 &&
	        next.times == 0,
	    "a hash that can be verified is the decoy");
	next.hash[0] = "bad";
	next.hash[1] = "good1";
	next.hash[2] = "good2";
	next.n = 3;
	hash = "bad";
	ok(decoy_find(&c, 55, &hash) == ERR_OK && hash != NULL &&
	        strcmp(hash, "good1") == 0,
	    "the first of the next hashes that can be verified is the decoy");
	ok(next.times == 1 && next.from == 55,
	    "the next hashes are read from the number on");
	next.n = 1;
	hash = "bad";
	ok(decoy_find(&c, 55, &hash) == ERR_OK && hash == NULL,
	    "without a hash that can be verified there is no decoy");
	next.n = 2;
	hash = NULL;
	ok(decoy_find(&c, 55, &hash) == ERR_OK && hash != NULL &&
	        strcmp(hash, "good1") == 0,
	    "the last of the next hashes may be the decoy");
	next.n = 0;
	hash = NULL;
	ok(decoy_find(&c, 55, &hash) == ERR_OK && hash == NULL,
	    "without accounts there is no decoy");
	next.e = ERR_BUSY;
	is_int(
	    decoy_find(&c, 55, &hash), ERR_BUSY, "a decoy needs the database");
}

int
main(void)
{
	test_look();
	test_names();
	test_hash();
	test_known();
	test_even();
	test_join();
	return done();
}
