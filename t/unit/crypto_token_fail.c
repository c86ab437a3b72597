/*
 * crypto/token.c when a library fails it; and that it leaves no secret behind.
 * Tokens that are signed as they should be, but have another form, are made by
 * OpenSSL alone.
 */
#include "base.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fail.h"
#include "keys.h"
#include "said.h"
#include "tap.h"
#include "crypto/token.h"

#define EXP 2000000000

static struct keyring ring;
static struct arena arena;

/* --- what fails, in the place of the libraries' --- */

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/*
 * FORTIFY_SOURCE has other names for these, and the compilers know too much of
 * the usual ones to let them be defined.
 */
void wipe(void *p, size_t n) __asm__("explicit_bzero");
void wipe_checked(void *p, size_t n, size_t size) __asm__(
    "__explicit_bzero_chk");

/* Whether this text was in what was wiped. */
static char secret[64];
static bool secret_wiped;

void
wipe(void *p, size_t n)
{
	secret_wiped |=
	    secret[0] != '\0' && memmem(p, n, secret, strlen(secret)) != NULL;
	REAL(explicit_bzero)(p, n);
}

void
wipe_checked(void *p, size_t n, size_t size)
{
	wipe(p, n < size ? n : size);
}

/* How often libjwt was given a token to parse, and whether with our key. */
static int decoded;
static bool key_given;

int
jwt_decode(jwt_t **jwt, const char *token, const unsigned char *k, int n)
{
	decoded++;
	key_given |= k != NULL || n != 0;
	return REAL(jwt_decode)(jwt, token, k, n);
}

/* clang-format off */
int jwt_add_header(jwt_t *jwt, const char *name, const char *value) { return fails("jwt_add_header") ? ENOMEM : REAL(jwt_add_header)(jwt, name, value); }
int jwt_new(jwt_t **jwt) { return fails("jwt_new") ? ENOMEM : REAL(jwt_new)(jwt); }
int jwt_add_grant(jwt_t *jwt, const char *name, const char *value) { return fails("jwt_add_grant") ? ENOMEM : REAL(jwt_add_grant)(jwt, name, value); }
int jwt_add_grant_int(jwt_t *jwt, const char *name, long value) { return fails("jwt_add_grant_int") ? ENOMEM : REAL(jwt_add_grant_int)(jwt, name, value); }
char *jwt_get_grants_json(jwt_t *jwt, const char *name) { return fails("jwt_get_grants_json") ? NULL : REAL(jwt_get_grants_json)(jwt, name); }
int EVP_MAC_init(EVP_MAC_CTX *c, const unsigned char *k, size_t n, const OSSL_PARAM p[]) { return fails("EVP_MAC_init") ? 0 : REAL(EVP_MAC_init)(c, k, n, p); }
int EVP_MAC_update(EVP_MAC_CTX *c, const unsigned char *p, size_t n) { return fails("EVP_MAC_update") ? 0 : REAL(EVP_MAC_update)(c, p, n); }
int EVP_MAC_final(EVP_MAC_CTX *c, unsigned char *out, size_t *n, size_t size) { return fails("EVP_MAC_final") ? 0 : REAL(EVP_MAC_final)(c, out, n, size); }
/* clang-format on */

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* --- signing and checking --- */

static void
test_sign_fails(void)
{
	static const struct {
		const char *name;
		int turn;
	} calls[] = {
		{ "jwt_new", 1 },
		{ "jwt_add_grant", 1 },
		{ "jwt_add_grant", 2 },
		{ "jwt_add_grant_int", 1 },
		{ "jwt_add_grant_int", 2 },
		{ "jwt_add_grant_int", 3 },
		{ "jwt_add_grant_int", 4 },
		{ "jwt_add_grant", 3 },
		{ "jwt_add_grant", 4 },
		{ "jwt_get_grants_json", 1 },
		{ "EVP_MAC_init", 1 },
	};
	const struct token_claims claims = {
		.sub = "ada", .uid = 1, .exp = EXP, .epoch = 1
	};
	const char *token;
	char title[80];
	bool refused;
	size_t i;

	ring.issuer = ring.audience = "x";
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		fail_at(calls[i].name, calls[i].turn);
		listen_to_stderr();
		refused = token_sign(&ring, &claims, EXP - 60, &arena,
		              &token) == ERR_INTERNAL;
		said();
		snprintf(title, sizeof(title),
		    "no token is signed when call %d of %s() fails",
		    calls[i].turn, calls[i].name);
		ok(failed() && refused, title);
		ok(strstr(said_text, "event=bug what=token_sign"),
		    "the log reports a token that could not be signed");
	}
	ring.issuer = ring.audience = NULL;
}

static enum err
check(const char *token, struct token_claims *out)
{
	const struct token_clock clock = { .now_s = EXP - 60, .life_s = 1800 };

	return token_check(&ring, token, &clock, &arena, out);
}

/* A token with this header and these claims in base64url, whatever they are. */
static const char *
sign_text(const char *head_and_body)
{
	unsigned char mac[32];
	char base64[45];
	size_t n = strlen(head_and_body);
	char *token = arena_alloc(&arena, n + 46), *p;

	HMAC(EVP_sha256(), KEY_TEXT, (int)strlen(KEY_TEXT),
	    (const unsigned char *)head_and_body, n, mac, NULL);
	EVP_EncodeBlock((unsigned char *)base64, mac, sizeof(mac));
	base64[43] = '\0'; /* without its padding */
	for (p = base64; *p != '\0'; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
	snprintf(token, n + 46, "%s.%s", head_and_body, base64);
	return token;
}

#define HEAD "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
/* {"sub":"alice","exp":2000000000} and {...,"uid":1} */
#define BODY "eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0"
#define BODY_UID "eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwidWlkIjoxfQ"

/*
 * libjwt's base64 ends at the first byte that is none, so a token with others
 * behind its claims would be as good as without.
 */
static void
test_form(void)
{
	static const char others[] = "@[`{/:+=,^ ~\x7f\xff";
	struct token_claims c;
	char text[200], title[60];
	size_t i;

	ok(check(sign_text(HEAD "." BODY), &c) == ERR_OK && c.uid == 0,
	    "a token that another library signs without a user number is good");
	ok(check(sign_text(HEAD "." BODY_UID), &c) == ERR_OK && c.uid == 1,
	    "a token that another library signs with a user number is good");
	for (i = 0; others[i] != '\0'; i++) {
		snprintf(text, sizeof(text), HEAD "." BODY "%c", others[i]);
		snprintf(title, sizeof(title),
		    "a byte %02x behind the claims is refused",
		    (unsigned char)others[i]);
		ok(check(sign_text(text), &c) == ERR_UNAUTH, title);
	}
}

/* The base64url of a text. */
static const char *
base64url(const char *text, size_t n)
{
	char *out = arena_alloc(&arena, n * 2 + 8), *p;

	EVP_EncodeBlock(
	    (unsigned char *)out, (const unsigned char *)text, (int)n);
	out[strcspn(out, "=")] = '\0';
	for (p = out; *p != '\0'; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
	return out;
}

/* A token of these texts with a signature of so many zeros and a good form. */
static const char *
unsigned_token(const char *header, const char *claims)
{
	size_t n = 2 * (strlen(header) + strlen(claims)) + 80;
	char *token = arena_alloc(&arena, n);

	snprintf(token, n, "%s.%s.%.43s", base64url(header, strlen(header)),
	    base64url(claims, strlen(claims)),
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	return token;
}

/*
 * No byte that nobody signed gets to a parser. What would be hard on one: the
 * deepest nesting, members without end, a text cut short.
 */
static void
test_parser(void)
{
	static char deep[5800], wide[5800];
	static const char *const headers[] = { "{\"alg\":\"HS256\"}",
		"{\"alg\":\"none\"}", "{\"alg\":", "[[[[[[[[", "x" };
	const char *const claims[] = { "{\"sub\":\"ada\",\"exp\":2000000000}",
		deep, wide, "{\"sub\":\"a", "\"", "x" };
	struct token_claims c;
	size_t i, j, refused = 0;

	memset(deep, '[', sizeof(deep) - 1);
	for (i = 0; i < sizeof(wide) - 1; i++)
		wide[i] = "{\"\":"[i % 4];
	decoded = 0;
	for (i = 0; i < ARRAY_LEN(headers); i++)
		for (j = 0; j < ARRAY_LEN(claims); j++)
			refused += check(unsigned_token(headers[i], claims[j]),
			               &c) == ERR_UNAUTH;
	is_int((long long)refused, ARRAY_LEN(headers) * ARRAY_LEN(claims),
	    "a token that was not signed is refused");
	is_int(decoded, 0, "a token that was not signed is not parsed");
	ok(check(sign_text(HEAD "." BODY), &c) == ERR_OK && decoded == 1,
	    "a token that was signed is parsed once");
	ok(!key_given,
	    "libjwt does not get the key, of which it would make a copy");
	ok(check(sign_text(base64url("{\"alg\":\"none\"}", 14)), &c) ==
	        ERR_UNAUTH,
	    "a signed header alone is refused");
}

/* Whose is a token with these claims beside sub and exp? */
static const char *
kind_of(const char *more)
{
	struct token_claims c;
	char text[300], token[600];

	snprintf(text, sizeof(text), "{\"sub\":\"ada\",\"exp\":%d%s%s}", EXP,
	    *more != '\0' ? "," : "", more);
	snprintf(
	    token, sizeof(token), HEAD ".%s", base64url(text, strlen(text)));
	if (check(sign_text(token), &c) != ERR_OK)
		return "refused";
	if (c.is_plain)
		return c.epoch == 0 ? "plain" : "a plain one's epoch";
	snprintf(text, sizeof(text), "ours %d", (int)c.epoch);
	return arena_strndup(&arena, text, strlen(text));
}

/* It is 60 s before EXP, without a leeway, and ours live half an hour. */
static void
test_ours(void)
{
	static const struct {
		const char *more, *kind;
	} cases[] = {
		{ "", "plain" },
		{ "\"uid\":1", "plain" },
		{ "\"uid\":1,\"jti\":\"x\"", "plain" },
		{ "\"uid\":1,\"iat\":1999999940", "plain" },
		{ "\"jti\":\"x\",\"iat\":1999999940", "plain" },
		{ "\"jti\":\"x\",\"iat\":1999999940,\"ep\":5", "plain" },
		{ "\"ep\":\"of a series\"", "plain" },
		{ "\"iat\":2999999999", "plain" },
		{ "\"iat\":0", "plain" },
		{ "\"jti\":1", "refused" },
		{ "\"jti\":null", "refused" },
		{ "\"iat\":\"x\"", "refused" },
		{ "\"iat\":1.5", "plain" },
		{ "\"uid\":\"1\"", "refused" },
		{ "\"uid\":0", "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940", "ours 0" },
		{ "\"uid\":1,\"jti\":\"\",\"iat\":1999999940", "ours 0" },
		{ "\"uid\":1,\"jti\":7,\"iat\":1999999940", "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999941", "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999998200", "ours 0" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999998199", "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":-9223372036854775808",
		    "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,\"ep\":1",
		    "ours 1" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,"
		  "\"ep\":2147483647",
		    "ours 2147483647" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,"
		  "\"ep\":2147483648",
		    "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,\"ep\":-1",
		    "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,\"ep\":\"1\"",
		    "refused" },
		{ "\"uid\":1,\"jti\":\"x\",\"iat\":1999999940,\"ep\":null",
		    "refused" },
	};
	char title[120];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(title, sizeof(title), "a token with {%s} is %s",
		    cases[i].more, cases[i].kind);
		is(kind_of(cases[i].more), cases[i].kind, title);
	}
}

/* A token whose signature could not be checked is not one that is wrong. */
static void
test_check_fails(void)
{
	static const char *const calls[] = { "EVP_MAC_init", "EVP_MAC_update",
		"EVP_MAC_final" };
	const char *token = sign_text(HEAD "." BODY);
	struct token_claims c;
	char title[80];
	enum err e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(calls); i++) {
		fail_at(calls[i], 1);
		listen_to_stderr();
		e = check(token, &c);
		said();
		snprintf(title, sizeof(title),
		    "no token is checked when %s() fails", calls[i]);
		ok(failed() && e == ERR_INTERNAL, title);
		ok(strstr(said_text, "event=bug what=token_check") != NULL,
		    "the log tells that a token could not be checked");
	}
	ok(check(token, &c) == ERR_OK, "the next token is checked again");
}

/* The right signature of what somebody forged is worth a lot to them. */
static void
test_mac_wiped(void)
{
	const char *token = sign_text(HEAD "." BODY);
	char *forged = arena_strndup(&arena, token, strlen(token));
	unsigned char mac[32];
	struct token_claims c;

	HMAC(EVP_sha256(), KEY_TEXT, (int)strlen(KEY_TEXT),
	    (const unsigned char *)token, strlen(token) - 44, mac, NULL);
	memcpy(secret, mac, 8);
	secret[8] = '\0';
	secret_wiped = false;
	forged[strlen(forged) - 20] ^= 1;
	ok(strlen(secret) == 8 && check(forged, &c) == ERR_UNAUTH &&
	        secret_wiped,
	    "the right signature is wiped when another was sent");
	secret[0] = '\0';
}

/* Tokens of the greatest length, and one longer, signed as they should be. */
static void
test_length(void)
{
	struct token_claims claims = { .uid = 1, .exp = EXP }, out;
	char sub[TOKEN_MAX_BYTES];
	const char *token;
	size_t n, taken = 0, refused = 0;

	for (n = 5900; n < 6000; n++) {
		memset(sub, 'a', n);
		sub[n] = '\0';
		claims.sub = sub;
		if (token_sign(&ring, &claims, EXP - 60, &arena, &token) !=
		    ERR_OK)
			continue;
		if (strlen(token) == TOKEN_MAX_BYTES)
			taken += check(token, &out) == ERR_OK;
		/* base64url has no text that would make it one byte more */
		if (strlen(token) == TOKEN_MAX_BYTES + 2)
			refused += check(token, &out) == ERR_UNAUTH;
	}
	is_int((long long)taken, 1, "a token of 8 KiB is accepted");
	is_int(
	    (long long)refused, 1, "a token of 8 KiB and 2 bytes is refused");
}

int
main(void)
{
	make_keyring(&ring, KEY_TEXT);
	arena_init(&arena);
	test_sign_fails();
	test_form();
	test_parser();
	test_ours();
	test_check_fails();
	test_mac_wiped();
	test_length();
	arena_free(&arena);
	return done();
}
