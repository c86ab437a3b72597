/*
 * Credential headers: Authorization, Cookie and Set-Cookie.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "http/header.h"
#include "http/reply.h"

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
