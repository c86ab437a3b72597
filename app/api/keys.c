/*
 * Published keys, by which others verify tokens: the public halves of pairs
 * alone, from memory.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "crypto/key.h"
#include "http/reply.h"
#include "lib/text.h"

/* One key: the required members of its public half, and what it is for. */
static bool
add_key(struct buf *b, const struct key *k)
{
	char jwk[JWS_JWK_BYTES];

	if (!jws_jwk(k->public_half, jwk))
		return false;
	buf_add(b, jwk, strlen(jwk) - 1); /* without its brace */
	buf_addf(b, ",\"alg\":\"%s\",\"kid\":\"%s\",\"use\":\"sig\"}",
	    jws_alg_name[k->alg], k->kid);
	return true;
}

/* All pairs whose tokens may count; a key of HS256 is a secret, and no pair. */
static bool
add_keys(struct buf *b, const struct keyring *ring, int64_t now_s)
{
	const struct key *k;
	bool first = true;

	buf_adds(b, "{\"keys\":[");
	for (k = ring->keys; k < ring->keys + ring->count; k++) {
		if (k->public_half == NULL || now_s >= k->until_s)
			continue;
		if (!first)
			buf_adds(b, ",");
		first = false;
		if (!add_key(b, k))
			return false;
	}
	buf_adds(b, "]}");
	return true;
}

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

/* Source: RFC 9110, section 13.1.2; quotes keep one tag from being another's
 * part. */
static bool
has_it(const char *if_none_match, const char *etag)
{
	return if_none_match != NULL &&
	       (strcmp(if_none_match, "*") == 0 ||
	           strstr(if_none_match, etag) != NULL);
}

enum err
api_keys(struct req *r)
{
	const struct ctx *c = r->ctx;
	struct buf *b = reply_begin(r, 200, "application/jwk-set+json");
	char etag[ETAG_CHARS + 1];

	if (!add_keys(b, c->app->keyring, c->now_s) || !make_etag(b, etag))
		return ERR_INTERNAL;
	if (has_it(r->if_none_match, etag))
		reply_begin(r, 304, NULL);
	r->reply.max_age_s = c->app->conf->jwks_max_age_s;
	reply_header(r, "ETag", etag);
	return ERR_OK;
}
