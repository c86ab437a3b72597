/*
 * Cache of verified tokens: a table of fixed size, each token in the one set
 * that its digest selects.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/random.h"
#include "crypto/token_cache.h"

static size_t
set_of(const unsigned char digest[TOKEN_DIGEST_BYTES])
{
	return ((size_t)digest[0] << 8 | digest[1]) % TOKEN_CACHE_SETS;
}

/* The place of a token in its set; TOKEN_CACHE_WAYS: it is not there. */
static size_t
way_of(const struct token_cache_set *set,
    const unsigned char digest[TOKEN_DIGEST_BYTES])
{
	size_t way;

	for (way = 0; way < TOKEN_CACHE_WAYS; way++)
		if (memcmp(set->digest[way], digest, TOKEN_DIGEST_BYTES) == 0)
			break;
	return way;
}

static const char *
text_or_empty(const char *s)
{
	return s != NULL ? s : "";
}

bool
token_cache_digest(struct token_cache *cache, const char *token,
    unsigned char out[TOKEN_DIGEST_BYTES])
{
	size_t n = strlen(token);

	if (!cache->has_key) {
		random_bytes(cache->key, sizeof(cache->key));
		cache->has_key = true;
	}
	return n <= TOKEN_DIGEST_MAX_BYTES &&
	       mac_short(cache->key, token, n, out);
}

bool
token_cache_find(const struct token_cache *cache,
    const unsigned char digest[TOKEN_DIGEST_BYTES],
    const struct token_clock *clock, struct token_claims *out)
{
	const struct token_cache_set *set = &cache->sets[set_of(digest)];
	const struct token_cache_entry *e;
	const char *client_id, *scope;
	size_t way = way_of(set, digest);

	if (way == TOKEN_CACHE_WAYS)
		return false;
	e = &set->entry[way];
	/* where nothing was added exp is 0, which is long ago */
	if (e->exp <= clock->now_s - clock->leeway_s)
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
	struct token_cache_set *set = &cache->sets[set_of(digest)];
	const char *client_id = text_or_empty(claims->client_id),
	           *scope = text_or_empty(claims->scope);
	size_t way = way_of(set, digest);
	struct token_cache_entry *e;

	if (strlen(claims->sub) + strlen(client_id) + strlen(scope) + 3 >
	    sizeof(e->text))
		return;
	if (way == TOKEN_CACHE_WAYS) {
		way = set->next;
		set->next = (unsigned char)((way + 1) % TOKEN_CACHE_WAYS);
	}
	memcpy(set->digest[way], digest, TOKEN_DIGEST_BYTES);
	e = &set->entry[way];
	e->uid = claims->uid;
	e->exp = claims->exp;
	e->epoch = claims->epoch;
	e->is_plain = claims->is_plain;
	snprintf(e->sid, sizeof(e->sid), "%s", text_or_empty(claims->sid));
	snprintf(e->text, sizeof(e->text), "%s%c%s%c%s", claims->sub, '\0',
	    client_id, '\0', scope);
}
