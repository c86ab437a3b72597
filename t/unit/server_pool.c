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
	is_int(wrong, 0, "the pause of a worker that fails stays at 10 s");
	is_int(pool_backoff_ms(&failures, 10000), 0,
	    "a worker that served for ten seconds has no pause");
	is_int(pool_backoff_ms(&failures, 9999), 100,
	    "a worker that served for less than ten seconds has a pause");
	is_int(pool_backoff_ms(&failures, 9999), 200,
	    "the second pause is twice the first");
	return done();
}
