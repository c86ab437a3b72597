/*
 * TAP output of unit tests: each function prints a line.
 */
#ifndef LATCHKEY_TAP_H
#define LATCHKEY_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

/* Does it go on with the sentence of the title before? As in t/lib.sh. */
static inline bool
tap_goes_on(const char *title)
{
	static const char *const words[] = { "and ", "but ", "nor ", "or ",
		"so ", "then ", "which ", "whose ", "who ", "also ", "as ",
		"though ", "until ", "unless ", "since ", "none ", "not ",
		"with ", "without " };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(title, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static inline bool
ok(bool good, const char *title)
{
	static char sentence[256];

	tap_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	if (tap_goes_on(title))
		printf("%s: ", sentence);
	else
		snprintf(sentence, sizeof(sentence), "%s", title);
	printf("%s\n", title);
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
