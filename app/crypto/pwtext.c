/*
 * Text of stored password hashes: fields, numbers and encoded bytes.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwtext.h"
#include "lib/text.h"

#define DIGITS "0123456789"
#define NUMBER_DIGITS_MAX 12

bool
pwtext_literal(const char **p, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

bool
pwtext_part(const char **p, char end, struct pwtext_part *out)
{
	const char *stop = strchr(*p, end);

	if (stop == NULL)
		return false;
	out->s = *p;
	out->n = (size_t)(stop - *p);
	*p = stop + (end != '\0');
	return true;
}

bool
pwtext_number(const char **p, char end, int64_t *out)
{
	struct pwtext_part digits;
	size_t i;

	if (!pwtext_part(p, end, &digits) || digits.n == 0 ||
	    strspn(digits.s, DIGITS) != digits.n)
		return false;
	*out = 0;
	if (digits.n > NUMBER_DIGITS_MAX)
		*out = PWSPEC_TOO_MUCH;
	else
		for (i = 0; i < digits.n; i++)
			*out = *out * 10 + (digits.s[i] - '0');
	return true;
}

bool
pwtext_copy(struct pwtext_part in, struct pwspec_bytes *out)
{
	if (in.n > sizeof(out->b))
		return false;
	memcpy(out->b, in.s, in.n);
	out->n = in.n;
	return true;
}

bool
pwtext_hex(struct pwtext_part in, struct pwspec_bytes *out)
{
	int high, low;
	size_t i;

	if (in.n % 2 != 0 || in.n / 2 > sizeof(out->b))
		return false;
	for (i = 0; i < in.n / 2; i++) {
		high = text_hex(in.s[2 * i]);
		low = text_hex(in.s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out->b[i] = (unsigned char)(high << 4 | low);
	}
	out->n = in.n / 2;
	return true;
}

/* RFC 4648's alphabets, both, and passlib's with a dot. */
static int
base64_bits(char c)
{
	return text_base64url_bits(c == '+' || c == '.' ? '-'
	                           : c == '/'           ? '_'
	                                                : c);
}

bool
pwtext_base64(struct pwtext_part in, struct pwspec_bytes *out)
{
	unsigned bits = 0, value = 0;
	size_t i;
	int c;

	for (i = 0; i < 2 && in.n > 0 && in.s[in.n - 1] == '='; i++)
		in.n--;
	if (in.n % 4 == 1 || in.n > sizeof(out->b) / 3 * 4)
		return false;
	for (i = 0, out->n = 0; i < in.n; i++) {
		if ((c = base64_bits(in.s[i])) < 0)
			return false;
		value = (value << 6 | (unsigned)c) & 0xffff;
		if ((bits += 6) >= 8)
			out->b[out->n++] =
			    (unsigned char)(value >> (bits -= 8));
	}
	return true;
}

bool
pwtext_itoa64(struct pwtext_part in, struct pwspec_bytes *out)
{
	unsigned bits = 0, value = 0;
	const char *c;
	size_t i;

	if (in.n % 4 == 1 || in.n > sizeof(out->b) / 3 * 4)
		return false;
	for (i = 0, out->n = 0; i < in.n; i++) {
		if ((c = strchr(PWTEXT_ITOA64, in.s[i])) == NULL)
			return false;
		value |= (unsigned)(c - PWTEXT_ITOA64) << bits;
		if ((bits += 6) >= 8) {
			out->b[out->n++] = (unsigned char)value;
			value >>= 8;
			bits -= 8;
		}
	}
	return true;
}

bool
pwtext_is_itoa64(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, PWTEXT_ITOA64) == n;
}

int64_t
pwtext_itoa64_number(const char *s, int n)
{
	int64_t value = 0;

	while (n-- > 0)
		value =
		    value << 6 | (strchr(PWTEXT_ITOA64, s[n]) - PWTEXT_ITOA64);
	return value;
}
