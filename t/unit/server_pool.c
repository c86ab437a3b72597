/*
 * Tests of server/pool.c: back-off grows, has a maximum, and is forgotten after
 * good service.
 */
#include "base.h"

#include "server/pool.h"
#include "tap.h"

int
main(void)
{
	static const int64_t pauses[] = { 0, 100, 200, 400, 800, 1600, 3200,
		6400, 10000, 10000 };
	int failures = 0, i, wrong = 0;

	for (i = 0; i < (int)ARRAY_LEN(pauses); i++)
		wrong += pool_backoff_ms(&failures, i) != pauses[i];
	is_int(wrong, 0, "each pause is twice the one before, up to 10 s");
	for (i = 0; i < 1000; i++)
		wrong += pool_backoff_ms(&failures, 9999) != 10000;
	is_int(wrong, 0, "and stays there, however often it fails");
	is_int(pool_backoff_ms(&failures, 10000), 0,
	    "after ten seconds of service there is none");
	is_int(pool_backoff_ms(&failures, 9999), 100, "after less there is");
	is_int(pool_backoff_ms(&failures, 9999), 200, "as at the beginning");
	return done();
}
