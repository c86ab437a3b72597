/*
 * String and number helpers.
 */
#ifndef LATCHKEY_LIB_TEXT_H
#define LATCHKEY_LIB_TEXT_H

#include "base.h"

/*
 * s, a decimal integer with an optional minus and nothing around it, into
 * *out. False, *out untouched: anything else, or outside min..max.
 */
bool text_to_i64(
    const char *s, int64_t min, int64_t max, int64_t *out) MUST_CHECK;

#define TEXT_I64_BYTES 21 /* the longest, and its NUL */

/* n in decimal, at the end of out: where it begins. Quicker than printf(3). */
const char *text_of_i64(int64_t n, char out[TEXT_I64_BYTES]);

/*
 * The length in bytes of the UTF-8 character at s, of which n bytes can be
 * read: 1 to 4; 0 if there is none (RFC 3629: no overlong forms, no
 * surrogates, nothing beyond U+10FFFF).
 */
size_t text_utf8_len(const char *s, size_t n);

/* Are the n bytes at s UTF-8 throughout? */
bool text_is_utf8(const char *s, size_t n);

/* The number of characters (code points) of a UTF-8 text. */
size_t text_chars(const char *s);

/*
 * Decode percent-encoding in place: %XX to its byte, and '+' to a blank if
 * plus is true; a '%' without two hex digits stays as it is. Returns the new
 * length; the bytes may be anything, NUL included.
 */
size_t text_percent_decode(char *s, size_t n, bool plus);

/* The value of a hexadecimal digit, or -1. */
int text_hex(char c);

/* The value of n hexadecimal digits, at most 16 and all of them such. */
uint64_t text_hex_value(const char *s, size_t n);

/*
 * The six bits of a character of base64url, or -1. Here, since each character
 * of a token goes through it. Source: RFC 4648, section 5.
 */
static inline int
text_base64url_bits(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* The characters that n bytes take in base64url, and a NUL. */
#define TEXT_BASE64URL_BYTES(n) (((n)*4 + 2) / 3 + 1)

/*
 * Write n bytes in base64url, without padding and with a NUL, to out, which has
 * TEXT_BASE64URL_BYTES(n). Returns the number of characters.
 * Source: RFC 4648, section 5; RFC 7515, appendix C.
 */
size_t text_base64url(const void *bytes, size_t n, char *out);

/*
 * Read n characters of base64url into out, which has n bytes, *len of which are
 * written. False: a character that is not base64url's, padding included, or a
 * text that text_base64url() does not write: of each value there is one.
 */
bool text_base64url_read(
    const char *s, size_t n, unsigned char *out, size_t *len) MUST_CHECK;

#endif
