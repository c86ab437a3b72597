/*
 * Entity tags of public documents.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/mac.h"
#include "http/etag.h"
#include "http/reply.h"
#include "lib/text.h"

#define ETAG_CHARS (TEXT_BASE64URL_BYTES(MAC_BYTES) - 1 + 2)

/* The digest of the body, in quotes. */
static bool
make_etag(const struct buf *body, char out[ETAG_CHARS + 1])
{
	unsigned char digest[MAC_BYTES];
	char text[TEXT_BASE64URL_BYTES(MAC_BYTES)];

	if (!mac_sha256(body->s, body->len, digest))
		return false;
	text_base64url(digest, sizeof(digest), text);
	snprintf(out, ETAG_CHARS + 1, "\"%s\"", text);
	return true;
}

/* Quotes keep one tag from being another's part. */
static bool
has_it(const char *if_none_match, const char *etag)
{
	return if_none_match != NULL &&
	       (strcmp(if_none_match, "*") == 0 ||
	           strstr(if_none_match, etag) != NULL);
}

enum err
etag_settle(struct req *r, int64_t max_age_s)
{
	char etag[ETAG_CHARS + 1];

	if (!make_etag(&r->reply.body, etag))
		return ERR_INTERNAL;
	if (has_it(r->if_none_match, etag))
		reply_begin(r, 304, NULL);
	r->reply.max_age_s = max_age_s;
	reply_header(r, "ETag", etag);
	return ERR_OK;
}
