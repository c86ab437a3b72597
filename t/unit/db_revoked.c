/*
 * db/revoked.c: what becomes of the rows that statements give, of none, and of
 * errors. The rows are this file's; what the statements do is in the shell's
 * tests.
 */
#include "base.h"

#define db_revoked_sql tested_sql
#define db_revoked_poll tested_poll
#define db_revoked_entry tested_entry
#define db_revoked_note_server tested_note_server
#define db_revoked_end_all tested_end_all
#define db_revoked_turn tested_turn
#define db_revoked_remove tested_remove
#define db_revoked_is_ordered tested_is_ordered
#include "rows.h"

#include "db/revoked.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

static const struct app app = { .db = NULL };
static struct ctx ctx = { .app = &app, .arena = &arena };

static void
test_poll(void)
{
	struct db_revoked_news news = { .now_s = 0 };

	will_be(ERR_OK, "snap|1 start|99|-|-|-|-;");
	ok(db_revoked_poll(&ctx, "before", &news) == ERR_OK &&
	        is_same(ran, "revoked_poll ") && is_same(params[0], "before"),
	    "a poll asks by the snapshot before");
	ok(is_same(news.snapshot, "snap") && is_same(news.session, "1 start") &&
	        news.now_s == 99 && news.rows.count == 1,
	    "a poll has a snapshot, a session and a time");
	will_be(ERR_OK, "");
	ok(db_revoked_poll(&ctx, "before", &news) == ERR_INTERNAL,
	    "a poll without a row is a bug");
	will_be(ERR_BUSY, "snap|1 start|99|-|-|-|-;");
	ok(db_revoked_poll(&ctx, "before", &news) == ERR_BUSY,
	    "without the database there is no poll");
}

static void
test_entries(void)
{
	struct db_revoked_news news;
	struct db_revoked_entry e = { .is_session = false };

	will_be(
	    ERR_OK, "snap|1|99|50|0123456789abcdef|-|-;snap|1|99|51|-|7|3;");
	if (db_revoked_poll(&ctx, "before", &news) != ERR_OK)
		abort();
	ok(db_revoked_entry(&news, 0, &e) && e.is_session &&
	        e.sid == UINT64_C(0x0123456789abcdef) && e.until_s == 50 &&
	        e.user_id == 0 && e.epoch == 0,
	    "an entry of a session has its id and time");
	ok(db_revoked_entry(&news, 1, &e) && !e.is_session && e.sid == 0 &&
	        e.until_s == 51 && e.user_id == 7 && e.epoch == 3,
	    "an entry of a user has its number, epoch and time");
	ok(!db_revoked_entry(&news, 2, &e), "behind the last entry is none");
	will_be(ERR_OK, "snap|1|99|-|-|-|-;");
	if (db_revoked_poll(&ctx, "before", &news) != ERR_OK)
		abort();
	ok(!db_revoked_entry(&news, 0, &e),
	    "a poll of nothing new has no entry");
}

static void
test_server(void)
{
	const char *last = "x", *now = NULL;

	will_be(ERR_OK, "there|here;");
	ok(db_revoked_note_server(&ctx, &last, &now) == ERR_OK &&
	        is_same(last, "there") && is_same(now, "here") &&
	        is_same(ran, "revoked_note_server "),
	    "another server has a name, and so had the last");
	will_be(ERR_OK, "-|here;");
	ok(db_revoked_note_server(&ctx, &last, &now) == ERR_OK && last == NULL,
	    "the first server comes after none");
	last = "x";
	will_be(ERR_NOTFOUND, "");
	ok(db_revoked_note_server(&ctx, &last, &now) == ERR_OK && last == NULL,
	    "the same server comes after none");
	last = "x";
	will_be(ERR_BUSY, "");
	ok(db_revoked_note_server(&ctx, &last, &now) == ERR_BUSY &&
	        last == NULL,
	    "without the database no server is noted");
}

static void
test_turns(void)
{
	bool mine = false;

	will_be(ERR_OK, "1;");
	ok(db_revoked_turn(&ctx, DB_TURN_REMOVE, &mine) == ERR_OK && mine &&
	        is_same(ran, "revoked_turn_remove "),
	    "it is this instance's turn to remove");
	mine = false;
	will_be(ERR_OK, "1;");
	ok(db_revoked_turn(&ctx, DB_TURN_WALK, &mine) == ERR_OK && mine &&
	        is_same(ran, "revoked_turn_walk "),
	    "one instance has the turn to walk");
	will_be(ERR_NOTFOUND, "");
	ok(db_revoked_turn(&ctx, DB_TURN_WALK, &mine) == ERR_OK && !mine,
	    "another instance has the turn");
	mine = true;
	will_be(ERR_BUSY, "");
	ok(db_revoked_turn(&ctx, DB_TURN_WALK, &mine) == ERR_BUSY && !mine,
	    "without the database it is no turn");
}

static void
test_remove(void)
{
	bool more = false;

	will_be(ERR_OK, "1000;");
	ok(db_revoked_remove(&ctx, &more) == ERR_OK && more &&
	        is_same(ran, "revoked_remove "),
	    "after a full step of removal there are more entries");
	more = false;
	will_be(ERR_OK, "1003;");
	ok(db_revoked_remove(&ctx, &more) == ERR_OK && more,
	    "after entries of one transaction, which go together, there are more");
	will_be(ERR_OK, "999;");
	ok(db_revoked_remove(&ctx, &more) == ERR_OK && !more,
	    "after a step of removal that was not full there are no more entries");
	more = true;
	will_be(ERR_BUSY, "");
	ok(db_revoked_remove(&ctx, &more) == ERR_BUSY && !more,
	    "without the database there are no more entries to remove");
}

static void
test_others(void)
{
	bool ordered = false;

	will_be(ERR_OK, "t;");
	ok(db_revoked_is_ordered(&ctx, &ordered) == ERR_OK && ordered &&
	        is_same(ran, "revoked_is_ordered "),
	    "a database has an order");
	will_be(ERR_OK, "f;");
	ok(db_revoked_is_ordered(&ctx, &ordered) == ERR_OK && !ordered,
	    "a database has no order");
	ordered = true;
	will_be(ERR_BUSY, "");
	ok(db_revoked_is_ordered(&ctx, &ordered) == ERR_BUSY && !ordered,
	    "without the database there is no order");
	will_be(ERR_OK, "5;");
	ok(db_revoked_end_all(&ctx) == ERR_OK &&
	        is_same(ran, "revoked_end_all "),
	    "the tokens of everybody are ended");
	will_be(ERR_BUSY, "");
	ok(db_revoked_end_all(&ctx) == ERR_BUSY,
	    "without the database no tokens are ended");
}

int
main(void)
{
	arena_init(&arena);
	test_poll();
	test_entries();
	test_server();
	test_turns();
	test_remove();
	test_others();
	arena_free(&arena);
	return done();
}
