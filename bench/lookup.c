/*
 * Time of a lookup in the list of common passwords.
 *
 *	lookup FILE COUNT	what one look takes, in microseconds: for a
 *				listed password, and for one that is not listed,
 *				with accents that have to be put together
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/blocklist.h"
#include "lib/text.h"

/* Microseconds of one of count looks, or below 0: that is not the answer. */
static double
look(const struct blocklist *b, const char *text, bool listed, int64_t count)
{
	struct timespec begin, end;
	struct arena arena;
	bool found;
	int64_t i;

	arena_init(&arena);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < count; i++) {
		if (blocklist_has(b, &arena, text, &found) != ERR_OK ||
		    found != listed)
			return -1;
		arena_reset(&arena);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	arena_free(&arena);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	           (double)(end.tv_nsec - begin.tv_nsec)) /
	       1e3 / (double)count;
}

int
main(int argc, char **argv)
{
	struct blocklist b;
	double listed, other;
	int64_t count;

	if (argc != 3 || !text_to_i64(argv[2], 1, 1000000000, &count)) {
		fprintf(stderr, "usage: lookup FILE COUNT\n");
		return EXIT_FAILURE;
	}
	if (!blocklist_open(argv[1], &b))
		return EXIT_FAILURE;
	listed = look(&b, "Password1", true, count);
	other =
	    look(&b, "que\xcc\x81 sera\xcc\x81, sera\xcc\x81", false, count);
	blocklist_close(&b);
	printf("%.2f %.2f\n", listed, other);
	return listed > 0 && other > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
