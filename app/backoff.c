/*
 * How soon to start again what has ended.
 */
#include "base.h"

#include "backoff.h"

#define STEADY_MS 10000 /* what lasted so long began well */
#define PAUSE_MS 100    /* before the second attempt, doubled each time */
#define PAUSE_MAX_MS 10000
#define DOUBLED_MAX 7 /* times that stay below it */

int64_t
backoff_ms(int *failures, int64_t lived_ms)
{
	int before;

	if (lived_ms >= STEADY_MS)
		*failures = 0;
	before = *failures;
	if (before <= DOUBLED_MAX)
		++*failures;
	if (before == 0)
		return 0;
	return before <= DOUBLED_MAX ? (int64_t)PAUSE_MS << (before - 1)
	                             : PAUSE_MAX_MS;
}
