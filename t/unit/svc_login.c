/*
 * Tests of svc/login.c: the steps of a login and their order, what becomes of
 * each failure, and what a login gives. The database, the passwords and the
 * limits are this file's.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#define login(...) tested_login(__VA_ARGS__)
#define password_hash hash_of_ours
#define password_check check_of_ours
#define password_event password_event_of_ours
#define password_policy policy_of_ours
#define pwformat_state pwformat_of_ours
#define db_user_replace_hash replace_of_ours
#define db_user_at_login at_login_of_ours
#define decoy_choose choose_of_ours
#define decoy_find find_of_ours
#define share_begin share_begin_of_ours
#define share_end share_end_of_ours
#define network_note network_of_ours
#define browser_end browser_end_of_ours
#define browser_cookie(...) cookie_of_ours(__VA_ARGS__)
#define session_start start_of_ours
#define refresh_begin refresh_begin_of_ours
#define token_sign sign_of_ours
#define device_read device_read_of_ours
#define device_make device_make_of_ours
#define ratelimit_login limit_of_ours
#define ratelimit_refund refund_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "svc/login.c" /* NOLINT(bugprone-suspicious-include) */

#include "did.h"

#define NOW 1000000
#define DAYS 86400

static struct conf conf = {
	.access_token_minutes = 10, .session_days = 30, .hash_upgrade = true
};
static const struct app app = { .conf = &conf };
static struct arena arena;
static struct ctx ctx = { .app = &app, .arena = &arena, .now_s = NOW };

/* --- in the place of others --- */

static enum err choose_err, at_login_err, find_err, check_err, hash_err,
    replace_err, limit_err, browser_err, start_err, cookie_err, refresh_err,
    sign_err, device_err;
static struct user stored;
static struct password_result result;
static struct device device;
static bool has_share;
static struct token_claims claims;
static struct session started;
static struct browser_session in_cookie;
static int64_t user_in_cookie;

enum err
choose_of_ours(struct ctx *c, const char *username, int64_t *id)
{
	(void)c;
	did("choose for %s, ", username);
	*id = 55;
	return choose_err;
}

enum err
at_login_of_ours(struct ctx *c, const char *username, int64_t decoy,
    struct user *out, const char **decoy_hash)
{
	(void)c;
	did("read %s and %" PRId64 ", ", username, decoy);
	*decoy_hash = "near";
	*out = stored;
	return at_login_err;
}

enum err
find_of_ours(struct ctx *c, int64_t id, const char **hash)
{
	(void)c;
	did("decoy %" PRId64 ", ", id);
	*hash = "decoy";
	return find_err;
}

enum err
check_of_ours(struct ctx *c, const char *password, const struct user *u,
    const char *decoy, struct password_result *out)
{
	(void)c;
	(void)u;
	did("check %s or %s, ", password, decoy);
	*out = result;
	return check_err;
}

enum event
password_event_of_ours(const char *hash)
{
	(void)hash;
	return EVENT_HASH_BCRYPT;
}

struct pwformat_policy
policy_of_ours(const struct conf *c)
{
	(void)c;
	return (struct pwformat_policy){ .cost = 5 };
}

enum pwformat_state
pwformat_of_ours(const struct pwformat_policy *p, const char *hash,
    struct pwformat_info *out)
{
	(void)p;
	(void)out;
	return hash != NULL && strcmp(hash, "good") == 0 ? PWFORMAT_GOOD
	                                                 : PWFORMAT_UNKNOWN;
}

enum err
hash_of_ours(struct ctx *c, const char *password, char out[PASSWORD_HASH_BYTES])
{
	(void)c;
	did("hash %s, ", password);
	memcpy(out, "new", sizeof("new"));
	return hash_err;
}

enum err
replace_of_ours(struct ctx *c, const struct user *u, const char *hash)
{
	(void)c;
	did("replace %s by %s, ", u->password_hash, hash);
	return replace_err;
}

bool
share_begin_of_ours(struct ctx *c)
{
	(void)c;
	did("share, ");
	return has_share;
}

void
share_end_of_ours(struct ctx *c)
{
	(void)c;
	did("end of share, ");
}

void
network_of_ours(struct ctx *c, int64_t user_id)
{
	(void)c;
	did("network of %" PRId64 ", ", user_id);
}

enum err
browser_end_of_ours(struct ctx *c, const char *cookie)
{
	(void)c;
	did("end %s, ", cookie != NULL ? cookie : "none");
	return browser_err;
}

enum err
cookie_of_ours(
    struct ctx *c, const struct browser_session *s, struct browser_cookie *out)
{
	(void)c;
	did("cookie, ");
	in_cookie = *s;
	user_in_cookie = s->user->id;
	out->value = "cookie";
	return cookie_err;
}

enum err
start_of_ours(struct ctx *c, const struct user *u, struct session *s)
{
	(void)c;
	did("start of %" PRId64 ", ", u->id);
	s->id = "sid";
	started = *s;
	return start_err;
}

enum err
refresh_begin_of_ours(
    struct ctx *c, const char *sid, const char *client, const char **out)
{
	(void)c;
	did("refresh %s for %s, ", sid, client);
	*out = "refresh";
	return refresh_err;
}

enum err
sign_of_ours(const struct keyring *ring, const struct token_claims *c,
    int64_t now_s, struct arena *a, const char **out)
{
	(void)ring;
	(void)a;
	did(now_s == NOW ? "sign, " : "sign at another time, ");
	claims = *c;
	*out = "signed";
	return sign_err;
}

struct device
device_read_of_ours(
    const struct ctx *c, const char *proof, const char *username)
{
	(void)c;
	did("device %s of %s, ", proof != NULL ? proof : "none", username);
	return device;
}

enum err
device_make_of_ours(struct ctx *c, const struct device *known,
    const char *username, const char **out)
{
	(void)c;
	did("new device from '%s' for %s, ", known->id, username);
	*out = "proof";
	return device_err;
}

enum err
limit_of_ours(struct ctx *c, const char *username, const char *device_id,
    struct ratelimit_attempt *out)
{
	(void)c;
	did("limit %s '%s', ", username, device_id);
	out->count = 3;
	return limit_err;
}

void
refund_of_ours(struct ctx *c, const struct ratelimit_attempt *t)
{
	(void)c;
	did("refund %zu, ", t->count);
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	did("%s, ", e == EVENT_LOGIN            ? "logged in"
	            : e == EVENT_LOGIN_UNKNOWN  ? "unknown"
	            : e == EVENT_LOGIN_PASSWORD ? "wrong"
	            : e == EVENT_LOGIN_HASH     ? "unusable"
	            : e == EVENT_LOGIN_INACTIVE ? "inactive"
	            : e == EVENT_LOGIN_SCOPE    ? "no scope"
	            : e == EVENT_HASH_UPGRADED  ? "upgraded"
	            : e == EVENT_HASH_BCRYPT    ? "by its hash"
	            : e == EVENT_LOGIN_LIMITED  ? "limited"
	            : e == EVENT_LOGIN_BUSY     ? "busy"
	            : e == EVENT_LOGIN_ERROR    ? "failed"
	                                        : "something else");
}

static struct login
login_of_ada(void)
{
	choose_err = at_login_err = find_err = check_err = hash_err =
	    replace_err = limit_err = browser_err = start_err = cookie_err =
	        refresh_err = sign_err = device_err = ERR_OK;
	stored = (struct user){ .id = 7,
		.username = "ada",
		.password_hash = "good",
		.is_active = true,
		.epoch = 3,
		.scope = "a b" };
	result = (struct password_result){ .matches = true };
	device = (struct device){ .id = "d1" };
	has_share = true;
	conf.hash_upgrade = true;
	did_nothing_yet();
	return (struct login){ .username = "ada", .password = "pw" };
}

/* Is it that text? NULL is not. */
static bool
is_same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

/* --- what is asked, and in which order --- */

#define LIMITED "device none of ada, limit ada 'd1', "
#define READ LIMITED "choose for ada, read ada and 55, "
#define CHECKED READ "decoy 55, check pw or decoy, "
#define FOUND CHECKED "by its hash, network of 7, "
#define STARTED FOUND "end none, start of 7, refund 3, "

static void
test_good(void)
{
	struct login l = login_of_ada();

	is_int(login(&ctx, &l), ERR_OK, "the right password logs in");
	did_this(STARTED "sign, logged in, ",
	    "a login is counted, verified, refunded and signed");
	ok(is_same(l.token, "signed") && l.token_life_s == 600 &&
	        is_same(l.session, "sid") && l.refresh_token == NULL &&
	        l.new_device == NULL && is_same(l.scope, "a b"),
	    "a login gives a token of its session and scopes");
	ok(claims.exp == NOW + 600 && claims.uid == 7 && claims.epoch == 3 &&
	        is_same(claims.sub, "ada") && is_same(claims.sid, "sid") &&
	        is_same(claims.scope, "a b") && claims.client_id == NULL &&
	        claims.audience == NULL,
	    "the token of a login has its user, epoch and session");
	ok(started.expires_s == NOW + 600 && !started.renewable &&
	        started.client == 0 && is_same(started.scope, "a b"),
	    "a session without a refresh token ends with its token");
	device.is_old = true;
	ok(login(&ctx, &l) == ERR_OK && is_same(l.new_device, "proof"),
	    "a device whose proof is old gets another one");
	did_this(STARTED "new device from 'd1' for ada, sign, logged in, ",
	    "a new proof is of the same device");
	device = (struct device){ .id = "" };
	l.device = "cookie";
	ok(login(&ctx, &l) == ERR_OK && is_same(l.new_device, "proof"),
	    "a device that is not known gets a proof");
	device_err = ERR_INTERNAL;
	did_nothing_yet();
	is_int(login(&ctx, &l), ERR_INTERNAL, "a login needs a proof");
}

static void
test_refused(void)
{
	struct login l = login_of_ada();

	result.matches = false;
	is_int(login(&ctx, &l), ERR_UNAUTH, "a wrong password is refused");
	did_this(CHECKED "wrong, ", "a wrong password stays counted");
	result.matches = true;
	stored.is_active = false;
	is_int(login(&ctx, &l), ERR_UNAUTH, "a disabled account is refused");
	did_this(CHECKED "inactive, ", "a disabled account is logged as such");
	stored.password_hash = "bad";
	result.matches = false;
	is_int(login(&ctx, &l), ERR_UNAUTH, "an unusable hash is refused");
	did_this(CHECKED "unusable, ", "an unusable hash is logged as such");
	stored = (struct user){ .id = 0 };
	at_login_err = ERR_NOTFOUND;
	is_int(login(&ctx, &l), ERR_UNAUTH, "an unknown name is refused");
	did_this(CHECKED "unknown, ",
	    "an unknown name takes the same steps as a wrong password");
}

static void
test_failures(void)
{
	struct login l = login_of_ada();

	limit_err = ERR_LIMIT;
	is_int(login(&ctx, &l), ERR_LIMIT, "a login over its limit is refused");
	did_this(LIMITED "limited, ",
	    "over the limit nothing is verified and nothing refunded");
	limit_err = ERR_OK;
	choose_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login needs a decoy's number");
	did_this(LIMITED "choose for ada, refund 3, busy, ",
	    "without a decoy's number a login is refunded");
	choose_err = ERR_OK;
	at_login_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login needs the database");
	did_this(READ "refund 3, busy, ",
	    "without the database a login is refunded");
	at_login_err = ERR_OK;
	find_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login needs a decoy");
	did_this(READ "decoy 55, refund 3, busy, ",
	    "without a decoy no password is verified");
	find_err = ERR_OK;
	check_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login needs memory");
	did_this(CHECKED "refund 3, busy, ",
	    "a password that was not verified is refunded");
	check_err = ERR_OK;
	browser_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login ends the session before");
	did_this(FOUND "end none, refund 3, busy, ",
	    "no session begins while the one before goes on");
	browser_err = ERR_OK;
	start_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_BUSY, "a login needs a session");
	did_this(STARTED "busy, ", "without a session nothing is signed");
	start_err = ERR_OK;
	sign_err = ERR_INTERNAL;
	is_int(login(&ctx, &l), ERR_INTERNAL, "a login needs a token");
	did_this(
	    STARTED "sign, failed, ", "a login without a token has failed");
}

/* --- scopes and clients --- */

static void
test_scopes(void)
{
	const struct client svc = {
		.number = 4, .id = "svc", .scopes = "b c", .audience = "api"
	};
	struct login l = login_of_ada();

	l.client = &svc;
	ok(login(&ctx, &l) == ERR_OK && is_same(l.scope, "b"),
	    "a client gets of a user's scopes those that it may have");
	ok(started.client == 4 && is_same(claims.client_id, "svc") &&
	        is_same(claims.audience, "api"),
	    "the token of a client names it, and its audience");
	l.wanted = "a";
	did_nothing_yet();
	is_int(login(&ctx, &l), ERR_DENIED,
	    "a client that gets none of its scopes is refused");
	did_this(FOUND "no scope, refund 3, ",
	    "a refusal of scopes begins no session, and is no guess");
	l.offline = true;
	is_int(login(&ctx, &l), ERR_OK,
	    "a client that wants a refresh token gets one without scopes");
	l.offline = false;
	l.wanted = NULL;
	stored.scope = NULL;
	is_int(login(&ctx, &l), ERR_OK,
	    "a client that asks for no scope logs in without");
	l.client = NULL;
	l.wanted = "a";
	is_int(login(&ctx, &l), ERR_OK,
	    "a login without a client is not refused for its scopes");
	stored.scope = "a b";
	ok(login(&ctx, &l) == ERR_OK && is_same(l.scope, "a"),
	    "a login gets the scopes that it asks for");
}

static void
test_refresh(void)
{
	const struct client svc = { .number = 4, .id = "svc", .scopes = "a" };
	struct login l = login_of_ada();

	l.offline = true;
	is_int(login(&ctx, &l), ERR_OK, "a login may have a refresh token");
	did_this(STARTED "refresh sid for first-party, sign, logged in, ",
	    "a refresh token is the built-in client's");
	ok(started.expires_s == NOW + 30 * DAYS && started.renewable &&
	        claims.exp == NOW + 600 && l.token_life_s == 600,
	    "a session with a refresh token lasts for days");
	is(l.refresh_token, "refresh", "a login gives its refresh token");
	l.client = &svc;
	is_int(login(&ctx, &l), ERR_OK, "a client may have a refresh token");
	did_this(STARTED "refresh sid for svc, sign, logged in, ",
	    "a refresh token is its client's");
	conf.session_days = 0;
	ok(login(&ctx, &l) == ERR_OK && claims.exp == NOW &&
	        l.token_life_s == 0,
	    "a token does not outlast its session");
	conf.session_days = 30;
	refresh_err = ERR_INTERNAL;
	did_nothing_yet();
	is_int(login(&ctx, &l), ERR_INTERNAL, "a refresh token fails");
	did_this(STARTED "refresh sid for svc, failed, ",
	    "without its refresh token a login signs nothing");
}

static void
test_browser(void)
{
	struct login l = login_of_ada();

	l.browser = true;
	l.old_cookie = "before";
	is_int(login(&ctx, &l), ERR_OK, "a browser logs in");
	did_this(FOUND "end before, start of 7, refund 3, cookie, logged in, ",
	    "a browser's login ends its session before, and gives a cookie");
	ok(is_same(in_cookie.sid, "sid") && user_in_cookie == 7 &&
	        in_cookie.expires_s == NOW + 30 * DAYS && !in_cookie.keep &&
	        is_same(l.cookie.value, "cookie"),
	    "a cookie is of the session that began");
	ok(started.expires_s == NOW + 30 * DAYS && !started.renewable,
	    "a browser's session lasts for days, without a refresh token");
	l.keep = true;
	ok(login(&ctx, &l) == ERR_OK && in_cookie.keep,
	    "a cookie may outlast its browser");
	cookie_err = ERR_INTERNAL;
	did_nothing_yet();
	is_int(login(&ctx, &l), ERR_INTERNAL, "a browser needs a cookie");
	did_this(FOUND "end before, start of 7, refund 3, cookie, failed, ",
	    "a login without a cookie has failed");
}

/* --- hashes --- */

#define REPLACED "share, hash pw, replace good by new, "

static void
test_upgrade(void)
{
	struct login l = login_of_ada();

	result.stale = true;
	is_int(login(&ctx, &l), ERR_OK, "a stale hash logs in");
	did_this(STARTED REPLACED "upgraded, end of share, sign, logged in, ",
	    "a stale hash is replaced");
	replace_err = ERR_CONFLICT;
	is_int(login(&ctx, &l), ERR_OK, "a hash that changed meanwhile stays");
	did_this(STARTED REPLACED "end of share, sign, logged in, ",
	    "a hash that stays is not logged as replaced");
	hash_err = ERR_BUSY;
	is_int(login(&ctx, &l), ERR_OK, "a login needs no new hash");
	did_this(STARTED "share, hash pw, end of share, sign, logged in, ",
	    "without a new hash nothing is replaced");
	has_share = false;
	is_int(login(&ctx, &l), ERR_OK, "a login needs no share");
	did_this(STARTED "share, sign, logged in, ",
	    "without a share of the time nothing is replaced");
	conf.hash_upgrade = false;
	is_int(login(&ctx, &l), ERR_OK, "a login needs no upgrade");
	did_this(STARTED "sign, logged in, ",
	    "without the setting nothing is replaced");
}

int
main(void)
{
	arena_init(&arena);
	test_good();
	test_refused();
	test_failures();
	test_scopes();
	test_refresh();
	test_browser();
	test_upgrade();
	arena_free(&arena);
	return done();
}
