/*
 * TAP output of unit tests: each function prints a line.
 */
#ifndef LATCHKEY_TAP_H
#define LATCHKEY_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline bool
ok(bool good, const char *title)
{
	tap_failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, title);
	fflush(stdout); /* or a process that is forked may say it again */
	return good;
}

/* Two texts; NULL equals NULL alone. */
static inline void
is(const char *got, const char *want, const char *title)
{
	bool equal =
	    got == NULL || want == NULL ? got == want : strcmp(got, want) == 0;

	if (!ok(equal, title))
		printf("# got:  %s\n# want: %s\n", got != NULL ? got : "NULL",
		    want != NULL ? want : "NULL");
}

static inline void
is_int(long long got, long long want, const char *title)
{
	if (!ok(got == want, title))
		printf("# got:  %lld\n# want: %lld\n", got, want);
}

/* At the end of main: the plan, and the exit status. */
static inline int
done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
