/*
 * Tests of svc/network.c: when the table is read and written. The table and the
 * limit of an account are fakes.
 */
#include "base.h"

#include "mac.h"

#define network_is_known tested_is_known
#define network_note tested_note
#define db_network_find find_of_ours
#define db_network_note note_of_ours
#define db_network_mark mark_of_ours
#define ratelimit_network ratelimit_of_ours
#include "svc/network.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdio.h>

#include "tap.h"

#define DAY INT64_C(20000) /* since 1970 */

/* The table: what it says, and how often it was asked and written to. */
static struct {
	struct network_state state;
	enum err find, limit, mark;
	int finds, notes, marks, limits;
	struct network last;
	int64_t user_id;
} table;

enum err
find_of_ours(struct ctx *c, const struct network *n, int64_t user_id,
    struct network_state *out)
{
	(void)c;
	table.finds++;
	table.last = *n;
	table.user_id = user_id;
	*out = table.state;
	return table.find;
}

enum err
note_of_ours(struct ctx *c, const struct network *n)
{
	(void)c;
	(void)n;
	table.notes++;
	return ERR_OK;
}

enum err
mark_of_ours(struct ctx *c)
{
	(void)c;
	table.marks++;
	return table.mark;
}

enum err
ratelimit_of_ours(struct ctx *c, int64_t user_id, struct ratelimit_attempt *out)
{
	(void)c;
	(void)out;
	table.limits++;
	table.user_id = user_id;
	return table.limit;
}

static struct network_memory memory;

/* A worker begins, at noon of a day, and the table says this. */
static void
begin(struct ctx *c, struct network_state state)
{
	memset(&memory, 0, sizeof(memory));
	memset(&table, 0, sizeof(table));
	table.state = state;
	c->now_s = DAY * DAY_S + DAY_S / 2;
	c->address = "192.0.2.1";
}

static void
test_known(struct ctx *c)
{
	struct network one;

	begin(c, (struct network_state){ .is_known = false });
	ok(!network_is_known(c), "a network that the table lacks is not known");
	one = table.last;
	c->now_s += MEMO_S - 1;
	table.state.is_known = true;
	ok(!network_is_known(c) && table.finds == 1,
	    "the table's answer on a network is kept for a minute");
	c->now_s++;
	ok(network_is_known(c) && table.finds == 2,
	    "the table is asked again after a minute");
	table.state.is_known = false;
	ok(network_is_known(c), "a known network stays known for a minute");
	c->now_s--;
	ok(!network_is_known(c) && table.finds == 3,
	    "a known network is asked for again where the clock was set back");
	c->address = "192.0.2.255";
	(void)network_is_known(c);
	is_int(table.finds, 3, "all addresses of a /24 are one network");
	c->address = "192.0.3.1";
	(void)network_is_known(c);
	ok(table.finds == 4 && table.last.digest != one.digest,
	    "an address of the next /24 is another network");
	c->address = "unix:";
	ok(!network_is_known(c) && table.finds == 4,
	    "a client without an address has no known network");
	c->address = "192.0.4.1";
	table.state.is_known = true;
	table.find = ERR_BUSY;
	ok(!network_is_known(c), "no network is known without the table");
	table.find = ERR_OK;
	ok(network_is_known(c),
	    "a network is known again when the table is back");
	c->address = "192.0.2.1";
	mac_fails = true;
	ok(!network_is_known(c), "no network is known without a digest");
	mac_fails = false;
}

/* Each byte of a network's places and digest is another one of its MAC. */
static void
test_places(struct ctx *c)
{
	enum { NETWORKS = 250 };
	char address[32];
	int i, k, j, same[5][5] = { { 0 } };

	begin(c, (struct network_state){ .is_known = false });
	for (i = 0; i < NETWORKS; i++) {
		unsigned byte[5];

		snprintf(address, sizeof(address), "192.0.%d.1", i);
		c->address = address;
		(void)network_is_known(c);
		byte[0] = table.last.place[0] >> 8;
		byte[1] = table.last.place[0] & 0xff;
		byte[2] = table.last.place[1] >> 8;
		byte[3] = table.last.place[1] & 0xff;
		byte[4] = (unsigned)(table.last.digest & 0xff);
		for (k = 0; k < 5; k++)
			for (j = 0; j < k; j++)
				same[k][j] += byte[k] == byte[j];
	}
	/* about one by chance */
	for (k = 1; k < 5; k++)
		for (j = 0; j < k; j++)
			ok(same[k][j] < 20,
			    "two bytes of a network's places are different");
}

static void
test_note(struct ctx *c)
{
	const struct network_state unseen = { .is_old = true,
		.is_marked = true };

	begin(c, unseen);
	network_note(c, 7);
	ok(table.notes == 1 && table.limits == 1 && table.user_id == 7,
	    "a login from a new network is noted, and counts for its account");
	network_note(c, 8);
	c->now_s += DAY_S / 2 - 1;
	network_note(c, 9);
	is_int(table.finds, 1, "a network is noted once a day");
	c->now_s++;
	table.state.is_known = true;
	network_note(c, 7);
	ok(table.finds == 2 && table.notes == 2,
	    "a network is noted the next day");
	is_int(
	    table.limits, 1, "a network that is renewed counts for no account");
	table.state.is_known = false;
	ok(!network_is_known(c) && table.finds == 3,
	    "the table decides whether a noted network is known");

	begin(c, unseen);
	table.state.seen_today = true;
	network_note(c, 7);
	network_note(c, 7);
	ok(table.finds == 1 && table.notes == 0,
	    "a network that another worker noted is not noted again");
	begin(c, unseen);
	table.limit = ERR_LIMIT;
	network_note(c, 7);
	ok(table.limits == 1 && table.notes == 0,
	    "an account that made too many networks known makes no more");
	table.limit = ERR_OK;
	network_note(c, 8);
	is_int(table.notes, 1, "another account makes a network known");
}

static void
test_young(struct ctx *c)
{
	begin(c, (struct network_state){ .is_marked = true });
	network_note(c, 7);
	ok(table.finds == 1 && table.notes == 0 && table.limits == 0,
	    "an account of this week makes no network known");
	table.state.is_known = true;
	network_note(c, 7);
	is_int(table.notes, 0,
	    "an account of this week does not keep a network known");
	is_int(table.finds, 1, "an account of this week is asked for once");
	network_note(c, 8);
	is_int(table.finds, 1,
	    "an account younger than one of this week is not asked for");
	table.state.is_old = true;
	network_note(c, 6);
	is_int(table.notes, 1, "an older account keeps a network known");
}

static void
test_young_for_a_minute(struct ctx *c)
{
	begin(c, (struct network_state){ .is_marked = true });
	network_note(c, 7);
	c->now_s += MEMO_S - 1;
	network_note(c, 7);
	is_int(table.finds, 1, "a young account stays one for a minute");
	c->now_s++;
	network_note(c, 7);
	is_int(table.finds, 2, "a minute later it is asked for again");
	c->now_s--;
	network_note(c, 7);
	is_int(table.finds, 3,
	    "a young account is asked for where the clock was set back");

	begin(c, (struct network_state){ .is_marked = true });
	c->now_s += DAY_S / 2 - 1;
	network_note(c, 7);
	c->now_s++;
	table.state.is_marked = false;
	network_note(c, 7);
	ok(table.finds == 2 && table.marks == 1,
	    "the first login of a day notes the highest number also within "
	    "the minute");
}

static void
test_mark(struct ctx *c)
{
	begin(c, (struct network_state){ .is_old = false });
	network_note(c, 7);
	is_int(table.marks, 1,
	    "the first login of a day notes the highest number");
	begin(c, (struct network_state){ .is_old = true });
	table.mark = ERR_BUSY;
	network_note(c, 7);
	is_int(table.notes, 0,
	    "a network is not noted where the highest number cannot be");
	begin(c, (struct network_state){ .is_old = true });
	table.find = ERR_BUSY;
	network_note(c, 7);
	ok(table.marks == 0 && table.notes == 0,
	    "nothing is noted without the table");
	begin(c, (struct network_state){ .is_old = true });
	c->address = NULL;
	network_note(c, 7);
	is_int(table.finds, 0, "nothing is noted without an address");
}

int
main(void)
{
	struct secrets secrets;
	const struct app app = { .secrets = &secrets, .networks = &memory };
	struct ctx c = { .app = &app };

	make_secrets(&secrets, KEY_TEXT);
	test_known(&c);
	test_places(&c);
	test_note(&c);
	test_young(&c);
	test_young_for_a_minute(&c);
	test_mark(&c);
	return done();
}
