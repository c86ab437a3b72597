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
 * Decode base64 in its one spelling, in place. False: it is none. Source: RFC
 * 4648, section 4.
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

bool
header_has_bearer(const char *authorization)
{
	return authorization != NULL &&
	       strncasecmp(authorization, "Bearer", 6) == 0 &&
	       strchr(" \t,", authorization[6]) != NULL;
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

/*
 * The cookie of this name in what is left of a header, which moves on, to NULL
 * behind the last. *n: the length of its value. NULL: there is none.
 */
static const char *
next_cookie(const char **header, const char *name, size_t *n)
{
	const char *p, *end, *key, *value, *equals;

	while ((p = *header) != NULL) {
		end = p + strcspn(p, ";");
		*header = *end != '\0' ? end + 1 : NULL;
		equals = memchr(p, '=', (size_t)(end - p));
		if (equals == NULL)
			continue;
		key = p;
		*n = trim(&key, (size_t)(equals - p));
		if (*n != strlen(name) || memcmp(key, name, *n) != 0)
			continue;
		value = equals + 1;
		*n = trim(&value, (size_t)(end - value));
		return value;
	}
	return NULL;
}

static bool
is_too_long(const char *header)
{
	return strnlen(header, HEADER_COOKIE_MAX_BYTES + 1) >
	       HEADER_COOKIE_MAX_BYTES;
}

const char *
header_cookie(const char *header, const char *name, struct arena *a)
{
	const char *value;
	size_t n;

	if (header == NULL || is_too_long(header))
		return NULL;
	value = next_cookie(&header, name, &n);
	return value != NULL ? arena_strndup(a, value, n) : NULL;
}

size_t
header_cookies(const char *header, const char *name, struct arena *a,
    const char **out, size_t max)
{
	const char *value;
	size_t n, count = 0;

	if (header == NULL || is_too_long(header))
		return 0;
	for (; (value = next_cookie(&header, name, &n)) != NULL; count++)
		if (count < max)
			out[count] = arena_strndup(a, value, n);
	return count;
}

const char *
header_cookie_once(const char *header, const char *name, struct arena *a)
{
	const char *value;
	size_t n, m;

	if (header == NULL || is_too_long(header))
		return NULL;
	value = next_cookie(&header, name, &n);
	if (value == NULL || next_cookie(&header, name, &m) != NULL)
		return NULL;
	return arena_strndup(a, value, n);
}

static void
set_cookie(struct req *r, const char *name, const char *value,
    int64_t max_age_s, const char *same_site)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	buf_addf(&b, "%s=%s;", name, value);
	if (max_age_s != HEADER_NO_MAX_AGE)
		buf_addf(&b, " Max-Age=%" PRId64 ";", max_age_s);
	buf_addf(&b, " Path=/; Secure; HttpOnly; SameSite=%s", same_site);
	reply_header(r, "Set-Cookie", b.s);
}

void
header_set_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s)
{
	set_cookie(r, name, value, max_age_s, "Strict");
}

void
header_set_lax_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s)
{
	set_cookie(r, name, value, max_age_s, "Lax");
}

const char *
header_session(const struct req *r)
{
	return header_cookie_once(r->cookie, HEADER_SESSION, r->ctx->arena);
}

void
header_set_session(struct req *r, const char *value, int64_t max_age_s)
{
	r->new_session = (struct session_cookie){ value, max_age_s };
}

void
header_remove_session(struct req *r)
{
	header_set_session(r, "", 0);
}

void
header_add_session(struct req *r)
{
	if (r->new_session.value != NULL)
		header_set_lax_cookie(r, HEADER_SESSION, r->new_session.value,
		    r->new_session.max_age_s);
}
