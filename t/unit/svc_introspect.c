/*
 * Tests of svc/introspect.c: what a caller is told of its own refresh tokens,
 * of access tokens, and of anything else. The sessions are this file's.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#define introspect tested_introspect
#define refresh_read read_of_ours
#define db_session_look look_of_ours
#define session_any_claims claims_of_ours
#define revoked_outage_s outage_of_ours
#include "svc/introspect.c" /* NOLINT(bugprone-suspicious-include) */

#include "did.h"

static const struct conf conf = { .refresh_grace_s = 30,
	.session_idle_minutes = 100 };
static struct keyring ring = { .issuer = "us", .audience = "all" };
static const struct app app = { .conf = &conf, .keyring = &ring };
static struct ctx ctx = { .app = &app };
static const struct client svc = { .id = "svc", .audience = "api" };
static const struct client other = { .id = "other" };

/* --- in the place of others --- */

static enum err read_err, look_err, claims_err;
static enum renewal_result looked;
static struct token_claims there;

enum err
read_of_ours(const struct secrets *secrets, const char *token,
    const char *client, struct refresh *out)
{
	(void)secrets;
	did("read %s of %s, ", token, client);
	*out = (struct refresh){ "0123", 9 };
	return read_err;
}

enum err
look_of_ours(struct ctx *c, struct renewal *r)
{
	(void)c;
	did("look %s %d within %" PRId64 " or %" PRId64 ", ", r->id,
	    (int)r->counter, r->grace_s, r->idle_s);
	r->result = looked;
	r->expires_s = 99;
	r->scope = "a";
	r->user = (struct user){ .username = "ada" };
	return look_err;
}

enum err
claims_of_ours(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	(void)c;
	did("claims of %s for %s, ", token,
	    audience != NULL ? audience : "all");
	*out = there;
	return claims_err;
}

int64_t
outage_of_ours(void)
{
	return 5;
}

static void
begin(void)
{
	read_err = look_err = claims_err = ERR_OK;
	looked = RENEWAL_DONE;
	there = (struct token_claims){ .sub = "ada",
		.uid = 7,
		.exp = 98,
		.client_id = "other",
		.scope = "b" };
	ring.issuer = "us";
	ring.audience = "all";
	did_nothing_yet();
}

/* NULL is the same as NULL alone. */
static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_inactive(const struct introspected *t)
{
	return !t->is_active && !t->is_refresh && t->exp_s == 0 &&
	       t->sub == NULL && t->username == NULL && t->client_id == NULL &&
	       t->scope == NULL && t->audience == NULL && t->issuer == NULL;
}

static void
test_refresh(void)
{
	struct introspected t = { .scope = "before" };

	begin();
	is_int(introspect(&ctx, "x", &svc, &t), ERR_OK,
	    "a refresh token is introspected");
	did_this("read x of svc, look 0123 9 within 35 or 6000, ",
	    "a refresh token is looked up as a renewal would");
	ok(t.is_active && t.is_refresh && t.exp_s == 99 && same(t.sub, "ada") &&
	        same(t.username, "ada") && same(t.client_id, "svc") &&
	        t.scope == NULL && t.audience == NULL && t.issuer == NULL,
	    "a refresh token has its user, client and end");
	looked = RENEWAL_GRACE;
	ok(introspect(&ctx, "x", &svc, &t) == ERR_OK && t.is_active,
	    "a refresh token that was spent just now is active");
	looked = RENEWAL_SPENT;
	ok(introspect(&ctx, "x", &svc, &t) == ERR_OK && !t.is_active,
	    "a refresh token that was spent is not active");
	look_err = ERR_BUSY;
	did_nothing_yet();
	is_int(introspect(&ctx, "x", &svc, &t), ERR_BUSY,
	    "a refresh token needs the database");
	did_this("read x of svc, look 0123 9 within 35 or 6000, ",
	    "a refresh token that is not known is no access token");
	read_err = ERR_INTERNAL;
	is_int(introspect(&ctx, "x", &svc, &t), ERR_INTERNAL,
	    "a refresh token needs a key");
}

static void
test_access(void)
{
	struct introspected t = { .is_refresh = true };

	begin();
	read_err = ERR_UNAUTH;
	is_int(introspect(&ctx, "x", &svc, &t), ERR_OK,
	    "an access token is introspected");
	did_this("read x of svc, claims of x for api, ",
	    "an access token is verified for the audience of its caller");
	ok(t.is_active && !t.is_refresh && t.exp_s == 98 &&
	        same(t.sub, "ada") && same(t.username, "ada") &&
	        same(t.client_id, "other") && same(t.scope, "b") &&
	        same(t.audience, "api") && same(t.issuer, "us"),
	    "an access token has its claims");
	ok(introspect(&ctx, "x", &other, &t) == ERR_OK &&
	        same(t.audience, "all"),
	    "an access token may have the audience of the settings");
	ring.issuer = ring.audience = "";
	ok(introspect(&ctx, "x", &other, &t) == ERR_OK && t.audience == NULL &&
	        t.issuer == NULL,
	    "an empty issuer and audience are none");
	ring.issuer = ring.audience = NULL;
	ok(introspect(&ctx, "x", &other, &t) == ERR_OK && t.audience == NULL &&
	        t.issuer == NULL,
	    "an access token may have no issuer and no audience");
	there = (struct token_claims){ .sub = "other", .client_id = "other" };
	ok(introspect(&ctx, "x", &svc, &t) == ERR_OK && t.is_active &&
	        same(t.sub, "other") && t.username == NULL,
	    "a client's own token has no user");
}

static void
test_others(void)
{
	struct introspected t = { .is_active = true, .sub = "before" };

	begin();
	read_err = claims_err = ERR_UNAUTH;
	ok(introspect(&ctx, "x", &svc, &t) == ERR_OK && is_inactive(&t),
	    "of what is no token nothing is said");
	read_err = ERR_OK;
	look_err = ERR_UNAUTH;
	ok(introspect(&ctx, "x", &svc, &t) == ERR_OK && is_inactive(&t),
	    "of a session that has ended nothing is said");
	claims_err = ERR_BUSY;
	is_int(introspect(&ctx, "x", &svc, &t), ERR_BUSY,
	    "where nobody can tell an access token is not known");
}

int
main(void)
{
	test_refresh();
	test_access();
	test_others();
	return done();
}
