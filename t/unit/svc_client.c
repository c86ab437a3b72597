/*
 * Tests of svc/client.c: grants, scopes, owners of tokens, and the built-in
 * client. Other clients are in the database: t/100-clients.t.
 */
#include "base.h"

#include <string.h>

#include "lib/clock.h"
#include "svc/client.h"
#include "tap.h"

static struct arena arena;
static const struct app app = { .db = NULL };
static struct ctx ctx = { .app = &app, .arena = &arena };
static const struct client svc = {
	.number = 1,
	.id = "svc",
	.grants = "client_credentials refresh_token",
	.scopes = "a ab c",
};

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
			    tap_with("it gets them", cases[i].wanted));
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
	ok(client_owns(&first, &claims), "it may name the built-in one");
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

/* Without a database, which nobody asks for what is kept. */
static void
test_none(void)
{
	static struct client_memory memory;
	static const struct app kept = { .clients = &memory };
	struct ctx c = { .app = &kept, .arena = &arena };
	const struct client_login unknown = { "unknown", "x" };
	struct client found;
	size_t i;

	for (i = 0; i < CLIENT_KEPT; i++) {
		memory.none[i].read_ms = clock_ms();
		memcpy(memory.none[i].id, unknown.id, sizeof("unknown"));
	}
	ok(client_authenticate(&c, &unknown, &found) == ERR_UNAUTH,
	    "that there is no client of an id is kept");
}

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

int
main(void)
{
	arena_init(&arena);
	test_grants();
	test_scopes();
	test_user_scopes();
	test_owner();
	test_first_party();
	test_none();
	test_new();
	arena_free(&arena);
	return done();
}
