/*
 * Lists of scopes.
 */
#include "base.h"

#include <string.h>

#include "lib/scope.h"

/* Source: RFC 6749, appendix A.4 (scope-token). */
static bool
is_scope_char(char c)
{
	return c > ' ' && c <= '~' && c != '"' && c != '\\';
}

/* The length of the name at the beginning. */
static size_t
name_len(const char *s)
{
	size_t n = 0;

	while (is_scope_char(s[n]))
		n++;
	return n;
}

/* The next name of a list, after any blanks; *n is its length, 0: no more. */
static const char *
next_name(const char *s, size_t *n)
{
	s += strspn(s, " ");
	*n = strcspn(s, " ");
	return s;
}

static bool
has(const char *all, const char *name, size_t n)
{
	size_t len;

	if (all == NULL)
		return false;
	for (all = next_name(all, &len); len > 0;
	     all = next_name(all + len, &len))
		if (len == n && memcmp(all, name, n) == 0)
			return true;
	return false;
}

bool
scope_is_list(const char *s)
{
	size_t n;

	while ((n = name_len(s)) > 0) {
		s += n;
		if (*s == '\0')
			return true;
		if (*s++ != ' ')
			return false;
	}
	return false;
}

bool
scope_is_name(const char *s)
{
	size_t n = name_len(s);

	return n > 0 && n <= SCOPE_MAX_CHARS && s[n] == '\0';
}

bool
scope_has(const char *list, const char *name)
{
	return has(list, name, strlen(name));
}

bool
scope_has_all(const char *list, const char *wanted)
{
	return scope_has_all_but(list, wanted, NULL);
}

bool
scope_has_all_but(const char *list, const char *wanted, const char *but)
{
	size_t n;

	if (wanted == NULL)
		return true;
	for (wanted = next_name(wanted, &n); n > 0;
	     wanted = next_name(wanted + n, &n))
		if (!has(list, wanted, n) && (but == NULL || strlen(but) != n ||
		                                 memcmp(but, wanted, n) != 0))
			return false;
	return true;
}

const char *
scope_common(const char *list, const char *wanted, struct arena *a)
{
	struct buf b;
	size_t n;

	if (list == NULL || wanted == NULL)
		return NULL;
	buf_init(&b, a);
	for (list = next_name(list, &n); n > 0;
	     list = next_name(list + n, &n)) {
		if (!has(wanted, list, n) || has(b.s, list, n))
			continue;
		if (b.len > 0)
			buf_adds(&b, " ");
		buf_add(&b, list, n);
	}
	return b.len > 0 ? b.s : NULL;
}

const char *
scope_choose(const char *list, const char *wanted, struct arena *a)
{
	return scope_has_all(SCOPE_OFFLINE, wanted)
	           ? list
	           : scope_common(list, wanted, a);
}
