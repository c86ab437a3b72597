/*
 * String and number helpers.
 */
#include "base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

bool
text_to_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	const char *digits = s + (*s == '-');
	char *end;
	long long v;

	/* strtoll would also accept blanks and a plus */
	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

const char *
text_of_i64(int64_t n, char out[TEXT_I64_BYTES])
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char *p = &out[TEXT_I64_BYTES - 1];

	*p = '\0';
	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (n < 0)
		*--p = '-';
	return p;
}

size_t
text_utf8_len(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i, len;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	for (i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool
text_is_utf8(const char *s, size_t n)
{
	size_t len;

	for (; n > 0; s += len, n -= len)
		if ((len = text_utf8_len(s, n)) == 0)
			return false;
	return true;
}

size_t
text_chars(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

int
text_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

uint64_t
text_hex_value(const char *s, size_t n)
{
	uint64_t v = 0;
	unsigned c;

	/* without a branch, as each check has 16: letters are 9 more */
	while (n-- > 0) {
		c = (unsigned char)*s++;
		v = v << 4 | ((c & 15) + (c >> 6) * 9);
	}
	return v;
}

size_t
text_percent_decode(char *s, size_t n, bool plus)
{
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == '%' && n - i > 2 && text_hex(s[i + 1]) >= 0 &&
		    text_hex(s[i + 2]) >= 0) {
			s[len++] = (char)(text_hex(s[i + 1]) << 4 |
			                  text_hex(s[i + 2]));
			i += 2;
		} else {
			s[len++] = plus && s[i] == '+' ? ' ' : s[i];
		}
	}
	return len;
}

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
text_base64url(const void *bytes, size_t n, char *out)
{
	const unsigned char *p = bytes;
	unsigned bits = 0, left = 0; /* read, and not yet written */
	char *to = out;

	for (; n > 0; n--) {
		bits = bits << 8 | *p++;
		for (left += 8; left >= 6; left -= 6)
			*to++ = base64url[bits >> (left - 6) & 63];
	}
	if (left > 0)
		*to++ = base64url[bits << (6 - left) & 63];
	*to = '\0';
	return (size_t)(to - out);
}

bool
text_base64url_read(const char *s, size_t n, unsigned char *out, size_t *len)
{
	unsigned bits = 0, left = 0; /* read, and not yet written */
	int value;

	*len = 0;
	for (; n > 0; n--, s++) {
		if ((value = text_base64url_bits(*s)) < 0)
			return false;
		bits = bits << 6 | (unsigned)value;
		if ((left += 6) >= 8) {
			left -= 8;
			out[(*len)++] = (unsigned char)(bits >> left);
		}
	}
	/* a character too many, or bits that no byte has */
	return left < 6 && (bits & ((1U << left) - 1)) == 0;
}
