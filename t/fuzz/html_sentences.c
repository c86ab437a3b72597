/*
 * Fuzz target of html/sentences.c and html/language.c: an Accept-Language, and
 * behind a line end a file of sentences. Each that is taken is found, and one
 * of the languages is chosen.
 */
#include "fuzz.h"

#include "html/language.h"
#include "lib/text.h"

static void
choose(const char *header)
{
	static const struct sentences english = { .tag = "en" },
	                              korean = { .tag = "ko" },
	                              brazilian = { .tag = "pt-br" };
	static const struct sentences *const all[] = { &english, &korean,
		&brazilian };
	size_t i = language_choose(all, ARRAY_LEN(all), header);

	assert(i < ARRAY_LEN(all));
	if (strpbrk(header, "kK*pP") == NULL)
		assert(i == 0);
}

static void
parse(struct arena *a, const char *bytes, size_t n)
{
	struct sentences s = { .tag = "en" };
	struct sentences_problem problem;
	size_t i;

	if (!sentences_parse(bytes, n, a, &s, &problem)) {
		assert(problem.what != NULL && problem.line >= 0);
		return;
	}
	assert(problem.what == NULL && s.count <= SENTENCES_MAX);
	for (i = 0; i < s.count; i++) {
		assert(sentences_find(&s, s.all[i].key) == s.all[i].text);
		assert(text_is_utf8(s.all[i].text, strlen(s.all[i].text)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end != NULL ? (size_t)(end - data) : size;
	size_t left = size - n - (end != NULL);
	struct arena a;

	arena_init(&a);
	choose(exact_text(&a, data, n));
	parse(&a, exactly(&a, data + n + (end != NULL), left), left);
	arena_free(&a);
	return 0;
}
