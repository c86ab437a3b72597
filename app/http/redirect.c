/*
 * Redirects.
 */
#include "base.h"

#include <string.h>

#include "http/redirect.h"
#include "http/reply.h"

#define LOCATION_MAX_BYTES 4096

/* Append a part of a reference: other bytes than these are percent-encoded. */
static void
add_encoded(struct buf *b, const char *s, const char *plain)
{
	unsigned char c;

	for (; (c = (unsigned char)*s) != '\0'; s++)
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || strchr(plain, c) != NULL)
			buf_add(b, &c, 1);
		else
			buf_addf(b, "%%%02X", c);
}

void
redirect(struct req *r, const char *path)
{
	struct buf location;

	buf_init(&location, r->ctx->arena);
	if (r->prefix != NULL)
		buf_adds(&location, r->prefix);
	add_encoded(&location, path, "-._~/!$&'()*+,;=:@");
	if (*r->query != '\0')
		buf_adds(&location, "?");
	/* with '%', since it is encoded already */
	add_encoded(&location, r->query, "-._~:/%#?=@[]!$&'()*+,;");
	if (location.len > LOCATION_MAX_BYTES) {
		reply_detail(r, 414, "Request-URI Too Long");
		return;
	}
	reply_begin(r, 307, NULL);
	reply_header(r, "Location", location.s);
}
