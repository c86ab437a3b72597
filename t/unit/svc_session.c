/*
 * Tests of svc/session.c: a token is verified once and then found in the cache,
 * which changes only the time it takes (an altered entry of the cache shows
 * that it was found); what has ended before its time, the account of a token,
 * and sessions. The tables and what has ended are this file's.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "pieces.h"

#define session_check_revoked tested_check_revoked
#define session_check_known tested_check_known
#define session_any_claims tested_any_claims
#define session_known_claims tested_known_claims
#define session_claims tested_claims
#define session_account tested_account
#define session_user tested_user
#define session_account_before tested_account_before
#define session_user_before tested_user_before
#define session_life_s tested_life_s
#define session_start tested_start
#define session_list tested_list
#define session_find tested_find
#define session_end tested_end
#define session_end_others tested_end_others
#define session_end_any tested_end_any
#define session_end_all tested_end_all
#define session_size(...) tested_size(__VA_ARGS__)
#define revoked_await await_of_ours
#define revoked_user revoked_user_of_ours
#define revoked_session revoked_session_of_ours
#define revoked_everybody everybody_of_ours
#define revoked_is_stale is_stale_of_ours
#define db_user_of_session of_session_of_ours
#define db_user_by_name by_name_of_ours
#define db_session_insert insert_of_ours
#define db_session_list list_of_ours
#define db_session_find find_of_ours
#define db_session_end end_of_ours
#define db_session_end_others end_others_of_ours
#define db_session_size size_of_ours
#define db_revoked_end_all end_all_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "svc/session.c" /* NOLINT(bugprone-suspicious-include) */

#include "did.h"
#include "keys.h"

#define NOW 1999999000
#define LEEWAY_S 5

static struct keyring ring, other_ring;
static struct conf conf = {
	.token_leeway_s = LEEWAY_S,
	.access_token_minutes = 1,
	.plain_until_s = INT64_MAX,
	.revocation_stale_accepted = true,
};
static struct token_cache cache;
static struct arena arena;
static struct app app = {
	.conf = &conf,
	.keyring = &ring,
	.tokens = &cache,
};
static struct ctx ctx = {
	.app = &app,
	.arena = &arena,
	.now_s = NOW,
};

/* --- in the place of others --- */

static enum revoked user_ended, session_ended;
static int32_t everybody;
static bool stale;
static enum err account_err, by_name_err, end_err;
static struct user stored;
static struct session inserted;

void
await_of_ours(int64_t ms)
{
	did("await %" PRId64 ", ", ms);
}

enum revoked
revoked_user_of_ours(int64_t user_id, int32_t epoch)
{
	did("user %" PRId64 " of %d, ", user_id, (int)epoch);
	return user_ended;
}

enum revoked
revoked_session_of_ours(uint64_t sid)
{
	did("session %" PRIx64 ", ", sid);
	return session_ended;
}

int32_t
everybody_of_ours(void)
{
	return everybody;
}

bool
is_stale_of_ours(void)
{
	return stale;
}

enum err
of_session_of_ours(
    struct ctx *c, const char *username, const char *session, struct user *out)
{
	(void)c;
	did("account %s by %.4s, ", username,
	    session != NULL ? session : "none");
	*out = stored;
	return account_err;
}

enum err
by_name_of_ours(struct ctx *c, const char *username, struct user *out)
{
	(void)c;
	did("read %s, ", username);
	*out = stored;
	return by_name_err;
}

enum err
insert_of_ours(struct ctx *c, const struct session *s)
{
	(void)c;
	inserted = *s;
	return end_err;
}

enum err
list_of_ours(
    struct ctx *c, const struct user *u, struct session *out, size_t *n)
{
	(void)c;
	did("list of %" PRId64 ", ", u->id);
	*n = SESSIONS_OF_USER;
	memset(out, 0, SESSIONS_OF_USER * sizeof(*out));
	out[SESSIONS_OF_USER - 1].id = "last";
	return end_err;
}

enum err
find_of_ours(
    struct ctx *c, const char *id, int64_t user_id, const char **expires_at)
{
	(void)c;
	did("find %s of %" PRId64 ", ", id, user_id);
	*expires_at = "soon";
	return end_err;
}

enum err
end_of_ours(struct ctx *c, int64_t user_id, const char *id)
{
	(void)c;
	did("end %.4s of %" PRId64 ", ", id, user_id);
	return end_err;
}

enum err
end_others_of_ours(struct ctx *c, int64_t user_id, const char *id)
{
	(void)c;
	did("end others than %.4s of %" PRId64 ", ", id, user_id);
	return end_err;
}

enum err
size_of_ours(struct ctx *c, struct session_size *out)
{
	(void)c;
	out->users = 9;
	return end_err;
}

enum err
end_all_of_ours(struct ctx *c)
{
	(void)c;
	did("end all, ");
	return end_err;
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	if (e != EVENT_TOKEN_VERIFIED)
		did("%s, ", e == EVENT_REVOKED          ? "count revoked"
		            : e == EVENT_SESSION_ENDED  ? "log ended"
		            : e == EVENT_SESSIONS_ENDED ? "log others ended"
		                                        : "something else");
}

static void
begin(void)
{
	user_ended = session_ended = REVOKED_NO;
	everybody = 0;
	stale = false;
	account_err = by_name_err = end_err = ERR_OK;
	stored = (struct user){ .id = 7,
		.username = "ada",
		.epoch = 3,
		.is_active = true,
		.password_hash = "hash" };
	conf.revocation_stale_accepted = true;
	did_nothing_yet();
}

static const char *
token_of(const struct keyring *k, int64_t uid)
{
	const struct token_claims claims = {
		.sub = "ada", .uid = uid, .exp = NOW + 60, .epoch = 3
	};
	const char *token = NULL;

	if (token_sign(k, &claims, NOW, &arena, &token) != ERR_OK)
		return "";
	return token;
}

static struct token_cache_entry *
entry(size_t i)
{
	return &cache.sets[i / TOKEN_CACHE_WAYS].entry[i % TOKEN_CACHE_WAYS];
}

/* Tokens that are kept. */
static int
tokens_kept(void)
{
	size_t i;
	int n = 0;

	for (i = 0; i < (size_t)TOKEN_CACHE_SETS * TOKEN_CACHE_WAYS; i++)
		n += entry(i)->exp != 0;
	return n;
}

/* Whoever it is, let what is kept say another number. */
static void
alter(int64_t uid)
{
	size_t i;

	for (i = 0; i < (size_t)TOKEN_CACHE_SETS * TOKEN_CACHE_WAYS; i++)
		if (entry(i)->exp != 0)
			entry(i)->uid = uid;
}

static void
empty(void)
{
	memset(&cache, 0, sizeof(cache));
}

static void
test_found(void)
{
	const char *token = token_of(&ring, 7);
	struct token_claims c = { 0 };

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 7 &&
	        strcmp(c.sub, "ada") == 0 && c.exp == NOW + 60 && c.epoch == 3,
	    "a good token is accepted");
	is_int(tokens_kept(), 1, "a good token is kept");
	alter(8);
	c.epoch = 0;
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 8 &&
	        c.epoch == 3,
	    "a token is found the second time, not verified");
	is_int(tokens_kept(), 1, "a token is kept once");
	app.tokens = NULL;
	ok(session_claims(&ctx, token, &c) == ERR_OK && c.uid == 7,
	    "a token is verified again where it is not kept");
	app.tokens = &cache;
}

/* A client's own token is of no user, in the cache and out of it. */
static void
test_client(void)
{
	const struct token_claims claims = { .sub = "ada",
		.exp = NOW + 60,
		.sid = "0123456789abcdef0123456789abcdef",
		.client_id = "ada" };
	struct token_claims c;
	struct user u;
	const char *token;
	int i;

	empty();
	if (token_sign(&ring, &claims, NOW, &arena, &token) != ERR_OK)
		token = "";
	for (i = 0; i < 2; i++) {
		ok(session_claims(&ctx, token, &c) == ERR_UNAUTH &&
		        session_user(&ctx, token, &c, &u) == ERR_UNAUTH,
		    "a client's own token is no user's");
		ok(session_any_claims(&ctx, token, NULL, &c) == ERR_OK &&
		        token_is_client(&c) && c.uid == 0,
		    "a client's own token is accepted where it may be one");
	}
}

static void
test_expiry(void)
{
	const char *token = token_of(&ring, 7);
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK && tokens_kept() == 1,
	    "a token is kept");
	ctx.now_s = NOW + 60 + LEEWAY_S - 1;
	ok(session_claims(&ctx, token, &c) == ERR_OK,
	    "a kept token is found until its last second, leeway included");
	ctx.now_s++;
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a kept token is refused after its last second");
	ctx.now_s = NOW;
}

/* Python: hmac.new(key, header + "." + claims, "sha256"); no uid, 0, and -1. */
/* clang-format off */
static const char no_uid[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDB9.i3Pd8JpAzB12p68EmxZOqX_iEpwWj7xPkJl1zG9iUAg";
static const char uid_zero[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDAsInVpZCI6MH0.OKycdzrHt65_GvD9zxMkvt6XnaQJNZSe79dyXZ-fypQ";
static const char uid_negative[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjIwMDAwMDAwMDAsInVpZCI6LTF9.oj0GoK98py1YX9E8RpvEnPQR9Z8dgn73AScKCSxse38";
/* clang-format on */

static void
test_uid(void)
{
	struct token_claims c;
	int i;

	empty();
	for (i = 0; i < 2; i++) {
		c.uid = 99;
		ok(session_claims(&ctx, no_uid, &c) == ERR_OK && c.uid == 0 &&
		        strcmp(c.sub, "ada") == 0,
		    i == 0
		        ? "a token without a number has none"
		        : "a token without a number has none when it is found");
	}
	is_int(tokens_kept(), 1, "a token without a number is kept");
	empty();
	for (i = 0; i < 2; i++) {
		ok(session_claims(&ctx, uid_zero, &c) == ERR_UNAUTH,
		    "a token with a number of 0 is refused");
		ok(session_claims(&ctx, uid_negative, &c) == ERR_UNAUTH,
		    "a token with a negative number is refused");
	}
	is_int(tokens_kept(), 0, "a refused token is not kept");
}

static void
test_key(void)
{
	const char *token = token_of(&other_ring, 7);
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a token of another key is refused");
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH && tokens_kept() == 0,
	    "a token of another key is refused again");
	token = token_of(&ring, 7);
	ok(session_claims(&ctx, token, &c) == ERR_OK && tokens_kept() == 1,
	    "a token of the key is kept");
	app.keyring = &other_ring;
	empty(); /* as a worker of the new key begins */
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH && tokens_kept() == 0,
	    "a token of another key is refused with a cache of its own");
	app.keyring = &ring;
}

/* The same token, kept all the time, while the setting's end comes and goes. */
static void
test_plain(void)
{
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, no_uid, &c) == ERR_OK && c.is_plain &&
	        tokens_kept() == 1,
	    "a plain token is accepted and kept");
	conf.plain_until_s = NOW + 1;
	ok(session_claims(&ctx, no_uid, &c) == ERR_OK,
	    "a plain token is accepted in the last second of the day");
	ctx.now_s = NOW + 1;
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused after the day, though it is kept");
	ok(session_claims(&ctx, token_of(&ring, 7), &c) == ERR_OK,
	    "Latchkey's token is accepted after the day");
	empty();
	conf.plain_until_s = 0;
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused where none is accepted");
	ok(session_claims(&ctx, no_uid, &c) == ERR_UNAUTH,
	    "a plain token is refused each time where none is accepted");
	conf.plain_until_s = INT64_MAX;
	ctx.now_s = NOW;
}

/* A setting that is lowered counts for tokens from before, too. */
static void
test_life(void)
{
	const char *token = token_of(&ring, 7); /* of 60 s */
	struct token_claims c;

	empty();
	ok(session_claims(&ctx, token, &c) == ERR_OK,
	    "a token of access_token_minutes is good");
	empty();
	conf.access_token_minutes = 0;
	ok(session_claims(&ctx, token, &c) == ERR_UNAUTH,
	    "a token good for longer than access_token_minutes is refused");
	conf.access_token_minutes = 1;
}

/* --- what has ended before its time --- */

#define SID "0123456789abcdef0123456789abcdef"
#define AWAITED "await 3000, "
#define USER "user 7 of 3, "
#define SESSION "session 123456789abcdef, "

static const struct token_claims ada = {
	.sub = "ada", .uid = 7, .epoch = 3, .sid = SID
};

static void
test_revoked(void)
{
	begin();
	is_int(session_check_revoked(&ctx, &ada), ERR_OK,
	    "claims that have not ended are good");
	did_this(AWAITED USER SESSION,
	    "the user and the session of claims are looked up");
	user_ended = REVOKED_YES;
	is_int(session_check_revoked(&ctx, &ada), ERR_UNAUTH,
	    "claims of a user that has ended them are not good");
	did_this(AWAITED USER "count revoked, ",
	    "claims that have ended are counted");
	user_ended = REVOKED_NO;
	session_ended = REVOKED_YES;
	is_int(session_check_revoked(&ctx, &ada), ERR_UNAUTH,
	    "claims of a session that has ended are not good");
	did_this(AWAITED USER SESSION "count revoked, ",
	    "claims of a session that has ended are counted");
	is_int(session_check_known(&ada), ERR_UNAUTH,
	    "claims that are known to have ended are not good");
	did_this(
	    USER SESSION "count revoked, ", "what is known is not waited for");
	session_ended = REVOKED_NO;
	is_int(session_check_known(&ada), ERR_OK,
	    "claims that are not known to have ended are good");
	session_ended = REVOKED_UNKNOWN;
	is_int(session_check_known(&ada), ERR_OK,
	    "claims that nobody knows of are left to the database");
}

static void
test_stale(void)
{
	begin();
	session_ended = REVOKED_UNKNOWN;
	is_int(session_check_revoked(&ctx, &ada), ERR_OK,
	    "claims that nobody knows of are good where the setting says so");
	stale = true;
	session_ended = REVOKED_NO;
	is_int(session_check_revoked(&ctx, &ada), ERR_OK,
	    "claims are good without news where the setting says so");
	conf.revocation_stale_accepted = false;
	is_int(session_check_revoked(&ctx, &ada), ERR_BUSY,
	    "without news no claims are good");
	stale = false;
	is_int(session_check_revoked(&ctx, &ada), ERR_OK,
	    "with news claims are good");
	session_ended = REVOKED_UNKNOWN;
	is_int(session_check_revoked(&ctx, &ada), ERR_BUSY,
	    "claims that nobody knows of are not good");
	user_ended = REVOKED_UNKNOWN;
	session_ended = REVOKED_NO;
	did_nothing_yet();
	is_int(session_check_revoked(&ctx, &ada), ERR_BUSY,
	    "claims of a user that nobody knows of are not good");
	did_this(AWAITED USER,
	    "of a user that nobody knows of no session is looked up");
	begin();
}

static void
test_everybody(void)
{
	struct token_claims own = {
		.sub = "svc", .client_id = "svc", .epoch = 3, .sid = SID
	};
	const struct token_claims plain = { .sub = "ada", .is_plain = true };

	begin();
	everybody = 3;
	is_int(session_check_known(&own), ERR_OK,
	    "a client's own token of the epoch of everybody is good");
	did_this(SESSION, "a client's own token is looked up by its id");
	everybody = 4;
	is_int(session_check_known(&own), ERR_UNAUTH,
	    "a client's own token ends with everybody's");
	did_this("count revoked, ", "a client's own token is of no user");
	is_int(session_check_known(&plain), ERR_OK,
	    "a plain token that names no account ends with its key");
	did_this("", "a plain token that names no account is not looked up");
}

/* --- accounts --- */

static void
test_account(void)
{
	struct token_claims claims = ada;
	struct user u;

	begin();
	ok(session_account(&ctx, &claims, &u) == ERR_OK && u.id == 7,
	    "claims have an account");
	did_this("account ada by 0123, ", "an account is read by its session");
	claims.is_plain = true;
	ok(session_account(&ctx, &claims, &u) == ERR_OK,
	    "plain claims have an account");
	did_this("account ada by none, ",
	    "the session of a plain token is somebody else's");
	stored.id = 8;
	is_int(session_account(&ctx, &claims, &u), ERR_UNAUTH,
	    "another account of the same name is not that of the claims");
	claims.uid = 0;
	is_int(session_account(&ctx, &claims, &u), ERR_OK,
	    "claims without a number are those of the name");
	begin();
	stored.is_active = false;
	is_int(session_account(&ctx, &ada, &u), ERR_UNAUTH,
	    "a disabled account is none");
	begin();
	stored.epoch = 2;
	is_int(session_account(&ctx, &ada, &u), ERR_UNAUTH,
	    "an account of an epoch before is none");
	stored.epoch = 4;
	is_int(session_account(&ctx, &ada, &u), ERR_UNAUTH,
	    "an account of a later epoch is none");
	account_err = ERR_NOTFOUND;
	is_int(session_account(&ctx, &ada, &u), ERR_UNAUTH,
	    "claims of an account that is gone are none");
	account_err = ERR_BUSY;
	is_int(session_account(&ctx, &ada, &u), ERR_BUSY,
	    "an account needs the database");
}

static void
test_user(void)
{
	const char *token = token_of(&ring, 7);
	struct token_claims claims;
	struct user u;

	begin();
	empty();
	ok(session_user(&ctx, token, &claims, &u) == ERR_OK && u.id == 7 &&
	        claims.uid == 7,
	    "a token has an account and claims");
	did_this("user 7 of 3, account ada by none, ",
	    "the account of a token is read once");
	user_ended = REVOKED_YES;
	is_int(session_user(&ctx, token, &claims, &u), ERR_UNAUTH,
	    "a token that has ended has no account");
	did_this("user 7 of 3, count revoked, ",
	    "of a token that has ended no account is read");
	is_int(session_user(&ctx, "x", &claims, &u), ERR_UNAUTH,
	    "what is no token has no account");
	did_this("", "of what is no token no account is read");
	user_ended = REVOKED_YES;
	stored.password_hash = NULL;
	is_int(session_user_before(&ctx, token, &claims, &u), ERR_UNAUTH,
	    "a token without an unsettled write has no account before");
	did_this("read ada, ", "the account before is read by its name");
	is_int(session_user_before(&ctx, "x", &claims, &u), ERR_UNAUTH,
	    "what is no token has no account before");
	did_this("", "of what is no token no account before is read");
}

/* What the account of ada's claims was before: its number, or an error. */
static int64_t
before(const struct token_claims *claims)
{
	struct user u = { .id = 0 };
	enum err e = session_account_before(&ctx, claims, &u);

	return e == ERR_OK ? u.id : -(int64_t)e;
}

static void
test_changed(void)
{
	struct unsettled_entry *e =
	    unsettled_begin(&(struct unsettled){ .kind = UNSETTLED_CHANGE,
	        .user_id = 7,
	        .epoch = 3,
	        .hash = "hash" });
	struct token_claims claims = ada;

	begin();
	stored.epoch = 4;
	is_int(before(&claims), 7, "an unsettled change has its account");
	did_this(SESSION "read ada, ", "a session of before may have ended");
	session_ended = REVOKED_YES;
	is_int(before(&claims), -ERR_UNAUTH,
	    "a session that was ended by itself has no account any more");
	did_this(SESSION, "of a session that has ended no account is read");
	claims.sid = NULL;
	is_int(before(&claims), 7, "claims before may have no session");
	claims.epoch = 2;
	is_int(before(&claims), -ERR_UNAUTH,
	    "claims of an epoch before have no unsettled change");
	claims.epoch = 3;
	claims.is_plain = true;
	is_int(before(&claims), -ERR_UNAUTH,
	    "plain claims have no account before");
	claims.is_plain = false;
	claims.uid = 0;
	is_int(before(&claims), -ERR_UNAUTH,
	    "claims without a number have no account before");
	begin();
	stored.password_hash = "other";
	is_int(before(&ada), -ERR_UNAUTH,
	    "an account with another hash has no unsettled change");
	stored.password_hash = NULL;
	is_int(before(&ada), -ERR_UNAUTH,
	    "an account without a hash has no unsettled change");
	begin();
	stored.is_active = false;
	is_int(before(&ada), -ERR_UNAUTH,
	    "a disabled account has no unsettled change");
	by_name_err = ERR_BUSY;
	is_int(before(&ada), -ERR_BUSY, "an account before needs the database");
	unsettled_end(&arena, e, ERR_DENIED);
}

static void
test_deleted(void)
{
	struct unsettled_entry *e;
	struct user u = { .id = 0 };

	begin();
	by_name_err = ERR_NOTFOUND;
	is_int(before(&ada), -ERR_UNAUTH,
	    "an account that is gone was not deleted just now");
	e = unsettled_begin(&(struct unsettled){ .kind = UNSETTLED_DELETION,
	    .user_id = 7,
	    .epoch = 3,
	    .username = "ada",
	    .fullname = "Ada",
	    .hash = "hash" });
	ok(session_account_before(&ctx, &ada, &u) == ERR_OK && u.id == 7 &&
	        u.is_active && u.epoch == 3 && strcmp(u.username, "ada") == 0 &&
	        strcmp(u.fullname, "Ada") == 0 &&
	        strcmp(u.password_hash, "hash") == 0,
	    "an account that was deleted just now is as it was");
	by_name_err = ERR_OK;
	stored.id = 8;
	is_int(before(&ada), 7,
	    "an account whose name is another one's now is as it was");
	stored.id = 7;
	is_int(
	    before(&ada), -ERR_UNAUTH, "an account that is there is not gone");
	unsettled_end(&arena, e, ERR_DENIED);
}

/* --- sessions --- */

static const char *
agent_of(const char *agent)
{
	struct session s = { .expires_s = 99 };

	ctx.agent = agent;
	return session_start(&ctx, &stored, &s) == ERR_OK ? inserted.agent
	                                                  : "none";
}

static void
test_start(void)
{
	struct session s = { .expires_s = 99, .client = 4, .renewable = true };
	char first[SESSION_ID_CHARS + 1];

	begin();
	ctx.address = "192.0.2.1";
	ok(session_start(&ctx, &stored, &s) == ERR_OK && inserted.id == s.id &&
	        strlen(s.id) == SESSION_ID_CHARS && inserted.user_id == 7 &&
	        inserted.epoch == 3 && inserted.client == 4 &&
	        inserted.expires_s == 99 && inserted.renewable &&
	        inserted.address != NULL &&
	        strcmp(inserted.address, "192.0.2.1") == 0 &&
	        inserted.agent == NULL,
	    "a session has its user, epoch, client, end and address");
	memcpy(first, s.id, sizeof(first));
	ctx.address = "unix:";
	ok(session_start(&ctx, &stored, &s) == ERR_OK &&
	        inserted.address == NULL && strcmp(s.id, first) != 0,
	    "what is no address is not kept, and another session has another id");
	end_err = ERR_BUSY;
	is_int(session_start(&ctx, &stored, &s), ERR_BUSY,
	    "a session needs the database");
}

static void
test_agent(void)
{
	char text[300];

	begin();
	is(agent_of(NULL), NULL, "a session may have no User-Agent");
	is(agent_of(""), NULL, "an empty User-Agent is none");
	is(agent_of("a\xff"), NULL, "a User-Agent that is not UTF-8 is none");
	is(agent_of("a\x1f\x7f b~\t"), "a b~",
	    "a User-Agent has no control characters");
	is(agent_of("\x01\n"), NULL,
	    "a User-Agent of control characters is none");
	memset(text, 'a', sizeof(text));
	text[SESSION_AGENT_BYTES] = '\0';
	is(agent_of(text), text, "the longest User-Agent is kept");
	text[SESSION_AGENT_BYTES] = 'b';
	text[SESSION_AGENT_BYTES + 1] = '\0';
	is_int((long long)strlen(agent_of(text)), SESSION_AGENT_BYTES,
	    "a longer User-Agent is cut");
	memcpy(text + SESSION_AGENT_BYTES - 1, "\xc3\xa1", 3);
	is_int((long long)strlen(agent_of(text)), SESSION_AGENT_BYTES - 1,
	    "a User-Agent is cut in front of a character of two bytes");
	memcpy(text + SESSION_AGENT_BYTES - 3, "\xf0\x9f\x98\x81", 5);
	is_int((long long)strlen(agent_of(text)), SESSION_AGENT_BYTES - 3,
	    "a User-Agent is cut in front of a character of four bytes");
	memcpy(text + SESSION_AGENT_BYTES - 3, "a\xc3\xa1z", 5);
	is_int((long long)strlen(agent_of(text)), SESSION_AGENT_BYTES,
	    "a User-Agent is cut behind a character of two bytes");
	ctx.agent = NULL;
}

#define NO_HEX "0123456789abcdef0123456789abcdeF"

static void
test_ends(void)
{
	begin();
	is_int(session_end(&ctx, &stored, SID), ERR_OK, "a session is ended");
	did_this(
	    "end 0123 of 7, log ended, ", "the end of a session is logged");
	end_err = ERR_NOTFOUND;
	is_int(session_end(&ctx, &stored, SID), ERR_NOTFOUND,
	    "a session that is not the user's is not ended");
	did_this("end 0123 of 7, ",
	    "a session that has not ended is not logged as ended");
	end_err = ERR_OK;
	ok(session_end(&ctx, &stored, NO_HEX) == ERR_NOTFOUND &&
	        session_end(&ctx, &stored, &SID[1]) == ERR_NOTFOUND &&
	        session_end(&ctx, &stored, SID "0") == ERR_NOTFOUND &&
	        session_end_any(&ctx, NO_HEX) == ERR_NOTFOUND &&
	        session_end_any(&ctx, SID "0") == ERR_NOTFOUND,
	    "what is no id has no session");
	did_this("", "of what is no id nothing is ended");
	is_int(session_end_any(&ctx, SID), ERR_OK, "any session is ended");
	did_this("end 0123 of 0, ", "any session is ended whosever it is");
	is_int(session_end_others(&ctx, &stored, SID), ERR_OK,
	    "other sessions are ended");
	did_this("end others than 0123 of 7, log others ended, ",
	    "the end of other sessions is logged");
	is_int(session_end_all(&ctx), ERR_OK, "all sessions are ended");
	did_this("end all, ", "all sessions are ended at once");
	end_err = ERR_BUSY;
	ok(session_end_others(&ctx, &stored, SID) == ERR_BUSY &&
	        session_end_all(&ctx) == ERR_BUSY &&
	        session_end_any(&ctx, SID) == ERR_BUSY,
	    "no sessions end without the database");
	did_this("end others than 0123 of 7, end all, end 0123 of 0, ",
	    "what has not ended is not logged as ended");
}

static void
test_read(void)
{
	const struct session *all = NULL;
	struct session_size size = { .users = 0 };
	const char *expires_at = NULL;
	size_t n = 0;

	begin();
	ok(session_list(&ctx, &stored, &all, &n) == ERR_OK &&
	        n == SESSIONS_OF_USER && all != NULL &&
	        all[SESSIONS_OF_USER - 1].id != NULL,
	    "the sessions of a user are listed");
	ok(session_find(&ctx, &stored, SID, &expires_at) == ERR_OK &&
	        expires_at != NULL && strcmp(expires_at, "soon") == 0,
	    "the end of a session is found");
	did_this("list of 7, find " SID " of 7, ",
	    "sessions are read of their user");
	ok(session_size(&ctx, &size) == ERR_OK && size.users == 9,
	    "the size of the tables is read");
}

static void
test_longest_life(void)
{
	const struct conf longer = { .access_token_minutes = 10,
		.session_proof_minutes = 5,
		.token_leeway_s = 3 },
	                  shorter = { .access_token_minutes = 4,
		                  .session_proof_minutes = 5 };

	is_int(session_life_s(&longer), 603, "a token may live longest");
	is_int(session_life_s(&shorter), 300, "a proof may live longest");
}

int
main(void)
{
	make_keyring(&ring, KEY_TEXT);
	make_keyring(&other_ring, "0123456789abcdef0123456789abcdeX");
	arena_init(&arena);
	test_found();
	test_client();
	test_expiry();
	test_uid();
	test_plain();
	test_life();
	test_key();
	test_revoked();
	test_stale();
	test_everybody();
	test_account();
	test_user();
	test_changed();
	test_deleted();
	test_start();
	test_agent();
	test_ends();
	test_read();
	test_longest_life();
	arena_free(&arena);
	return done();
}
