/*
 * TAP output of unit tests: each function prints a line.
 */
#ifndef LATCHKEY_TAP_H
#define LATCHKEY_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

/* Each line names its test: several run at a time, into one log. */
static inline bool
ok(bool good, const char *title)
{
	tap_failed += !good;
	printf("%sok %d - %.*s: %s\n", good ? "" : "not ", ++tap_count,
	    (int)strcspn(program_invocation_short_name, "."),
	    program_invocation_short_name, title);
	fflush(stdout); /* or a process that is forked may say it again */
	return good;
}

/* A title with the input of a loop, which may be NULL. Until the next call. */
static inline const char *
tap_with(const char *title, const char *input)
{
	static char both[512];

	snprintf(both, sizeof(both), "%s: %s", title,
	    input != NULL ? input : "NULL");
	return both;
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

/* Are these bytes all 0, or the same? Of structures padding counts as well. */
static inline bool
is_zeroed(const void *p, size_t n)
{
	const unsigned char *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		if (b[i] != 0)
			return false;
	return true;
}

static inline bool
same_bytes(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n) == 0;
}

#endif
