/*
 * Cache of verified tokens: a table of fixed size, each token in the one place
 * that its digest selects.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/token_cache.h"

static size_t
place_of(const unsigned char digest[TOKEN_DIGEST_BYTES])
{
	return ((size_t)digest[0] << 8 | digest[1]) % TOKEN_CACHE_ENTRIES;
}

static const char *
text_or_empty(const char *s)
{
	return s != NULL ? s : "";
}

bool
token_cache_digest(const char *token, unsigned char out[TOKEN_DIGEST_BYTES])
{
	size_t n = strlen(token);

	return n <= TOKEN_DIGEST_MAX_BYTES && mac_sha256(token, n, out);
}

bool
token_cache_find(const struct token_cache *cache,
    const unsigned char digest[TOKEN_DIGEST_BYTES],
    const struct token_clock *clock, struct token_claims *out)
{
	const struct token_cache_entry *e = &cache->entries[place_of(digest)];
	const char *client_id, *scope;

	/* where nothing was added exp is 0, which is long ago */
	if (e->exp <= clock->now_s - clock->leeway_s ||
	    memcmp(e->digest, digest, sizeof(e->digest)) != 0)
		return false;
	client_id = e->text + strlen(e->text) + 1;
	scope = client_id + strlen(client_id) + 1;
	*out = (struct token_claims){
		.sub = e->text,
		.uid = e->uid,
		.exp = e->exp,
		.epoch = e->epoch,
		.is_plain = e->is_plain,
		.sid = e->sid[0] != '\0' ? e->sid : NULL,
		.client_id = *client_id != '\0' ? client_id : NULL,
		.scope = *scope != '\0' ? scope : NULL,
	};
	return true;
}

void
token_cache_add(struct token_cache *cache,
    const unsigned char digest[TOKEN_DIGEST_BYTES],
    const struct token_claims *claims)
{
	struct token_cache_entry *e = &cache->entries[place_of(digest)];
	const char *client_id = text_or_empty(claims->client_id),
	           *scope = text_or_empty(claims->scope);

	if (strlen(claims->sub) + strlen(client_id) + strlen(scope) + 3 >
	    sizeof(e->text))
		return;
	memcpy(e->digest, digest, sizeof(e->digest));
	e->uid = claims->uid;
	e->exp = claims->exp;
	e->epoch = claims->epoch;
	e->is_plain = claims->is_plain;
	snprintf(e->sid, sizeof(e->sid), "%s", text_or_empty(claims->sid));
	snprintf(e->text, sizeof(e->text), "%s%c%s%c%s", claims->sub, '\0',
	    client_id, '\0', scope);
}
