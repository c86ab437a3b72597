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
	is(fit("/users/me", "/users/me"), "", "a path fits itself");
	is(fit("/users/me", "/users/me/"), "(no)", "not with a slash behind");
	is(fit("/users/me", "/users/m"), "(no)", "nor cut short");
	is(fit("/users/me", "/users/ME"), "(no)", "nor in another case");
	is(fit("/users/me", ""), "(no)", "nor does nothing");
	is(fit_bytes("/", "/\0", 2), "(no)", "nor a NUL behind it");
	is(fit("/", "/"), "", "the shortest path fits itself");
}

static void
test_values(void)
{
	static const char *const p = "/users/me/sessions/{id}";

	is(fit(p, "/users/me/sessions/a1-B_"), "id=a1-B_",
	    "a segment is a value");
	is(fit(p, "/users/me/sessions/"), "(no)", "but not an empty one");
	is(fit(p, "/users/me/sessions"), "(no)", "nor none");
	is(fit(p, "/users/me/sessions/a/"), "(no)", "nor one more");
	is(fit(p, "/users/me/sessions/a/b"), "(no)", "a value has no slash");
	is(fit(p, "/users/me/sessions/."), "(no)",
	    "a segment that a web server takes out is no value");
	is(fit(p, "/users/me/sessions/.."), "(no)",
	    "nor one that takes out another");
	is(fit(p, "/users/me/sessions/..."), "id=...", "three dots are one");
	is(fit(p, "/users/me/sessions/{id}"), "id={id}", "so is the name");
	is(fit(p, "/users/me/sessions/\xff"), "id=\xff", "or any byte");
	is(fit("/a/{x}/b/{yz}", "/a/1/b/2"), "x=1 yz=2",
	    "a path may have several");
	is(fit("/a/{x}/b", "/a/1/c"), "(no)", "what follows has to fit");
	is(fit("/{a}/{b}/{c}/{d}", "/1/2/3/4"), "a=1 b=2 c=3 d=4",
	    "four are the most");
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
	    "the longest value fits");
	is(fit_bytes("/{a}", path, PATH_VALUE_MAX_BYTES + 2), "(no)",
	    "one of a byte more does not");
	is(fit_bytes("/{a}", "/a\0b", 4), "a=a", "a NUL may stand in one");
}

int
main(void)
{
	test_literals();
	test_values();
	test_limits();
	return done();
}
