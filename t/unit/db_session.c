/*
 * db/session.c: what becomes of the rows that statements give, of none, and of
 * errors. The rows are this file's; what the statements do is in the shell's
 * tests.
 */
#include "base.h"

#define db_session_sql tested_sql
#define db_session_insert tested_insert
#define db_session_list tested_list
#define db_session_find tested_find
#define db_session_live tested_live
#define db_session_touch tested_touch
#define db_session_look tested_look
#define db_session_renew tested_renew
#define db_session_end_reused tested_end_reused
#define db_session_end tested_end
#define db_session_end_others tested_end_others
#define db_session_remove tested_remove
#define db_session_walk tested_walk
#define db_session_size tested_size
#include "rows.h"

#include "db/session.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

#define ID "0123456789abcdef0123456789abcdef"

static const struct app app = { .db = NULL };
static struct ctx ctx = { .app = &app, .arena = &arena };

/* --- begin and list --- */

static void
test_insert(void)
{
	static const struct answer full[] = { { ERR_OK, "t;" },
		{ ERR_OK, "" } },
	                           fails[] = { { ERR_OK, "t;" },
		                           { ERR_BUSY, "" } };
	const struct session s = { .id = ID,
		.user_id = 7,
		.epoch = 3,
		.client = 4,
		.expires_s = 99,
		.renewable = true };

	will_be(ERR_OK, "f;");
	ok(db_session_insert(&ctx, &s) == ERR_OK &&
	        is_same(ran, "session_insert "),
	    "a session is added");
	ok(is_same(params[0], ID) && is_same(params[1], "7") &&
	        is_same(params[2], "3") && is_same(params[3], "99") &&
	        is_same(params[6], "0") && is_same(params[7], "4"),
	    "a session has its user, epoch, end and client");
	will_answer(full);
	ok(db_session_insert(&ctx, &s) == ERR_OK &&
	        is_same(ran, "session_insert session_end_surplus ") &&
	        is_same(params[0], "7") && is_same(params[1], ID),
	    "where there are too many the others are ended");
	will_answer(fails);
	ok(db_session_insert(&ctx, &s) == ERR_OK,
	    "others that could not be ended are left to the next login");
	will_be(ERR_BUSY, "");
	ok(db_session_insert(&ctx, &s) == ERR_BUSY &&
	        is_same(ran, "session_insert "),
	    "a session that could not be added ends no other");
}

static void
test_list(void)
{
	static struct session out[SESSIONS_OF_USER];
	const struct user u = { .id = 7, .epoch = 3 };
	char many[14 * (SESSIONS_OF_USER + 1) + 1];
	size_t n = 99, i;

	will_be(ERR_OK, "a|b|c|d|e|f|g;h|i|j|k|-|-|n;");
	ok(db_session_list(&ctx, &u, out, &n) == ERR_OK && n == 2,
	    "two sessions are two");
	ok(is_same(out[0].id, "a") && is_same(out[0].created_at, "b") &&
	        is_same(out[0].used_at, "c") &&
	        is_same(out[0].expires_at, "d") &&
	        is_same(out[0].address, "e") && is_same(out[0].agent, "f") &&
	        is_same(out[0].client_id, "g") && out[0].user_id == 7 &&
	        out[0].epoch == 3,
	    "a session of the list has all members");
	ok(is_same(out[1].id, "h") && out[1].address == NULL &&
	        out[1].agent == NULL,
	    "a session of the list may have no address");
	for (i = 0; i <= SESSIONS_OF_USER; i++)
		memcpy(many + 14 * i, "1|-|-|-|-|-|-;", 15);
	will_be(ERR_OK, many);
	n = 0;
	ok(db_session_list(&ctx, &u, out, &n) == ERR_OK &&
	        n == SESSIONS_OF_USER,
	    "no list is longer than the most that there are");
	will_be(ERR_BUSY, "");
	ok(db_session_list(&ctx, &u, out, &n) == ERR_BUSY,
	    "without the database there is no list");
}

static void
test_find(void)
{
	const char *expires_at = NULL;

	will_be(ERR_OK, "soon;");
	ok(db_session_find(&ctx, ID, 7, &expires_at) == ERR_OK &&
	        is_same(expires_at, "soon"),
	    "the end of a session is found");
	expires_at = NULL;
	will_be(ERR_NOTFOUND, "");
	ok(db_session_find(&ctx, ID, 7, &expires_at) == ERR_NOTFOUND &&
	        expires_at == NULL,
	    "a session that has ended is not found");
}

/* --- renewal --- */

#define LIVE_ROW "7|ada|3|99|s"

static bool
is_ada(const struct renewal *r)
{
	return r->user.id == 7 && is_same(r->user.username, "ada") &&
	       r->user.epoch == 3 && r->user.is_active && r->expires_s == 99 &&
	       is_same(r->scope, "s");
}

static void
test_live(void)
{
	struct renewal r = { .id = ID };

	will_be(ERR_OK, LIVE_ROW "|-1|app|api;");
	ok(db_session_live(&ctx, &r) == ERR_OK && is_ada(&r) &&
	        r.counter == -1 && is_same(r.client.id, "app") &&
	        is_same(r.client.audience, "api"),
	    "a session that goes on has its user, counter and client");
	will_be(ERR_NOTFOUND, "");
	ok(db_session_live(&ctx, &r) == ERR_NOTFOUND,
	    "a session that has ended does not go on");
}

static void
test_touch(void)
{
	struct touch t = { .id = ID, .user = { .id = 7, .epoch = 3 } };

	will_be(ERR_OK, "8|eve|4|98|s;");
	ok(db_session_touch(&ctx, &t) == ERR_OK && t.user.id == 8 &&
	        is_same(t.user.username, "eve") && t.user.epoch == 4 &&
	        t.user.is_active && t.expires_s == 98 &&
	        is_same(t.user.scope, "s"),
	    "a session that is used has what its account has");
	t.user.epoch = 3;
	will_be(ERR_OK, "7|ada|4|98|-;");
	ok(db_session_touch(&ctx, &t) == ERR_OK && is_same(params[4], "3") &&
	        t.user.scope == NULL,
	    "a session is used in the epoch of its cookie");
	t.is_raised = true;
	will_be(ERR_OK, "7|ada|4|98|-;");
	ok(db_session_touch(&ctx, &t) == ERR_OK && params[4] == NULL,
	    "after a change a session is used in any epoch");
	will_be(ERR_NOTFOUND, "");
	ok(db_session_touch(&ctx, &t) == ERR_UNAUTH,
	    "a session that has ended is not used");
	will_be(ERR_BUSY, "");
	ok(db_session_touch(&ctx, &t) == ERR_BUSY,
	    "without the database nobody knows whether it has ended");
}

static void
test_look(void)
{
	struct renewal r = { .id = ID };

	will_be(ERR_OK, LIVE_ROW "|done;");
	ok(db_session_look(&ctx, &r) == ERR_OK && is_ada(&r) &&
	        r.result == RENEWAL_DONE,
	    "a counter that is not spent is good");
	will_be(ERR_OK, LIVE_ROW "|grace;");
	ok(db_session_look(&ctx, &r) == ERR_OK && r.result == RENEWAL_GRACE,
	    "a counter that was spent just now has the same successor");
	will_be(ERR_OK, LIVE_ROW "|spent;");
	ok(db_session_look(&ctx, &r) == ERR_OK && r.result == RENEWAL_SPENT,
	    "a counter that was spent long ago is spent");
	will_be(ERR_NOTFOUND, "");
	ok(db_session_look(&ctx, &r) == ERR_UNAUTH,
	    "a session that has ended is not looked at");
	will_be(ERR_BUSY, "");
	ok(db_session_look(&ctx, &r) == ERR_BUSY,
	    "without the database no session is looked at");
}

static void
test_renew(void)
{
	static const struct answer good[] = { { ERR_OK, LIVE_ROW "|off;" } },
	                           between[] = { { ERR_NOTFOUND, "" },
		                           { ERR_OK, LIVE_ROW "|done;" },
		                           { ERR_OK, LIVE_ROW "|off;" } },
	                           grace[] = { { ERR_NOTFOUND, "" },
		                           { ERR_OK, LIVE_ROW "|grace;" } },
	                           gone[] = { { ERR_NOTFOUND, "" },
		                           { ERR_NOTFOUND, "" } },
	                           away[] = { { ERR_NOTFOUND, "" },
		                           { ERR_BUSY, "" } };
	struct answer never[2 * RENEW_TRIES + 1];
	struct renewal r = { .id = ID, .result = RENEWAL_SPENT };
	size_t i;

	will_answer(good);
	ok(db_session_renew(&ctx, &r) == ERR_OK && is_ada(&r) &&
	        r.result == RENEWAL_DONE && answered == 1,
	    "a session is renewed by one statement");
	r.result = RENEWAL_SPENT;
	will_answer(between);
	ok(db_session_renew(&ctx, &r) == ERR_OK && r.result == RENEWAL_DONE &&
	        answered == 3,
	    "what has become good in between is renewed");
	will_answer(grace);
	ok(db_session_renew(&ctx, &r) == ERR_OK && is_ada(&r) &&
	        r.result == RENEWAL_GRACE && answered == 2,
	    "a token that was spent just now is told from others");
	will_answer(gone);
	ok(db_session_renew(&ctx, &r) == ERR_UNAUTH && answered == 2,
	    "a session that has ended is not renewed");
	will_answer(away);
	ok(db_session_renew(&ctx, &r) == ERR_BUSY && answered == 2,
	    "without the database nothing is renewed");
	will_be(ERR_BUSY, "");
	ok(db_session_renew(&ctx, &r) == ERR_BUSY && answered == 1,
	    "a renewal that failed is not tried again");
	for (i = 0; i < RENEW_TRIES; i++) {
		never[2 * i] = between[0];
		never[2 * i + 1] = between[1];
	}
	never[2 * i] = (struct answer){ ERR_INTERNAL, "" };
	will_answer(never);
	ok(db_session_renew(&ctx, &r) == ERR_BUSY &&
	        answered == 2 * RENEW_TRIES,
	    "a renewal that others always come before is given up");
}

/* --- the end --- */

static void
test_end(void)
{
	will_be(ERR_OK, "x;");
	ok(db_session_end(&ctx, 7, ID) == ERR_OK && is_same(params[0], "7") &&
	        is_same(params[1], ID),
	    "a session of a user is ended");
	will_be(ERR_OK, "x;");
	ok(db_session_end(&ctx, 1, ID) == ERR_OK && params[0] != NULL &&
	        is_same(params[0], "1"),
	    "a session of the first user is ended");
	will_be(ERR_OK, "x;");
	ok(db_session_end(&ctx, 0, ID) == ERR_OK && params[0] == NULL,
	    "a session of any user is ended");
	will_be(ERR_NOTFOUND, "");
	ok(db_session_end(&ctx, 7, ID) == ERR_NOTFOUND,
	    "a session that is not there is not ended");
}

static void
test_remove(void)
{
	bool more = false;

	will_be(ERR_OK, "1000;");
	ok(db_session_remove(&ctx, &more) == ERR_OK && more,
	    "after a full step of removal there are more");
	will_be(ERR_OK, "999;");
	ok(db_session_remove(&ctx, &more) == ERR_OK && !more,
	    "after a step of removal that was not full there are no more");
	more = true;
	will_be(ERR_BUSY, "");
	ok(db_session_remove(&ctx, &more) == ERR_BUSY && !more,
	    "without the database there is nothing more to remove");
}

static void
test_walk(void)
{
	int64_t page = 200;
	bool more = false;

	will_be(ERR_OK, "f|t;");
	ok(db_session_walk(&ctx, 60, &page, &more) == ERR_OK && more &&
	        page == 300 && is_same(params[0], "200") &&
	        is_same(params[1], "60"),
	    "a walk goes on to the next pages");
	more = false;
	will_be(ERR_OK, "t|f;");
	ok(db_session_walk(&ctx, 60, &page, &more) == ERR_OK && more &&
	        page == 300,
	    "a walk stays where a step was full");
	will_be(ERR_OK, "f|f;");
	ok(db_session_walk(&ctx, 60, &page, &more) == ERR_OK && !more,
	    "a walk ends with the table");
	page = 7;
	will_be(ERR_BUSY, "");
	ok(db_session_walk(&ctx, 60, &page, &more) == ERR_BUSY && page == 7,
	    "without the database a walk stays where it is");
}

static void
test_size(void)
{
	struct session_size size = { .users = 9 };

	will_be(ERR_OK, "1|2|3|4;");
	ok(db_session_size(&ctx, &size) == ERR_OK && size.session_bytes == 1 &&
	        size.revoked_bytes == 2 && size.users == 3 && size.life_s == 4,
	    "the sizes of the tables are told");
	size.users = 9;
	will_be(ERR_BUSY, "");
	ok(db_session_size(&ctx, &size) == ERR_BUSY && size.users == 9,
	    "without the database no sizes are told");
}

/* Which processes have them, as bits of db/db.h. */
static void
test_used_by(void)
{
	is_int(tested_sql[TOUCH].used_by, DB_API | DB_LOGIN,
	    "api and login workers note that a session is used");
	is_int(tested_sql[END].used_by, DB_API | DB_LOGIN | DB_COMMAND,
	    "api and login workers, and commands, end a session");
}

int
main(void)
{
	arena_init(&arena);
	test_insert();
	test_list();
	test_find();
	test_live();
	test_touch();
	test_look();
	test_renew();
	test_end();
	test_remove();
	test_walk();
	test_size();
	test_used_by();
	arena_free(&arena);
	return done();
}
