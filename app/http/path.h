/*
 * Paths of endpoints: patterns with parameters.
 */
#ifndef LATCHKEY_HTTP_PATH_H
#define LATCHKEY_HTTP_PATH_H

#include "base.h"

#define PATH_PARAMS_MAX 4
#define PATH_VALUE_MAX_BYTES 256
#define PATH_PREFIX_MAX_BYTES 128

/* The parameters of a path; the texts are not NUL-terminated. */
struct path {
	size_t count;
	struct path_param {
		const char *name, *value;
		size_t name_len, value_len;
	} params[PATH_PARAMS_MAX];
};

/*
 * Do the n bytes at path, percent-decoded already, fit this pattern? In a
 * pattern a segment may be a parameter, "/sessions/{id}": it fits a segment of
 * 1 to PATH_VALUE_MAX_BYTES bytes without a slash, which may be anything but
 * "." and "..", into *out. All else fits itself. *out points into both; it is
 * meaningless after false.
 */
bool path_fits(
    const char *pattern, const char *path, size_t n, struct path *out);

/*
 * Is this a prefix of paths, below which a web server has this service, such as
 * "/auth" or "/a/b": segments of letters, digits and -._~, none of them "." or
 * "..", without a slash at the end, of PATH_PREFIX_MAX_BYTES at most?
 */
bool path_is_prefix(const char *s);

/*
 * Do a web server and an application behind it read the same path in this
 * target of a request, undecoded path and query? Not with a segment "." or
 * "..", which one removes and the other takes for a name: however it is
 * encoded, behind a backslash, or before a semicolon (RFC 3986, sections 3.3
 * and 5.2.4). Nor with a '#' or a backslash, which no target has (RFC 9112,
 * section 3.2), "//" at its begin, which is a host to those who read a URL
 * (RFC 3986, section 4.2), or parameters in another than the last segment.
 */
bool path_is_plain(const char *target);

/*
 * The part of an undecoded path and query that is below such a prefix: it
 * begins with a slash or a '?', or is empty. uri itself, if it is not below.
 */
const char *path_below(const char *uri, const char *prefix);

#endif
