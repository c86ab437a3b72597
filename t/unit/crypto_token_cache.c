/*
 * Tests of crypto/token_cache.c: tokens that are found again, and those that
 * are not.
 */
#include "base.h"

#include <string.h>

#include "tap.h"
#include "crypto/token_cache.h"

#define EXP 2000000000

static struct token_cache cache;
static const struct token_clock before = { .now_s = EXP - 1 },
                                at = { .now_s = EXP },
                                leeway_ends = { .now_s = EXP + 4,
	                                .leeway_s = 5 },
                                leeway_over = { .now_s = EXP + 5,
	                                .leeway_s = 5 };

static const unsigned char abc[TOKEN_DIGEST_BYTES] =
    "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23";

static void
digests(void)
{
	static char longest[TOKEN_DIGEST_MAX_BYTES + 2];
	static struct token_cache other;
	unsigned char digest[TOKEN_DIGEST_BYTES], second[TOKEN_DIGEST_BYTES];

	ok(token_cache_digest(&cache, "abc", digest) &&
	        token_cache_digest(&cache, "abc", second) &&
	        memcmp(digest, second, sizeof(digest)) == 0,
	    "a token has the same digest each time");
	ok(token_cache_digest(&cache, "abd", second) &&
	        memcmp(digest, second, sizeof(digest)) != 0,
	    "another token has another digest");
	ok(token_cache_digest(&other, "abc", second) &&
	        memcmp(digest, second, sizeof(digest)) != 0,
	    "a token has another digest in another cache");
	memset(longest, 'x', TOKEN_DIGEST_MAX_BYTES);
	ok(token_cache_digest(&cache, longest, digest),
	    "the longest token has a digest");
	longest[TOKEN_DIGEST_MAX_BYTES] = 'x';
	ok(!token_cache_digest(&cache, longest, digest),
	    "a token of one byte more than the longest has no digest");
}

static void
times(void)
{
	const struct token_claims ada = {
		.sub = "ada", .uid = 7, .exp = EXP, .epoch = 5, .is_plain = true
	};
	struct token_claims out;

	ok(!token_cache_find(&cache, abc, &before, &out),
	    "an empty cache knows no token");
	token_cache_add(&cache, abc, &ada);
	ok(token_cache_find(&cache, abc, &before, &out) &&
	        strcmp(out.sub, "ada") == 0 && out.uid == 7 && out.exp == EXP &&
	        out.epoch == 5 && out.is_plain,
	    "a token is found, with its claims");
	ok(!token_cache_find(&cache, abc, &at, &out),
	    "a token is not found from the second in which it expires");
	ok(token_cache_find(&cache, abc, &leeway_ends, &out),
	    "a token is found within the leeway after its expiry");
	ok(!token_cache_find(&cache, abc, &leeway_over, &out),
	    "a token is not found after the leeway");
}

static void
places(void)
{
	struct token_claims eve = { .sub = "eve", .uid = 8, .exp = EXP }, out;
	unsigned char same_place[TOKEN_DIGEST_BYTES];
	static char name[TOKEN_CACHE_TEXT_BYTES - 1];
	int found = 0;
	size_t i;

	memcpy(same_place, abc, sizeof(abc));
	for (i = 2; i < TOKEN_DIGEST_BYTES; i++) {
		same_place[i] ^= 1;
		found += token_cache_find(&cache, same_place, &before, &out);
		same_place[i] ^= 1;
	}
	ok(found == 0, "a digest that differs in one bit is not found");
	for (i = 1; i < TOKEN_CACHE_WAYS; i++) {
		same_place[TOKEN_DIGEST_BYTES - 1] = (unsigned char)i;
		token_cache_add(&cache, same_place, &eve);
		token_cache_add(&cache, same_place, &eve);
	}
	ok(token_cache_find(&cache, abc, &before, &out) && out.uid == 7,
	    "a set keeps as many tokens as it has places");
	same_place[TOKEN_DIGEST_BYTES - 1] = (unsigned char)i;
	token_cache_add(&cache, same_place, &eve);
	ok(token_cache_find(&cache, same_place, &before, &out) &&
	        out.uid == 8 && !out.is_plain,
	    "one token more takes the place of the first");
	ok(!token_cache_find(&cache, abc, &before, &out),
	    "a token whose place was taken is not found");
	same_place[TOKEN_DIGEST_BYTES - 1] = 1;
	ok(token_cache_find(&cache, same_place, &before, &out),
	    "the second of a set is still found");

	memset(name, 'x', TOKEN_CACHE_TEXT_BYTES - 3);
	eve.sub = name;
	token_cache_add(&cache, abc, &eve);
	ok(token_cache_find(&cache, abc, &before, &out) &&
	        strcmp(out.sub, name) == 0,
	    "a token with the longest name is kept whole");
	name[TOKEN_CACHE_TEXT_BYTES - 3] = 'x';
	token_cache_add(&cache, same_place, &eve);
	ok(!token_cache_find(&cache, same_place, &before, &out),
	    "a token with a name of one byte more is not kept");
}

static void
texts(void)
{
	struct token_claims c = { .sub = "ada",
		.uid = 7,
		.exp = EXP,
		.sid = "AAAAAAAAAAAAAAAAAAAAAA",
		.client_id = "web",
		.scope = "a b" };
	static char scope[TOKEN_CACHE_TEXT_BYTES];
	struct token_claims out;

	token_cache_add(&cache, abc, &c);
	ok(token_cache_find(&cache, abc, &before, &out) &&
	        strcmp(out.sub, "ada") == 0 && strcmp(out.sid, c.sid) == 0 &&
	        strcmp(out.client_id, "web") == 0 &&
	        strcmp(out.scope, "a b") == 0,
	    "a token is found with its session, client and scope");
	c.sid = c.client_id = NULL;
	token_cache_add(&cache, abc, &c);
	ok(token_cache_find(&cache, abc, &before, &out) && out.sid == NULL &&
	        out.client_id == NULL && strcmp(out.scope, "a b") == 0,
	    "a token without session and client has none when it is found");
	c.client_id = "w";
	memset(scope, 'x', sizeof(scope) - 1);
	c.scope = scope + 6; /* and "ada", "w", three NULs */
	token_cache_add(&cache, abc, &c);
	ok(token_cache_find(&cache, abc, &before, &out) &&
	        out.client_id != NULL && strcmp(out.scope, c.scope) == 0,
	    "a token with the longest scope is kept whole");
	c.scope = scope;
	c.uid = 9;
	token_cache_add(&cache, abc, &c);
	ok(token_cache_find(&cache, abc, &before, &out) && out.uid == 7,
	    "a token with a longer scope is not kept");
}

int
main(void)
{
	digests();
	times();
	places();
	texts();
	return done();
}
