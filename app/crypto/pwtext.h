/*
 * Text of stored password hashes: fields, numbers and encoded bytes.
 */
#ifndef LATCHKEY_CRYPTO_PWTEXT_H
#define LATCHKEY_CRYPTO_PWTEXT_H

#include "crypto/pwspec.h"

/* crypt(3)'s alphabet. */
#define PWTEXT_ITOA64 \
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* A part of a text, in place. */
struct pwtext_part {
	const char *s;
	size_t n;
};

/* Is this what stands at *p, which goes on behind it? */
bool pwtext_literal(const char **p, const char *text);

/*
 * The text at *p before the next end; *p goes on behind that. An end of NUL
 * gives the rest. False, *p as it was: there is no end.
 */
bool pwtext_part(const char **p, char end, struct pwtext_part *out);

/*
 * The decimal digits before the next end, behind which *p goes on. More than
 * 12 are PWSPEC_TOO_MUCH. False: there is anything else.
 */
bool pwtext_number(const char **p, char end, int64_t *out);

/* The bytes of a part as they stand. False: more than PWSPEC_BYTES_MAX. */
bool pwtext_copy(struct pwtext_part in, struct pwspec_bytes *out);

/* The bytes of hexadecimal digits in either case. False: it is not that, or too
 * long. */
bool pwtext_hex(struct pwtext_part in, struct pwspec_bytes *out);

/*
 * The bytes of base64: that of RFC 4648, sections 4 and 5, or passlib's with a
 * dot for the plus, with the padding or without; leftover bits are not looked
 * at. False: it is not that, or too long.
 */
bool pwtext_base64(struct pwtext_part in, struct pwspec_bytes *out);

/*
 * The bytes of crypt(3)'s base64, whose first character has the lowest bits.
 * False: it is not that, or too long.
 */
bool pwtext_itoa64(struct pwtext_part in, struct pwspec_bytes *out);

/* Is a text n characters of crypt(3)'s alphabet, and no more? */
bool pwtext_is_itoa64(const char *s, size_t n);

/*
 * A number of six bits a character, the lowest first, in n characters of
 * crypt(3)'s alphabet, at most 10.
 */
int64_t pwtext_itoa64_number(const char *s, int n);

#endif
