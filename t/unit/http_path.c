/*
 * http/path.c: which paths fit a pattern, and what their parameters are.
 */
#include "base.h"

#include "exact.h"
#include "http/path.h"
#include "tap.h"

/* "name=value name=value", "" without any, or "(no)". */
static const char *
fit_bytes(const char *pattern, const char *bytes, size_t n)
{
	static char said[2 * PATH_VALUE_MAX_BYTES];
	struct exact exact = exact_copy(bytes, n);
	struct path path;
	size_t i, len = 0;

	said[0] = '\0';
	if (!path_fits(pattern, exact.bytes, n, &path))
		snprintf(said, sizeof(said), "(no)");
	else
		for (i = 0; i < path.count; i++)
			len += (size_t)snprintf(said + len, sizeof(said) - len,
			    "%s%.*s=%.*s", i > 0 ? " " : "",
			    (int)path.params[i].name_len, path.params[i].name,
			    (int)path.params[i].value_len,
			    path.params[i].value);
	free(exact.memory);
	return said;
}

static const char *
fit(const char *pattern, const char *path)
{
	return fit_bytes(pattern, path, strlen(path));
}

static void
test_literals(void)
{
	is(fit("/users/me", "/users/me"), "",
	    "a pattern without parameters matches itself");
	is(fit("/users/me", "/users/me/"), "(no)",
	    "a pattern does not match a path with a slash behind it");
	is(fit("/users/me", "/users/m"), "(no)",
	    "a pattern does not match a path cut short");
	is(fit("/users/me", "/users/ME"), "(no)",
	    "a pattern does not match a path in another case");
	is(fit("/users/me", ""), "(no)",
	    "a pattern does not match an empty path");
	is(fit_bytes("/", "/\0", 2), "(no)",
	    "a pattern does not match a path with a NUL behind it");
	is(fit("/", "/"), "", "the shortest pattern matches itself");
}

static void
test_values(void)
{
	static const char *const p = "/users/me/sessions/{id}";

	is(fit(p, "/users/me/sessions/a1-B_"), "id=a1-B_",
	    "a parameter is a segment of the path");
	is(fit(p, "/users/me/sessions/"), "(no)", "a parameter is not empty");
	is(fit(p, "/users/me/sessions"), "(no)", "a parameter is not missing");
	is(fit(p, "/users/me/sessions/a/"), "(no)",
	    "a parameter has no slash behind it");
	is(fit(p, "/users/me/sessions/a/b"), "(no)",
	    "a parameter has no slash within it");
	is(fit(p, "/users/me/sessions/."), "(no)",
	    "a parameter is not \".\", which a web server takes out");
	is(fit(p, "/users/me/sessions/.."), "(no)",
	    "a parameter is not \"..\", which takes out another segment");
	is(fit(p, "/users/me/sessions/..."), "id=...",
	    "a parameter may be \"...\"");
	is(fit(p, "/users/me/sessions/{id}"), "id={id}",
	    "a parameter may be the text of its name");
	is(fit(p, "/users/me/sessions/\xff"), "id=\xff",
	    "a parameter may be any byte");
	is(fit("/a/{x}/b/{yz}", "/a/1/b/2"), "x=1 yz=2",
	    "a path may have several parameters");
	is(fit("/a/{x}/b", "/a/1/c"), "(no)",
	    "the path behind a parameter has to fit");
	is(fit("/{a}/{b}/{c}/{d}", "/1/2/3/4"), "a=1 b=2 c=3 d=4",
	    "a path may have four parameters");
}

static void
test_limits(void)
{
	char path[PATH_VALUE_MAX_BYTES + 2], want[PATH_VALUE_MAX_BYTES + 3];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	memcpy(want, "a=", 2);
	memset(want + 2, 'x', PATH_VALUE_MAX_BYTES);
	want[PATH_VALUE_MAX_BYTES + 2] = '\0';
	is(fit_bytes("/{a}", path, PATH_VALUE_MAX_BYTES + 1), want,
	    "the longest parameter fits");
	is(fit_bytes("/{a}", path, PATH_VALUE_MAX_BYTES + 2), "(no)",
	    "a parameter of a byte more does not fit");
	is(fit_bytes("/{a}", "/a\0b", 4), "a=a",
	    "a parameter may have a NUL in it");
}

static void
test_prefix(void)
{
	static const char *const prefixes[] = { "/auth", "/a", "/a/b-c/d.e_~1",
		"/...", "/.a" };
	static const char *const others[] = { "", "/", "auth", "/auth/", "//",
		"//example.org", "/a//b", "/.", "/..", "/a/../b", "/a/.",
		"/a b", "/a%20", "/a?", "/a\"", "/a\r\nX: y", "/\303\251",
		"http://x", "/a\\b", "/a;b", "/$request_uri" };
	char longest[PATH_PREFIX_MAX_BYTES + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(prefixes); i++)
		ok(path_is_prefix(prefixes[i]), "a path may be a prefix");
	for (i = 0; i < ARRAY_LEN(others); i++)
		ok(!path_is_prefix(others[i]), "anything else is no prefix");
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[PATH_PREFIX_MAX_BYTES + 1] = '\0';
	ok(!path_is_prefix(longest), "a prefix has 128 bytes at most");
	longest[PATH_PREFIX_MAX_BYTES] = '\0';
	ok(path_is_prefix(longest), "a prefix may have 128 bytes");
}

static void
test_plain(void)
{
	static const char *const plain[] = { "/", "", "/app/x", "/app/x?y=../z",
		"/app//x", "/.well-known/x", "/x/...", "/..x", "/x..", "/x/.y/",
		"/a%2Fb", "/a%", "/a%2", "/a%zz", "/x;..", "/x;a=.", "/%23",
		"/x?/y;z/w\\v", "/x;jsessionid=1?y", "/x.;y",
		"/app/%252e%252e/x", "/a.b", "x//y", "?//y", "/?/" };
	static const char *const others[] = { ".", "..", "./x", "../x", "/.",
		"/..", "/./x", "/../x", "/x/..", "/x/.", "/x/../y", "/x/..?y",
		"/x/%2e%2e/y", "/x/.%2E", "/x/%2e/y", "/x%2f..%2fy",
		"/x%2F%2e%2e", "/x/..\\y", "/x\\..\\y", "/x%5c..%5Cy",
		"/x/..;/y", "/x/..;a=b/y", "/x/.;", "/x/..%3b/y", "#", "/x#",
		"/x?y#z", "/x#/../y", "//", "//app/admin/x", "/\\app/x",
		"/admin\\x", "/admin;a=b/x", "/;/admin/x", "/x;/" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(plain); i++)
		ok(path_is_plain(plain[i]),
		    tap_with("a path has one reading", plain[i]));
	for (i = 0; i < ARRAY_LEN(others); i++)
		ok(!path_is_plain(others[i]),
		    tap_with("a path has several readings", others[i]));
}

static void
test_below(void)
{
	is(path_below("/auth/token", "/auth"), "/token",
	    "a path below a prefix is what follows it");
	is(path_below("/auth?x", "/auth"), "?x",
	    "a query may follow a prefix at once");
	is(path_below("/auth", "/auth"), "", "nothing may follow a prefix");
	is(path_below("/authority/x", "/auth"), "/authority/x",
	    "a prefix ends with a segment");
	is(path_below("/token", "/auth"), "/token",
	    "a path that is not below a prefix stays as it is");
	is(path_below("/%61uth/token", "/auth"), "/%61uth/token",
	    "an encoded prefix is none");
	is(path_below("/auth/auth/x", "/auth"), "/auth/x",
	    "a prefix is cut off once");
}

int
main(void)
{
	test_literals();
	test_values();
	test_limits();
	test_prefix();
	test_plain();
	test_below();
	return done();
}
