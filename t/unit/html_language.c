/*
 * html/language.c, html/sentences.c: which language a header asks for, and what
 * a file of sentences may say.
 */
#include "base.h"

#include "html/language.h"
#include "tap.h"

static const struct sentences english = { .tag = "en" },
                              korean = { .tag = "ko" },
                              brazilian = { .tag = "pt-br" };
static const struct sentences *const all[] = { &english, &korean, &brazilian };

static void
test_choice(void)
{
	static const struct {
		const char *header, *want;
	} cases[] = {
		{ NULL, "en" },
		{ "", "en" },
		{ "ko", "ko" },
		{ "KO", "ko" },
		{ "ko-KR", "ko" },
		{ "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko" },
		{ "en-US,en;q=0.9,ko;q=0.8", "en" },
		{ "fr,ko;q=0.1", "ko" },
		{ "fr", "en" },
		{ "*", "en" },
		{ "fr;q=1,*;q=0.5", "en" },
		{ "en;q=0.5, ko;q=0.8", "ko" },
		{ "en;q=0.5,ko;q=0.5", "en" },
		{ "ko;q=0", "en" },
		{ "ko;q=0.000,en;q=0", "en" },
		{ "pt", "pt-br" },
		{ "pt-PT", "pt-br" },
		{ "pt-BR", "pt-br" },
		{ "ko ; q=0.2 , pt-BR;q=0.9", "pt-br" },
		{ "ko;q=2", "en" },
		{ "ko;q=1.001", "en" },
		{ "ko;q=0.1234", "en" },
		{ "ko;q=x", "en" },
		{ "ko;q=", "en" },
		{ "ko;level=1", "en" },
		{ ";q=1,,, ,ko", "ko" },
		{ "kok", "en" },
		{ "k", "en" },
		{ "ko;Q=0.3", "ko" },
	};
	char header[400] = "";
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(all[language_choose(all, 3, cases[i].header)]->tag,
		    cases[i].want,
		    tap_with("the language for a header", cases[i].header));
	for (i = 0; i < LANGUAGE_RANGES_MAX - 1; i++)
		snprintf(header + 3 * i, sizeof(header) - 3 * i, "fr,");
	snprintf(header + 3 * i, sizeof(header) - 3 * i, "ko");
	is(all[language_choose(all, 3, header)]->tag, "ko",
	    "the 32nd range of a header is looked at");
	memmove(header + 3, header, strlen(header) + 1);
	is(all[language_choose(all, 3, header)]->tag, "en",
	    "the 33rd range of a header is not looked at");
	is_int((long long)language_find(all, 3, "KO"), 1, "a tag is found");
	is_int((long long)language_find(all, 3, "k"), 3, "another is not");
	is_int((long long)language_find(all, 3, NULL), 3, "no tag finds none");
}

static void
test_tags(void)
{
	static const char *const bad[] = { "", "e", "EN", "e1", "-en", "en-",
		"en_US", "../x", "en.x", "a23456789012345678" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!sentences_tag_is_good(bad[i]), tap_with("no tag", bad[i]));
	ok(sentences_tag_is_good("en") && sentences_tag_is_good("pt-br") &&
	        sentences_tag_is_good("zh-hant-tw"),
	    "tags of languages are good");
	ok(sentences_tag_is_good("abcdefghijklmno") &&
	        !sentences_tag_is_good("abcdefghijklmnop"),
	    "a tag has 15 characters at most");
}

/* The problem of a file, and its line. */
static void
refused(const char *text, size_t n, int line, const char *why)
{
	struct sentences s = { .tag = "en" };
	struct sentences_problem problem;
	struct arena a;

	arena_init(&a);
	ok(!sentences_parse(text, n, &a, &s, &problem) &&
	        problem.line == line && strstr(problem.what, why) != NULL,
	    tap_with("a file of sentences is refused", why));
	arena_free(&a);
}

#define REFUSED(text, line, why) refused(text, sizeof(text) - 1, line, why)

static void
test_files(void)
{
	static const char good[] =
	    "# a comment\n\nb = B = {x}\na = A  \nc = \n";
	struct sentences s = { .tag = "de" }, base = { .tag = "en" };
	static char big[SENTENCES_MAX_BYTES + 1], many[SENTENCES_MAX * 10 + 20];
	struct sentences_problem problem;
	struct arena a;
	size_t n = 0;
	int i;

	arena_init(&a);
	ok(sentences_parse(good, sizeof(good) - 1, &a, &s, &problem),
	    "a file of sentences is read");
	is(sentences_find(&s, "b"), "B = {x}", "a sentence may hold a =");
	is(sentences_find(&s, "a"), "A", "blanks at its end are dropped");
	is(sentences_find(&s, "c"), "", "a sentence may be empty");
	is(sentences_find(&s, "d"), NULL, "there is no other sentence");
	ok(sentences_parse("d = D\na = no", 12, &a, &base, &problem),
	    "the last line needs no end");
	s.next_choice = &base;
	is(sentences_find(&s, "d"), "D",
	    "the next language has what is missing");
	is(sentences_find(&s, "a"), "A", "a sentence of its own comes first");
	REFUSED("a = A\na", 2, "key = sentence");
	REFUSED("a=A", 1, "key = sentence");
	REFUSED(" a = A", 1, "key = sentence");
	REFUSED("A = A", 1, "key = sentence");
	REFUSED("a = \xff", 1, "UTF-8");
	REFUSED("a = \tb", 1, "UTF-8");
	REFUSED("a = A\r\n", 1, "UTF-8");
	REFUSED("a = A\0b", 1, "UTF-8");
	REFUSED("a = A\nb = B\na = C\n", 3, "twice");
	memset(big, '#', sizeof(big));
	ok(sentences_parse(big, sizeof(big) - 1, &a, &s, &problem),
	    "a file of 65,536 bytes is read");
	refused(big, sizeof(big), 0, "too long");
	for (i = 0; i < SENTENCES_MAX; i++)
		n += (size_t)sprintf(many + n, "k%d = x\n", i);
	ok(sentences_parse(many, n, &a, &s, &problem),
	    "400 sentences are read");
	n += (size_t)sprintf(many + n, "x = x\n");
	refused(many, n, SENTENCES_MAX + 1, "too many");
	arena_free(&a);
}

int
main(void)
{
	test_choice();
	test_tags();
	test_files();
	return done();
}
