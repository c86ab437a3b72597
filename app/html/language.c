/*
 * Choice of a language by Accept-Language.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "html/language.h"

/* A quality in thousandths, of "0.5" or "1"; -1: it is none. */
static int
read_quality(const char *s, size_t n)
{
	int q, digit = 1000;
	size_t i;

	if (n == 0 || (s[0] != '0' && s[0] != '1') || n > 5 ||
	    (n > 1 && s[1] != '.'))
		return -1;
	q = (s[0] - '0') * 1000;
	for (i = 2; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		digit /= 10;
		q += (s[i] - '0') * digit;
	}
	return q <= 1000 ? q : -1;
}

/*
 * One range of n bytes, "ko-KR;q=0.8": the length of its tag, and its quality.
 */
static size_t
read_range(const char *s, size_t n, int *quality)
{
	size_t tag = 0, at;

	while (tag < n && s[tag] != ';' && s[tag] != ' ' && s[tag] != '\t')
		tag++;
	*quality = 1000;
	for (at = tag; at < n && (s[at] == ' ' || s[at] == '\t'); at++)
		;
	if (at == n)
		return tag;
	if (s[at] != ';')
		return 0;
	for (at++; at < n && (s[at] == ' ' || s[at] == '\t'); at++)
		;
	if (n - at < 2 || (s[at] != 'q' && s[at] != 'Q') || s[at + 1] != '=')
		return 0;
	while (n > at + 2 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	*quality = read_quality(s + at + 2, n - at - 2);
	return *quality >= 0 ? tag : 0;
}

/* Do they begin with the same subtag? */
static bool
is_same_language(const char *tag, const char *range, size_t n)
{
	size_t a = strcspn(tag, "-"), b = 0;

	while (b < n && range[b] != '-')
		b++;
	return a == b && strncasecmp(tag, range, a) == 0;
}

/* The language for a range of n bytes; count: there is none. */
static size_t
match(const struct sentences *const *languages, size_t count, const char *range,
    size_t n)
{
	size_t i;

	if (n == 1 && *range == '*')
		return 0;
	for (i = 0; i < count; i++)
		if (strlen(languages[i]->tag) == n &&
		    strncasecmp(languages[i]->tag, range, n) == 0)
			return i;
	for (i = 0; i < count; i++)
		if (is_same_language(languages[i]->tag, range, n))
			return i;
	return count;
}

size_t
language_choose(
    const struct sentences *const *languages, size_t n, const char *header)
{
	size_t found, len, tag, best = 0;
	int ranges, quality, highest = 0;

	for (ranges = 0;
	     header != NULL && *header != '\0' && ranges < LANGUAGE_RANGES_MAX;
	     ranges++) {
		header += strspn(header, ", \t");
		len = strcspn(header, ",");
		tag = read_range(header, len, &quality);
		if (tag > 0 && quality > highest) {
			found = match(languages, n, header, tag);
			if (found < n) {
				best = found;
				highest = quality;
			}
		}
		header += len;
	}
	return best;
}

size_t
language_find(
    const struct sentences *const *languages, size_t n, const char *tag)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tag != NULL && strcasecmp(languages[i]->tag, tag) == 0)
			break;
	return i;
}
