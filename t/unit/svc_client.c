/*
 * Tests of svc/client.c: authentication and what is kept of it, grants, scopes,
 * owners of tokens, the built-in client, and what an operator may do. The table
 * and the clock are this file's; t/100-clients.t has those of the database.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pieces.h"

#define client_authenticate tested_authenticate
#define client_has_grant tested_has_grant
#define client_owns tested_owns
#define client_limit tested_limit
#define client_scope tested_scope
#define client_user_scope tested_user_scope
#define client_token(...) tested_token(__VA_ARGS__)
#define client_add tested_add
#define client_list tested_list
#define client_show tested_show
#define client_enable tested_enable
#define client_rotate tested_rotate
#define db_client_find find_of_ours
#define db_client_insert insert_of_ours
#define db_client_list list_of_ours
#define db_client_enable enable_of_ours
#define db_client_rotate rotate_of_ours
#define mac_sha256 sha256_of_ours
#define revoked_everybody everybody_of_ours
#define token_sign sign_of_ours
#define clock_ms clock_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "svc/client.c" /* NOLINT(bugprone-suspicious-include) */
#undef mac_sha256

#include "did.h"

/* Python: hashlib.sha256(b"secret").hexdigest(), and of b"old" */
#define SECRET_DIGEST \
	"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define OLD_DIGEST \
	"cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4"
#define NOW 1000000

bool mac_sha256(const void *data, size_t n, unsigned char out[MAC_BYTES]);

static struct arena arena;
static struct client_memory memory;
static const struct conf conf = { .access_token_minutes = 10 };
static const struct app app = { .conf = &conf, .clients = &memory };
static struct ctx ctx = { .app = &app, .arena = &arena, .now_s = NOW };
static const struct client svc = {
	.number = 1,
	.id = "svc",
	.grants = "client_credentials refresh_token",
	.scopes = "a ab c",
};

/* --- in the place of others --- */

static enum err find_err, insert_err, list_err, enable_err, rotate_err,
    sign_err;
static bool sha_fails;
static struct client stored;
static struct token_claims signed_claims;
static char claims_sid[TOKEN_SID_CHARS + 1];
static char inserted_digest[DIGEST_CHARS + 1];
static int32_t everybody;
static int64_t now_ms = 5000, find_ms; /* and how long a read takes */

enum err
find_of_ours(struct ctx *c, const char *id, struct client *out)
{
	(void)c;
	did("find %s, ", id);
	now_ms += find_ms;
	*out = stored;
	out->id = id;
	return find_err;
}

enum err
insert_of_ours(struct ctx *c, const struct client *new)
{
	(void)c;
	did("insert %s, ", new->id);
	snprintf(inserted_digest, sizeof(inserted_digest), "%s", new->secret);
	return insert_err;
}

enum err
list_of_ours(struct ctx *c, const struct client **out, size_t *n)
{
	static const struct client two[] = { { .id = "x" }, { .id = "y" } };

	(void)c;
	*out = two;
	*n = ARRAY_LEN(two);
	return list_err;
}

enum err
enable_of_ours(struct ctx *c, const char *id, bool on)
{
	(void)c;
	did("%s %s, ", on ? "enable" : "disable", id);
	return enable_err;
}

enum err
rotate_of_ours(
    struct ctx *c, const char *id, const char *secret, int64_t keep_s)
{
	(void)c;
	did("rotate %s for %" PRId64 ", ", id, keep_s);
	snprintf(inserted_digest, sizeof(inserted_digest), "%s", secret);
	return rotate_err;
}

bool
sha256_of_ours(const void *data, size_t n, unsigned char out[MAC_BYTES])
{
	return !sha_fails && mac_sha256(data, n, out);
}

int32_t
everybody_of_ours(void)
{
	return everybody;
}

enum err
sign_of_ours(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out)
{
	(void)ring;
	(void)a;
	did(now_s == NOW ? "sign, " : "sign at another time, ");
	signed_claims = *c;
	snprintf(claims_sid, sizeof(claims_sid), "%s", c->sid);
	*out = "signed";
	return sign_err;
}

int64_t
clock_of_ours(void)
{
	return now_ms;
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	did("%s, ", e == EVENT_CLIENT_TOKEN     ? "token"
	            : e == EVENT_CLIENT_REFUSED ? "refused"
	                                        : "something else");
}

/* A table with a client, and nothing kept. */
static void
begin(void)
{
	find_err = insert_err = list_err = enable_err = rotate_err = sign_err =
	    ERR_OK;
	sha_fails = false;
	stored = (struct client){ .number = 4,
		.secret = SECRET_DIGEST,
		.old_secret = OLD_DIGEST,
		.grants = "password",
		.scopes = "a b",
		.audience = "api",
		.epoch = 3,
		.is_enabled = true };
	memset(&memory, 0, sizeof(memory));
	find_ms = 0;
	did_nothing_yet();
}

static enum err
log_in(const char *id, const char *secret, struct client *out)
{
	const struct client_login l = { id, secret };

	return client_authenticate(&ctx, &l, out);
}

static void
test_grants(void)
{
	ok(client_has_grant(&svc, "client_credentials") &&
	        client_has_grant(&svc, "refresh_token"),
	    "a client has its grants");
	ok(!client_has_grant(&svc, "password") &&
	        !client_has_grant(&svc, "client") &&
	        !client_has_grant(&svc, "refresh_token_"),
	    "a client has no other grant, nor a part of one");
}

static void
test_scopes(void)
{
	static const struct {
		const char *wanted, *granted; /* NULL: refused */
	} cases[] = {
		{ "a", "a" },
		{ "c a", "c a" },
		{ "ab", "ab" },
		{ "a a", "a a" },
		{ "b", NULL },
		{ "a b", NULL },
		{ "A", NULL },
		{ "", NULL },
		{ " ", NULL },
		{ "a ", NULL },
		{ " a", NULL },
		{ "a  c", NULL },
		{ "a\tc", NULL },
		{ "a\"", NULL },
		{ "a\\", NULL },
		{ "\xc3\xa4", NULL },
		{ "\x7f", NULL },
	};
	const struct client none = { .id = "x", .scopes = "" };
	const char *out;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		out = NULL;
		ok(client_scope(&svc, cases[i].wanted, &out) ==
		        (cases[i].granted != NULL ? ERR_OK : ERR_DENIED),
		    tap_with("a client asks for scopes", cases[i].wanted));
		if (cases[i].granted != NULL)
			is(out, cases[i].granted,
			    tap_with(
			        "a client gets the scopes that it asks for",
			        cases[i].wanted));
	}
	ok(client_scope(&svc, NULL, &out) == ERR_OK &&
	        strcmp(out, "a ab c") == 0,
	    "a client that asks for none gets all");
	ok(client_scope(&none, NULL, &out) == ERR_OK && out == NULL,
	    "a client without scopes gets none");
	ok(client_scope(&none, "a", &out) == ERR_DENIED,
	    "a client without scopes may ask for none");
}

static void
test_user_scopes(void)
{
	const struct client pw = {
		.id = "x", .grants = "password", .scopes = "offline"
	};
	bool offline = true;

	ok(client_user_scope(&svc, NULL, &offline) == ERR_OK && !offline,
	    "without a scope there is no refresh token");
	ok(client_user_scope(&svc, "offline_access", &offline) == ERR_OK &&
	        offline,
	    "offline_access gives a refresh token");
	ok(client_user_scope(&pw, "offline_access", &offline) == ERR_DENIED,
	    "a client that may not refresh has no use for offline_access");
	ok(client_user_scope(&svc, "c offline_access a", &offline) == ERR_OK &&
	        offline,
	    "a user's token may have the scopes of its client");
	ok(client_user_scope(&svc, "b", &offline) == ERR_DENIED &&
	        client_user_scope(&svc, "offline_access b", &offline) ==
	            ERR_DENIED &&
	        client_user_scope(&svc, "", &offline) == ERR_DENIED,
	    "a user's token has no others than its client's");
}

static void
test_owner(void)
{
	struct token_claims claims = { .sub = "ada", .uid = 1 };
	const struct client first = { .id = CLIENT_FIRST_PARTY };

	ok(client_owns(&first, &claims) && !client_owns(&svc, &claims),
	    "a token that names no client is the built-in one's");
	claims.client_id = "svc";
	ok(!client_owns(&first, &claims) && client_owns(&svc, &claims),
	    "a token is the client's that it names");
	claims.client_id = CLIENT_FIRST_PARTY;
	ok(client_owns(&first, &claims),
	    "a token may name the built-in client");
}

static void
test_first_party(void)
{
	static const struct {
		struct client_login login;
		enum err e;
		const char *title;
	} cases[] = {
		{ { NULL, NULL }, ERR_OK, "nothing" },
		{ { NULL, "" }, ERR_OK, "an empty secret" },
		{ { CLIENT_FIRST_PARTY, NULL }, ERR_OK, "its id" },
		{ { CLIENT_FIRST_PARTY, "" }, ERR_OK, "both" },
		{ { NULL, "x" }, ERR_UNAUTH, "a secret" },
		{ { CLIENT_FIRST_PARTY, "x" }, ERR_UNAUTH, "its id, a secret" },
		{ { "svc", NULL }, ERR_UNAUTH, "another id alone" },
	};
	struct client c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(client_authenticate(&ctx, &cases[i].login, &c) ==
		            cases[i].e &&
		        (cases[i].e != ERR_OK ||
		            (c.number == 0 && c.secret == NULL)),
		    tap_with(
		        "the built-in client is found by", cases[i].title));
}

/* --- authentication --- */

static void
test_secrets(void)
{
	struct client c;

	begin();
	ok(log_in("svc", "secret", &c) == ERR_OK && c.number == 4 &&
	        strcmp(c.id, "svc") == 0,
	    "a client proves itself by its secret");
	did_this("find svc, ", "a client is read once");
	is_int(log_in("svc", "old", &c), ERR_OK,
	    "a client proves itself by the secret before");
	is_int(log_in("svc", "other", &c), ERR_UNAUTH,
	    "a client does not prove itself by another secret");
	did_this("refused, ", "a refusal is logged");
	is_int(log_in("svc", "", &c), ERR_UNAUTH,
	    "a client does not prove itself by an empty secret");
	begin();
	stored.old_secret = NULL;
	is_int(log_in("svc", "old", &c), ERR_UNAUTH,
	    "a secret that has ended proves nothing");
	is_int(log_in("svc", "secret", &c), ERR_OK,
	    "a client may have one secret");
	begin();
	stored.is_enabled = false;
	is_int(log_in("svc", "secret", &c), ERR_UNAUTH,
	    "a client that is disabled is refused");
	begin();
	sha_fails = true;
	is_int(log_in("svc", "secret", &c), ERR_INTERNAL,
	    "a client needs a hash of its secret");
	did_this("", "without a hash no client is read");
	sha_fails = false;
	find_err = ERR_BUSY;
	is_int(log_in("svc", "secret", &c), ERR_BUSY,
	    "a client needs the database");
	find_err = ERR_NOTFOUND;
	did_nothing_yet();
	is_int(log_in("svc", "secret", &c), ERR_UNAUTH,
	    "a client that does not exist is refused");
	did_this("find svc, refused, ", "a failure is not kept");
}

static void
test_kept(void)
{
	struct client c;

	begin();
	find_ms = 400;
	if (log_in("svc", "secret", &c) != ERR_OK)
		abort();
	now_ms += 599;
	did_nothing_yet();
	memset(&c, 0, sizeof(c));
	is_int(log_in("svc", "secret", &c), ERR_OK, "a client is kept");
	did_this("", "a client is kept for a second since it was asked for");
	ok(c.number == 4 && c.epoch == 3 && c.is_enabled &&
	        strcmp(c.id, "svc") == 0 &&
	        strcmp(c.secret, SECRET_DIGEST) == 0 &&
	        strcmp(c.old_secret, OLD_DIGEST) == 0 &&
	        strcmp(c.grants, "password") == 0 &&
	        strcmp(c.scopes, "a b") == 0 && strcmp(c.audience, "api") == 0,
	    "all of a client is kept");
	now_ms++;
	is_int(log_in("svc", "secret", &c), ERR_OK, "a client is read again");
	did_this("find svc, ", "a client is not kept for longer");

	begin();
	stored.old_secret = stored.audience = NULL;
	stored.scopes = "";
	is_int(log_in("svc", "secret", &c), ERR_OK,
	    "a client without an audience proves itself");
	is_int(log_in("svc", "secret", &c), ERR_OK,
	    "a client without an audience proves itself again");
	did_this("find svc, ", "a client without an audience is kept, too");
	ok(c.old_secret == NULL && c.audience == NULL &&
	        strcmp(c.scopes, "") == 0,
	    "a client is kept without an audience where it has none");
	if (place_of("svc") != place_of("cvc"))
		abort();
	is_int(log_in("cvc", "secret", &c), ERR_OK,
	    "another client of the same place is read");
	did_this("find cvc, ", "a client is not another one of its place");
	is_int(log_in("svc", "secret", &c), ERR_OK, "the first is read again");
	did_this("find svc, ", "of a place the last client is kept");
}

static void
test_none(void)
{
	char id[CLIENT_ID_MAX + 2];
	struct client c;

	begin();
	find_err = ERR_NOTFOUND;
	find_ms = 400;
	is_int(log_in("svc", "x", &c), ERR_UNAUTH, "there is no such client");
	now_ms += 599;
	is_int(log_in("svc", "x", &c), ERR_UNAUTH, "there is still none");
	did_this("find svc, refused, refused, ",
	    "that there is no client is kept for a second");
	now_ms++;
	is_int(log_in("svc", "x", &c), ERR_UNAUTH, "there is none after that");
	did_this("find svc, refused, ",
	    "that there is no client is not kept for longer");
	is_int(log_in("cvc", "x", &c), ERR_UNAUTH, "there is no other client");
	did_this("find cvc, refused, ",
	    "that there is no client says nothing of another one");
	begin();
	now_ms = 500; /* the machine has just been started */
	find_err = ERR_NOTFOUND;
	is_int(log_in("", "x", &c), ERR_UNAUTH, "an empty id is no client's");
	did_this("find , refused, ", "what was never asked for is not kept");
	memset(id, 'x', sizeof(id));
	id[CLIENT_ID_MAX] = '\0';
	is_int(log_in(id, "x", &c), ERR_UNAUTH, "the longest id is asked for");
	ok(strncmp(did_text, "find x", 6) == 0,
	    "the longest id may be a client's");
	did_nothing_yet();
	is_int(log_in(id, "x", &c), ERR_UNAUTH, "the longest id is kept");
	did_this("refused, ", "of the longest id it is kept that it is none");
	id[CLIENT_ID_MAX] = 'x';
	id[CLIENT_ID_MAX + 1] = '\0';
	is_int(log_in(id, "x", &c), ERR_UNAUTH, "a longer id is refused");
	did_this("refused, ", "a longer id is not asked for");
	now_ms = 5000;
}

/* --- tokens --- */

static void
test_token(void)
{
	const struct client own = {
		.number = 4, .id = "svc", .audience = "api", .epoch = 3
	};
	struct client_token token = { .life_s = 0 };
	char first[TOKEN_SID_CHARS + 1];

	begin();
	ok(client_token(&ctx, &own, "a", &token) == ERR_OK &&
	        token.life_s == 600 && strcmp(token.token, "signed") == 0,
	    "a client gets a token of its own");
	did_this("sign, token, ", "a client's own token is logged");
	ok(strcmp(signed_claims.sub, "svc") == 0 && signed_claims.uid == 0 &&
	        signed_claims.exp == NOW + 600 && signed_claims.epoch == 3 &&
	        strcmp(signed_claims.client_id, "svc") == 0 &&
	        strcmp(signed_claims.scope, "a") == 0 &&
	        strcmp(signed_claims.audience, "api") == 0,
	    "a client's own token is of no user");
	ok(strlen(claims_sid) == TOKEN_SID_CHARS,
	    "a client's own token has an id");
	memcpy(first, claims_sid, sizeof(first));
	everybody = 4;
	ok(client_token(&ctx, &own, NULL, &token) == ERR_OK &&
	        signed_claims.epoch == 4 && signed_claims.scope == NULL &&
	        strcmp(first, claims_sid) != 0,
	    "a client's own token has the epoch of everybody, and another id");
	everybody = 2;
	ok(client_token(&ctx, &own, NULL, &token) == ERR_OK &&
	        signed_claims.epoch == 3,
	    "the epoch of a client's own token does not sink");
	everybody = 0;
	sign_err = ERR_INTERNAL;
	did_nothing_yet();
	is_int(client_token(&ctx, &own, NULL, &token), ERR_INTERNAL,
	    "a client's own token has to be signed");
	did_this("sign, ", "a token that was not signed is not logged");
}

/* --- for their operator --- */

/* Of a client that is refused for the next thing, so that none is stored. */
static enum client_problem
problem_of(const char *id, const char *name)
{
	const struct client new = {
		.id = id, .name = name, .grants = "none", .scopes = ""
	};
	enum client_problem why = CLIENT_GOOD;
	const char *secret;

	return client_add(&ctx, &new, &why, &secret) == ERR_INVALID
	           ? why
	           : CLIENT_GOOD;
}

static void
test_new(void)
{
	char text[CLIENT_NAME_MAX_BYTES + 2];

	ok(problem_of("x", "x") == CLIENT_BAD_GRANT,
	    "an id and a name of one character are taken");
	ok(problem_of("x", NULL) == CLIENT_BAD_GRANT,
	    "a client may have no name");
	ok(problem_of("", "x") == CLIENT_BAD_ID, "an empty id is refused");
	ok(problem_of("x y", "x") == CLIENT_BAD_ID,
	    "an id with a blank is refused");
	ok(problem_of("x", "") == CLIENT_BAD_NAME, "an empty name is refused");
	ok(problem_of("x", "\xff\xff") == CLIENT_BAD_NAME,
	    "a name that is not UTF-8 is refused");
	memset(text, 'x', sizeof(text));
	text[CLIENT_NAME_MAX_BYTES] = '\0';
	ok(problem_of("x", text) == CLIENT_BAD_GRANT,
	    "the longest name is taken");
	memset(text, 'x', sizeof(text));
	text[CLIENT_NAME_MAX_BYTES + 1] = '\0';
	ok(problem_of("x", text) == CLIENT_BAD_NAME,
	    "a byte more than the longest name is refused");
	memset(text, 'x', sizeof(text));
	text[CLIENT_ID_MAX] = '\0';
	ok(problem_of(text, "x") == CLIENT_BAD_GRANT,
	    "the longest id is taken");
	memset(text, 'x', sizeof(text));
	text[CLIENT_ID_MAX + 1] = '\0';
	ok(problem_of(text, "x") == CLIENT_BAD_ID,
	    "a character more than the longest id is refused");
}

/* Of a client with these, which is stored if there is none. */
static enum client_problem
problem_with(const char *grants, const char *scopes, const char *audience)
{
	const struct client new = { .id = "x",
		.grants = grants,
		.scopes = scopes,
		.audience = audience };
	enum client_problem why = CLIENT_BAD_ID;
	const char *secret;

	return client_add(&ctx, &new, &why, &secret) == ERR_INVALID
	           ? why
	           : CLIENT_GOOD;
}

/* 63 bytes */
#define LONG_GRANTS \
	"refresh_token refresh_token password password password password"

static void
test_texts(void)
{
	char text[CLIENT_SCOPES_MAX_BYTES + 2];

	begin();
	ok(problem_with("password", "", NULL) == CLIENT_GOOD,
	    "a client needs no scope and no audience");
	ok(problem_with("", "", NULL) == CLIENT_BAD_GRANT &&
	        problem_with("password  password", "", NULL) ==
	            CLIENT_BAD_GRANT &&
	        problem_with("password none", "", NULL) == CLIENT_BAD_GRANT,
	    "a grant that is none is refused");
	ok(problem_with("client_credentials password refresh_token", "",
	       NULL) == CLIENT_GOOD,
	    "a client may have all grants");
	is_int((long long)strlen(LONG_GRANTS), CLIENT_GRANTS_MAX_BYTES,
	    "a list of grants has the most bytes");
	ok(problem_with(LONG_GRANTS, "", NULL) == CLIENT_GOOD,
	    "the longest list of grants is taken");
	ok(problem_with("client_credentials refresh_token refresh_token "
	                "password password",
	       "", NULL) == CLIENT_BAD_GRANT,
	    "a longer list of grants is refused");
	memset(text, 'x', sizeof(text));
	text[CLIENT_SCOPES_MAX_BYTES] = '\0';
	ok(problem_with("password", text, NULL) == CLIENT_GOOD,
	    "the longest scopes are taken");
	text[CLIENT_SCOPES_MAX_BYTES] = 'x';
	text[CLIENT_SCOPES_MAX_BYTES + 1] = '\0';
	ok(problem_with("password", text, NULL) == CLIENT_BAD_SCOPE,
	    "longer scopes are refused");
	ok(problem_with("password", "a  b", NULL) == CLIENT_BAD_SCOPE &&
	        problem_with("password", "a offline_access", NULL) ==
	            CLIENT_BAD_SCOPE,
	    "what is no list of scopes is refused");
	text[CLIENT_AUDIENCE_MAX_BYTES] = '\0';
	ok(problem_with("password", "a", text) == CLIENT_GOOD,
	    "the longest audience is taken");
	text[CLIENT_AUDIENCE_MAX_BYTES] = 'x';
	text[CLIENT_AUDIENCE_MAX_BYTES + 1] = '\0';
	ok(problem_with("password", "a", text) == CLIENT_BAD_AUDIENCE &&
	        problem_with("password", "a", "") == CLIENT_BAD_AUDIENCE &&
	        problem_with("password", "a", "\xff") == CLIENT_BAD_AUDIENCE,
	    "another audience is refused");
}

/* Was the digest of this secret stored? */
static bool
is_stored(const char *secret)
{
	char hash[DIGEST_CHARS + 1];

	return strlen(secret) == CLIENT_SECRET_CHARS && digest(secret, hash) &&
	       strcmp(hash, inserted_digest) == 0;
}

static void
test_add(void)
{
	struct client new = { .id = "x", .grants = "password", .scopes = "" };
	const char *secret = "", *second = "";
	enum client_problem why = CLIENT_BAD_ID;

	begin();
	ok(client_add(&ctx, &new, &why, &secret) == ERR_OK &&
	        why == CLIENT_GOOD && is_stored(secret),
	    "of a new client's secret the digest is stored");
	did_this("insert x, ", "a new client is stored once");
	ok(client_add(&ctx, &new, &why, &second) == ERR_OK &&
	        strcmp(secret, second) != 0,
	    "two clients have different secrets");
	insert_err = ERR_CONFLICT;
	is_int(client_add(&ctx, &new, &why, &secret), ERR_CONFLICT,
	    "a new client needs an id of its own");
	did_nothing_yet();
	new.id = CLIENT_FIRST_PARTY;
	is_int(client_add(&ctx, &new, &why, &secret), ERR_CONFLICT,
	    "a new client is not the built-in one");
	new.id = "x";
	sha_fails = true;
	is_int(client_add(&ctx, &new, &why, &secret), ERR_INTERNAL,
	    "a new client needs a digest");
	did_this("", "a client without an id or a digest is not stored");
}

static void
test_manage(void)
{
	const struct client *all = NULL;
	struct client c = { .id = NULL };
	size_t n = 0;

	begin();
	ok(client_list(&ctx, &all, &n) == ERR_OK && n == 3 &&
	        strcmp(all[0].id, CLIENT_FIRST_PARTY) == 0 &&
	        strcmp(all[1].id, "x") == 0 && strcmp(all[2].id, "y") == 0,
	    "the list of clients begins with the built-in one");
	list_err = ERR_BUSY;
	is_int(client_list(&ctx, &all, &n), ERR_BUSY,
	    "the list of clients needs the database");
	ok(client_show(&ctx, CLIENT_FIRST_PARTY, &c) == ERR_OK &&
	        strcmp(c.name, "built in") == 0 && c.is_enabled,
	    "the built-in client is shown");
	did_this("", "the built-in client is not stored");
	ok(client_show(&ctx, "svc", &c) == ERR_OK && c.number == 4,
	    "a client is shown");
	is_int(client_enable(&ctx, "svc", true), ERR_OK, "a client is enabled");
	is_int(
	    client_enable(&ctx, "svc", false), ERR_OK, "a client is disabled");
	did_this("find svc, enable svc, disable svc, ",
	    "a client is enabled and disabled by its id");
	ok(client_enable(&ctx, CLIENT_FIRST_PARTY, false) == ERR_DENIED,
	    "the built-in client is not disabled");
	enable_err = ERR_NOTFOUND;
	is_int(client_enable(&ctx, "svc", true), ERR_NOTFOUND,
	    "no client is enabled that does not exist");
}

static void
test_rotate(void)
{
	const char *secret = "";

	begin();
	ok(client_rotate(&ctx, "svc", false, &secret) == ERR_OK &&
	        is_stored(secret),
	    "a client gets another secret");
	did_this("find svc, rotate svc for 604800, ",
	    "the secret before counts for a week");
	ok(client_rotate(&ctx, "svc", true, &secret) == ERR_OK &&
	        is_stored(secret),
	    "a client gets another secret at once");
	did_this(
	    "find svc, rotate svc for 0, ", "the secret before ends at once");
	rotate_err = ERR_CONFLICT;
	is_int(client_rotate(&ctx, "svc", false, &secret), ERR_CONFLICT,
	    "a client has no three secrets");
	did_nothing_yet();
	is_int(client_rotate(&ctx, CLIENT_FIRST_PARTY, true, &secret),
	    ERR_DENIED, "the built-in client has no secret");
	did_this("", "the built-in client gets no secret");
	sha_fails = true;
	is_int(client_rotate(&ctx, "svc", true, &secret), ERR_INTERNAL,
	    "another secret needs a digest");
	find_err = ERR_NOTFOUND;
	is_int(client_rotate(&ctx, "svc", true, &secret), ERR_NOTFOUND,
	    "no client gets a secret that does not exist");
	did_this("find svc, find svc, ", "a secret that failed is not stored");
}

int
main(void)
{
	arena_init(&arena);
	test_grants();
	test_scopes();
	test_user_scopes();
	test_owner();
	test_first_party();
	test_secrets();
	test_kept();
	test_none();
	test_token();
	test_new();
	test_texts();
	test_add();
	test_manage();
	test_rotate();
	arena_free(&arena);
	return done();
}
