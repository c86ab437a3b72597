/*
 * Paths of endpoints: patterns with parameters.
 */
#include "base.h"

#include <assert.h>
#include <string.h>

#include "http/path.h"
#include "lib/text.h"

/* "." and ".." are not values: the web server saw another path. */
static bool
is_dots(const char *s, size_t n)
{
	return (n == 1 && *s == '.') || (n == 2 && memcmp(s, "..", 2) == 0);
}

/*
 * The parameter at *pattern, and the segment at *path, of which n bytes are
 * left; both go on behind. False: the segment is no value.
 */
static bool
take_value(const char **pattern, const char **path, size_t n, struct path *out)
{
	const char *name = *pattern + 1, *value = *path;
	const char *slash = memchr(value, '/', n);
	size_t name_len = strcspn(name, "}");

	assert(name[name_len] == '}' && out->count < PATH_PARAMS_MAX);
	if (slash != NULL)
		n = (size_t)(slash - value);
	if (n == 0 || n > PATH_VALUE_MAX_BYTES || is_dots(value, n))
		return false;
	out->params[out->count++] =
	    (struct path_param){ name, value, name_len, n };
	*pattern = name + name_len + 1;
	*path = value + n;
	return true;
}

bool
path_fits(const char *pattern, const char *path, size_t n, struct path *out)
{
	const char *end = path + n;

	out->count = 0;
	while (*pattern != '\0') {
		if (*pattern == '{') {
			if (!take_value(
			        &pattern, &path, (size_t)(end - path), out))
				return false;
		} else if (path == end || *path++ != *pattern++) {
			return false;
		}
	}
	return path == end;
}

bool
path_is_prefix(const char *s)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~";
	size_t n;

	if (*s == '\0' || strlen(s) > PATH_PREFIX_MAX_BYTES)
		return false;
	for (; *s != '\0'; s += n) {
		if (*s++ != '/')
			return false;
		n = strspn(s, plain);
		if (n == 0 || is_dots(s, n))
			return false;
	}
	return true;
}

/* A byte of an undecoded path; *s goes on behind it. */
static char
take_byte(const char **s)
{
	const char *at = *s;

	if (at[0] == '%' && text_hex(at[1]) >= 0 && text_hex(at[2]) >= 0) {
		*s += 3;
		return (char)text_hex_value(at + 1, 2);
	}
	return *(*s)++;
}

/*
 * Could a reader find another path in these n bytes: by a host (//host/x), a
 * backslash, or the parameters of a segment (/admin;a/x)? In the last segment
 * these are not the location's.
 */
static bool
has_other_parts(const char *path, size_t n)
{
	const char *parameters = memchr(path, ';', n);

	return strncmp(path, "//", 2) == 0 || memchr(path, '\\', n) != NULL ||
	       (parameters != NULL &&
	           memchr(parameters, '/', n - (size_t)(parameters - path)) !=
	               NULL);
}

bool
path_is_plain(const char *target)
{
	size_t n = strcspn(target, "?"), dots = 0, others = 0;
	const char *end = target + n;
	char c;

	if (strchr(target, '#') != NULL || has_other_parts(target, n))
		return false;
	while (target < end) {
		c = take_byte(&target);
		if (c == '/' || c == '\\' || c == ';') {
			if (others == 0 && (dots == 1 || dots == 2))
				return false;
			dots = 0;
			others = c == ';'; /* parameters are no segment */
		} else if (c == '.') {
			dots++;
		} else {
			others++;
		}
	}
	return others > 0 || (dots != 1 && dots != 2);
}

const char *
path_below(const char *uri, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(uri, prefix, n) != 0 ||
	    (uri[n] != '/' && uri[n] != '?' && uri[n] != '\0'))
		return uri;
	return uri + n;
}
