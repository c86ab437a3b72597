/*
 * Tests of svc/link.c: tokens of links, the steps of a reset, and the repeat of
 * one that got no answer. The database and the passwords are this file's; what
 * is noted of a reset is kept by svc/unsettled.c itself.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "pieces.h"

#define link_make tested_make
#define link_find tested_find
#define link_spend tested_spend
#define link_reset tested_reset
#define mac_sha256 sha256_of_ours
#define db_link_insert insert_of_ours
#define db_link_find find_of_ours
#define db_link_spend spend_of_ours
#define db_user_change_password change_of_ours
#define db_user_by_name by_name_of_ours
#define db_transaction transaction_of_ours
#define db_is_in_doubt in_doubt_of_ours
#define password_judge judge_of_ours
#define password_hash hash_of_ours
#define password_settle settle_of_ours
#define password_confirm confirm_of_ours
#define ratelimit_unlock unlock_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "svc/link.c" /* NOLINT(bugprone-suspicious-include) */
#undef mac_sha256

#include "did.h"

/* 43 characters each */
#define TOKEN "0123456789abcdef0123456789abcdef0123456789a"
#define OTHER "0123456789abcdef0123456789abcdef0123456789b"

bool mac_sha256(const void *data, size_t n, unsigned char out[MAC_BYTES]);

static struct arena arena;
static const struct app app = { .db = NULL };
static struct ctx ctx = { .app = &app, .arena = &arena };
static const struct user ada = { .id = 7,
	.username = "ada",
	.epoch = 3,
	.is_active = true,
	.password_hash = "new" };

/* --- in the place of others --- */

static enum err insert_err, find_err, spend_err, change_err, commit_err,
    by_name_err, judge_err, hash_err, settle_err, confirm_err, unlock_err;
static bool sha_fails, in_doubt;
static enum password_problem problem;
static struct user stored;       /* by its name */
static struct link_key last_key; /* that the database was asked for */

bool
sha256_of_ours(const void *data, size_t n, unsigned char out[MAC_BYTES])
{
	return !sha_fails && mac_sha256(data, n, out);
}

enum err
insert_of_ours(struct ctx *c, const struct link_key *key, const struct user *u,
    int64_t hours)
{
	(void)c;
	did("insert %s of %s for %" PRId64 ", ", key->kind,
	    u != NULL ? u->username : "nobody", hours);
	last_key = *key;
	return insert_err;
}

enum err
find_of_ours(struct ctx *c, const struct link_key *key, struct user *out)
{
	(void)c;
	did("find %s, ", key->kind);
	last_key = *key;
	*out = ada;
	return find_err;
}

enum err
spend_of_ours(struct ctx *c, const struct link_key *key)
{
	(void)c;
	did("spend %s, ", key->kind);
	last_key = *key;
	return spend_err;
}

enum err
change_of_ours(struct ctx *c, const struct user *u, const char *hash,
    enum password_reason reason, const char *session)
{
	(void)c;
	did("change %s to %s%s%s, ", u->username, hash,
	    reason == PASSWORD_BY_OPERATOR ? "" : " by its owner",
	    session == NULL ? "" : " but for a session");
	return change_err;
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
transaction_of_ours(
    struct db *db, struct arena *a, enum err (*fn)(void *of), void *of)
{
	enum err e;

	(void)db;
	(void)a;
	did("begin, ");
	if ((e = fn(of)) != ERR_OK)
		return e;
	did("commit, ");
	return commit_err;
}

bool
in_doubt_of_ours(const struct db *db)
{
	(void)db;
	return in_doubt;
}

enum err
judge_of_ours(struct ctx *c, const char *username, const char *password,
    enum password_problem *out)
{
	(void)c;
	did("judge %s of %s, ", password, username);
	*out = problem;
	return judge_err;
}

enum err
hash_of_ours(struct ctx *c, const char *password, char out[PASSWORD_HASH_BYTES])
{
	(void)c;
	(void)password;
	memcpy(out, "new", sizeof("new"));
	return hash_err;
}

enum err
settle_of_ours(
    struct ctx *c, const char *username, const char *hash, struct user *out)
{
	(void)c;
	did("settle %s with %s, ", username, hash);
	*out = stored;
	return settle_err;
}

enum err
confirm_of_ours(struct ctx *c, const struct user *u, const char *device,
    const char *password)
{
	(void)c;
	did("confirm %s of %s%s, ", password, u->username, device);
	return confirm_err;
}

enum err
unlock_of_ours(struct ctx *c, const char *username)
{
	(void)c;
	did("unlock %s, ", username);
	return unlock_err;
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	did("%s, ", e == EVENT_RESET ? "log" : "something else");
}

static void
begin(void)
{
	insert_err = find_err = spend_err = change_err = commit_err =
	    by_name_err = judge_err = hash_err = settle_err = confirm_err =
	        unlock_err = ERR_OK;
	sha_fails = in_doubt = false;
	problem = PASSWORD_GOOD;
	stored = ada;
	did_nothing_yet();
}

/* A request that ends. */
static enum err
reset_by(const char *token)
{
	enum password_problem why = PASSWORD_COMMON;
	struct user u = { .id = 0 };
	enum err e = link_reset(&ctx, token, "pw", &why, &u);

	if (e == ERR_OK && u.id != 7)
		abort();
	if (why != problem && why != PASSWORD_GOOD)
		abort();
	arena_reset(&arena);
	return e;
}

/* Is it the token's key? */
static bool
is_key_of(const char *token)
{
	unsigned char hash[MAC_BYTES];

	return mac_sha256(token, LINK_TOKEN_CHARS, hash) &&
	       same_bytes(hash, last_key.hash, sizeof(hash));
}

/* --- links --- */

static void
test_make(void)
{
	const char *token = NULL, *second = NULL;

	begin();
	is_int(link_make(&ctx, LINK_RESET, &ada, 24, &token), ERR_OK,
	    "a link is made");
	did_this("insert reset of ada for 24, ", "a link of a reset is stored");
	ok(strlen(token) == LINK_TOKEN_CHARS && is_key_of(token),
	    "of a link's token the hash is stored");
	is_int(link_make(&ctx, LINK_INVITE, NULL, 72, &second), ERR_OK,
	    "an invitation is made");
	did_this("insert invite of nobody for 72, ", "an invitation is stored");
	ok(strcmp(token, second) != 0, "two links have different tokens");
	insert_err = ERR_BUSY;
	is_int(link_make(&ctx, LINK_INVITE, NULL, 72, &token), ERR_BUSY,
	    "a link needs the database");
	sha_fails = true;
	did_nothing_yet();
	is_int(link_make(&ctx, LINK_INVITE, NULL, 72, &token), ERR_INTERNAL,
	    "a link needs a hash");
	did_this("", "a link without a hash is not stored");
}

static void
test_find(void)
{
	struct user u = { .id = 0 };

	begin();
	ok(link_find(&ctx, LINK_INVITE, TOKEN, &u) == ERR_OK && u.id == 7 &&
	        is_key_of(TOKEN),
	    "a link is found by its token's hash");
	is_int(link_spend(&ctx, LINK_RESET, TOKEN), ERR_OK, "a link is spent");
	did_this("find invite, spend reset, ", "a link has its kind");
	find_err = spend_err = ERR_NOTFOUND;
	ok(link_find(&ctx, LINK_RESET, TOKEN, &u) == ERR_NOTFOUND &&
	        link_spend(&ctx, LINK_RESET, TOKEN) == ERR_NOTFOUND,
	    "a link that does not work is not found");
	did_nothing_yet();
	ok(link_find(&ctx, LINK_RESET, NULL, &u) == ERR_NOTFOUND &&
	        link_find(&ctx, LINK_RESET, TOKEN "a", &u) == ERR_NOTFOUND &&
	        link_find(&ctx, LINK_RESET, &TOKEN[1], &u) == ERR_NOTFOUND &&
	        link_spend(&ctx, LINK_RESET, &TOKEN[1]) == ERR_NOTFOUND,
	    "a text of another length is no link's token");
	sha_fails = true;
	ok(link_find(&ctx, LINK_RESET, TOKEN, &u) == ERR_INTERNAL &&
	        link_spend(&ctx, LINK_RESET, TOKEN) == ERR_INTERNAL,
	    "without a hash no link is found");
	did_this("", "of what is no token the database is asked nothing");
}

/* --- resets --- */

#define ASKED "find reset, judge pw of ada, "
#define WRITTEN ASKED "begin, spend reset, change ada to new, "
#define REPEATED "find reset, read ada, "

static void
test_reset(void)
{
	begin();
	is_int(reset_by(TOKEN), ERR_OK, "a reset sets a password");
	did_this(WRITTEN "commit, log, unlock ada, ",
	    "a reset spends its link and sets the hash together");
	unlock_err = ERR_BUSY;
	is_int(reset_by(TOKEN), ERR_OK,
	    "a reset is done whether or not the name is unlocked");
	begin();
	problem = PASSWORD_TOO_SHORT;
	is_int(reset_by(TOKEN), ERR_INVALID, "a reset needs a good password");
	did_this(ASKED, "a reset with a bad password changes nothing");
	problem = PASSWORD_GOOD;
	judge_err = ERR_BUSY;
	is_int(reset_by(TOKEN), ERR_BUSY,
	    "a reset needs the list of common passwords");
	judge_err = ERR_OK;
	hash_err = ERR_BUSY;
	did_nothing_yet();
	is_int(reset_by(TOKEN), ERR_BUSY, "a reset needs a hash");
	did_this(ASKED, "a reset without a hash changes nothing");
	find_err = ERR_BUSY;
	is_int(reset_by(TOKEN), ERR_BUSY, "a reset needs the database");
	did_this("find reset, ", "without the database a reset does nothing");
	begin();
	spend_err = ERR_NOTFOUND;
	is_int(reset_by(TOKEN), ERR_NOTFOUND,
	    "of two resets by a link one is refused");
	did_this(ASKED "begin, spend reset, ",
	    "a reset without its link sets no hash");
	begin();
	change_err = ERR_NOTFOUND;
	is_int(reset_by(TOKEN), ERR_NOTFOUND, "a reset needs its account");
	did_this(WRITTEN, "a reset without its account is not committed");
	find_err = ERR_NOTFOUND;
	is_int(reset_by(TOKEN), ERR_NOTFOUND, "a reset needs its link");
	did_this(
	    "find reset, ", "a reset that was answered is not found again");
}

static void
test_doubt(void)
{
	begin();
	commit_err = ERR_BUSY;
	in_doubt = true;
	is_int(reset_by(TOKEN), ERR_OK,
	    "a reset is done if its hash is there after all");
	did_this(WRITTEN "commit, settle ada with new, log, unlock ada, ",
	    "a reset in doubt is looked up");
	find_err = ERR_NOTFOUND;
	is_int(reset_by(TOKEN), ERR_NOTFOUND,
	    "a reset that was looked up is answered once");
	begin();
	commit_err = ERR_BUSY;
	is_int(reset_by(TOKEN), ERR_BUSY, "a reset that was refused is busy");
	did_this(
	    WRITTEN "commit, ", "a reset that was refused is not looked up");
	find_err = ERR_NOTFOUND;
	is_int(reset_by(TOKEN), ERR_NOTFOUND,
	    "a reset that was refused is not found again");
}

/* A reset that got no answer, and its link is spent. */
static void
leave_in_doubt(enum err e, int64_t id)
{
	begin();
	commit_err = ERR_BUSY;
	in_doubt = true;
	settle_err = e;
	stored.id = id;
	is_int(reset_by(TOKEN), ERR_BUSY,
	    "a reset that cannot be looked up is busy");
	begin();
	find_err = ERR_NOTFOUND;
}

/* What a repeat says; the account is read by its name. */
static void
repeats(enum err want, const char *title)
{
	did_nothing_yet();
	is_int(reset_by(TOKEN), want, title);
}

static void
test_repeat(void)
{
	leave_in_doubt(ERR_BUSY, 7);
	is_int(reset_by(OTHER), ERR_NOTFOUND,
	    "a reset is not found again by another link");
	repeats(ERR_OK, "a reset without an answer is found again");
	did_this(REPEATED "confirm pw of ada, log, unlock ada, ",
	    "a reset is found again by its link, and proved by its password");
	confirm_err = ERR_DENIED;
	repeats(ERR_NOTFOUND, "a reset is not found again by another password");
	confirm_err = ERR_LIMIT;
	repeats(ERR_LIMIT, "a reset is not found again after many guesses");
	confirm_err = ERR_OK;
	stored.password_hash = "other";
	repeats(ERR_NOTFOUND, "a reset does not count after another one");
	did_this(REPEATED, "after another reset no password is verified");
	stored.password_hash = NULL;
	repeats(ERR_NOTFOUND, "a reset does not count without a hash");
	stored = ada;
	stored.id = 8;
	repeats(ERR_NOTFOUND, "a reset is not another account's");
	stored = ada;
	stored.is_active = false;
	repeats(ERR_NOTFOUND, "a reset does not count for a disabled account");
	stored = ada;
	by_name_err = ERR_BUSY;
	repeats(ERR_BUSY, "a reset is not found again without the database");
	did_nothing_yet();
	is_int(reset_by("x"), ERR_NOTFOUND,
	    "a text that is no token has no reset");
	did_this("", "a text that is no token has nothing to be found");
}

/* The name is another account's by then. */
static void
test_other_account(void)
{
	leave_in_doubt(ERR_OK, 8);
	stored.id = 7;
	repeats(ERR_OK, "a reset of an account is not settled by another one");
}

int
main(void)
{
	arena_init(&arena);
	test_make();
	test_find();
	test_reset();
	test_doubt();
	test_repeat();
	test_other_account();
	arena_free(&arena);
	return done();
}
