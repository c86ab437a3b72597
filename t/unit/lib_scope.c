/*
 * Tests of lib/scope.c: lists of scopes.
 */
#include "base.h"

#include <string.h>

#include "lib/scope.h"
#include "tap.h"

static void
test_names(void)
{
	static const char *const bad[] = { "", " ", "a b", "a\"", "a\\", "\x7f",
		"\xc3\xa9", "abcdefghijklmnopqrstuvwxyz0123456" };
	static const char *const good[] = { "a", "!", "#", "[", "]", "~",
		"todos:write", "https://example.org/x",
		"abcdefghijklmnopqrstuvwxyz012345" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!scope_is_name(bad[i]),
		    tap_with("text is no name of a scope", bad[i]));
	for (i = 0; i < ARRAY_LEN(good); i++)
		ok(scope_is_name(good[i]),
		    tap_with("text is a name of a scope", good[i]));
}

static void
test_lists(void)
{
	static const char *const bad[] = { "", " ", " a", "a ", "a  b", "a\"b",
		"a\\", "a b ", "\xc3\xa9" };
	static const char *const good[] = { "a", "a b", "a a", "a:b c/d e",
		"abcdefghijklmnopqrstuvwxyz0123456" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!scope_is_list(bad[i]),
		    tap_with("text is no list of scopes", bad[i]));
	for (i = 0; i < ARRAY_LEN(good); i++)
		ok(scope_is_list(good[i]),
		    tap_with("text is a list of scopes", good[i]));
}

static void
test_sets(void)
{
	ok(!scope_is_name("a\t") && !scope_is_name("a\n"),
	    "a control character is no part of a name");
	ok(!scope_is_list("a\r\nX: y") && !scope_is_list("a\tb"),
	    "a control character is no part of a list");
	ok(scope_has("a bc d", "bc"), "a list has a name in its middle");
	ok(scope_has("a bc d", "a") && scope_has("a bc d", "d"),
	    "a list has its first and last name");
	ok(!scope_has("a bc d", "b") && !scope_has("a bc d", "c") &&
	        !scope_has("a bc d", "bcd") && !scope_has("a bc d", ""),
	    "a list has no part of a name");
	ok(!scope_has(NULL, "a") && !scope_has("", "a"),
	    "an empty list has no name");
	ok(!scope_has("A", "a"), "capitals are other names");
	ok(scope_has_all("a b c", "c a"), "all of two names are in a list");
	ok(!scope_has_all("a b c", "a d"), "one of two names is not in a list");
	ok(!scope_has_all(NULL, "a"), "no name is in an empty list");
	ok(scope_has_all_but("a b", "b off a", "off") &&
	        scope_has_all_but(NULL, "off", "off"),
	    "the name that is left out need not be in a list");
	ok(!scope_has_all_but("a b", "of a", "off") &&
	        !scope_has_all_but("a b", "offx", "off") &&
	        !scope_has_all_but("a b", "d off", "off"),
	    "any other name has to be in a list");
	ok(scope_has_all("a", NULL) && scope_has_all(NULL, NULL) &&
	        scope_has_all("a", "  "),
	    "all of no names are in any list");
}

static void
test_common(void)
{
	struct arena a;

	arena_init(&a);
	is(scope_common("a b c", "c x a", &a), "a c",
	    "common names come in the list's order");
	is(scope_common("a b a", "a", &a), "a", "a common name comes once");
	is(scope_common("a b", "  b   a ", &a), "a b",
	    "blanks may separate names in any number");
	ok(scope_common("a b", "c", &a) == NULL, "no name is common");
	ok(scope_common("ab", "a", &a) == NULL,
	    "the beginning of a name is not common");
	ok(scope_common(NULL, "a", &a) == NULL &&
	        scope_common("a", NULL, &a) == NULL &&
	        scope_common("a", "", &a) == NULL,
	    "an empty list has no name in common");
	is(scope_choose("a b", "b x", &a), "b",
	    "of a list the names that are wanted are chosen");
	ok(scope_choose("a b", "x", &a) == NULL &&
	        scope_choose("a b", "x offline_access", &a) == NULL,
	    "no name is chosen where none of the wanted is in a list");
	is(scope_choose("a b", NULL, &a), "a b", "all, where none is wanted");
	is(scope_choose("a b", "offline_access", &a), "a b",
	    "all, where offline_access alone is wanted");
	arena_free(&a);
}

int
main(void)
{
	test_names();
	test_lists();
	test_sets();
	test_common();
	return done();
}
