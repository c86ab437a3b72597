/*
 * Repeated token checks without a web server, for valgrind, which counts the
 * instructions, so that two versions can be compared on any machine. A few in a
 * thousand are chance: the hash tables of the library that reads the token's
 * JSON have a random seed.
 *
 *	check route COUNT	GET /check with a good token that it has seen
 *				before, from the parsed request to the reply
 *	check session COUNT	the same of a token that belongs to a session
 *	check cookie COUNT	the same by a browser's cookie of that session
 *	check token COUNT	token_check() alone
 *	check forged COUNT	the same of one with another signature
 *
 * Work that both do once is taken out by running them with two counts.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/reply.h"
#include "route.h"
#include "lib/text.h"
#include "crypto/proof.h"
#include "crypto/token_cache.h"

#define NOW_S 1700000000

static const struct secret key = {
	.len = 32,
	.bytes = "0123456789abcdef0123456789abcdef",
};
static struct keyring ring;
static struct arena arena;
static struct token_cache tokens;
static struct conf conf;
static struct secrets secrets;
static const struct app app = {
	.conf = &conf,
	.keyring = &ring,
	.secrets = &secrets,
	.tokens = &tokens,
	.lanes = ROLE_BIT(ROLE_CHECK),
};
static struct ctx ctx = {
	.app = &app,
	.arena = &arena,
	.now_s = NOW_S,
};

/*
 * As a login signs it: user 1, ada, from NOW_S on for half an hour. Always the
 * same one, since what a token costs depends a little on its bytes.
 */
/* clang-format off */
static const char authorization[] =
    "Bearer "
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE3MDAwMDE4MDAsImlhdCI6MTcwMDAwMDAwMCwianRpIjoiMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYiLCJzdWIiOiJhZGEiLCJ1aWQiOjF9.5gDOHCOQrM-ss8Q_aYmRTPQcekzNXLFD8QnML_JcQYo";
/* and of a session */
static const char of_session[] =
    "Bearer "
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjE3MDAwMDE4MDAsImlhdCI6MTcwMDAwMDAwMCwianRpIjoiMDAxMTIyMzM0NDU1NjY3Nzg4OTlhYWJiY2NkZGVlZmYiLCJzaWQiOiIwMTIzNDU2Nzg5YWJjZGVmZmVkY2JhOTg3NjU0MzIxMCIsInN1YiI6ImFkYSIsInVpZCI6MX0.QR-KyVl1o8viD1Eq8wdcRcQfjMj3OhHTwIDEd6GoSL0";
/* clang-format on */

static char cookie[sizeof("__Host-latchkey=") + PROOF_TEXT_BYTES];

static bool
make_cookie(void)
{
	static const struct proof proof = {
		.sid = "0123456789abcdeffedcba9876543210",
		.uid = 1,
		.end_s = NOW_S + 1800,
		.name = "ada",
		.has_scopes = true,
	};

	struct secret copy = key;

	strcpy(cookie, "__Host-latchkey=");
	return mac_derive(&copy, PURPOSE_BIT(PURPOSE_PROOF), &secrets) &&
	       proof_make(&secrets, &proof, cookie + strlen(cookie));
}

static bool
run_route_with(const char *header)
{
	struct req r = {
		.ctx = &ctx,
		.method = METHOD_GET,
		.uri = "/check",
		.guarded = { .method = "GET", .uri = "/app/" },
		.authorization = header,
		.cookie = header == NULL ? cookie : NULL,
		.body = "",
	};
	struct buf out;

	route_run(&r);
	buf_init(&out, &arena);
	reply_write(&r, &out);
	arena_reset(&arena);
	return r.reply.status == 200;
}

static bool
run_route(void)
{
	return run_route_with(authorization);
}

static bool
run_session(void)
{
	return run_route_with(of_session);
}

static bool
run_cookie(void)
{
	return run_route_with(NULL);
}

static bool
run_token(void)
{
	const struct token_clock clock = { .now_s = NOW_S, .life_s = 1800 };
	struct token_claims claims;
	enum err e;

	e = token_check(
	    &ring, authorization + strlen("Bearer "), &clock, &arena, &claims);
	arena_reset(&arena);
	return e == ERR_OK;
}

static bool
run_forged(void)
{
	const struct token_clock clock = { .now_s = NOW_S, .life_s = 1800 };
	char token[sizeof(authorization)];
	struct token_claims claims;

	memcpy(token, authorization, sizeof(token));
	token[sizeof(token) - 10] ^= 1;
	return token_check(&ring, token + strlen("Bearer "), &clock, &arena,
	           &claims) == ERR_UNAUTH;
}

int
main(int argc, char **argv)
{
	bool (*run)(void) = NULL;
	int64_t count;

	if (argc == 3 && strcmp(argv[1], "route") == 0)
		run = run_route;
	else if (argc == 3 && strcmp(argv[1], "session") == 0)
		run = run_session;
	else if (argc == 3 && strcmp(argv[1], "cookie") == 0)
		run = run_cookie;
	else if (argc == 3 && strcmp(argv[1], "token") == 0)
		run = run_token;
	else if (argc == 3 && strcmp(argv[1], "forged") == 0)
		run = run_forged;
	if (run == NULL || !text_to_i64(argv[2], 1, 1000000000, &count)) {
		fprintf(stderr,
		    "usage: check route|session|cookie|token|forged COUNT\n");
		return EXIT_FAILURE;
	}
	arena_init(&arena);
	if (!keyring_add(&ring, &key, 1) || !make_cookie())
		return EXIT_FAILURE;
	if (!conf_load(NULL, &conf))
		return EXIT_FAILURE;
	while (count > 0 && run())
		count--;
	arena_free(&arena);
	mac_forget(&secrets);
	conf_free(&conf);
	return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
