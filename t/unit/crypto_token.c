/*
 * Tests of crypto/token.c: signing and verification. The tokens were made by
 * python3-jose and by HMAC-SHA-256 of another library over hand-written JSON;
 * all expire at 2000000000 unless their name says otherwise.
 */
#include "base.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/buf.h"
#include "http/json.h"
#include "lib/text.h"
#include "keys.h"
#include "tap.h"
#include "crypto/token.h"

#define EXP 2000000000
#define LIFE_S 1800

/* clang-format off */
static const char by_jose[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.IzVzylqNHvGtv7YkvSJbwlnOdKDgab7UF9OS-D4Cqe0";
static const char with_uid[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJcdWQ2NGRcdWFlMzhcdWIzZDkiLCJleHAiOjIwMDAwMDAwMDAsInVpZCI6NywiaWF0IjoxOTk5OTk5OTQwLCJqdGkiOiJ4In0.FiVALgmuWSWQh5OivLqyaueS0FbtrBhk6JzF9C_z1K0";
static const char hs384[] =
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.J7kIAWzf9MJsbNX-FugIBBNpr3onUwphBePZ_kWfFh-Fk5CmNOwZTkpafu-re_va";
static const char hs512[] =
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.L4z9f-7QmUl8P5Nj43KNfsqJId4Mu8VCsk0YVZ5b-zGVHMZt5VmUZYUB1bprvZmgkYehz7TLy1bTkrYO-oigUA";
static const char hs256_named_384[] =
    "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.7rmB_lWSvpFL_QgRQxy7xvBA0iG1CjjjCZ87_6ns8bU";
static const char rs256[] =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.99qD1J2zmV2HADKY5gJhXWZxjMCJLc_LkNio7qgmaSs";
static const char none[] =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiAiYWxpY2UiLCAiZXhwIjogMjAwMDAwMDAwMH0.";
static const char none_signed[] =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.O9XKOw7K7ed4WerifGE3tTHPAsl5L_W40hek4-mXq3Y";
static const char no_alg[] =
    "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.Ss8sRSDWvyxkEOgzQL7r1sPntFztjvQc6pGhveylbz8";
static const char crit[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.TAvcXyBgCMAbIVcXSVc3eK7YebwoqQeDEgJlZEskyvU";
static const char no_exp[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.B3ZVCeqD-r-YgqIh8P8pzsDWV-k3-_krdhAyEOyABBc";
static const char no_sub[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjIwMDAwMDAwMDB9.8xyYwb_6CVamGVu7853gWDSacxElN6qYFFUkhwu6VVQ";
static const char sub_number[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOjUsImV4cCI6MjAwMDAwMDAwMH0.y72S3Ufy1BV4tHFY-4MwuIjOmhEIe0eb1gTckWNQYNI";
static const char exp_text[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6IjIwMDAwMDAwMDAifQ.0EDLtMU3bSHOu-kJ3b1lb2PNhPzAxwYaxAViepuVJNY";
static const char exp_float[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMC41fQ.fzdY3o_hvC1w12x8dJlvoCo61XTJAMkT4kBXEQWmc4A";
static const char exp_negative[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6LTF9.79ZT3rJIqjRG-iDBlqMjGdDZTFde0Ppiomc2AqiL-ZU";
static const char exp_huge[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6OTIyMzM3MjAzNjg1NDc3NTgwOH0.Ak7f-adqHva82cDrKMj_JzPH2iSo6dRczFABZzYbFew";
static const char exp_largest[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6OTIyMzM3MjAzNjg1NDc3NTgwN30.PVyeDg3c6Inx_YrEmWyjOAOgJexcygOe0kUd_DgkrHc";
static const char nbf_later[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwibmJmIjoxOTk5OTk5OTAwfQ.UyJIRbt9q7inYxZlUS3tiUsvfDVNUUp-oZyPdvX703E";
static const char nbf_text[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwibmJmIjoiMCJ9.t053DsIVFNyt7Qvsmdu9Au0Oa4FUz1pFFpzrffxWZus";
static const char uid_text[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwidWlkIjoiNyJ9.Un1SnD6r8DBqQn8qQD-yvMBjOM0DyY9CM0Fon8lc03U";
static const char uid_zero[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwidWlkIjowfQ.8WEGWGDhB7tEq9lF3Wlh35Z71nGZADOopQTIizLmhyE";
static const char other_key[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.vFt2-vOx6mLpyd0dMI9_Hdd2sHQTmeQlAEEb_yXYY5s";
static const char not_json[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.c3Vi.2LsjITmwfXkpWL88D05xloOKYzn5iWh2H9l0ki06uU8";
static const char an_array[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.WzFd.eUqK182P5IfBOE82cBqE-NjwumkR5AT4cckCf1VjXkg";
static const char aud[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMCwiYXVkIjoib3RoZXJzIn0.SLgw1ReKpnCi99ebDXh0gr2K0cjYYLawl_wW-2haTv8";
static const char odd_claims[] = /* an exclamation mark for an A */
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6Mj!wMDAwMDAwMH0.UNmdpsjbWUMeP2ODvilsSCWTp5ojXxb-xVdghgivrN8";
static const char odd_header[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsIngiOiJ!In0.eyJzdWIiOiJhbGljZSIsImV4cCI6MjAwMDAwMDAwMH0.IW-pOSsAIV67GjYK4IHSRdmJ6kMs83jtm9rii44tTo0";
/* clang-format on */

static struct keyring ring;
static struct arena arena;
static const struct token_clock then = { .now_s = EXP - 60, .life_s = LIFE_S };

static bool
accepts(const char *token, int64_t now_s)
{
	struct token_claims c;

	const struct token_clock clock = {
		.now_s = now_s, .leeway_s = 5, .life_s = LIFE_S
	};

	return token_check(&ring, token, &clock, &arena, &c) == ERR_OK;
}

static void
test_refused(void)
{
	static const struct {
		const char *token, *title;
	} cases[] = {
		{ hs384, "HS384 is refused" },
		{ hs512, "HS512" },
		{ hs256_named_384, "a signature of another algorithm" },
		{ rs256, "RS256 with the secret as its public key" },
		{ none, "no algorithm and no signature" },
		{ none_signed, "no algorithm but a signature" },
		{ no_alg, "a header without an algorithm" },
		{ crit, "an extension that must be understood" },
		{ no_exp, "no expiry" },
		{ no_sub, "no subject" },
		{ sub_number, "a subject that is a number" },
		{ exp_text, "an expiry that is a text" },
		{ exp_negative, "an expiry before 1970" },
		{ exp_huge, "an expiry of 2^63" },
		{ nbf_text, "a beginning that is a text" },
		{ uid_text, "a user number that is a text" },
		{ uid_zero, "a user number of 0" },
		{ other_key, "another key" },
		{ aud, "a token for others" },
		{ odd_claims, "claims with a character that is none" },
		{ odd_header, "a header with one" },
		{ not_json, "claims that are no JSON" },
		{ an_array, "claims that are no object" },
		{ "", "nothing" },
		{ "..", "dots alone" },
		{ "a.b.c", "three letters" },
		{ "eyJhbGciOiJIUzI1NiJ9", "one part" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(!accepts(cases[i].token, EXP - 1000),
		    tap_with("a token is refused", cases[i].title));
}

/* Each byte of a good token changed, left out and doubled. */
static void
test_spoilt(void)
{
	char token[sizeof(by_jose) + 2];
	size_t i, n = strlen(by_jose), accepted = 0;

	for (i = 0; i < n; i++) {
		memcpy(token, by_jose, n + 1);
		token[i] = token[i] == 'A' ? 'B' : 'A';
		accepted += accepts(token, EXP - 1000);
		memcpy(token + i, by_jose + i + 1, n - i);
		accepted += accepts(token, EXP - 1000);
		memcpy(token + i + 1, by_jose + i, n - i + 1);
		token[i] = by_jose[i];
		accepted += accepts(token, EXP - 1000);
		memcpy(token, by_jose, i);
		token[i] = '\0';
		accepted += accepts(token, EXP - 1000);
	}
	is_int(
	    (long long)accepted, 0, "a token with one byte spoilt is refused");
	snprintf(token, sizeof(token), "%s=", by_jose);
	ok(!accepts(token, EXP - 1000), "a token with padding is refused");
	snprintf(token, sizeof(token), "%s.", by_jose);
	ok(!accepts(token, EXP - 1000),
	    "a token with a fourth part is refused");
	/* the last character's two low bits are none of the signature's */
	memcpy(token, by_jose, n + 1);
	token[n - 1]++;
	ok(!accepts(token, EXP - 1000),
	    "a token with another form of the same bytes is refused");
}

static void
test_times(void)
{
	ok(accepts(by_jose, EXP + 4),
	    "a token counts until the leeway after its expiry");
	ok(!accepts(by_jose, EXP + 5),
	    "a token does not count a second after the leeway");
	ok(accepts(nbf_later, EXP - 105),
	    "a token counts from the leeway before its beginning");
	ok(!accepts(nbf_later, EXP - 106),
	    "a token does not count a second before the leeway");
	ok(accepts(exp_largest, EXP),
	    "a token that expires in the last second of 64 bits counts");
	ok(!accepts(by_jose, INT64_MAX),
	    "the leeway does not overflow 64 bits");
}

/* The JSON of a token's header (0) or claims (1). */
static const char *
part_of(const char *token, int part)
{
	const char *from = part == 0 ? token : strchr(token, '.') + 1;
	size_t n = strcspn(from, ".");
	char *base64 = arena_strndup(&arena, from, n), *p;
	unsigned char *json = arena_alloc(&arena, n + 1);
	char padded[TOKEN_MAX_BYTES + 4];

	for (p = base64; *p != '\0'; p++)
		*p = (char)(*p == '-' ? '+' : *p == '_' ? '/' : *p);
	snprintf(padded, sizeof(padded), "%s%.*s", base64,
	    (int)(3 - (n + 3) % 4), "===");
	json[EVP_DecodeBlock(
	    json, (const unsigned char *)padded, (int)strlen(padded))] = '\0';
	return (const char *)json;
}

/* The claims after signing and checking; all 0: it is refused. */
static struct token_claims
pass_on(const struct token_claims *in, const char **token)
{
	struct token_claims out = { 0 };

	if (token_sign(&ring, in, EXP - 60, &arena, token) != ERR_OK ||
	    token_check(&ring, *token, &then, &arena, &out) != ERR_OK)
		return (struct token_claims){ 0 };
	return out;
}

static void
test_clients(void)
{
	struct token_claims in = { .sub = "svc",
		.exp = EXP,
		.sid = "0123456789abcdef0123456789abcdef",
		.client_id = "svc",
		.scope = "a b" };
	struct token_claims out;
	const char *token;

	out = pass_on(&in, &token);
	ok(token_is_client(&out) && out.client_id != NULL &&
	        strcmp(out.client_id, "svc") == 0 &&
	        strcmp(out.scope, "a b") == 0 && out.uid == 0 &&
	        strcmp(out.sid, in.sid) == 0,
	    "a client's own token has its client and scope, and is of no user");
	ok(strstr(part_of(token, 0), "\"typ\":\"at+jwt\"") != NULL &&
	        strstr(part_of(token, 1), "\"uid\"") == NULL,
	    "a client's own token has the type at+jwt, and no user number");
	in.sid = NULL;
	out = pass_on(&in, &token);
	ok(out.sub == NULL, "a client's own token without sid is refused");
	in.uid = 7;
	out = pass_on(&in, &token);
	ok(!token_is_client(&out) && out.uid == 7 &&
	        strcmp(out.client_id, "svc") == 0,
	    "a user's token that a client got is the user's");
	in.sub = "ada";
	in.uid = 0;
	ok(pass_on(&in, &token).sub == NULL,
	    "a token of user number 0 is refused, not plain");
	in = (struct token_claims){ .sub = "ada", .uid = 7, .exp = EXP };
	out = pass_on(&in, &token);
	ok(!token_is_client(&out) && out.client_id == NULL &&
	        out.scope == NULL && !out.is_plain &&
	        strstr(part_of(token, 0), "\"typ\":\"JWT\"") != NULL,
	    "a token of a login names no client, and is of type JWT");
	out = (struct token_claims){ .sub = "ada", .is_plain = true };
	ok(!token_is_client(&out), "a plain token is not a client's");
}

static void
test_signing(void)
{
	struct token_claims in = {
		.sub = "\xed\x99\x8d", .uid = 42, .exp = EXP, .epoch = INT32_MAX
	};
	struct token_claims out = { 0 };
	const char *one, *two;
	char big[TOKEN_MAX_BYTES + 2];

	ok(token_sign(&ring, &in, EXP - 60, &arena, &one) == ERR_OK &&
	        token_check(&ring, one, &then, &arena, &out) == ERR_OK,
	    "a token that was signed is accepted");
	is(out.sub, in.sub, "a token that was signed has its subject");
	is_int(out.uid, 42, "a token that was signed has its user number");
	is_int(out.exp, EXP, "a token that was signed has its expiry");
	is_int(out.epoch, INT32_MAX, "a token that was signed has its epoch");
	in.epoch = 0;
	ok(token_sign(&ring, &in, EXP - 60, &arena, &one) == ERR_OK &&
	        token_check(&ring, one, &then, &arena, &out) == ERR_OK &&
	        out.epoch == 0 && strstr(part_of(one, 1), "\"ep\"") == NULL,
	    "a token of epoch 0 does not name it");
	ok(token_sign(&ring, &in, EXP - 60, &arena, &two) == ERR_OK &&
	        strcmp(one, two) != 0,
	    "two tokens are never the same");
	memset(big, 'A', sizeof(big) - 1);
	memcpy(big, one, strlen(one));
	big[sizeof(big) - 1] = '\0';
	ok(accepts(one, EXP - 60) && !accepts(big, EXP - 60),
	    "a token that goes on beyond 8 KiB is refused after a good one");
	test_clients();
	in.sub = "\xff";
	fclose(stderr); /* what follows is told there */
	ok(token_sign(&ring, &in, EXP - 60, &arena, &one) == ERR_INTERNAL,
	    "a subject that is not UTF-8 is refused, not left out");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	big[10] = big[sizeof(big) - 1 - 44] = '.';
	ok(!accepts(big, 0), "a token over 8 KiB is refused");
}

/*
 * libjwt brings jansson, whose symbols are named as json-c's are; only their
 * versions tell them apart.
 */
static void
test_two_json_libraries(void)
{
	struct token_claims c;
	struct json_error why;
	struct json o, v;
	bool good;

	good =
	    json_parse(&arena, "{\"sub\":[\"x\"]}", 13, &o, &why) == ERR_OK &&
	    token_check(&ring, with_uid, &then, &arena, &c) == ERR_OK &&
	    json_get(o, "sub", &v) && json_kind(v) == JSON_OTHER &&
	    c.uid == 7 &&
	    strcmp(c.sub, "\xed\x99\x8d\xea\xb8\xb8\xeb\x8f\x99") == 0;
	ok(good, "json-c and jansson live in one process");
}

/* A token by the key of another text, that signs from this time on. */
static enum err
check_beside(const char *token, int64_t from_s, const char *text)
{
	const struct secret other = secret_of(text);
	struct keyring two;
	struct token_claims c;
	enum err e;

	make_keyring(&two, KEY_TEXT);
	if (!keyring_add(&two, &other, from_s))
		abort();
	e = token_check(&two, token, &then, &arena, &c);
	keyring_clear(&two);
	return e;
}

static void
test_ring(void)
{
	static const char text[] = "another key, of 32 bytes at least";
	const struct token_claims in = { .sub = "ada", .uid = 42, .exp = EXP };
	struct token_claims out;
	struct keyring other, empty = { .count = 0 };
	const char *token;

	make_keyring(&other, text);
	ok(token_sign(&other, &in, EXP - 60, &arena, &token) == ERR_OK &&
	        token_check(&ring, token, &then, &arena, &out) == ERR_UNAUTH,
	    "a token by a key that is not in the ring is refused");
	ok(token_check(&empty, by_jose, &then, &arena, &out) == ERR_UNAUTH,
	    "a ring without keys accepts none");
	ok(check_beside(token, 0, text) == ERR_OK,
	    "a token by a retiring key is accepted");
	ok(check_beside(token, KEY_NEVER, text) == ERR_OK,
	    "a token by the next key is accepted");
	ok(check_beside(by_jose, 0, text) == ERR_OK,
	    "a token by the active key is accepted beside a retiring one");
	keyring_clear(&other);
}

static void
test_header(void)
{
	const struct token_claims in = { .sub = "ada", .uid = 42, .exp = EXP };
	const struct secret next =
	                        secret_of("the next key, of 32 bytes or more"),
	                    active = secret_of(KEY_TEXT);
	struct token_claims out;
	struct keyring two = { .count = 0 };
	const char *token;

	if (!keyring_add(&two, &next, KEY_NEVER) ||
	    !keyring_add(&two, &active, 1))
		abort();
	ok(token_sign(&two, &in, EXP - 60, &arena, &token) == ERR_OK &&
	        token_check(&ring, token, &then, &arena, &out) == ERR_OK,
	    "the active key signs, wherever it is in the ring");
	is(part_of(token, 0),
	    "{\"alg\":\"HS256\",\"kid\":\"2ebf6ecf\",\"typ\":\"JWT\"}",
	    "the header names the key");
	ok(strcmp(two.keys[0].kid, two.keys[1].kid) != 0,
	    "another key has another kid");
	keyring_clear(&two);
}

static void
add_base64url(struct buf *b, const void *bytes, size_t n)
{
	char *base64 = arena_alloc(&arena, n * 2 + 8), *p;

	EVP_EncodeBlock((unsigned char *)base64, bytes, (int)n);
	base64[strcspn(base64, "=")] = '\0';
	for (p = base64; *p != '\0'; p++)
		*p = (char)(*p == '+' ? '-' : *p == '/' ? '_' : *p);
	buf_adds(b, base64);
}

/* A token for ada with these members, as JSON; signed with the ring's key. */
static const char *
token_of(const char *members)
{
	struct buf text, token;
	unsigned char mac[MAC_BYTES];

	buf_init(&text, &arena);
	buf_addf(&text, "{\"sub\":\"ada\",%s}", members);
	buf_init(&token, &arena);
	buf_adds(&token, "eyJhbGciOiJIUzI1NiJ9.");
	add_base64url(&token, text.s, text.len);
	if (!mac_bytes(ring.keys[0].mac, token.s, token.len, mac))
		abort();
	buf_adds(&token, ".");
	add_base64url(&token, mac, sizeof(mac));
	return token.s;
}

static void
test_fractions(void)
{
	static const struct {
		const char *members, *title;
		bool good;
	} cases[] = {
		{ "\"exp\":2000000000.5", "an expiry with a fraction", true },
		{ "\"exp\":2000000000.0", "an expiry with a zero as one",
		    true },
		{ "\"exp\":2e9", "an expiry with an exponent", true },
		{ "\"exp\":1999999936.0", "an expiry in leeway's first second",
		    true },
		{ "\"exp\":1999999935.9", "an expiry a tenth before that",
		    false },
		{ "\"exp\":1e300", "an expiry of 1e300", false },
		{ "\"exp\":\"2000000000.5\"", "a fraction in a text", false },
		{ "\"exp\":[2000000000.5]", "a fraction in a list", false },
		{ "\"exp\":2e9,\"nbf\":1999999945.9",
		    "a beginning at the end of leeway", true },
		{ "\"exp\":2e9,\"nbf\":1999999946.0",
		    "a beginning a tenth after that", false },
		{ "\"exp\":2e9,\"nbf\":1e-5", "a beginning of 1e-5", false },
		{ "\"exp\":2e9,\"iat\":1999999940.25,\"uid\":1,\"jti\":\"x\"",
		    "a birth with a fraction", true },
		{ "\"exp\":2e9,\"uid\":1.0", "a number with a fraction",
		    false },
	};
	size_t i;

	ok(accepts(exp_float, EXP - 60),
	    "an expiry with a fraction, as another program signed it");
	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(accepts(token_of(cases[i].members), EXP - 60) ==
		        cases[i].good,
		    cases[i].title);
}

static void
test_parties(void)
{
	static const struct {
		const char *members;
		bool good, without; /* with issuer and audience set, and not */
	} cases[] = {
		{ "\"iss\":\"i\",\"aud\":\"a\"", true, false },
		{ "\"iss\":\"i\",\"aud\":[\"a\"]", true, false },
		{ "\"iss\":\"i\",\"aud\":[\"b\",\"a\",\"c\"]", true, false },
		{ "\"iss\":\"i\",\"aud\":[\"b\\\"\\\\\",\"a\"]", true, false },
		{ "\"iss\":\"i\"", false, true },
		{ "\"aud\":\"a\"", false, false },
		{ "\"x\":1", false, true },
		{ "\"iss\":\"I\",\"aud\":\"a\"", false, false },
		{ "\"iss\":\"ii\",\"aud\":\"a\"", false, false },
		{ "\"iss\":[\"i\"],\"aud\":\"a\"", false, false },
		{ "\"iss\":null,\"aud\":\"a\"", false, false },
		{ "\"iss\":\"i\",\"aud\":\"ab\"", false, false },
		{ "\"iss\":\"i\",\"aud\":\"\"", false, false },
		{ "\"iss\":\"i\",\"aud\":[]", false, false },
		{ "\"iss\":\"i\",\"aud\":[[\"a\"]]", false, false },
		{ "\"iss\":\"i\",\"aud\":[\"a\",1]", false, false },
		{ "\"iss\":\"i\",\"aud\":[1,\"a\"]", false, false },
		{ "\"iss\":\"i\",\"aud\":[\"b\\\"a\\\"\"]", false, false },
		{ "\"iss\":\"i\",\"aud\":{\"a\":\"a\"}", false, false },
		{ "\"iss\":\"i\",\"aud\":null", false, false },
	};
	const struct token_claims in = { .sub = "ada", .uid = 42, .exp = EXP };
	struct buf members;
	const char *token;
	size_t i;

	ring.issuer = "i";
	ring.audience = "a";
	ok(token_sign(&ring, &in, EXP - 60, &arena, &token) == ERR_OK &&
	        accepts(token, EXP - 60) &&
	        strstr(part_of(token, 1),
	            "{\"aud\":\"a\",\"exp\":2000000000,"
	            "\"iat\":1999999940,\"iss\":\"i\",") != NULL,
	    "issuer and audience are in a token that is signed");
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		buf_init(&members, &arena);
		buf_addf(&members, "\"exp\":2000000000,%s", cases[i].members);
		token = token_of(members.s);
		ok(accepts(token, EXP - 60) == cases[i].good,
		    tap_with("issuer and audience are set", cases[i].members));
		ring.issuer = ring.audience = "";
		ok(accepts(token, EXP - 60) == cases[i].without,
		    tap_with(
		        "issuer and audience are not set", cases[i].members));
		ring.issuer = "i";
		ring.audience = "a";
	}
	ring.issuer = ring.audience = NULL;
}

/* --- pairs --- */

/* A new pair in the ring, active. */
static void
add_pair(struct keyring *out, enum jws_alg alg)
{
	char pem[JWS_PEM_BYTES], kid[JWS_THUMBPRINT_BYTES];
	struct key_pair pair = { alg, 2, KEY_NEVER, kid, pem };
	struct jws_key *key = jws_key_new(alg);
	const char *which;

	if (key == NULL || !jws_key_write(key, pem) ||
	    !jws_thumbprint(key, kid) || !keyring_add_pair(out, &pair) ||
	    !keyring_unlock(out, &which))
		abort();
	jws_key_free(key);
}

/* A header and claims as they are, signed by a key of the ring. */
static const char *
sign_as(const struct key *key, const char *header, const char *claims)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	char *out = arena_alloc(&arena, 4096), *p = out;
	size_t n;

	p += text_base64url(header, strlen(header), p);
	*p++ = '.';
	p += text_base64url(claims, strlen(claims), p);
	if (!key_sign(key, out, (size_t)(p - out), signature, &n))
		abort();
	*p++ = '.';
	text_base64url(signature, n, p);
	return out;
}

#define CLAIMS                                                    \
	"{\"sub\":\"ada\",\"exp\":2000000000,\"iat\":1999999940," \
	"\"jti\":\"x\",\"uid\":1}"

static enum err
check_in(const struct keyring *keys, const char *token)
{
	struct token_claims out;

	return token_check(keys, token, &then, &arena, &out);
}

/* Each algorithm as the name of each, under each kid, by each key. */
static void
test_names(struct keyring *keys)
{
	const struct key *signer, *named;
	size_t right = 0, wrong = 0;
	enum jws_alg alg;
	char header[200];
	bool same;

	for (signer = keys->keys; signer < keys->keys + keys->count; signer++)
		for (named = keys->keys; named < keys->keys + keys->count;
		     named++)
			for (alg = 0; alg < JWS_ALGS; alg++) {
				snprintf(header, sizeof(header),
				    "{\"alg\":\"%s\",\"kid\":\"%s\","
				    "\"typ\":\"JWT\"}",
				    jws_alg_name[alg], named->kid);
				/* a kid chooses no key of HS256 */
				same = alg == signer->alg &&
				       (signer == named || alg == JWS_HS256);
				if (check_in(keys, sign_as(signer, header,
				                       CLAIMS)) != ERR_OK)
					wrong += same;
				else
					right += !same;
			}
	is_int((long long)wrong, 0,
	    "a token that names its key and algorithm is accepted");
	is_int((long long)right, 0,
	    "a token that names another key or algorithm is refused");
}

static void
test_pair(enum jws_alg alg)
{
	const struct token_claims in = {
		.sub = "ada", .uid = 42, .exp = EXP, .epoch = 3
	};
	static struct keyring keys, alone;
	struct token_claims out = { 0 };
	const char *token, *name = jws_alg_name[alg];
	char *spoilt, header[200];
	const struct key *k;
	size_t i, taken = 0;

	make_keyring(&keys, KEY_TEXT);
	add_pair(&keys, alg);
	k = &keys.keys[1];
	ok(token_sign(&keys, &in, EXP - 60, &arena, &token) == ERR_OK &&
	        token_check(&keys, token, &then, &arena, &out) == ERR_OK &&
	        strcmp(out.sub, "ada") == 0 && out.uid == 42 &&
	        out.epoch == 3 && out.exp == EXP && !out.is_plain,
	    tap_with("a token by a pair has what was signed", name));
	snprintf(header, sizeof(header),
	    "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", name, k->kid);
	is(part_of(token, 0), header,
	    tap_with("the header names algorithm and key", name));
	make_keyring(&alone, KEY_TEXT);
	ok(check_in(&alone, token) == ERR_UNAUTH,
	    tap_with("a ring without the pair refuses it", name));
	keyring_clear(&alone);
	ok(check_in(&keys, sign_as(k, header, CLAIMS)) == ERR_OK &&
	        check_in(&keys, sign_as(k, header,
	                            "{\"sub\":\"ada\",\"exp\":2000000000}")) ==
	            ERR_UNAUTH,
	    tap_with("a plain token by a pair is refused", name));
	spoilt = arena_strndup(&arena, token, strlen(token) + 1);
	for (i = 0; i < strlen(token); i++) {
		spoilt[i] = spoilt[i] == 'A' ? 'B' : 'A';
		taken += check_in(&keys, spoilt) != ERR_UNAUTH;
		spoilt[i] = token[i];
	}
	is_int((long long)taken, 0,
	    tap_with(
	        "a token by a pair with one byte spoilt is refused", name));
	keys.keys[1].until_s = EXP - 60;
	ok(check_in(&keys, token) == ERR_UNAUTH,
	    tap_with("a key verifies nothing once its time is over", name));
	keys.keys[1].until_s = EXP - 59;
	ok(check_in(&keys, token) == ERR_OK,
	    tap_with("a key verifies until its time is over", name));
	keyring_clear(&keys);
}

/* A header that is not to the byte what Latchkey writes is not its own. */
static void
test_pair_header(void)
{
	static const char *const more[] = { ",\"crit\":[\"b64\"]",
		",\"jku\":\"http://localhost/\"", ",\"typ\":\"JWT\"",
		",\"cty\":\"JWT\"", " " };
	static struct keyring keys;
	char header[300];
	size_t i, taken = 0;

	make_keyring(&keys, KEY_TEXT);
	add_pair(&keys, JWS_ES256);
	for (i = 0; i < ARRAY_LEN(more); i++) {
		snprintf(header, sizeof(header),
		    "{\"alg\":\"ES256\",\"kid\":\"%s\",\"typ\":\"JWT\"%s}",
		    keys.keys[1].kid, more[i]);
		taken += check_in(&keys,
		             sign_as(&keys.keys[1], header, CLAIMS)) == ERR_OK;
	}
	is_int((long long)taken, 0,
	    "a token by a pair with another header is refused");
	keyring_clear(&keys);
}

static void
test_pairs(void)
{
	static struct keyring keys;

	test_pair(JWS_ES256);
	test_pair(JWS_EDDSA);
	test_pair(JWS_RS256);
	test_pair_header();
	make_keyring(&keys, KEY_TEXT);
	add_pair(&keys, JWS_ES256);
	add_pair(&keys, JWS_ES256);
	add_pair(&keys, JWS_EDDSA);
	add_pair(&keys, JWS_RS256);
	test_names(&keys);
	keyring_clear(&keys);
}

int
main(void)
{
	make_keyring(&ring, KEY_TEXT);
	arena_init(&arena);
	test_pairs();
	ok(accepts(by_jose, EXP - 1000),
	    "the FastAPI application's token is good");
	test_refused();
	test_spoilt();
	test_times();
	test_signing();
	test_two_json_libraries();
	test_ring();
	test_header();
	test_fractions();
	test_parties();
	arena_free(&arena);
	return done();
}
