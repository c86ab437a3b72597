/*
 * Credential headers: Authorization, Cookie and Set-Cookie.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "http/header.h"
#include "http/reply.h"
#include "lib/text.h"

const char *
header_bearer(const char *authorization)
{
	const char *token;

	if (authorization == NULL ||
	    strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7;
	token += strspn(token, " ");
	if (*token == '\0' || strpbrk(token, " \t,") != NULL)
		return NULL;
	return token;
}

/* The six bits of a base64 character, or -1. */
static int
base64_bits(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/*
 * Decode base64 in its one spelling, in place, with a NUL behind. False: it is
 * none. Source: RFC 4648, section 4.
 */
static bool
decode_base64(char *s, size_t *len)
{
	size_t i, n = strlen(s), pad = 0, out = 0;
	unsigned bits = 0;
	int six;

	while (pad < 2 && n > pad && s[n - pad - 1] == '=')
		pad++;
	if (n % 4 != 0)
		return false;
	for (i = 0; i < n - pad; i++) {
		if ((six = base64_bits(s[i])) < 0)
			return false;
		bits = (bits << 6 | (unsigned)six) & 0xffff;
		if (i % 4 != 0)
			s[out++] = (char)(bits >> (6 - i % 4 * 2));
	}
	/* the bits that are left belong to no byte */
	if ((bits & ((1U << pad * 2) - 1)) != 0)
		return false;
	s[out] = '\0';
	*len = out;
	return true;
}

/* Decode n bytes as a form has them, with a NUL behind. False: no text. */
static bool
decode_form(char *s, size_t n)
{
	n = text_percent_decode(s, n, true);
	s[n] = '\0';
	return memchr(s, '\0', n) == NULL && text_is_utf8(s, n);
}

enum err
header_basic(const char *authorization, struct arena *a, const char **id,
    const char **secret)
{
	char *text, *colon;
	size_t n;

	if (authorization == NULL ||
	    strncasecmp(authorization, "Basic", 5) != 0 ||
	    (authorization[5] != ' ' && authorization[5] != '\0'))
		return ERR_NOTFOUND;
	authorization += 5;
	authorization += strspn(authorization, " ");
	text = arena_strndup(a, authorization, strlen(authorization));
	if (!decode_base64(text, &n) || (colon = memchr(text, ':', n)) == NULL)
		return ERR_UNAUTH;
	if (!decode_form(colon + 1, n - (size_t)(colon + 1 - text)) ||
	    !decode_form(text, (size_t)(colon - text)))
		return ERR_UNAUTH;
	*id = text;
	*secret = colon + 1;
	return ERR_OK;
}

/* The n bytes at *s without the blanks around them; returns their number. */
static size_t
trim(const char **s, size_t n)
{
	while (n > 0 && (**s == ' ' || **s == '\t')) {
		(*s)++;
		n--;
	}
	while (n > 0 && ((*s)[n - 1] == ' ' || (*s)[n - 1] == '\t'))
		n--;
	return n;
}

const char *
header_cookie(const char *header, const char *name, struct arena *a)
{
	const char *p, *end, *key, *value, *equals;
	size_t n;

	if (header == NULL || strnlen(header, HEADER_COOKIE_MAX_BYTES + 1) >
	                          HEADER_COOKIE_MAX_BYTES)
		return NULL;
	for (p = header;; p = end + 1) {
		end = p + strcspn(p, ";");
		equals = memchr(p, '=', (size_t)(end - p));
		if (equals != NULL) {
			key = p;
			n = trim(&key, (size_t)(equals - p));
			if (n == strlen(name) && memcmp(key, name, n) == 0)
				break;
		}
		if (*end == '\0')
			return NULL;
	}
	value = equals + 1;
	n = trim(&value, (size_t)(end - value));
	return arena_strndup(a, value, n);
}

void
header_set_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	buf_addf(&b,
	    "%s=%s; Max-Age=%" PRId64
	    "; Path=/; Secure; HttpOnly; SameSite=Strict",
	    name, value, max_age_s);
	reply_header(r, "Set-Cookie", b.s);
}
