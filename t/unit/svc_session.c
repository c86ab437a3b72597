/*
 * Tests of svc/session.c: a token is verified once and then found in the cache,
 * which changes only the time it takes. An altered cache entry shows that it
 * was found.
 */
#include "base.h"

#include "crypto/revoked.h"
#include "crypto/token_cache.h"
#include "keys.h"
#include "svc/session.h"
#include "tap.h"

#define NOW 1999999000
#define LEEWAY_S 5

static struct keyring ring, other_ring;
static struct conf conf = {
	.token_leeway_s = LEEWAY_S,
	.access_token_minutes = 1,
	.plain_until_s = INT64_MAX,
	.revocation_stale_accepted = true,
};
static struct token_cache cache;
static struct arena arena;
static struct app app = {
	.conf = &conf,
	.keyring = &ring,
	.tokens = &cache,
};
static struct ctx ctx = {
	.app = &app,
	.arena = &arena,
	.now_s = NOW,
};

static const char *
token_of(const struct keyring *k, int64_t uid)
{
	const struct token_claims claims = {
		.sub = "ada", .uid = uid, .exp = NOW + 60, .epoch = 3
	};
	const char *token = NULL;

	if (token_sign(k, &claims, NOW, &arena, &token) != ERR_OK)
		return "";
	return token;
}

static struct token_cache_entry *
entry(size_t i)
{
	return &cache.sets[i / TOKEN_CACHE_WAYS].entry[i % TOKEN_CACHE_WAYS];
}

/* Tokens that are kept. */
static int
kept(void)
{
	size_t i;
	int n = 0;

	for (i = 0; i < (size_t)TOKEN_CACHE_SETS * TOKEN_CACHE_WAYS; i++)
		n += entry(i)->exp != 0;
	return n;
}

/* Whoever it is, let what is kept say another number. */
static void
alter(int64_t uid)
{
	size_t i;

	for (i = 0; i < (size_t)TOKEN_CACHE_SETS * TOKEN_CACHE_WAYS; i++)
		if (entry(i)->exp != 0)
			entry(i)->uid = uid;
}

static void
empty(void)
{
	memset(&cache, 0, sizeof(cache));
}

static void
test_found(void)
{
	const char *token = token_of(&ring, 7);
	struct token_claims c = { 0 };

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 7 &&
	        strcmp(c.sub, "ada") == 0 && c.exp == NOW + 60 && c.epoch == 3,
	    "a good token is accepted");
	is_int(kept(), 1, "a good token is kept");
	alter(8);
	c.epoch = 0;
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 8 &&
	        c.epoch == 3,
	    "a token is found the second time, not verified");
	is_int(kept(), 1, "a token is kept once");
	app.tokens = NULL;
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 7,
	    "a token is verified again where it is not kept");
	app.tokens = &cache;
}

/* A client's own token is of no user, in the cache and out of it. */
static void
test_client(void)
{
	const struct token_claims claims = { .sub = "ada",
		.exp = NOW + 60,
		.sid = "0123456789abcdef0123456789abcdef",
		.client_id = "ada" };
	struct token_claims c;
	struct user u;
	const char *token;
	int i;

	empty();
	if (token_sign(&ring, &claims, NOW, &arena, &token) != ERR_OK)
		token = "";
	for (i = 0; i < 2; i++) {
		ok(session_claims(&ctx, token, &c) == ERR_UNAUTH &&
		        session_user(&ctx, token, &c, &u) == ERR_UNAUTH,
		    "a client's own token is no user's");
		ok(session_any_claims(&ctx, token, NULL, &c) == ERR_OK &&
		        token_is_client(&c) && c.uid == 0,
		    "a client's own token is accepted where it may be one");
	}
}

static void
test_expiry(void)
{
	const char *token = token_of(&ring, 7);
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK && kept() == 1,
	    "a token is kept");
	ctx.now_s = NOW + 60 + LEEWAY_S - 1;
	ok(session_claims(&ctx, token, &c) == ERR_OK,
	    "a kept token is found until its last second, leeway included");
	ctx.now_s++;
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a kept token is refused after its last second");
	ctx.now_s = NOW;
}

/* Python: hmac.new(key, header + "." + claims, "sha256"); no uid, 0, and -1. */
/* clang-format off */
static const char no_uid[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDB9.i3Pd8JpAzB12p68EmxZOqX_iEpwWj7xPkJl1zG9iUAg";
static const char uid_zero[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDAsInVpZCI6MH0.OKycdzrHt65_GvD9zxMkvt6XnaQJNZSe79dyXZ-fypQ";
static const char uid_negative[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDAsInVpZCI6LTF9.oj0GoK98py1YX9E8RpvEnPQR9Z8dgn73AScKCSxse38";
/* clang-format on */

static void
test_uid(void)
{
	struct token_claims c;
	int i;

	empty();
	for (i = 0; i < 2; i++) {
		c.uid = 99;
		ok(session_claims(&ctx, no_uid, &c) == ERR_OK && c.uid == 0 &&
		        strcmp(c.sub, "ada") == 0,
		    i == 0
		        ? "a token without a number has none"
		        : "a token without a number has none when it is found");
	}
	is_int(kept(), 1, "a token without a number is kept");
	empty();
	for (i = 0; i < 2; i++) {
		ok(session_claims(&ctx, uid_zero, &c) == ERR_UNAUTH,
		    "a token with a number of 0 is refused");
		ok(session_claims(&ctx, uid_negative, &c) == ERR_UNAUTH,
		    "a token with a negative number is refused");
	}
	is_int(kept(), 0, "a refused token is not kept");
}

static void
test_key(void)
{
	const char *token = token_of(&other_ring, 7);
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a token of another key is refused");
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH && kept() == 0,
	    "a token of another key is refused again");
	token = token_of(&ring, 7);
	ok(session_claims(&ctx, token, &c) == ERR_OK && kept() == 1,
	    "a token of the key is kept");
	app.keyring = &other_ring;
	empty(); /* as a worker of the new key begins */
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH && kept() == 0,
	    "a token of another key is refused with a cache of its own");
	app.keyring = &ring;
}

/* The same token, kept all the time, while the setting's end comes and goes. */
static void
test_plain(void)
{
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, no_uid, &c) == ERR_OK && c.is_plain &&
	        kept() == 1,
	    "a plain token is accepted and kept");
	conf.plain_until_s = NOW + 1;
	ok(session_claims(&ctx, no_uid, &c) == ERR_OK,
	    "a plain token is accepted in the last second of the day");
	ctx.now_s = NOW + 1;
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused after the day, though it is kept");
	ok(session_claims(&ctx, token_of(&ring, 7), &c) == ERR_OK,
	    "Latchkey's token is accepted after the day");
	empty();
	conf.plain_until_s = 0;
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused where none is accepted");
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused each time where none is accepted");
	conf.plain_until_s = INT64_MAX;
	ctx.now_s = NOW;
}

/* A setting that is lowered counts for tokens from before, too. */
static void
test_life(void)
{
	const char *token = token_of(&ring, 7); /* of 60 s */
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK,
	    "a token of access_token_minutes is good");
	empty();
	conf.access_token_minutes = 0;
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a token good for longer than access_token_minutes is refused");
	conf.access_token_minutes = 1;
}

/* Without a database, which would be asked for a session that goes on. */
static void
test_revoked_before(void)
{
	const struct token_claims claims = { .sub = "ada",
		.uid = 7,
		.sid = "0123456789abcdef0123456789abcdef" };
	struct user u;

	revoked_take_over();
	ok(revoked_add_session(UINT64_C(0x0123456789abcdef), NOW + 60) &&
	        session_account_before(&ctx, &claims, &u) == ERR_UNAUTH,
	    "a session that was ended by itself has no account any more");
}

int
main(void)
{
	make_keyring(&ring, KEY_TEXT);
	make_keyring(&other_ring, "0123456789abcdef0123456789abcdeX");
	arena_init(&arena);
	test_found();
	test_client();
	test_expiry();
	test_uid();
	test_plain();
	test_life();
	test_key();
	test_revoked_before();
	arena_free(&arena);
	return done();
}
