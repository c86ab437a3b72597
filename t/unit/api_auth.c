/*
 * Tests of api/auth.c: which proof of a request is asked about, where, and what
 * the request gets of it. Sessions and clients are this file's; headers and
 * fields are read as they are.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "http/problem.h"

#define auth_is_client tested_is_client
#define auth_user tested_user
#define auth_client tested_client
#define browser_claims cookie_claims_of_ours
#define browser_renew renew_of_ours
#define browser_user cookie_user_of_ours
#define browser_user_before cookie_before_of_ours
#define session_claims claims_of_ours
#define session_user user_of_ours
#define session_user_before before_of_ours
#define client_authenticate authenticate_of_ours
#include "api/auth.c" /* NOLINT(bugprone-suspicious-include) */

#include "did.h"

#define FORM "application/x-www-form-urlencoded"
#define BEARER "Bearer token"
/* Python: base64.b64encode(b"svc:secret"), and of b"svc:" */
#define BASIC "Basic c3ZjOnNlY3JldA=="
#define BASIC_EMPTY "Basic c3ZjOg=="

static struct arena arena;
static struct ctx ctx = { .arena = &arena };

/* --- in the place of others --- */

static enum err proof_err, before_err, client_err;
static const char *renewed; /* the cookie's new value, or NULL */
static const char *client_secret;

/* The claims and, but for NULL, the account of a proof. */
static enum err
prove(enum err e, struct token_claims *claims, struct user *u)
{
	*claims = (struct token_claims){ .uid = 7 };
	if (u != NULL)
		*u = (struct user){ .id = 7 };
	return e;
}

enum err
cookie_claims_of_ours(
    struct ctx *c, const char *cookie, struct token_claims *out)
{
	(void)c;
	did("claims of cookie %s, ", cookie);
	return prove(proof_err, out, NULL);
}

enum err
renew_of_ours(struct ctx *c, const char *cookie, struct token_claims *claims,
    struct browser_cookie *out)
{
	(void)c;
	did("renew cookie %s, ", cookie);
	*out = (struct browser_cookie){ renewed, 60 };
	return prove(proof_err, claims, NULL);
}

enum err
cookie_user_of_ours(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct user *u, struct browser_cookie *out)
{
	(void)c;
	did("user of cookie %s, ", cookie);
	*out = (struct browser_cookie){ renewed, 60 };
	return prove(proof_err, claims, u);
}

enum err
cookie_before_of_ours(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct user *out)
{
	(void)c;
	did("user of cookie %s before, ", cookie);
	return prove(before_err, claims, out);
}

enum err
claims_of_ours(struct ctx *c, const char *token, struct token_claims *out)
{
	(void)c;
	did("claims of %s, ", token);
	return prove(proof_err, out, NULL);
}

enum err
user_of_ours(struct ctx *c, const char *token, struct token_claims *claims,
    struct user *out)
{
	(void)c;
	did("user of %s, ", token);
	return prove(proof_err, claims, out);
}

enum err
before_of_ours(struct ctx *c, const char *token, struct token_claims *claims,
    struct user *out)
{
	(void)c;
	did("user of %s before, ", token);
	return prove(before_err, claims, out);
}

enum err
authenticate_of_ours(
    struct ctx *c, const struct client_login *login, struct client *out)
{
	(void)c;
	did("client %s by %s, ", login->id != NULL ? login->id : "-",
	    login->secret != NULL ? login->secret : "-");
	*out = (struct client){ .number = 4, .secret = client_secret };
	return client_err;
}

/* --- users --- */

/* All is well again; a request with these, of which each may be NULL. */
static struct req
request(const char *session, const char *authorization)
{
	arena_reset(&arena);
	proof_err = before_err = client_err = ERR_OK;
	renewed = NULL;
	client_secret = "digest";
	did_nothing_yet();
	return (struct req){ .ctx = &ctx,
		.session = session,
		.authorization = authorization,
		.query = "",
		.body = "" };
}

static void
test_kinds(void)
{
	enum auth auth;

	for (auth = AUTH_NONE; auth <= AUTH_REPEATABLE; auth++)
		is_int(tested_is_client(auth),
		    auth == AUTH_CLIENT || auth == AUTH_CONFIDENTIAL,
		    "two kinds of authentication are a client's");
}

static const struct proof_case {
	enum auth auth;
	const char *session, *authorization, *did;
	enum err e;
	bool has_user;
} proofs[] = {
	{ AUTH_CHECKED, NULL, BEARER, "claims of token, ", ERR_OK, false },
	{ AUTH_RENEWED, NULL, BEARER, "", ERR_UNAUTH, false },
	{ AUTH_USER, NULL, BEARER, "user of token, ", ERR_OK, true },
	{ AUTH_REPEATABLE, NULL, BEARER, "user of token, ", ERR_OK, true },
	{ AUTH_CHECKED, "x", NULL, "claims of cookie x, ", ERR_OK, false },
	{ AUTH_RENEWED, "x", NULL, "renew cookie x, ", ERR_OK, false },
	{ AUTH_USER, "x", NULL, "user of cookie x, ", ERR_OK, true },
	{ AUTH_REPEATABLE, "x", NULL, "user of cookie x, ", ERR_OK, true },
	{ AUTH_CHECKED, "x", BEARER, "claims of cookie x, ", ERR_OK, false },
	{ AUTH_RENEWED, "x", BEARER, "renew cookie x, ", ERR_OK, false },
	{ AUTH_USER, "x", BEARER, "user of cookie x, ", ERR_OK, true },
	{ AUTH_CHECKED, NULL, NULL, "", ERR_UNAUTH, false },
	{ AUTH_RENEWED, NULL, NULL, "", ERR_UNAUTH, false },
	{ AUTH_USER, NULL, NULL, "", ERR_UNAUTH, false },
	{ AUTH_REPEATABLE, NULL, NULL, "", ERR_UNAUTH, false },
	{ AUTH_CHECKED, NULL, BASIC, "", ERR_UNAUTH, false },
	{ AUTH_USER, NULL, BASIC, "", ERR_UNAUTH, false },
};

/* A title with a request's proofs, and how it is authenticated. */
static const char *
with_proof(const char *title, const struct proof_case *p)
{
	static const char *const names[] = {
		[AUTH_CHECKED] = "checked",
		[AUTH_RENEWED] = "renewed",
		[AUTH_USER] = "user",
		[AUTH_REPEATABLE] = "repeatable",
	};
	char input[80];

	snprintf(input, sizeof(input), "%s, %s, %s", names[p->auth],
	    p->session != NULL ? "cookie" : "no cookie",
	    p->authorization != NULL ? p->authorization : "no header");
	return tap_with(title, input);
}

static void
test_proofs(void)
{
	const struct proof_case *p;
	struct req r;

	for (p = proofs; p < proofs + ARRAY_LEN(proofs); p++) {
		r = request(p->session, p->authorization);
		is_int(tested_user(&r, p->auth), p->e,
		    with_proof("a proof admits where it is one", p));
		did_this(p->did, with_proof("a proof is asked about once", p));
		is_int(r.claims.uid, p->e == ERR_OK ? 7 : 0,
		    with_proof("a request has the claims of its proof", p));
		ok(!r.is_repeat,
		    with_proof("a proof that is good repeats nothing", p));
		if (p->has_user)
			is_int(r.user != NULL ? r.user->id : 0, 7,
			    with_proof("a request has its user", p));
		else if (p->auth < AUTH_USER)
			ok(r.user == NULL,
			    with_proof("a check asks for no user", p));
	}
}

static void
test_errors(void)
{
	static const enum err errors[] = { ERR_UNAUTH, ERR_BUSY, ERR_CONFLICT,
		ERR_INTERNAL };
	const struct proof_case *p;
	struct req r;
	size_t i;

	for (p = proofs; p < proofs + ARRAY_LEN(proofs); p++) {
		for (i = 0; i < ARRAY_LEN(errors); i++) {
			if (p->e != ERR_OK || (p->auth == AUTH_REPEATABLE &&
			                          errors[i] == ERR_UNAUTH))
				continue;
			r = request(p->session, p->authorization);
			proof_err = errors[i];
			is_int(tested_user(&r, p->auth), errors[i],
			    with_proof("a proof that is refused admits to "
			               "nothing",
			        p));
			did_this(p->did,
			    with_proof("a proof that is refused is asked about "
			               "once",
			        p));
			ok(!r.is_repeat,
			    with_proof(
			        "a proof that is refused repeats nothing", p));
		}
	}
}

/* A cookie's new value after this, or NULL. */
static const char *
set_by(enum auth auth, const char *value, enum err e)
{
	static struct req r;

	r = request("x", NULL);
	renewed = value;
	proof_err = e;
	is_int(tested_user(&r, auth), e, "a cookie is renewed or not");
	if (r.new_session.value != NULL)
		is_int(r.new_session.max_age_s, 60,
		    "a new cookie lives as long as it is good");
	else
		is_int(r.new_session.max_age_s, 0,
		    "without a new cookie there is no time of one");
	return r.new_session.value;
}

static void
test_renewal(void)
{
	static const enum auth kinds[] = { AUTH_RENEWED, AUTH_USER,
		AUTH_REPEATABLE };
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		is(set_by(kinds[i], "new", ERR_OK), "new",
		    "a cookie that was renewed is set");
		is(set_by(kinds[i], NULL, ERR_OK), NULL,
		    "a cookie that was not renewed is not set");
		is(set_by(kinds[i], "new", ERR_BUSY), NULL,
		    "a new cookie is not set where the request fails");
		is(set_by(kinds[i], NULL, ERR_BUSY), NULL,
		    "no cookie is set where there is none and the request "
		    "fails");
	}
	is(set_by(AUTH_CHECKED, "new", ERR_OK), NULL,
	    "a check of a cookie sets none");
}

/* By a request that the same request has ended the proof of, with an error. */
static struct req
repeated(
    const char *session, const char *authorization, enum err e, enum err want)
{
	struct req r = request(session, authorization);

	proof_err = ERR_UNAUTH;
	before_err = e;
	is_int(tested_user(&r, AUTH_REPEATABLE), want,
	    "a repeated request is admitted by what its proof was");
	return r;
}

static void
test_before(void)
{
	static const enum err errors[] = { ERR_UNAUTH, ERR_BUSY };
	struct req r;
	size_t i;

	r = repeated(NULL, BEARER, ERR_OK, ERR_OK);
	did_this("user of token, user of token before, ",
	    "a token that has ended may have been good before");
	ok(r.is_repeat && r.claims.uid == 7 && r.user != NULL &&
	        r.user->id == 7,
	    "a repeated request with a token has its user");
	r = repeated("x", BEARER, ERR_OK, ERR_OK);
	did_this("user of cookie x, user of cookie x before, ",
	    "a cookie that has ended may have been good before");
	ok(r.is_repeat && r.claims.uid == 7 && r.user != NULL &&
	        r.user->id == 7,
	    "a repeated request with a cookie has its user");
	for (i = 0; i < ARRAY_LEN(errors); i++) {
		r = repeated(NULL, BEARER, errors[i], errors[i]);
		ok(!r.is_repeat, "a request with a token that was not good "
		                 "before repeats nothing");
		r = repeated("x", NULL, errors[i], errors[i]);
		ok(!r.is_repeat, "a request with a cookie that was not good "
		                 "before repeats nothing");
	}
	r = repeated(NULL, NULL, ERR_OK, ERR_UNAUTH);
	did_this("", "a request without a proof is not asked about");
	ok(!r.is_repeat, "a request without a proof repeats nothing");
}

/* --- clients --- */

/* A request for a token with this body. */
static struct req
asking(const char *authorization, const char *body)
{
	struct req r = request(NULL, authorization);

	r.face = FACE_OAUTH;
	r.body_kind = BODY_FORM;
	r.content_type = FORM;
	r.body = body;
	r.body_len = strlen(body);
	if (params_parse(&r) != ERR_OK)
		abort();
	return r;
}

static const struct client_case {
	const char *authorization, *body, *did;
	enum err e;
} logins[] = {
	{ NULL, "", "client - by -, ", ERR_OK },
	{ BEARER, "", "client - by -, ", ERR_OK },
	{ NULL, "client_id=svc", "client svc by -, ", ERR_OK },
	{ NULL, "client_id=svc&client_secret=s", "client svc by s, ", ERR_OK },
	{ NULL, "client_secret=s", "client - by s, ", ERR_OK },
	{ BASIC, "", "client svc by secret, ", ERR_OK },
	{ BASIC, "client_id=svc", "client svc by secret, ", ERR_OK },
	{ BASIC, "client_id=&client_secret=", "client svc by secret, ",
	    ERR_OK },
	{ BASIC_EMPTY, "", "client svc by , ", ERR_OK },
	{ BASIC, "client_id=svd", "", ERR_MALFORMED },
	{ BASIC, "client_id=sv", "", ERR_MALFORMED },
	{ BASIC, "client_secret=secret", "", ERR_MALFORMED },
	{ BASIC, "client_id=svc&client_secret=secret", "", ERR_MALFORMED },
	{ BASIC_EMPTY, "client_id=svc&client_secret=s", "", ERR_MALFORMED },
	{ "Basic ?", "client_id=svc&client_secret=s", "", ERR_UNAUTH },
	{ "Basic", "", "", ERR_UNAUTH },
	{ NULL, "client_id=svc&client_id=svc", "", ERR_INVALID },
	{ NULL, "client_secret=s&client_secret=s", "", ERR_INVALID },
	{ BASIC, "client_id=svc&client_id=svc", "", ERR_INVALID },
	{ "Basic ?", "client_id=svc&client_id=svc", "", ERR_INVALID },
};

/* A title with how a client authenticates. */
static const char *
with_login(const char *title, const struct client_case *l)
{
	char input[120];

	snprintf(input, sizeof(input), "%s, \"%s\"",
	    l->authorization != NULL ? l->authorization : "no header", l->body);
	return tap_with(title, input);
}

static void
test_clients(void)
{
	static const enum auth kinds[] = { AUTH_CLIENT, AUTH_CONFIDENTIAL };
	const struct client_case *l;
	struct req r;
	size_t i;

	for (l = logins; l < logins + ARRAY_LEN(logins); l++) {
		for (i = 0; i < ARRAY_LEN(kinds); i++) {
			r = asking(l->authorization, l->body);
			is_int(tested_client(&r, kinds[i]), l->e,
			    with_login("a client names itself once", l));
			did_this(
			    l->did, with_login("a client is asked about as "
			                       "it names itself",
			                l));
			ok((r.client != NULL && r.client->number == 4) ==
			        (l->e == ERR_OK),
			    with_login("a request has its client", l));
			ok((r.malformed != NULL) == (l->e == ERR_MALFORMED),
			    with_login("a client that names itself twice is "
			               "told so",
			        l));
		}
	}
}

/* What is wrong with a request of this body. */
static const char *
problem_of(const char *body)
{
	struct req r = asking(NULL, body);
	struct buf b;

	buf_init(&b, &arena);
	if (tested_client(&r, AUTH_CLIENT) != ERR_INVALID)
		return "";
	problem_write(&b, r.problems);
	return b.s;
}

static void
test_twice(void)
{
	ok(strstr(problem_of("client_id=a&client_id=b"), "client_id") != NULL,
	    "an id that is sent twice is named");
	ok(strstr(problem_of("client_secret=topmost&client_secret=other"),
	       "client_secret") != NULL,
	    "a secret that is sent twice is named");
	ok(strstr(problem_of("client_secret=topmost&client_secret=other"),
	       "topmost") == NULL,
	    "a secret that is sent twice is not told");
	ok(strstr(problem_of("client_secret=topmost&client_secret=other"),
	       "other") == NULL,
	    "the second of two secrets is not told");
}

static void
test_confidential(void)
{
	static const enum err errors[] = { ERR_UNAUTH, ERR_BUSY };
	struct req r;
	size_t i;

	r = asking(NULL, "");
	client_secret = NULL;
	ok(tested_client(&r, AUTH_CLIENT) == ERR_OK && r.client != NULL &&
	        r.client->number == 4,
	    "the built-in client may be anybody's where any client will do");
	r = asking(NULL, "");
	client_secret = NULL;
	is_int(tested_client(&r, AUTH_CONFIDENTIAL), ERR_UNAUTH,
	    "the built-in client does not do where a secret has to be sent");
	for (i = 0; i < ARRAY_LEN(errors); i++) {
		r = asking(BASIC, "");
		client_err = errors[i];
		is_int(tested_client(&r, AUTH_CLIENT), errors[i],
		    "a client that is refused is none");
		r = asking(BASIC, "");
		client_err = errors[i];
		is_int(tested_client(&r, AUTH_CONFIDENTIAL), errors[i],
		    "a client that is refused is none, whatever it has to "
		    "send");
		r = asking(NULL, "");
		client_err = errors[i];
		client_secret = NULL;
		is_int(tested_client(&r, AUTH_CONFIDENTIAL), errors[i],
		    "a client that nobody knows now is not told to be wrong");
	}
}

int
main(void)
{
	arena_init(&arena);
	test_kinds();
	test_proofs();
	test_errors();
	test_renewal();
	test_before();
	test_clients();
	test_twice();
	test_confidential();
	arena_free(&arena);
	return done();
}
