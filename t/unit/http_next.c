/*
 * Tests of http/next.c: addresses that a browser goes on to after a log-in. The
 * bad ones are where Chromium went to another host, and more.
 */
#include "base.h"

#include <string.h>

#include "http/next.h"
#include "tap.h"

int
main(void)
{
	static const char *const good[] = { "/", "/a", "/a/b?c=d&e=%2f",
		"/%2f%2fevil.test", "/..//evil.test", "/.//evil.test",
		"/%09/evil.test", "/@evil.test", "/;@evil.test",
		"/%5cevil.test", "/a//b", "/?next=//evil.test", "/#a", "/~",
		"/!" };
	static const char *const bad[] = { "", "a", "//evil.test/x",
		"/\\evil.test/x", "\\\\evil.test", "/\t/evil.test",
		"///evil.test", "https://evil.test/", "https:evil.test",
		"javascript:alert(1)", "/./\\evil.test", "/..\\/evil.test",
		"\t//evil.test", " /a", "/a b", "/\x0b", "/\x7f", "/\xc3\xa9",
		"\\", "?a", "#a", "//", "/\\" };
	char longest[NEXT_MAX_BYTES + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++)
		is(next_of(good[i]), good[i],
		    tap_with("a browser may go on to", good[i]));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		is(next_of(bad[i]), "/",
		    tap_with("a browser does not go on to", bad[i]));
	is(next_of("/a\r\nSet-Cookie: a=b"), "/",
	    "an address with a line break is refused");
	is(next_of(NULL), "/", "without an address a browser goes on to /");
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[NEXT_MAX_BYTES + 1] = '\0';
	is(next_of(longest), "/", "an address of a byte too many is refused");
	longest[NEXT_MAX_BYTES] = '\0';
	is(next_of(longest), longest, "the longest address is taken");
	return done();
}
