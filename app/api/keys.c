/*
 * Published keys, by which others verify tokens: the public halves of pairs
 * alone, from memory.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "crypto/key.h"
#include "http/etag.h"
#include "http/reply.h"

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

enum err
api_keys(struct req *r)
{
	const struct ctx *c = r->ctx;
	struct buf *b = reply_begin(r, 200, "application/jwk-set+json");

	if (!add_keys(b, c->app->keyring, c->now_s))
		return ERR_INTERNAL;
	return etag_settle(r, c->app->conf->jwks_max_age_s);
}
