/*
 * db/network.c: what the columns of a network mean, and its parameters. The
 * rows are this file's; what the statements do is in t/31-networks.t.
 */
#include "base.h"

#define db_network_sql tested_sql
#define db_network_find tested_find
#define db_network_note tested_note
#define db_network_mark tested_mark
#include "rows.h"

#include "db/network.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

static const struct app app = { .db = NULL };
static struct ctx ctx = { .app = &app, .arena = &arena };
static const struct network net = { .place = { 3, 4 }, .digest = -5 };

static void
test_find(void)
{
	struct network_state s = { .is_known = false };

	will_be(ERR_OK, "t|f|f|f;");
	ok(db_network_find(&ctx, &net, 7, &s) == ERR_OK && s.is_known &&
	        !s.seen_today && !s.is_old && !s.is_marked,
	    "a network is known");
	ok(is_same(ran, "network_find ") && is_same(params[0], "3") &&
	        is_same(params[1], "4") && is_same(params[2], "-5") &&
	        is_same(params[3], "7"),
	    "a network is found by its places and digest");
	will_be(ERR_OK, "f|t|f|f;");
	ok(db_network_find(&ctx, &net, 7, &s) == ERR_OK && !s.is_known &&
	        s.seen_today && !s.is_old && !s.is_marked,
	    "a network was seen today");
	will_be(ERR_OK, "f|f|t|f;");
	ok(db_network_find(&ctx, &net, 7, &s) == ERR_OK && !s.is_known &&
	        !s.seen_today && s.is_old && !s.is_marked,
	    "an account is old");
	will_be(ERR_OK, "f|f|f|t;");
	ok(db_network_find(&ctx, &net, 7, &s) == ERR_OK && !s.is_known &&
	        !s.seen_today && !s.is_old && s.is_marked,
	    "a day has its mark");
	will_be(ERR_BUSY, "");
	ok(db_network_find(&ctx, &net, 7, &s) == ERR_BUSY && s.is_marked,
	    "without the database no network is found");
}

static void
test_write(void)
{
	will_be(ERR_OK, "");
	ok(db_network_note(&ctx, &net) == ERR_OK &&
	        is_same(ran, "network_note ") && is_same(params[0], "3") &&
	        is_same(params[1], "4") && is_same(params[2], "-5"),
	    "a network is noted by its places and digest");
	will_be(ERR_BUSY, "");
	ok(db_network_note(&ctx, &net) == ERR_BUSY,
	    "without the database no network is noted");
	will_be(ERR_OK, "");
	ok(db_network_mark(&ctx) == ERR_OK && is_same(ran, "network_mark "),
	    "a day is marked");
	will_be(ERR_BUSY, "");
	ok(db_network_mark(&ctx) == ERR_BUSY,
	    "without the database no day is marked");
}

int
main(void)
{
	arena_init(&arena);
	test_find();
	test_write();
	arena_free(&arena);
	return done();
}
