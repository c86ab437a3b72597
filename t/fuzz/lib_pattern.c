/*
 * Fuzz target of lib/pattern.c: a pattern, and behind a line end the text. What
 * is good as it is, is good in parentheses, and matches the same.
 */
#include "fuzz.h"

#include <stdio.h>

#include "lib/pattern.h"
#include "lib/text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end != NULL ? (size_t)(end - data) : size;
	const char *pattern, *text, *problem;
	char wrapped[PATTERN_MAX_BYTES + 8];
	struct arena a;

	arena_init(&a);
	pattern = exact_text(&a, data, n);
	text =
	    exact_text(&a, data + n + (end != NULL), size - n - (end != NULL));
	if (pattern_problem(pattern) == NULL &&
	    text_is_utf8(text, strlen(text))) {
		bool matches = pattern_matches(pattern, text);

		snprintf(wrapped, sizeof(wrapped), "(%s){1}", pattern);
		problem = pattern_problem(wrapped);
		if (problem == NULL)
			assert(pattern_matches(wrapped, text) == matches);
		else /* at a limit already */
			assert(strlen(pattern) > 250 ||
			       strstr(problem, "nested") != NULL);
	}
	arena_free(&a);
	return 0;
}
