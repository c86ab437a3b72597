/*
 * Growing text buffer in an arena.
 */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/text.h"

void
buf_init(struct buf *b, struct arena *a)
{
	*b = (struct buf){ .arena = a, .s = arena_alloc(a, 1), .size = 1 };
}

/* Make room for n bytes more and the final NUL. */
static void
grow(struct buf *b, size_t n)
{
	size_t size = b->size;
	char *s;

	if (n < b->size - b->len)
		return;
	while (size - b->len <= n)
		size = size < 128 ? 256 : size * 2;
	s = arena_alloc(b->arena, size);
	memcpy(s, b->s, b->len);
	b->s = s;
	b->size = size;
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	grow(b, n);
	memcpy(b->s + b->len, bytes, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->size - b->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(b->s + b->len, room, fmt, args);
	va_end(args);
	if (n < 0)
		abort(); /* one of our formats is wrong */
	if ((size_t)n >= room) {
		grow(b, (size_t)n);
		va_start(args, fmt);
		vsnprintf(b->s + b->len, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	b->len += (size_t)n;
}

void
buf_add_percent(struct buf *b, const char *s)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~";
	size_t n;

	for (; *s != '\0'; s++) {
		n = strspn(s, unreserved);
		buf_add(b, s, n);
		s += n;
		if (*s == '\0')
			break;
		buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

/*
 * Is the UTF-8 character of n bytes at s a control, direction or zero-width
 * character? The lists are of two and three bytes: C1 controls, which have
 * escape sequences of one character; and Unicode's format characters of
 * direction, line ends and spaces without width.
 */
static bool
is_unprintable(const unsigned char *s, size_t n)
{
	if (n == 1)
		return s[0] < 0x20 || s[0] == 0x7f || s[0] == '\\';
	if (n == 2)
		return (s[0] == 0xc2 && s[1] < 0xa0) ||
		       (s[0] == 0xd8 && s[1] == 0x9c);
	if (n != 3)
		return false;
	return (s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0x8b &&
	           (s[2] <= 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	       (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf) ||
	       (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf);
}

void
buf_add_visible(struct buf *b, const char *s)
{
	size_t left = strlen(s), n, i;

	for (; left > 0; s += n, left -= n) {
		const unsigned char *p = (const unsigned char *)s;

		n = text_utf8_len(s, left);
		if (n > 0 && !is_unprintable(p, n)) {
			buf_add(b, s, n);
			continue;
		}
		n = n > 0 ? n : 1;
		for (i = 0; i < n; i++)
			buf_addf(b, "\\x%02x", p[i]);
	}
}

void
buf_add_json(struct buf *b, const char *s, size_t n)
{
	static const char short_form[] = "\b\t\n\f\r\"\\",
	                  letter[] = "btnfr\"\\";
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	buf_add(b, "\"", 1);
	while (p < end) {
		const unsigned char *plain = p;
		const char *found;

		while (p < end && *p >= 0x20 && *p != '"' && *p != '\\' &&
		       *p != 0xc0 && *p != 0xed)
			p++;
		buf_add(b, plain, (size_t)(p - plain));
		if (p == end)
			break;
		if (end - p >= 2 && p[0] == 0xc0 && p[1] == 0x80) {
			buf_adds(b, "\\u0000");
			p += 2;
		} else if (end - p >= 3 && p[0] == 0xed && p[1] >= 0xa0) {
			buf_addf(b, "\\u%04x",
			    0xd000u | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
			p += 3;
		} else if (*p >= 0x80) {
			buf_add(b, p++, 1);
		} else if (*p != '\0' &&
		           (found = strchr(short_form, *p)) != NULL) {
			buf_addf(b, "\\%c", letter[found - short_form]);
			p++;
		} else {
			buf_addf(b, "\\u%04x", *p++);
		}
	}
	buf_add(b, "\"", 1);
}
