/*
 * svc_standin.c: which number a seed chooses. The known ones are those that the
 * algorithm's other implementations are tested with.
 */
#include "base.h"

#include <stdlib.h>

#include "svc_standin.h"
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
	is_int(standin_number(1, 1), 0, "of one there is no choice");
	is_int(standin_number(42, 57), 43, "42 of 57");
	is_int(standin_number(0xDEAD10CC, 1), 0, "another of one");
	is_int(standin_number(0xDEAD10CC, 666), 361, "0xDEAD10CC of 666");
	is_int(standin_number(256, 1024), 520, "256 of 1024");
	is_int(standin_number(256, 0), 0, "of none it is 0");
	is_int(standin_number(256, -5), 0, "and of less than none");
	ok(standin_number(UINT64_MAX, INT64_MAX) >= 0, "no number is too high");
}

static void
test_even(void)
{
	unsigned of[ACCOUNTS] = { 0 }, i, least = SEEDS, most = 0;
	int64_t n;

	for (i = 0; i < SEEDS; i++) {
		n = standin_number(seed_of(i), ACCOUNTS);
		if (n < 0 || n >= ACCOUNTS)
			abort();
		of[n]++;
	}
	for (i = 0; i < ACCOUNTS; i++) {
		least = of[i] < least ? of[i] : least;
		most = of[i] > most ? of[i] : most;
	}
	/* 400 each, of which five deviations are 100 */
	ok(least > 300 && most < 500, "each number is chosen as often");
}

static void
test_join(void)
{
	unsigned i, elsewhere = 0, moved = 0;
	int64_t before, after;

	for (i = 0; i < SEEDS; i++) {
		before = standin_number(seed_of(i), ACCOUNTS);
		after = standin_number(seed_of(i), ACCOUNTS + 1);
		moved += after != before;
		elsewhere += after != before && after != ACCOUNTS;
	}
	ok(moved > 300 && moved < 500, "one that joins takes its part");
	is_int(elsewhere, 0, "and no seed goes anywhere else");
}

int
main(void)
{
	test_known();
	test_even();
	test_join();
	return done();
}
