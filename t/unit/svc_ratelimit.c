/*
 * Tests of svc/ratelimit.c: the buckets in which an attempt is counted, and its
 * result when one of several limits is reached. The table and the service-wide
 * limit are fakes.
 */
#include "base.h"

#include <stdlib.h>

#include "mac.h"

#define ratelimit_login tested_login
#define ratelimit_signup tested_signup
#define ratelimit_refund tested_give_back
#define db_ratelimit_reserve reserve_of_ours
#define db_ratelimit_refund give_back_of_ours
#define db_ratelimit_look reserve_of_ours
#define db_ratelimit_fullest fullest_of_ours
#define db_ratelimit_empty empty_of_ours
#define ratelimit_name_state tested_name_state
#define ratelimit_unlock tested_unlock
#define service_limit_reserve service_limit_of_ours
#define service_limit_refund service_limit_back_of_ours
#define network_is_known known_of_ours
#define ratelimit_change tested_change
#define ratelimit_network tested_network
#define event(...) event_of_ours(__VA_ARGS__)
#define service_limit_refusal refusal_of_ours
#include "svc/ratelimit.c" /* NOLINT(bugprone-suspicious-include) */

#include "lib/buf.h"
#include "tap.h"

#define NAMES 20000

/* The table: how long each of the next attempts has to wait, and what came. */
static struct {
	int64_t wait_s[2];
	int times, given_back;
	enum err e;
	struct ratelimit_attempt last;
	int64_t fullest_us[2]; /* of the buckets asked for first, and then */
	int asked;
	struct ratelimit_range emptied[4];
} table;

/*
 * The budget: whether there is any of each share, how often it was taken and
 * not given back, and whether the network is a known one.
 */
static struct {
	enum err e[SERVICE_SHARES];
	int64_t wait_s[SERVICE_SHARES];
	int taken, asked, counted;
	bool known;
} budget;

enum err
reserve_of_ours(
    struct ctx *c, const struct ratelimit_attempt *t, int64_t *wait_s)
{
	(void)c;
	table.last = *t;
	*wait_s = table.wait_s[table.times++];
	return table.e;
}

enum err
give_back_of_ours(struct ctx *c, const struct ratelimit_attempt *t)
{
	(void)c;
	(void)t;
	table.given_back++;
	return ERR_OK;
}

enum err
fullest_of_ours(
    struct ctx *c, const struct ratelimit_range *r, int64_t *level_us)
{
	(void)c;
	table.emptied[table.asked] = *r;
	*level_us = table.fullest_us[table.asked++];
	return table.e;
}

enum err
empty_of_ours(struct ctx *c, const struct ratelimit_range *r, size_t n)
{
	(void)c;
	if (n != ARRAY_LEN(table.emptied))
		abort();
	memcpy(table.emptied, r, sizeof(table.emptied));
	return table.e;
}

enum err
service_limit_of_ours(struct ctx *c, enum service_share share)
{
	budget.taken += (budget.e[share] == ERR_OK) << 8 * share;
	if (budget.e[share] == ERR_LIMIT)
		c->retry_after_s = budget.wait_s[share];
	return budget.e[share];
}

void
service_limit_back_of_ours(const struct ctx *c, enum service_share share)
{
	(void)c;
	budget.taken -= 1 << 8 * share;
}

bool
known_of_ours(struct ctx *c)
{
	(void)c;
	budget.asked++;
	return budget.known;
}

enum event
refusal_of_ours(enum service_share share)
{
	return share == SERVICE_KNOWN ? EVENT_LIMIT_KNOWN : EVENT_LIMIT_COMMON;
}

void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	budget.counted = (int)e;
}

static void
begin(int64_t first_s, int64_t second_s)
{
	memset(&table, 0, sizeof(table));
	memset(&budget, 0, sizeof(budget));
	table.wait_s[0] = first_s;
	table.wait_s[1] = second_s;
}

static enum err
login(struct ctx *c, const char *name, const char *device,
    struct ratelimit_attempt *t)
{
	return ratelimit_login(c, name, device, t);
}

/* --- what is counted --- */

static void
test_subjects(struct ctx *c)
{
	struct ratelimit_attempt t;
	int64_t failed = 0;

	begin(0, 0);
	c->address = "192.0.2.1";
	failed += login(c, "ada", "", &t);
	is_int((long long)t.count, 3,
	    "an unknown client counts for its name, its address and both");
	/* 7200 s of an hour's limit: 100, 200 and 7 */
	is_int(t.subject[0].cost_us, 72000000,
	    "an attempt costs a hundredth of the name's limit");
	is_int(t.subject[1].cost_us, 36000000,
	    "an attempt costs less of the address's limit");
	is_int(t.subject[2].cost_us, 1028571429,
	    "a cost that does not divide is rounded up");
	ok(t.in_service_limit && budget.taken == 1,
	    "an attempt of an unknown client counts for the service");
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += login(c, "ada", "", &t);
	is_int(
	    (long long)t.count, 4, "an IPv6 client counts for its site, too");
	is_int(t.subject[3].cost_us, 7200000,
	    "a site may do as much as five addresses");
	begin(0, 0);
	failed += login(c, "ada", "d1", &t);
	is_int((long long)t.count, 2,
	    "a device counts for itself and for all devices of the name");
	ok(!t.in_service_limit && budget.taken == 0,
	    "a device does not count for the service");
	/* 7200 s by 7 and 100 */
	is_int(t.subject[0].cost_us, 1028571429,
	    "an attempt costs a device more than a name");
	is_int(t.subject[1].cost_us, 72000000,
	    "an attempt costs the devices of a name as much as the name");
	begin(0, 0);
	failed += ratelimit_signup(c, &t);
	is_int((long long)t.count, 2,
	    "a sign-up counts for the network and the site");
	is_int(table.times, 1, "a sign-up asks the table once");
	/* 7200 s by 300 and 1500 */
	is_int(t.subject[0].cost_us, 24000000,
	    "a sign-up costs a part of the network's limit");
	is_int(t.subject[1].cost_us, 4800000,
	    "a sign-up costs a fifth of that of the site's limit");
	begin(0, 0);
	failed += ratelimit_change(c, 1, &t);
	is_int((long long)t.count, 1, "a change counts for the account");
	/* 7200 s by 120 */
	is_int(t.subject[0].cost_us, 60000000,
	    "a change costs a 120th of an hour");
	begin(0, 0);
	failed += ratelimit_network(c, 1, &t);
	is_int(t.subject[0].cost_us, DB_RATELIMIT_FULL_US,
	    "a network made known costs an hour of the account");
	is_int(failed, 0, "an attempt of each kind passes");
}

/* For what a request was counted, as http/ has to know. */
static void
test_counted(struct ctx *c)
{
	struct ratelimit_attempt t, other;
	enum err e[3];

	begin(0, 0);
	c->counted = 0;
	e[0] = login(c, "ada", "", &t);
	ok(e[0] == ERR_OK && c->counted == LIMIT_BIT(LIMIT_LOGIN),
	    "a login is counted as one");
	begin(0, 0);
	c->counted = 0;
	e[1] = ratelimit_signup(c, &t);
	ok(e[1] == ERR_OK && c->counted == LIMIT_BIT(LIMIT_SIGNUP),
	    "a sign-up is counted as one");
	begin(0, 0);
	c->counted = 0;
	e[2] = ratelimit_change(c, 1, &t);
	ok(e[2] == ERR_OK && c->counted == LIMIT_BIT(LIMIT_CHANGE),
	    "a change is counted as one");
	begin(0, 0);
	c->counted = 0;
	ok(ratelimit_network(c, 1, &other) == ERR_OK && c->counted == 0 &&
	        other.count == 1,
	    "a network made known is no request");
	table.times = 0;
	if (ratelimit_change(c, 2, &other) != ERR_OK)
		abort();
	ok(t.subject[0].bucket[0] != other.subject[0].bucket[0],
	    "two accounts have buckets of their own");
	table.times = 0;
	if (ratelimit_change(c, 1, &other) != ERR_OK)
		abort();
	ok(t.subject[0].bucket[0] == other.subject[0].bucket[0] &&
	        t.subject[0].bucket[1] == other.subject[0].bucket[1],
	    "an account has the same buckets each time");
	begin(0, 0);
	table.wait_s[0] = 3;
	ok(ratelimit_change(c, 1, &other) == ERR_LIMIT && c->retry_after_s == 3,
	    "a change over its limit is refused");
	mac_fails = true;
	ok(ratelimit_change(c, 1, &other) == ERR_INTERNAL,
	    "a change without the key is refused");
	mac_fails = false;
}

/* A limit of one attempt an hour fills its bucket, and no more. */
static void
test_cost(void)
{
	struct conf conf = { .login_failures_per_client = 1 };

	is_int(cost_us(&conf, BOTH), DB_RATELIMIT_FULL_US,
	    "an attempt costs a whole bucket at most");
	conf.login_failures_per_client = 2;
	is_int(cost_us(&conf, BOTH), DB_RATELIMIT_FULL_US,
	    "of two attempts an hour one may come at once");
	conf.login_failures_per_client = 3;
	is_int(cost_us(&conf, BOTH), DB_RATELIMIT_FULL_US / 3 * 2,
	    "of three attempts an hour one and a half may come at once");
}

static bool
same_bucket(const struct ratelimit_attempt *x,
    const struct ratelimit_attempt *y, size_t i)
{
	return x->subject[i].bucket[0] == y->subject[i].bucket[0] &&
	       x->subject[i].bucket[1] == y->subject[i].bucket[1];
}

/* What is counted together, and what apart. */
static void
test_together(struct ctx *c)
{
	struct ratelimit_attempt x, y;
	int64_t failed = 0;

	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += login(c, "ada", "d1", &x);
	c->address = "192.0.2.1";
	begin(0, 0);
	failed += login(c, "ada", "d2", &y);
	ok(!same_bucket(&x, &y, 0), "two devices have buckets of their own");
	ok(same_bucket(&x, &y, 1),
	    "two devices share the bucket of the name's devices");
	begin(0, 0);
	failed += login(c, "eve", "d1", &y);
	ok(!same_bucket(&x, &y, 0) && !same_bucket(&x, &y, 1),
	    "the device of another name shares no bucket");
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += ratelimit_signup(c, &x);
	begin(0, 0);
	c->address = "2001:db8:1:4::3";
	failed += ratelimit_signup(c, &y);
	ok(!same_bucket(&x, &y, 0),
	    "two networks have buckets of their own for sign-ups");
	ok(same_bucket(&x, &y, 1),
	    "two networks of a site share its bucket for sign-ups");
	begin(0, 0);
	failed += login(c, "ada", "", &x);
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += login(c, "eve", "", &y);
	ok(!same_bucket(&x, &y, 0) && !same_bucket(&x, &y, 1) &&
	        !same_bucket(&x, &y, 2),
	    "another name from another network shares no bucket but one");
	ok(same_bucket(&x, &y, 3),
	    "another name from another network shares the bucket of the site");
	is_int(failed, 0, "the attempts of different subjects pass");
}

/* No kind takes another's buckets, and all are in use. */
static void
test_ranges(void)
{
	size_t kind, wrong = 0;
	unsigned at = 0;

	for (kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		if (kind == KNOWN) /* behind those of the whole service */
			at += SERVICE_SHARES;
		wrong += kinds[kind].first != at;
		at += 2 * kinds[kind].choice;
	}
	is_int((long long)wrong, 0,
	    "each kind of buckets begins where the last ends");
	is_int(at, DB_RATELIMIT_BUCKETS,
	    "the last kind of buckets ends at the last bucket");
}

/* How many different buckets so many names have, and whether all are within. */
static void
test_spread(struct ctx *c)
{
	static bool seen[2][32768];
	struct ratelimit_attempt t;
	size_t i, k, different[2] = { 0 }, same = 0, outside = 0;
	struct buf name;

	c->address = "192.0.2.1";
	for (i = 0; i < NAMES; i++) {
		unsigned at[2];

		begin(0, 0);
		buf_init(&name, c->arena);
		buf_addf(&name, "name%zu", i);
		if (login(c, name.s, "", &t) != ERR_OK)
			abort();
		at[0] = t.subject[0].bucket[0];
		at[1] = t.subject[0].bucket[1] - 32768;
		outside += at[0] >= 32768 || at[1] >= 32768;
		for (k = 0; k < 2 && outside == 0; k++) {
			different[k] += !seen[k][at[k]];
			seen[k][at[k]] = true;
		}
		same += at[0] == at[1];
		arena_reset(c->arena);
	}
	is_int((long long)outside, 0,
	    "the two buckets of a name are in its ranges");
	/* of 32768, 20000 by chance hit 14969, with a deviation of 50 */
	ok(different[0] > 14500 && different[0] < 15500,
	    "the first bucket of a name is any of its range");
	ok(different[1] > 14500 && different[1] < 15500,
	    "the second bucket of a name is any of its range");
	ok(same < 10,
	    "the second bucket of a name does not depend on the first");
}

/* --- what becomes of it --- */

/* Where the common share is spent. */
static void
test_known(struct ctx *c)
{
	struct ratelimit_attempt t, other;

	c->address = "2001:db8:1:2::3";
	begin(0, 0);
	budget.known = true;
	if (login(c, "ada", "", &t) != ERR_OK)
		abort();
	ok(budget.asked == 0 && t.count == 4 && budget.taken == 1,
	    "no network is looked up while the common share lasts");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_OK && budget.taken == 1 << 8,
	    "a known network has the other half once the common share is spent");
	is_int((long long)t.count, 5,
	    "an attempt from a known network counts for the network");
	/* 7200 s by 10000 / 40 */
	is_int(t.subject[4].cost_us, 28800000,
	    "an attempt costs a known network a twentieth of its half");
	ratelimit_refund(c, &t);
	is_int(budget.taken, 0, "a refund goes to the share of known networks");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	c->address = "2001:db8:1:ffff::3";
	ok(login(c, "eve", "", &other) == ERR_OK && same_bucket(&t, &other, 4),
	    "all addresses of a site are one known network");

	begin(50, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && c->retry_after_s == 50,
	    "an attempt from a known network without room elsewhere is refused");
	is_int(budget.taken, 0,
	    "a refused attempt costs the share of known networks nothing");
	is_int(budget.counted, 0,
	    "a refused attempt is not counted as one of the service's limit");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = budget.e[SERVICE_KNOWN] = ERR_LIMIT;
	budget.wait_s[SERVICE_COMMON] = 7;
	budget.wait_s[SERVICE_KNOWN] = 8;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && table.times == 0,
	    "the table is not asked while both shares are spent");
	is_int(c->retry_after_s, 7,
	    "an attempt waits for the first share that has room");
	budget.wait_s[SERVICE_COMMON] = 9;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && c->retry_after_s == 8,
	    "an attempt waits for the first share that has room, whichever it is");
	is_int(budget.counted, EVENT_LIMIT_KNOWN,
	    "a refusal with both shares spent counts for the share of known networks");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	c->address = "unix:";
	ok(login(c, "ada", "", &t) == ERR_LIMIT && budget.asked == 0,
	    "a client without an address has no known network");
}

static void
test_refused(struct ctx *c)
{
	struct ratelimit_attempt t;

	c->address = "192.0.2.1";
	begin(60, 0);
	ok(login(c, "ada", "", &t) == ERR_LIMIT,
	    "an unknown client without room is refused");
	is_int(c->retry_after_s, 60,
	    "a refused client may come again after the time of the table");
	is_int(budget.taken, 0, "a refused client costs the service nothing");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(login(c, "ada", "", &t) == ERR_BUSY && budget.taken == 0,
	    "an attempt without the table costs the service nothing");
	begin(0, 0);
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && table.times == 0,
	    "the table is not asked while the service's limit is spent");
	is_int(budget.counted, EVENT_LIMIT_COMMON,
	    "a refusal of the service's limit is counted");
	begin(0, 0);
	if (login(c, "ada", "", &t) != ERR_OK)
		abort();
	ratelimit_refund(c, &t);
	ok(budget.taken == 0 && table.given_back == 1,
	    "a refund goes to the table and to the service");
	begin(0, 0);
	if (login(c, "ada", "d1", &t) != ERR_OK)
		abort();
	ratelimit_refund(c, &t);
	ok(budget.taken == 0 && table.given_back == 1,
	    "a refund of a device goes to the table alone");

	begin(90, 0);
	ok(login(c, "ada", "d1", &t) == ERR_OK,
	    "a device whose limit is spent counts as an unknown client");
	is_int((long long)t.count, 3,
	    "a device whose limit is spent has the buckets of an unknown client");
	begin(90, 60);
	ok(login(c, "ada", "d1", &t) == ERR_LIMIT && c->retry_after_s == 60,
	    "a device refused as both may come at the sooner time, its own");
	begin(60, 90);
	ok(login(c, "ada", "d1", &t) == ERR_LIMIT && c->retry_after_s == 60,
	    "a device refused as both may come at the sooner time, the unknown client's");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(login(c, "ada", "d1", &t) == ERR_BUSY && table.times == 1,
	    "a device without the table asks it once");
	begin(0, 0);
	mac_fails = true;
	ok(login(c, "ada", "", &t) == ERR_INTERNAL &&
	        login(c, "ada", "d1", &t) == ERR_INTERNAL &&
	        ratelimit_signup(c, &t) == ERR_INTERNAL && table.times == 0,
	    "no attempt passes where a bucket has no MAC");
	mac_fails = false;
}

/* --- what the operator sees and does --- */

static bool
is_within(const struct ratelimit_range *r, unsigned bucket)
{
	return bucket >= r->first && bucket < r->first + r->count;
}

/* Of a name's clients all buckets are emptied, and of others none. */
static void
test_unlock(struct ctx *c)
{
	struct ratelimit_attempt t, other;
	int i, inside = 0, different = 0;
	char address[32];

	begin(0, 0);
	ok(ratelimit_unlock(c, "ada") == ERR_OK, "a name is unlocked");
	for (i = 0; i < 250; i++) {
		struct ratelimit_range r[4];

		memcpy(r, table.emptied, sizeof(r));
		snprintf(address, sizeof(address), "192.0.2.%d", i);
		c->address = address;
		table.times = 0;
		if (login(c, "ada", "", &t) != ERR_OK ||
		    (table.times = 0, login(c, "eve", "", &other) != ERR_OK))
			abort();
		inside += is_within(&r[0], t.subject[2].bucket[0]) &&
		          is_within(&r[1], t.subject[2].bucket[1]) &&
		          is_within(&r[2], t.subject[0].bucket[0]) &&
		          is_within(&r[3], t.subject[0].bucket[1]);
		inside += 1000 * is_within(&r[0], other.subject[2].bucket[0]);
		inside += 1000 * (r[2].count != 1 || r[3].count != 1);
		different += t.subject[2].bucket[0] - r[0].first !=
		             other.subject[2].bucket[0] % BOTH_TOGETHER;
	}
	is_int(inside, 250,
	    "unlocking empties the buckets of the name and of each client, and no other");
	ok(different > 200, "the buckets of the clients are different");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(ratelimit_unlock(c, "ada") == ERR_BUSY,
	    "unlocking without the table is ERR_BUSY");
	mac_fails = true;
	ok(ratelimit_unlock(c, "ada") == ERR_INTERNAL,
	    "unlocking without the key is ERR_INTERNAL");
	mac_fails = false;
}

static void
test_state(struct ctx *c)
{
	struct ratelimit_name n = { 0 };
	struct ratelimit_range asked[2];

	begin(77, 0);
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.wait_s == 77,
	    "the state of a name has the time until it is let in");
	is_int((long long)table.last.count, 1,
	    "the state of a name is read from its buckets alone");
	is_int(n.client_wait_s, 0,
	    "the state of a name without a locked client has no time");
	begin(0, 0);
	/* one of 7 costs 1028571429 */
	table.fullest_us[0] = DB_RATELIMIT_FULL_US;
	table.fullest_us[1] = DB_RATELIMIT_FULL_US - 1028571429;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 0,
	    "a client with room in one of its two buckets does not wait");
	table.asked = 0;
	table.fullest_us[1]++;
	table.times = 0;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 1,
	    "a client without room in both buckets may wait");
	table.asked = table.times = 0;
	table.fullest_us[1] += 999999;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 1,
	    "a client waits for a whole second");
	table.asked = table.times = 0;
	table.fullest_us[1]++;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 2,
	    "a client waits for each second that has begun");
	table.fullest_us[1] -= 1000000;
	table.asked = 0;
	table.fullest_us[0] = table.fullest_us[1] - 1;
	table.times = 0;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 0,
	    "a client with room in the other bucket does not wait");
	begin(0, 0);
	if (ratelimit_name_state(c, "ada", &n) != ERR_OK)
		abort();
	memcpy(asked, table.emptied, sizeof(asked));
	if (ratelimit_unlock(c, "ada") != ERR_OK)
		abort();
	ok(same_bytes(asked, table.emptied, sizeof(asked)),
	    "the state of a name is read from the buckets that unlocking empties");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_BUSY,
	    "the state of a name without the table is ERR_BUSY");
}

int
main(void)
{
	struct secrets secrets;
	const struct conf conf = { .login_failures_per_name = 100,
		.login_failures_per_address = 200,
		.login_failures_per_client = 7,
		.login_failures_per_service = 10000,
		.signups_per_address = 300 };
	struct arena arena;
	const struct app app = { .conf = &conf, .secrets = &secrets };
	struct ctx c = { .app = &app, .arena = &arena };

	make_secrets(&secrets, KEY_TEXT);
	arena_init(&arena);
	test_ranges();
	test_subjects(&c);
	test_counted(&c);
	test_cost();
	test_together(&c);
	test_spread(&c);
	test_known(&c);
	test_refused(&c);
	test_unlock(&c);
	test_state(&c);
	arena_free(&arena);
	return done();
}
