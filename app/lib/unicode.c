/*
 * Unicode normalisation.
 */
#include "base.h"

#include <string.h>

#include <utf8proc.h>

#include "lib/unicode.h"

/* Does its decomposition have at most UNICODE_MAX_MARKS marks in a row? */
static bool
is_stream_safe(const utf8proc_uint8_t *s, utf8proc_ssize_t n)
{
	utf8proc_int32_t point, part[8];
	utf8proc_ssize_t i, len, parts, marks = 0;

	for (; n > 0; s += len, n -= len) {
		len = utf8proc_iterate(s, n, &point);
		if (len <= 0)
			return false;
		parts = utf8proc_decompose_char(point, part, ARRAY_LEN(part),
		    UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, NULL);
		for (i = 0; i < parts && i < (int)ARRAY_LEN(part); i++) {
			if (utf8proc_get_property(part[i])->combining_class ==
			    0)
				marks = 0;
			else if (++marks > UNICODE_MAX_MARKS)
				return false;
		}
	}
	return true;
}

static const char *
map(struct arena *a, const char *s, utf8proc_option_t options)
{
	const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)s;
	utf8proc_ssize_t n = (utf8proc_ssize_t)strlen(s), points;
	utf8proc_int32_t *out;

	if (n > UNICODE_MAX_BYTES || !is_stream_safe(bytes, n))
		return s;
	points = utf8proc_decompose(bytes, n, NULL, 0, options);
	if (points < 0)
		return s; /* not UTF-8, which every parser refuses */
	/* one more for the NUL */
	out = arena_alloc(a, ((size_t)points + 1) * sizeof(*out));
	if (utf8proc_decompose(bytes, n, out, points, options) != points ||
	    utf8proc_reencode(out, points, options) < 0)
		return s;
	return strcmp((char *)out, s) == 0 ? s : (char *)out;
}

const char *
unicode_nfc(struct arena *a, const char *s)
{
	return map(a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
}

const char *
unicode_fold(struct arena *a, const char *s)
{
	return map(
	    a, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
}
