/*
 * Tests of svc/browser.c: what a browser's cookie holds, for how long it counts
 * without the database, and what becomes of it. The sessions are this file's.
 */
#include "base.h"

#include "crypto/proof.h"
#include "fail.h"

#define browser_cookie tested_cookie
#define browser_start tested_start
#define browser_claims tested_claims
#define browser_renew tested_renew
#define browser_end tested_end
#define browser_go_on tested_go_on
#define browser_user tested_user
#define browser_user_before tested_user_before
#define db_session_touch touch_of_ours
#define session_start start_of_ours
#define session_end end_of_ours
#define session_check_known known_of_ours
#define session_check_revoked revoked_of_ours
#define session_account account_of_ours
#define session_account_before before_of_ours
#define proof_make(secrets, p, out) \
	(!fails("proof_make") && (proof_make)(secrets, p, out))
#include "svc/browser.c" /* NOLINT(bugprone-suspicious-include) */

#include "keys.h"
#include "tap.h"

#define NOW 1999999000
#define SID "0123456789abcdef0123456789abcdef"
#define PROOF_S 300 /* session_proof_minutes */

static struct secrets secrets;
static struct conf conf = {
	.session_proof_minutes = 5,
	.session_days = 30,
	.session_idle_minutes = 60,
	.token_leeway_s = 10,
};
static const struct app app = { .conf = &conf, .secrets = &secrets };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena, .now_s = NOW };
static const struct user ada = {
	.id = 7, .username = "ada", .epoch = 3, .scope = "a b"
};

/* --- in the place of others --- */

static enum err start_err, end_err, known_err, revoked_err, touch_err,
    account_err;
static struct session started;
static struct touch touched;  /* as it was asked */
static int64_t row_expires_s; /* of the session's row */
static struct user row_user;
static int64_t ended_user;
static char ended_sid[64], touched_sid[64];

enum err
start_of_ours(struct ctx *c, const struct user *u, struct session *s)
{
	(void)c;
	s->id = SID;
	s->user_id = u->id;
	started = *s;
	return start_err;
}

enum err
end_of_ours(struct ctx *c, const struct user *u, const char *id)
{
	(void)c;
	ended_user = u->id;
	snprintf(ended_sid, sizeof(ended_sid), "%s", id);
	return end_err;
}

enum err
known_of_ours(const struct token_claims *claims)
{
	return claims->epoch != 0 ? known_err : ERR_INTERNAL;
}

enum err
revoked_of_ours(struct ctx *c, const struct token_claims *claims)
{
	(void)c;
	return claims->epoch != 0 ? revoked_err : ERR_INTERNAL;
}

enum err
touch_of_ours(struct ctx *c, struct touch *t)
{
	(void)c;
	touched = *t;
	snprintf(touched_sid, sizeof(touched_sid), "%s", t->id);
	if (touch_err == ERR_OK) {
		t->user = row_user;
		t->expires_s = row_expires_s;
	}
	return touch_err;
}

enum err
account_of_ours(
    struct ctx *c, const struct token_claims *claims, struct user *out)
{
	(void)c;
	*out = (struct user){ .id = claims->uid, .username = claims->sub };
	return account_err;
}

enum err
before_of_ours(
    struct ctx *c, const struct token_claims *claims, struct user *out)
{
	return account_of_ours(c, claims, out);
}

/* Is it that text? NULL is not. */
static bool
is_same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* All is well again. */
static void
reset(void)
{
	arena_reset(&arena);
	start_err = end_err = known_err = revoked_err = touch_err =
	    account_err = ERR_OK;
	row_user = ada;
	row_expires_s = NOW + 86400;
	ended_user = 0;
	ctx.now_s = NOW;
}

/* --- helpers --- */

/* The cookie of a session of this user, or NULL. */
static struct browser_cookie
cookie_of(const struct user *u, int64_t expires_s, bool keep)
{
	const struct browser_session s = { SID, u, expires_s, keep };
	struct browser_cookie out = { NULL, 0 };

	if (tested_cookie(&ctx, &s, &out) != ERR_OK)
		out.value = NULL;
	return out;
}

static const char *
usual_cookie(void)
{
	return cookie_of(&ada, NOW + 86400, false).value;
}

static struct proof
proof_of(const char *cookie)
{
	struct proof p = { .uid = -1 };

	if (proof_read(&secrets, cookie, &p) != ERR_OK)
		p.uid = -1;
	return p;
}

static const char *
text_of(char c, size_t n)
{
	char *s = arena_alloc(&arena, n + 1);

	memset(s, c, n);
	s[n] = '\0';
	return s;
}

/* --- what a cookie holds --- */

static void
test_cookie(void)
{
	struct browser_cookie cookie;
	struct proof p;

	reset();
	cookie = cookie_of(&ada, NOW + 86400, false);
	p = proof_of(cookie.value);
	is(p.sid, SID, "a cookie holds its session");
	ok(p.uid == 7 && p.epoch == 3 && !p.is_kept,
	    "a cookie holds its account");
	is(p.name, "ada", "a cookie holds its name");
	ok(p.has_scopes && is_same(p.scopes, "a b"),
	    "a cookie holds its scopes");
	is_int(p.end_s, NOW + PROOF_S, "a cookie counts for minutes");
	is_int(cookie.max_age_s, BROWSER_UNTIL_CLOSED,
	    "a cookie ends with the browser");
	cookie = cookie_of(&ada, NOW + 86400, true);
	ok(proof_of(cookie.value).is_kept && cookie.max_age_s == 86400,
	    "a cookie is kept for as long as its session lasts");
	cookie = cookie_of(&ada, NOW - 1, true);
	is_int(cookie.max_age_s, 0, "the cookie of what has ended is not kept");
	cookie = cookie_of(&ada, NOW + 60, false);
	is_int(proof_of(cookie.value).end_s, NOW + 60,
	    "a cookie does not outlast its session");
}

static void
test_what_fits(void)
{
	struct user u = ada;
	struct proof p;

	reset();
	u.username = text_of('n', PROOF_NAME_MAX_BYTES);
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	is(p.name, u.username, "a name of 255 bytes is held");
	u.username = text_of('n', PROOF_NAME_MAX_BYTES + 1);
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	is(p.name, "", "a name of 256 bytes is left out");
	u = ada;
	u.scope = NULL;
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	ok(p.has_scopes && p.scopes[0] == '\0', "no scopes are told as such");
	u.scope = "";
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	ok(p.has_scopes && p.scopes[0] == '\0', "empty scopes are none");
	u.scope = "a";
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	is(p.scopes, "a", "a scope of one character is held");
	u.scope = "a  b";
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	ok(p.uid == 7 && !p.has_scopes, "what is no list is left out");
	u.scope = text_of('s', PROOF_SCOPES_MAX_BYTES + 1);
	p = proof_of(cookie_of(&u, NOW + 86400, false).value);
	ok(p.uid == 7 && !p.has_scopes, "too many scopes are left out");
}

static void
test_start(void)
{
	struct browser_cookie out = { NULL, 0 };

	reset();
	ok(tested_start(&ctx, &ada, &out) == ERR_OK &&
	        is_same(proof_of(out.value).sid, SID),
	    "a session begins with a cookie");
	is_int(started.expires_s, NOW + 30 * 86400,
	    "a session lasts for session_days");
	out.value = NULL;
	start_err = ERR_BUSY;
	ok(tested_start(&ctx, &ada, &out) == ERR_BUSY && out.value == NULL,
	    "without a session there is no cookie");
}

/* --- without the database --- */

static enum err
claims_of(const char *cookie, struct token_claims *out)
{
	*out = (struct token_claims){ .uid = -1 };
	return tested_claims(&ctx, cookie, out);
}

static void
test_claims(void)
{
	struct token_claims c;
	struct user u = ada;
	const char *cookie;

	reset();
	cookie = usual_cookie();
	ok(claims_of(cookie, &c) == ERR_OK && c.uid == 7 && c.epoch == 3 &&
	        c.exp == NOW + PROOF_S && is_same(c.sub, "ada") &&
	        is_same(c.sid, SID) && is_same(c.scope, "a b"),
	    "a fresh cookie has its claims");
	ok(claims_of("x", &c) == ERR_UNAUTH, "what is no cookie has none");
	revoked_err = ERR_BUSY;
	ok(claims_of(cookie, &c) == ERR_BUSY,
	    "where nobody knows what has ended a cookie has none");
	revoked_err = ERR_UNAUTH;
	ok(claims_of(cookie, &c) == ERR_UNAUTH,
	    "the cookie of what has ended has none");
	revoked_err = ERR_OK;
	ctx.now_s = NOW + PROOF_S - 1;
	ok(claims_of(cookie, &c) == ERR_OK, "a cookie counts until its end");
	ctx.now_s++;
	ok(claims_of(cookie, &c) == ERR_CONFLICT,
	    "a cookie at its end has to be renewed");
	ctx.now_s = NOW - conf.token_leeway_s;
	ok(claims_of(cookie, &c) == ERR_OK,
	    "a cookie of a clock that is ahead counts");
	ctx.now_s--;
	ok(claims_of(cookie, &c) == ERR_CONFLICT,
	    "a cookie that lasts too long has to be renewed");
	ctx.now_s = NOW;
	u.username = text_of('n', 256);
	ok(claims_of(cookie_of(&u, NOW + 86400, false).value, &c) ==
	        ERR_CONFLICT,
	    "a cookie without the name has to be renewed");
	u.username = "n";
	ok(claims_of(cookie_of(&u, NOW + 86400, false).value, &c) == ERR_OK,
	    "a name of one character counts");
	u.scope = "a  b";
	ok(claims_of(cookie_of(&u, NOW + 86400, false).value, &c) ==
	        ERR_CONFLICT,
	    "a cookie without its scopes has to be renewed");
	u.scope = NULL;
	ok(claims_of(cookie_of(&u, NOW + 86400, false).value, &c) == ERR_OK &&
	        c.scope == NULL,
	    "a cookie of no scopes has none");
	u.scope = "a";
	ok(claims_of(cookie_of(&u, NOW + 86400, false).value, &c) == ERR_OK &&
	        c.scope != NULL,
	    "a scope of one character counts");
}

/* --- with the session's row --- */

static void
test_renewal(void)
{
	struct browser_cookie out = { NULL, 0 };
	struct token_claims c = { 0 };
	const char *cookie;
	struct proof p;

	reset();
	cookie = cookie_of(&ada, NOW + 86400, true).value;
	ctx.now_s = NOW + 1000;
	row_user.username = "ada2";
	row_user.scope = "c";
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_OK,
	    "an old cookie is renewed");
	p = proof_of(out.value);
	ok(p.uid == 7 && p.epoch == 3 && p.is_kept && is_same(p.sid, SID) &&
	        is_same(p.name, "ada2") && is_same(p.scopes, "c"),
	    "a renewed cookie holds what the account has now");
	ok(c.exp == NOW + 1000 + PROOF_S && is_same(c.sub, "ada2") &&
	        is_same(c.scope, "c"),
	    "the claims of a renewed cookie are what the account has now");
	ok(touched.user.id == 7 && touched.user.epoch == 3 &&
	        !touched.is_raised && is_same(touched_sid, SID),
	    "a renewal asks the session of the cookie");
	is_int(touched.idle_s, 3600, "a session idles for at most its minutes");
	is_int(touched.write_s, 300, "a use is written after five minutes");
	conf.session_idle_minutes = 7;
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_OK,
	    "a cookie is renewed where sessions idle for seven minutes");
	is_int(touched.write_s, 60,
	    "a use is written early enough that a session never idles");
	conf.session_idle_minutes = 60;
	row_expires_s = ctx.now_s + 20;
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_OK &&
	        c.exp == ctx.now_s + 20 &&
	        proof_of(out.value).end_s == ctx.now_s + 20,
	    "a renewed cookie does not outlast its session");
	out.value = NULL;
	ok(tested_renew(&ctx, "x", &c, &out) == ERR_UNAUTH && out.value == NULL,
	    "what is no cookie is not renewed");
	known_err = ERR_UNAUTH;
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_UNAUTH &&
	        out.value == NULL,
	    "what is known to have ended is not renewed");
	known_err = ERR_OK;
	touch_err = ERR_BUSY;
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_BUSY &&
	        out.value == NULL && is_same(c.sub, "ada"),
	    "without the database a cookie is not renewed");
}

static void
test_end(void)
{
	const char *cookie;

	reset();
	cookie = usual_cookie();
	ok(tested_end(&ctx, NULL) == ERR_OK && ended_user == 0,
	    "without a cookie a log-out has nothing to do");
	ok(tested_end(&ctx, "x") == ERR_OK && ended_user == 0,
	    "by what is no cookie a log-out has nothing to do");
	ctx.now_s = NOW + 1000;
	ok(tested_end(&ctx, cookie) == ERR_OK && ended_user == 7 &&
	        is_same(ended_sid, SID),
	    "an old cookie ends its session");
	end_err = ERR_NOTFOUND;
	ok(tested_end(&ctx, cookie) == ERR_OK,
	    "a log-out is good where the session has gone");
	end_err = ERR_BUSY;
	ok(tested_end(&ctx, cookie) == ERR_BUSY,
	    "a log-out fails where the database is away");
	end_err = ERR_OK;
	known_err = ERR_UNAUTH;
	ended_user = 0;
	ok(tested_end(&ctx, cookie) == ERR_OK && ended_user == 0,
	    "a log-out is good where the session is known to have ended");
}

static void
test_go_on(void)
{
	struct browser_cookie out = { NULL, 0 };
	const char *cookie;

	reset();
	cookie = usual_cookie();
	row_user.epoch = 4;
	ok(tested_go_on(&ctx, cookie, &out) == ERR_OK && touched.is_raised &&
	        proof_of(out.value).epoch == 4,
	    "after a change a session goes on with a new epoch");
	out.value = NULL;
	touch_err = ERR_UNAUTH;
	ok(tested_go_on(&ctx, cookie, &out) == ERR_UNAUTH && out.value == NULL,
	    "after a change a session that has ended does not go on");
	touch_err = ERR_OK;
	ok(tested_go_on(&ctx, "x", &out) == ERR_UNAUTH && out.value == NULL,
	    "what is no cookie does not go on");
}

static void
test_user(void)
{
	struct browser_cookie out = { "x", 0 };
	struct token_claims c;
	const char *cookie;
	struct user u;

	reset();
	cookie = usual_cookie();
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_OK && u.id == 7 &&
	        out.value == NULL && !touched.is_raised,
	    "a fresh cookie has its account, and is not made again");
	ctx.now_s = NOW + 1000;
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_OK && u.id == 7 &&
	        proof_of(out.value).end_s == NOW + 1000 + PROOF_S,
	    "an old cookie has its account, and is made again");
	account_err = ERR_UNAUTH;
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_UNAUTH,
	    "an account that does not count is refused");
	account_err = ERR_OK;
	touch_err = ERR_UNAUTH;
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_UNAUTH,
	    "a session that has ended has no account");
	touch_err = ERR_OK;
	known_err = ERR_UNAUTH;
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_UNAUTH,
	    "a session that is known to have ended has no account");
}

/* As where OpenSSL fails. */
static void
test_failure(void)
{
	const struct browser_session s = { SID, &ada, NOW + 86400, false };
	struct browser_cookie out = { NULL, 0 };
	struct token_claims c;
	const char *cookie;
	struct user u;

	reset();
	cookie = usual_cookie();
	fail_at("proof_make", 1);
	ok(tested_cookie(&ctx, &s, &out) == ERR_INTERNAL && failed(),
	    "a cookie without its proof is an error");
	fail_at("proof_make", 1);
	ok(tested_start(&ctx, &ada, &out) == ERR_INTERNAL && failed(),
	    "a session does not begin without a proof");
	fail_at("proof_make", 1);
	ok(tested_renew(&ctx, cookie, &c, &out) == ERR_INTERNAL && failed(),
	    "a cookie is not renewed without a proof");
	fail_at("proof_make", 1);
	ok(tested_go_on(&ctx, cookie, &out) == ERR_INTERNAL && failed(),
	    "after a change a session does not go on without a proof");
	ctx.now_s = NOW + 1000;
	fail_at("proof_make", 1);
	ok(tested_user(&ctx, cookie, &c, &u, &out) == ERR_INTERNAL && failed(),
	    "an old cookie has no account without a new proof");
	ok(tested_cookie(&ctx, &s, &out) == ERR_OK,
	    "a cookie is made again after a failure");
}

static void
test_before(void)
{
	struct token_claims c;
	const char *cookie;
	struct user u;

	reset();
	cookie = usual_cookie();
	ok(tested_user_before(&ctx, cookie, &c, &u) == ERR_OK && u.id == 7,
	    "a fresh cookie has the account that it had");
	ok(tested_user_before(&ctx, "x", &c, &u) == ERR_UNAUTH,
	    "what is no cookie had none");
	ctx.now_s = NOW + 1000;
	ok(tested_user_before(&ctx, cookie, &c, &u) == ERR_UNAUTH,
	    "an old cookie does not have it");
}

int
main(void)
{
	make_secrets(&secrets, KEY_TEXT);
	arena_init(&arena);
	test_cookie();
	test_what_fits();
	test_start();
	test_claims();
	test_renewal();
	test_end();
	test_go_on();
	test_user();
	test_failure();
	test_before();
	arena_free(&arena);
	return done();
}
