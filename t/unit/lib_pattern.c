/*
 * lib/pattern.c: what is a pattern, what it matches, and what that may cost.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/pattern.h"
#include "tap.h"

#define MAIL "[a-z0-9._+-]+@[a-z0-9-]+(\\.[a-z0-9-]+)+"

/* It is refused, for this reason. */
static void
refused(const char *pattern, const char *reason)
{
	const char *problem = pattern_problem(pattern);

	if (!ok(problem != NULL && strstr(problem, reason) != NULL, pattern))
		printf("# got: %s\n", problem != NULL ? problem : "NULL");
}

static const struct {
	const char *pattern, *text;
	bool matches;
} matches[] = {
	{ "", "", true },
	{ "", "a", false },
	{ "a|b", "b", true },
	{ "a|b", "ab", false },
	{ "a|b", "xb", false },
	{ "^[a-z]+$", "ada", true },
	{ "[a-z]{3,5}", "ab", false },
	{ "[a-z]{3,5}", "abc", true },
	{ "[a-z]{3,5}", "abcde", true },
	{ "[a-z]{3,5}", "abcdef", false },
	{ "[a-z]+", "ada\n", false },
	{ "[a-z]+", "ada\nx", false },
	{ "[^A-Z]+", "\xc3\xa4 \xed\x99\x8d", true },
	{ ".", "\xed\x99\x8d", true },
	{ "..", "\xed\x99\x8d", false },
	{ ".", "\xff", true },
	{ "..", "\xff", false },
	{ ".a",
	    "\xff"
	    "a",
	    true },
	{ "[\xf0\x9f\x98\x80-\xf0\x9f\x98\x82]", "\xf0\x9f\x98\x81", true },
	{ "[\xf0\x9f\x98\x80-\xf0\x9f\x98\x82]", "\xf0\x9f\x98\x83", false },
	{ "[a-c]", "a", true },
	{ "[a-c]", "c", true },
	{ "[a-c]", "d", false },
	{ "[a-c]", "`", false },
	{ "[^a-c]", "d", true },
	{ "[^a-c]", "b", false },
	{ "[ac]", "b", false },
	{ "a{1,}", "", false },
	{ "a{1,}", "a", true },
	{ "a{0,1}", "a", true },
	{ "a{0,1}", "aa", false },
	{ "a{1,1}", "aa", false },
	{ "a{3}", "aa", false },
	{ "a{3,}", "aaa", true },
	{ "a+b", "aab", true },
	{ "a+b", "b", false },
	{ "a?b", "b", true },
	{ "a?b", "aab", false },
	{ "ab*", "a", true },
	{ "ab*c", "abbbc", true },
	{ "a$", "a", true },
	{ "a$b", "ab", false },
	{ "()", "", true },
	{ "[[:blank:]]", "\t", true },
	{ "[[:xdigit:]]+", "09afAF", true },
	{ "[[:xdigit:]]", "g", false },
	{ "[[:alnum:]]+", "azAZ09", true },
	{ "[[:lower:]]", "A", false },
	{ "[[:space:]]+", "\n\v\f\r", true },
	{ "[[:print:]]", "\x7f", false },
	{ "[[:cntrl:]]+", "\x01\x1f\x7f", true },
	{ "[[:punct:]]+", "!/:@[`{~", true },
	{ "[\xc3\xa0-\xc3\xbc]+", "\xc3\xa4\xc3\xb6", true },
	{ "[\xc3\xa0-\xc3\xbc]+", "\xed\x99\x8d", false },
	{ "\xc3\xa4?", "", true },
	{ "(ab|cd|ef)+", "efabcd", true },
	{ "(ab|cd|ef)+", "efabc", false },
	{ "a|b|c|d", "c", true },
	{ "x(a|b||d)y", "xy", true },
	{ "x(a|b||d)y", "xdy", true },
	{ "x(a|b||d)y", "xcy", false },
	{ "(a*)*", "aaa", true },
	{ "(a*)*", "aab", false },
	{ "(a|b*)+c", "abbac", true },
	{ "a{2}", "aa", true },
	{ "a{2}", "aaa", false },
	{ "a{2,}", "aaaa", true },
	{ "a{2,}", "a", false },
	{ "a{0,}", "", true },
	{ "a{0,2}", "", true },
	{ "a{0,2}", "aa", true },
	{ "a{0,2}", "aaa", false },
	{ "(ab){1,2}c", "ababc", true },
	{ "(ab){1,2}c", "abababc", false },
	{ "((a|b){2}c){2}", "abcbac", true },
	{ "(^a|b$)x?", "a", true },
	{ "a^b", "ab", false },
	{ "[a-c-]", "-", true },
	{ "[^]-]", "-", false },
	{ "[[:digit:][:upper:]_]+", "A_9", true },
	{ "[[:digit:][:upper:]_]+", "a", false },
	{ "[[:alpha:]]+", "\xc3\xa4", false },
	{ "a]", "a]", true },
	{ "[]a]+", "]a", true },
	{ "\\.", ".", true },
	{ "\\.", "x", false },
	{ MAIL, "ada@example.org", true },
	{ MAIL, "a.d+a@a-b.example.org", true },
	{ MAIL, "Ada@example.org", false },
	{ MAIL, "ada@example", false },
	{ MAIL, "ada@example.org ", false },
	{ MAIL, "@example.org", false },
};

static void
test_matches(void)
{
	char title[128];
	size_t i;

	for (i = 0; i < ARRAY_LEN(matches); i++) {
		snprintf(title, sizeof(title), "%s %s %zu", matches[i].pattern,
		    matches[i].matches ? "matches" : "does not match", i);
		ok(pattern_problem(matches[i].pattern) == NULL &&
		        pattern_matches(matches[i].pattern, matches[i].text) ==
		            matches[i].matches,
		    title);
	}
}

static void
test_problems(void)
{
	static const struct {
		const char *pattern, *reason;
	} bad[] = {
		{ "(", "a ( is without its )" },
		{ "(a", "a ( is without its )" },
		{ ")", "a ) is without its (" },
		{ "a)|(b", "a ) is without its (" },
		{ "x)|(b)|(c", "a ) is without its (" },
		{ "[", "a [ is without its ]" },
		{ "[a", "a [ is without its ]" },
		{ "[a-", "a [ is without its ]" },
		{ "[]", "a [ is without its ]" },
		{ "[^]", "a [ is without its ]" },
		{ "*", "it repeats nothing" },
		{ "a|*", "it repeats nothing" },
		{ "(+)", "it repeats nothing" },
		{ "?", "it repeats nothing" },
		{ "{2}", "it repeats nothing" },
		{ "a**", "it repeats nothing" },
		{ "a+?", "it repeats nothing" },
		{ "a{2}{3}", "it repeats nothing" },
		{ "a{2}*", "it repeats nothing" },
		{ "a{2", "a { begins none" },
		{ "a{2,", "a { begins none" },
		{ "a{2,3", "a { begins none" },
		{ "a{3,2}", "a { begins none" },
		{ "a{}", "a { begins none" },
		{ "a{,2}", "a { begins none" },
		{ "a{0}", "a { begins none" },
		{ "a{0,0}", "a { begins none" },
		{ "a{x}", "a { begins none" },
		{ "a{1,x}", "a { begins none" },
		{ "a{1,1001}", "a { begins none" },
		{ "[[:nix:]]", "no class of characters" },
		{ "[[:alph:]]", "no class of characters" },
		{ "[[:alpha.]]", "no class of characters" },
		{ "[[.a.]]", "it has [.x.]" },
		{ "[[=a=]]", "it has [.x.]" },
		{ "[z-a]", "ends before it begins" },
		{ "\\", "a backslash before" },
		{ "(a)\\1", "a backslash before" },
		{ "\\w", "a backslash before" },
		{ "\\n", "a backslash before" },
		{ "\xff", "not UTF-8" },
	};
	static const char *const long_ones[] = { "a{1000}a{1000}a",
		"(a{50}){41}", "((a{20}){20}){20}", "(abc){667}",
		"(((a{50})b)*){41}", "([a-c]{1,668}|d)e{700}" };
	static const char *const fair[] = { "a{1000}a{1000}", "(a{50}){40}",
		"(abc){666}", "[^]x[:alpha:]]{1,1000}", "[a{]{3}", "[\\]{2}1",
		"()", "(|a)", "a||b", "((((((a{1}){1}){1}){1}){1}){1}){1}" };
	char text[PATTERN_MAX_BYTES + 2], deep[2 * 51 + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		refused(bad[i].pattern, bad[i].reason);
	for (i = 0; i < ARRAY_LEN(long_ones); i++)
		refused(long_ones[i], "too long");
	for (i = 0; i < ARRAY_LEN(fair); i++)
		is(pattern_problem(fair[i]), NULL, fair[i]);
	memset(text, 'a', sizeof(text));
	text[PATTERN_MAX_BYTES] = '\0';
	ok(pattern_problem(text) == NULL && pattern_matches(text, text),
	    "a pattern of 255 bytes is good");
	text[PATTERN_MAX_BYTES] = 'a';
	text[PATTERN_MAX_BYTES + 1] = '\0';
	refused(text, "255 bytes");
	for (i = 0; i < 51; i++) {
		deep[i] = '(';
		deep[i + 52] = ')';
	}
	deep[51] = 'a';
	deep[103] = '\0';
	refused(deep, "nested");
	deep[102] = '\0';
	is(pattern_problem(deep + 1), NULL,
	    "50 levels of parentheses are good");
	is(pattern_problem("[abcd]{1000}"), NULL, "4000 ranges are good");
	refused("[abcd]{1000}[e]", "too long");
	refused("a{1001}", "1000");
	is(pattern_problem("a{1000}"), NULL, "1000 times is good");
}

/* A pattern of the most steps there are, all of them possible at one place. */
static void
test_full(void)
{
	static const char full[] = "(a?){1000}";
	char text[1002];

	memset(text, 'a', sizeof(text));
	text[1001] = '\0';
	is(pattern_problem(full), NULL, "2000 steps are good");
	refused("(a?){1000}a", "too long");
	ok(pattern_matches(full, ""), "2000 steps match an empty text");
	ok(pattern_matches(full, text + 1), "2000 steps match 1000 letters");
	ok(!pattern_matches(full, text), "2000 steps do not match 1001");
}

/* Patterns whose time is exponential elsewhere, with the longest name there is.
 */
static void
test_cost(void)
{
	static const char *const worst[] = { "(a|b)*a(a|b){300}",
		"((a*)*b*){250}", "(a?){400}a{400}", "([ab]*[bc]*){250}c",
		"(.*a){300}", "((a|b)*(a|b)*)*c", "([[:print:]]*){80}c" };
	char text[641];
	struct timespec from, to;
	int matched = 0;
	double s;
	size_t i, j;

	for (j = 0; j + 1 < sizeof(text); j++)
		text[j] = (j * 2654435761U >> 13) % 2 == 0 ? 'a' : 'b';
	text[j] = '\0';
	for (i = 0; i < ARRAY_LEN(worst); i++) {
		is(pattern_problem(worst[i]), NULL, worst[i]);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		matched += pattern_matches(worst[i], text);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		s = (double)(to.tv_sec - from.tv_sec) +
		    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
		printf("# %s: %.1f ms\n", worst[i], s * 1000);
		ok(s < 1, "a name of 640 characters takes less than a second");
	}
	ok(matched > 0, "some of them match");
}

int
main(void)
{
	test_matches();
	test_problems();
	test_full();
	test_cost();
	return done();
}
