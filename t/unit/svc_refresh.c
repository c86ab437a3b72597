/*
 * Tests of svc/refresh.c: what a refresh token is exchanged for, what spends
 * it, and what ends its session. The sessions are this file's; those of the
 * database are in t/55-refresh.t.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "pieces.h"

#define refresh_begin tested_begin
#define refresh(...) tested_refresh(__VA_ARGS__)
#define refresh_continue tested_continue
#define refresh_revoke tested_revoke
#define refresh_make make_of_ours
#define refresh_read read_of_ours
#define db_session_look look_of_ours
#define db_session_renew renew_of_ours
#define db_session_live live_of_ours
#define db_session_end_reused end_reused_of_ours
#define db_session_end end_of_ours
#define db_client_revoke client_revoke_of_ours
#define revoked_outage_s outage_of_ours
#define session_known_claims claims_of_ours
#define token_sign sign_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "svc/refresh.c" /* NOLINT(bugprone-suspicious-include) */
#undef refresh_make
#undef refresh_read

#include "did.h"
#include "keys.h"

#define NOW 1000000
#define SID "0123456789abcdef0123456789abcdef"

bool refresh_make(const struct secrets *secrets, const struct refresh *r,
    const char *client, char out[REFRESH_CHARS + 1]);
enum err refresh_read(const struct secrets *secrets, const char *token,
    const char *client, struct refresh *out);

static struct secrets secrets;
static struct arena arena;
static const struct conf conf = { .access_token_minutes = 10,
	.refresh_grace_s = 30,
	.session_idle_minutes = 100 };
static const struct app app = { .conf = &conf, .secrets = &secrets };
static struct ctx ctx = { .app = &app, .arena = &arena, .now_s = NOW };
static const struct client svc = { .id = "svc", .audience = "api" };

/* --- in the place of others --- */

static enum err make_err, read_err, look_err, renew_err, live_err, reused_err,
    end_err, sign_err, claims_err;
/* what the session has, and what came of asking for it */
static struct renewal stored;
static enum renewal_result looked;
static struct token_claims claims_there, signed_claims;
static char signed_sid[TOKEN_SID_CHARS + 1];
static int64_t signed_s;

bool
make_of_ours(const struct secrets *s, const struct refresh *r,
    const char *client, char out[REFRESH_CHARS + 1])
{
	return make_err == ERR_OK && refresh_make(s, r, client, out);
}

enum err
read_of_ours(const struct secrets *s, const char *token, const char *client,
    struct refresh *out)
{
	return read_err != ERR_OK ? read_err
	                          : refresh_read(s, token, client, out);
}

/* What is stored, with what was asked for. */
static void
find(struct renewal *r, enum renewal_result result)
{
	r->result = result;
	r->expires_s = stored.expires_s;
	r->scope = stored.scope;
	r->user = stored.user;
}

enum err
look_of_ours(struct ctx *c, struct renewal *r)
{
	(void)c;
	did("look %.4s %d, ", r->id, (int)r->counter);
	find(r, looked);
	return look_err;
}

enum err
renew_of_ours(struct ctx *c, struct renewal *r)
{
	(void)c;
	did("renew %.4s %d within %" PRId64 " or %" PRId64 ", ", r->id,
	    (int)r->counter, r->grace_s, r->idle_s);
	find(r, stored.result);
	return renew_err;
}

enum err
live_of_ours(struct ctx *c, struct renewal *r)
{
	(void)c;
	did("live %.4s, ", r->id);
	find(r, RENEWAL_DONE);
	r->counter = stored.counter;
	r->client = svc;
	return live_err;
}

enum err
end_reused_of_ours(struct ctx *c, const struct renewal *r)
{
	(void)c;
	did("end reused %.4s %d, ", r->id, (int)r->counter);
	return reused_err;
}

enum err
end_of_ours(struct ctx *c, int64_t user_id, const char *id)
{
	(void)c;
	did("end %.4s of %" PRId64 ", ", id, user_id);
	return end_err;
}

enum err
client_revoke_of_ours(struct ctx *c, const char *sid)
{
	(void)c;
	did("end client's %.4s, ", sid);
	return end_err;
}

int64_t
outage_of_ours(void)
{
	return 5;
}

enum err
claims_of_ours(struct ctx *c, const char *token, const char *audience,
    struct token_claims *out)
{
	(void)c;
	did("claims of %s for %s, ", token, audience);
	*out = claims_there;
	return claims_err;
}

enum err
sign_of_ours(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out)
{
	(void)ring;
	(void)a;
	did("sign, ");
	signed_claims = *c;
	snprintf(signed_sid, sizeof(signed_sid), "%s", c->sid);
	signed_s = now_s;
	*out = "signed";
	return sign_err;
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	did("%s, ", e == EVENT_REFRESH           ? "counted"
	            : e == EVENT_REFRESH_REFUSED ? "counted as refused"
	            : e == EVENT_REFRESH_BUSY    ? "counted as busy"
	            : e == EVENT_REFRESH_ERROR   ? "counted as failed"
	            : e == EVENT_REFRESH_REUSED  ? "logged as reused"
	            : e == EVENT_SESSION_ENDED   ? "logged as ended"
	                                         : "something else");
}

static void
begin(void)
{
	make_err = read_err = look_err = renew_err = live_err = reused_err =
	    end_err = sign_err = claims_err = ERR_OK;
	looked = RENEWAL_DONE;
	stored = (struct renewal){ .counter = 4,
		.expires_s = NOW + 10000,
		.scope = "a b",
		.user = { .id = 7, .username = "ada", .epoch = 3 } };
	claims_there = (struct token_claims){
		.sub = "ada", .uid = 7, .sid = SID, .client_id = "svc"
	};
	did_nothing_yet();
}

/* A refresh token of svc with this counter. */
static const char *
token_with(int32_t counter)
{
	const struct refresh r = { SID, counter };
	char *out = piece_of_ours(&arena, REFRESH_CHARS + 1);

	if (!refresh_make(&secrets, &r, "svc", out))
		abort();
	return out;
}

/* Is it a refresh token of svc for this session? */
static bool
has_counter(const char *token, int32_t counter)
{
	struct refresh r;

	return token != NULL &&
	       refresh_read(&secrets, token, "svc", &r) == ERR_OK &&
	       strcmp(r.sid, SID) == 0 && r.counter == counter;
}

/* --- exchange --- */

#define RENEWED "renew 0123 9 within 35 or 6000, "

static void
test_begin(void)
{
	const char *token = NULL;

	begin();
	ok(refresh_begin(&ctx, SID, "svc", &token) == ERR_OK &&
	        has_counter(token, 0),
	    "the first refresh token of a session has the counter 0");
	make_err = ERR_INTERNAL;
	ok(refresh_begin(&ctx, SID, "svc", &token) == ERR_INTERNAL,
	    "a refresh token that cannot be made is an error");
}

static void
test_exchange(void)
{
	struct refreshed out = { .token = NULL };

	begin();
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_OK,
	    "a refresh token is exchanged");
	did_this(RENEWED "sign, counted, ",
	    "a renewal is one question of the database");
	is(out.token, "signed", "a renewal gives an access token");
	ok(has_counter(out.refresh_token, 10),
	    "a renewal gives the next refresh token");
	is(out.scope, "a b", "a renewal keeps the scopes of its session");
	is_int(
	    out.expires_in_s, 600, "a renewal says how long its token lives");
	ok(signed_s == NOW && signed_claims.exp == NOW + 600 &&
	        signed_claims.uid == 7 && signed_claims.epoch == 3 &&
	        strcmp(signed_claims.sub, "ada") == 0 &&
	        strcmp(signed_sid, SID) == 0,
	    "the token of a renewal has its user, epoch and session");
	ok(strcmp(signed_claims.client_id, "svc") == 0 &&
	        strcmp(signed_claims.audience, "api") == 0 &&
	        strcmp(signed_claims.scope, "a b") == 0,
	    "the token of a renewal has its client, audience and scopes");
	begin();
	stored.expires_s = NOW + 600;
	ok(refresh(&ctx, token_with(9), &svc, NULL, &out) == ERR_OK &&
	        signed_claims.exp == NOW + 600,
	    "a token may end with its session");
	stored.expires_s = NOW + 599;
	ok(refresh(&ctx, token_with(9), &svc, NULL, &out) == ERR_OK &&
	        signed_claims.exp == NOW + 599 && out.expires_in_s == 599,
	    "a token does not outlast its session");
	begin();
	stored.result = RENEWAL_GRACE;
	ok(refresh(&ctx, token_with(9), &svc, NULL, &out) == ERR_OK &&
	        has_counter(out.refresh_token, 10),
	    "a token that was spent just now has the same successor");
}

static void
test_failures(void)
{
	struct refreshed out = { .token = NULL };

	begin();
	is_int(refresh(&ctx, "x", &svc, NULL, &out), ERR_UNAUTH,
	    "what is no refresh token is refused");
	did_this("counted as refused, ",
	    "of what is no refresh token the database is asked nothing");
	renew_err = ERR_BUSY;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_BUSY,
	    "a renewal needs the database");
	did_this(RENEWED "counted as busy, ",
	    "a renewal without the database signs nothing");
	renew_err = ERR_OK;
	sign_err = ERR_INTERNAL;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_INTERNAL,
	    "a renewal needs a token that is signed");
	did_this(RENEWED "sign, counted as failed, ",
	    "a renewal without a token counts as failed");
	sign_err = ERR_OK;
	make_err = ERR_INTERNAL;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_INTERNAL,
	    "a renewal needs the next refresh token");
}

static void
test_spent(void)
{
	struct refreshed out = { .token = NULL };

	begin();
	stored.result = RENEWAL_SPENT;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_UNAUTH,
	    "a spent token is refused");
	did_this(RENEWED "end reused 0123 9, logged as reused, "
	                 "counted as refused, ",
	    "a spent token ends its session");
	reused_err = ERR_NOTFOUND;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_UNAUTH,
	    "a spent token of a session that goes on is refused");
	did_this(RENEWED "end reused 0123 9, counted as refused, ",
	    "a session that goes on is not logged as ended");
	reused_err = ERR_BUSY;
	is_int(refresh(&ctx, token_with(9), &svc, NULL, &out), ERR_BUSY,
	    "a spent token is to come again where its session goes on for now");
	did_this(RENEWED "end reused 0123 9, counted as busy, ",
	    "a session that could not be ended is not logged as ended");
}

static void
test_wanted(void)
{
	static const struct {
		const char *wanted;
		enum renewal_result looked;
		enum err e;
		const char *scope;
	} cases[] = {
		{ "b", RENEWAL_DONE, ERR_OK, "b" },
		{ "b x", RENEWAL_GRACE, ERR_OK, "b" },
		{ "offline_access", RENEWAL_DONE, ERR_OK, "a b" },
		{ "x", RENEWAL_DONE, ERR_DENIED, NULL },
		{ "x", RENEWAL_GRACE, ERR_DENIED, NULL },
		{ "", RENEWAL_DONE, ERR_DENIED, NULL },
		{ "a  b", RENEWAL_DONE, ERR_DENIED, NULL },
		{ "offline_access  a", RENEWAL_DONE, ERR_DENIED, NULL },
	};
	struct refreshed out = { .token = NULL };
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		begin();
		looked = cases[i].looked;
		is_int(
		    refresh(&ctx, token_with(9), &svc, cases[i].wanted, &out),
		    cases[i].e,
		    tap_with("a renewal asks for scopes", cases[i].wanted));
		did_this(cases[i].e == ERR_OK
		             ? "look 0123 9, " RENEWED "sign, counted, "
		             : "look 0123 9, counted as refused, ",
		    tap_with("a refusal of scopes spends no token",
		        cases[i].wanted));
		if (cases[i].e == ERR_OK)
			is(out.scope, cases[i].scope,
			    tap_with("a renewal has the scopes that it "
			             "asks for",
			        cases[i].wanted));
	}
	begin();
	looked = stored.result = RENEWAL_SPENT;
	is_int(refresh(&ctx, token_with(9), &svc, "x", &out), ERR_UNAUTH,
	    "a spent token is refused whatever scopes it asks for");
	did_this("look 0123 9, " RENEWED "end reused 0123 9, "
	         "logged as reused, counted as refused, ",
	    "a spent token ends its session whatever scopes it asks for");
	look_err = ERR_BUSY;
	is_int(refresh(&ctx, token_with(9), &svc, "a", &out), ERR_BUSY,
	    "without the database nobody knows a session's scopes");
	did_this("look 0123 9, counted as busy, ",
	    "without its scopes no session is renewed");
}

static void
test_continue(void)
{
	struct refreshed out = { .refresh_token = "before" };

	begin();
	is_int(refresh_continue(&ctx, SID, &out), ERR_OK,
	    "a session goes on in another epoch");
	did_this("live 0123, sign, ", "a session that goes on is read once");
	ok(has_counter(out.refresh_token, 4) && out.expires_in_s == 600 &&
	        strcmp(signed_claims.client_id, "svc") == 0 &&
	        strcmp(signed_claims.audience, "api") == 0,
	    "a session that goes on has the tokens of its client");
	stored.counter = 0;
	ok(refresh_continue(&ctx, SID, &out) == ERR_OK &&
	        has_counter(out.refresh_token, 0),
	    "a session that goes on may have its first refresh token");
	stored.counter = -1;
	ok(refresh_continue(&ctx, SID, &out) == ERR_OK &&
	        out.refresh_token == NULL,
	    "a session without a refresh token goes on without");
	stored.counter = 4;
	sign_err = ERR_INTERNAL;
	out.refresh_token = "before";
	ok(refresh_continue(&ctx, SID, &out) == ERR_INTERNAL &&
	        out.refresh_token == NULL,
	    "a session does not go on without an access token");
	did_nothing_yet();
	live_err = ERR_NOTFOUND;
	is_int(refresh_continue(&ctx, SID, &out), ERR_NOTFOUND,
	    "a session that has ended does not go on");
	did_this(
	    "live 0123, ", "of a session that has ended nothing is signed");
}

/* --- revocation --- */

static void
test_revoke_refresh(void)
{
	begin();
	is_int(refresh_revoke(&ctx, token_with(9), &svc), ERR_OK,
	    "a refresh token is revoked");
	did_this("end 0123 of 0, logged as ended, ",
	    "a refresh token that is revoked ends its session");
	end_err = ERR_NOTFOUND;
	is_int(refresh_revoke(&ctx, token_with(9), &svc), ERR_OK,
	    "a refresh token is revoked twice");
	did_this("end 0123 of 0, ", "a session ends once");
	end_err = ERR_BUSY;
	is_int(refresh_revoke(&ctx, token_with(9), &svc), ERR_BUSY,
	    "without the database no refresh token is revoked");
	read_err = ERR_INTERNAL;
	did_nothing_yet();
	is_int(refresh_revoke(&ctx, token_with(9), &svc), ERR_INTERNAL,
	    "a token that cannot be read is not revoked");
	did_this("", "a token that cannot be read is no access token");
}

#define READ "claims of x for api, "

static void
test_revoke_access(void)
{
	begin();
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_OK,
	    "an access token is revoked");
	did_this(READ "end 0123 of 0, logged as ended, ",
	    "an access token that is revoked ends its session");
	claims_there.client_id = "other";
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_OK,
	    "another client's token is not told from one that is none");
	did_this(READ, "another client's session goes on");
	claims_there.client_id = "svc";
	claims_there.sid = NULL;
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_OK,
	    "a token without a session is not told from one that is none");
	did_this(READ, "of a token without a session nothing ends");
	begin();
	claims_there.uid = 0;
	claims_there.sub = "svc";
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_OK,
	    "a client's own token is revoked");
	did_this(READ "end client's 0123, logged as ended, ",
	    "a client's own token is noted, as it has no session");
	claims_err = ERR_UNAUTH;
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_OK,
	    "what is no token need not be revoked");
	did_this(READ, "of what is no token nothing ends");
	claims_err = ERR_INTERNAL;
	is_int(refresh_revoke(&ctx, "x", &svc), ERR_INTERNAL,
	    "an access token that cannot be read is not revoked");
}

int
main(void)
{
	make_secrets(&secrets, KEY_TEXT);
	arena_init(&arena);
	test_begin();
	test_exchange();
	test_failures();
	test_spent();
	test_wanted();
	test_continue();
	test_revoke_refresh();
	test_revoke_access();
	arena_free(&arena);
	return done();
}
