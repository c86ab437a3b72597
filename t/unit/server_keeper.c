/*
 * Tests of server/keeper.c: what a poll asks, in which order, what becomes of
 * its entries and of failures, and when what is past its time is removed. The
 * database, the tables in shared memory and the clock are this file's.
 */
#include "base.h"

#include <inttypes.h>
#include <setjmp.h>
#include <string.h>

#define keeper_run tested_run
#define db_limit limit_of_ours
#define db_revoked_poll poll_of_ours
#define db_revoked_entry entry_of_ours
#define db_revoked_is_ordered is_ordered_of_ours
#define db_revoked_note_server note_server_of_ours
#define db_revoked_turn turn_of_ours
#define db_revoked_remove remove_entries_of_ours
#define db_session_remove remove_sessions_of_ours
#define db_session_walk walk_of_ours
#define revoked_add_session add_session_of_ours
#define revoked_add_user add_user_of_ours
#define revoked_expire expire_of_ours
#define revoked_heard heard_of_ours
#define revoked_missed missed_of_ours
#define revoked_wait wait_of_ours
#define revoked_take_over take_over_of_ours
#define revoked_count count_of_ours
#define revoked_clock_ms revoked_clock_of_ours
#define metrics_revoked metrics_of_ours
#define clock_ms clock_of_ours
#define ctx_reset reset_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#include "server/keeper.c" /* NOLINT(bugprone-suspicious-include) */
#undef ctx_reset

#include "did.h"

void ctx_reset(struct ctx *c);

static const struct conf conf = { .session_idle_minutes = 100,
	.access_token_minutes = 11 };
static const struct app app = { .conf = &conf };
static struct keeper k;
static int64_t now_ms;
static jmp_buf leave;
static int waits; /* until keeper_run() is left; 0: it is not tested */

/* --- in the place of others --- */

/* The answers of the polls to come, in turn; the last one stays. */
static struct answer {
	enum err e;
	const char *session;
	int64_t now_s;
} answers[2];
static size_t answered;
static bool ordered;
static enum err ordered_err, server_err, turn_err, clean_err;
static const char *last_server;
static bool mine, more;
static struct db_revoked_entry entries[2];
/* places that are left in the tables, and of sessions those past their time */
static int entries_count, session_room, user_room, past;

void
limit_of_ours(struct db *db, int64_t ms, int64_t server_ms)
{
	(void)db;
	did("limit %" PRId64 " %" PRId64 ", ", ms, server_ms);
}

enum err
/* cppcheck-suppress constParameter */
poll_of_ours(struct ctx *c, const char *snapshot, struct db_revoked_news *out)
{
	const struct answer *a = &answers[answered];

	did("poll %s in %d, ", snapshot, c == &k.polls[1]);
	if (answered + 1 < ARRAY_LEN(answers))
		answered++;
	if (a->e != ERR_OK)
		return a->e;
	*out = (struct db_revoked_news){
		.snapshot = "next", .session = a->session, .now_s = a->now_s
	};
	return ERR_OK;
}

bool
entry_of_ours(
    const struct db_revoked_news *news, int i, struct db_revoked_entry *out)
{
	(void)news;
	if (i >= entries_count)
		return false;
	*out = entries[i];
	return true;
}

enum err
is_ordered_of_ours(struct ctx *c, bool *out)
{
	(void)c;
	did("is it ordered, ");
	*out = ordered;
	return ordered_err;
}

enum err
note_server_of_ours(struct ctx *c, const char **last, const char **now)
{
	(void)c;
	did("note the server, ");
	*last = last_server;
	*now = "here";
	return server_err;
}

enum err
turn_of_ours(struct ctx *c, enum db_turn turn, bool *out)
{
	(void)c;
	did("turn to %s, ", turn == DB_TURN_WALK ? "walk" : "remove");
	*out = mine;
	return turn_err;
}

enum err
remove_entries_of_ours(struct ctx *c, bool *left)
{
	(void)c;
	did("remove entries, ");
	*left = more;
	return clean_err;
}

enum err
remove_sessions_of_ours(struct ctx *c, bool *left)
{
	(void)c;
	did("remove sessions, ");
	*left = more;
	return clean_err;
}

enum err
walk_of_ours(struct ctx *c, int64_t idle_s, int64_t *page, bool *left)
{
	(void)c;
	did("walk from %" PRId64 " by %" PRId64 ", ", *page, idle_s);
	*page += 100;
	*left = more;
	return clean_err;
}

bool
add_session_of_ours(uint64_t sid, int64_t until_s)
{
	did("session %" PRIu64 " until %" PRId64 ", ", sid, until_s);
	return session_room-- > 0;
}

bool
add_user_of_ours(int64_t user_id, int32_t epoch, int64_t until_s)
{
	did("user %" PRId64 " below %d until %" PRId64 ", ", user_id,
	    (int)epoch, until_s);
	return user_room-- > 0;
}

void
expire_of_ours(int64_t at_s)
{
	did("expire %" PRId64 ", ", at_s);
	session_room = past;
	past = 0;
}

void
heard_of_ours(int64_t when_ms)
{
	did("heard %" PRId64 ", ", when_ms);
}

void
missed_of_ours(int64_t when_ms, bool was_answered)
{
	did("missed %" PRId64 "%s, ", when_ms, was_answered ? " full" : "");
}

void
wait_of_ours(int64_t least_ms, int64_t most_ms)
{
	did("wait %" PRId64 " %" PRId64 ", ", least_ms, most_ms);
	if (waits > 0 && --waits == 0)
		longjmp(leave, 1); /* NOLINT(cert-err52-cpp) */
}

void
take_over_of_ours(void)
{
	did("take over, ");
}

size_t
count_of_ours(void)
{
	return 5;
}

int64_t
revoked_clock_of_ours(void)
{
	return now_ms + 1;
}

void
metrics_of_ours(uint64_t count, int64_t heard_ms)
{
	did("%" PRIu64 " entries at %" PRId64 ", ", count, heard_ms);
}

int64_t
clock_of_ours(void)
{
	return now_ms;
}

void
reset_of_ours(struct ctx *c)
{
	if (waits == 0)
		did("reset %d, ", c == &k.polls[1]);
	ctx_reset(c);
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	did("event %s, ", e == EVENT_SERVER_CHANGED   ? "server changed"
	                  : e == EVENT_REVOKED_FULL   ? "full"
	                  : e == EVENT_REVOKED_BEHIND ? "behind"
	                                              : "current");
	(void)fmt;
}

/* --- polls --- */

#define READ_ALL(turn)                                          \
	"limit 10000 10000, poll 1:1: in " turn ", limit 1000 " \
	"10000, "
#define CONNECTED "is it ordered, note the server, "
#define GOOD(other) "heard 1001, 5 entries at 1000, reset " other ", "

/* A keeper whose database answers, with these answers to come. */
static void
begin(void)
{
	size_t i;

	k = (struct keeper){ .heard_ms = 0 };
	for (i = 0; i < 2; i++) {
		arena_init(&k.arenas[i]);
		ctx_init(&k.polls[i], &app, &k.arenas[i]);
		answers[i] = (struct answer){ ERR_OK, "first", 500 };
	}
	now_ms = 1000;
	answered = 0;
	ordered = true;
	ordered_err = server_err = turn_err = clean_err = ERR_OK;
	last_server = NULL;
	entries_count = 0;
	mine = more = false;
	did_nothing_yet();
}

/* The same after its first poll. */
static void
begin_and_poll(void)
{
	begin();
	if (poll_once(&k) != ERR_OK)
		did_this("", "the first poll goes well");
	did_nothing_yet();
	answered = 0;
}

static void
test_polls(void)
{
	begin();
	is_int(poll_once(&k), ERR_OK, "a first poll goes well");
	did_this(CONNECTED READ_ALL("0") GOOD("1"),
	    "the first poll of a connection reads everything");
	is(k.snapshot, "next", "a poll keeps its snapshot for the next one");
	ok(k.heard_ms == 1000 && k.now_s == 500,
	    "a poll keeps its time, and the database's");
	is_int(poll_once(&k), ERR_OK, "a second poll goes well");
	did_this("poll next in 1, " GOOD("0"),
	    "the next poll reads what is new since the last snapshot");
	is_int(poll_once(&k), ERR_OK, "a third poll goes well");
	did_this("poll next in 0, " GOOD("1"), "polls take two arenas in turn");

	begin_and_poll();
	answers[0].session = "second";
	answers[1].session = "second";
	is_int(poll_once(&k), ERR_OK, "a poll of another connection goes well");
	did_this("poll next in 1, " CONNECTED READ_ALL("1") GOOD("0"),
	    "another connection is read as a whole");

	begin_and_poll();
	answers[0].now_s = answers[1].now_s = 500 - 60;
	is_int(poll_once(&k), ERR_OK, "a poll of a slow clock goes well");
	did_this("poll next in 1, " GOOD("0"),
	    "a clock set back by a minute changes nothing");
	answers[0].now_s = answers[1].now_s = 500 - 60 - 61;
	answered = 0;
	is_int(poll_once(&k), ERR_OK, "a poll of a clock set back goes well");
	did_this("poll next in 0, " CONNECTED READ_ALL("0") GOOD("1"),
	    "after a clock was set back by more everything is read");
}

static void
test_unordered(void)
{
	begin_and_poll();
	k.is_ordered = false;
	is_int(poll_once(&k), ERR_OK, "a poll without an order goes well");
	did_this(READ_ALL("1") GOOD("0"),
	    "a database without an order is read as a whole");
	answered = 0;
	answers[0].session = answers[1].session = "second";
	ordered = false;
	is_int(poll_once(&k), ERR_OK,
	    "a poll of another connection without an order goes well");
	did_this(READ_ALL("0") CONNECTED READ_ALL("0") GOOD("1"),
	    "another connection is asked whether it has an order");
	ok(!k.is_ordered, "the answer to that is kept");
}

static void
test_failures(void)
{
	begin();
	ordered_err = ERR_BUSY;
	is_int(poll_once(&k), ERR_BUSY, "a poll fails with its first question");
	did_this("is it ordered, missed 1001, reset 0, ",
	    "nothing is read where the order is not known");
	begin();
	answers[0].e = ERR_BUSY;
	is_int(poll_once(&k), ERR_BUSY, "a poll of everything fails");
	did_this(CONNECTED READ_ALL("0") "missed 1001, reset 0, ",
	    "after a poll that failed the usual limits are set");
	ok(k.session == NULL && k.now_s == 0 && k.heard_ms == 0,
	    "a poll that failed leaves nothing");

	begin_and_poll();
	answers[0].e = ERR_BUSY;
	is_int(poll_once(&k), ERR_BUSY, "a poll of what is new fails");
	did_this("poll next in 1, missed 1001, reset 1, ",
	    "a poll of what is new that fails is not followed by another");
	ok(k.session == NULL && k.turn == 1,
	    "after a poll that failed everything is read");

	begin_and_poll();
	k.is_ordered = false;
	answers[0].session = "second";
	answers[1].e = ERR_BUSY;
	is_int(poll_once(&k), ERR_BUSY, "the second reading of a poll fails");
	did_this(READ_ALL("1") CONNECTED READ_ALL("1") "missed 1001, reset 1, ",
	    "what was read before another connection does not count");
}

static void
test_servers(void)
{
	begin();
	last_server = "there";
	is_int(poll_once(&k), ERR_OK, "a poll of another server goes well");
	did_this(CONNECTED "event server changed, " READ_ALL("0") GOOD("1"),
	    "another server than the last one is logged");
	begin();
	last_server = "there";
	server_err = ERR_BUSY;
	is_int(poll_once(&k), ERR_OK,
	    "a poll goes well where the server has no name");
	did_this(CONNECTED READ_ALL("0") GOOD("1"),
	    "a server without a name is not logged");
}

#define SESSION "session 7 until 90, "
#define USER "user 8 below 3 until 91, "

static void
test_entries(void)
{
	begin_and_poll();
	entries[0] = (struct db_revoked_entry){
		.is_session = true, .sid = 7, .until_s = 90
	};
	entries[1] = (struct db_revoked_entry){
		.user_id = 8, .epoch = 3, .until_s = 91
	};
	entries_count = 2;
	session_room = user_room = 1;
	is_int(poll_once(&k), ERR_OK, "a poll with two entries goes well");
	did_this("poll next in 1, " SESSION USER GOOD("0"),
	    "entries are added before the time is told");
	session_room = 0;
	user_room = 2;
	is_int(poll_once(&k), ERR_LIMIT, "a poll without room fails");
	did_this("poll next in 0, " SESSION USER "expire 440, " SESSION USER
	         "missed 1001 full, reset 0, ",
	    "where there is no room what is past its time goes first");
	ok(k.session == NULL, "after a poll without room everything is read");

	begin_and_poll();
	entries_count = 2;
	entries[0].is_session = false;
	entries[0].user_id = 9;
	user_room = 1;
	session_room = 9;
	is_int(poll_once(&k), ERR_LIMIT, "a poll without room for users fails");

	begin_and_poll();
	entries_count = 1;
	entries[0].is_session = true;
	session_room = -1;
	answers[1].now_s = answers[0].now_s = 600;
	is_int(poll_once(&k), ERR_LIMIT, "a poll without room fails still");
	ok(k.now_s == 600, "a poll without room keeps the database's time");
}

/* A table is full, with entries that are past their time. */
static void
test_room(void)
{
	const struct db_revoked_news news = { .now_s = 500 };

	begin();
	entries[0] = (struct db_revoked_entry){
		.is_session = true, .sid = 7, .until_s = 90
	};
	entries_count = 1;
	session_room = 1;
	is_int(take(&news), ERR_OK, "an entry with room is taken");
	did_this(SESSION, "where there is room nothing is removed");
	session_room = 0;
	past = 1;
	is_int(take(&news), ERR_OK,
	    "an entry takes the place of one that is past its time");
	did_this(SESSION "expire 440, " SESSION,
	    "what is past its time by a minute is removed for an entry");
}

/* --- what is told --- */

static void
test_told(void)
{
	begin();
	k.heard_ms = 10000;
	now_ms = 10000 + REVOKED_STALE_MS;
	tell(&k, ERR_BUSY);
	did_this("", "nothing is told for three seconds");
	now_ms++;
	tell(&k, ERR_BUSY);
	did_this("event behind, ", "a database that is away is told");
	tell(&k, ERR_BUSY);
	did_this("", "a database that is away is told once");
	k.heard_ms = now_ms;
	tell(&k, ERR_OK);
	did_this("event current, ", "a database that is back is told");
	tell(&k, ERR_OK);
	did_this("", "a database that is back is told once");
	now_ms += REVOKED_STALE_MS + 1;
	tell(&k, ERR_LIMIT);
	did_this("event full, ", "a table that is full is told");
}

/* --- removal --- */

static void
test_removal(void)
{
	begin_and_poll();
	k.session = NULL;
	clean(&k);
	did_this("", "nothing is removed after a poll that failed");

	begin_and_poll();
	mine = true;
	more = true;
	clean(&k);
	did_this("expire 440, turn to remove, turn to walk, remove entries, "
	         "reset 1, ",
	    "entries are removed first");
	ok(k.clean_ms == 1000 + 60000 && k.walk_ms == 1000 + 3600000,
	    "removals are due in a minute, and walks in an hour");
	clean(&k);
	did_this("remove entries, reset 1, ",
	    "a removal goes on while there are more");
	more = false;
	clean(&k);
	did_this("remove entries, reset 1, ", "the last entries are removed");
	more = true;
	clean(&k);
	did_this("remove sessions, reset 1, ", "sessions are removed next");
	more = false;
	clean(&k);
	did_this("remove sessions, reset 1, ", "the last sessions are removed");
	more = true;
	clean(&k);
	did_this("walk from 0 by 93060, reset 1, ",
	    "a walk begins at the first page");
	more = false;
	clean(&k);
	did_this("walk from 100 by 93060, reset 1, ",
	    "a walk goes on from page to page");
	clean(&k);
	did_this("reset 1, ", "a walk ends");
	now_ms = k.clean_ms - 1;
	clean(&k);
	did_this("reset 1, ", "nothing is removed before it is time");
	now_ms++;
	mine = false;
	clean(&k);
	did_this("expire 440, turn to remove, reset 1, ",
	    "nothing is removed in the turn of another instance");
	k.clean_ms = INT64_MAX;
	now_ms = k.walk_ms - 1;
	clean(&k);
	did_this("reset 1, ", "there is no walk before it is time");
	now_ms++;
	k.walk_page = 700;
	mine = more = true;
	clean(&k);
	did_this("turn to walk, walk from 0 by 93060, reset 1, ",
	    "a later walk begins at the first page, too");
}

static void
test_removal_fails(void)
{
	begin_and_poll();
	mine = true;
	turn_err = ERR_BUSY;
	clean(&k);
	did_this("expire 440, turn to remove, turn to walk, reset 1, ",
	    "without a turn nothing is removed");
	begin_and_poll();
	mine = more = true;
	clean_err = ERR_BUSY;
	clean(&k);
	did_this("expire 440, turn to remove, turn to walk, remove entries, "
	         "reset 1, ",
	    "a removal fails");
	clean(&k);
	did_this("reset 1, ",
	    "after a removal that failed nothing goes on until its time");
	begin_and_poll();
	k.is_ordered = false;
	mine = true;
	clean(&k);
	did_this("expire 440, turn to remove, remove entries, reset 1, ",
	    "a database without an order has no walk");
}

/* --- pauses, and all of it --- */

static void
test_pauses(void)
{
	begin();
	k.is_ordered = true;
	pause_after(&k, ERR_OK);
	did_this("wait 20 100, ", "a poll is followed by a short pause");
	pause_after(&k, ERR_BUSY);
	did_this("wait 100 100, ",
	    "a poll that failed is not followed by another at once");
	pause_after(&k, ERR_LIMIT);
	did_this("wait 1000 1000, ",
	    "a poll without room is followed by a long pause");
	k.is_ordered = false;
	pause_after(&k, ERR_OK);
	did_this("wait 250 1000, ",
	    "a database without an order is read once a second");
}

static void
test_run(void)
{
	begin();
	waits = 2;
	if (setjmp(leave) == 0) /* NOLINT(cert-err52-cpp) */
		tested_run(&app);
	did_this(
	    "limit 1000 10000, take over, "
	    "is it ordered, note the server, " READ_ALL(
	        "0") "heard 1001, 5 entries at 1000, "
	             "expire 440, turn to remove, turn to walk, wait 20 100, "
	             "poll next in 0, heard 1001, 5 entries at 1000, "
	             "wait 20 100, ",
	    "a keeper takes over, polls, cleans and waits by turns");
	waits = 0;
}

int
main(void)
{
	test_polls();
	test_unordered();
	test_failures();
	test_servers();
	test_entries();
	test_room();
	test_told();
	test_removal();
	test_removal_fails();
	test_pauses();
	test_run();
	return done();
}
