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
	is_int((long long)t.count, 3, "a stranger: name, address, both");
	/* 7200 s of an hour's limit: 100, 200 and 7 */
	is_int(t.subject[0].cost_us, 72000000, "a hundredth for the name");
	is_int(t.subject[1].cost_us, 36000000, "less for the address");
	is_int(
	    t.subject[2].cost_us, 1028571429, "what does not divide is more");
	ok(t.in_service_limit && budget.taken == 1, "and the budget");
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += login(c, "ada", "", &t);
	is_int((long long)t.count, 4, "of IPv6 the site, too");
	is_int(t.subject[3].cost_us, 7200000, "which may do as much as five");
	begin(0, 0);
	failed += login(c, "ada", "d1", &t);
	is_int(
	    (long long)t.count, 2, "a device: itself, and all of the name's");
	ok(!t.in_service_limit && budget.taken == 0, "and no budget");
	/* 7200 s by 7 and 100 */
	is_int(t.subject[0].cost_us, 1028571429, "for which little is enough");
	is_int(t.subject[1].cost_us, 72000000, "and for those as for the name");
	begin(0, 0);
	failed += ratelimit_signup(c, &t);
	is_int((long long)t.count, 2, "a sign-up: the network and the site");
	is_int(table.times, 1, "are asked for in the table");
	/* 7200 s by 300 and 1500 */
	is_int(t.subject[0].cost_us, 24000000, "a network may make many");
	is_int(t.subject[1].cost_us, 4800000, "a site five times as many");
	begin(0, 0);
	failed += ratelimit_change(c, 1, &t);
	is_int((long long)t.count, 1, "a change counts for the account");
	/* 7200 s by 120 */
	is_int(t.subject[0].cost_us, 60000000, "which may do 120 of them");
	begin(0, 0);
	failed += ratelimit_network(c, 1, &t);
	is_int(t.subject[0].cost_us, DB_RATELIMIT_FULL_US,
	    "and make a network known an hour");
	is_int(failed, 0, "each is let through");
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
	ok(!same_bucket(&x, &y, 0), "two devices are counted apart");
	ok(same_bucket(&x, &y, 1), "and together, wherever they are");
	begin(0, 0);
	failed += login(c, "eve", "d1", &y);
	ok(!same_bucket(&x, &y, 0) && !same_bucket(&x, &y, 1),
	    "a device of another name is another");
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += ratelimit_signup(c, &x);
	begin(0, 0);
	c->address = "2001:db8:1:4::3";
	failed += ratelimit_signup(c, &y);
	ok(!same_bucket(&x, &y, 0), "two networks sign up apart");
	ok(same_bucket(&x, &y, 1), "and together as one site");
	begin(0, 0);
	failed += login(c, "ada", "", &x);
	begin(0, 0);
	c->address = "2001:db8:1:2::3";
	failed += login(c, "eve", "", &y);
	ok(!same_bucket(&x, &y, 0) && !same_bucket(&x, &y, 1) &&
	        !same_bucket(&x, &y, 2),
	    "another name from another network has one thing in common");
	ok(same_bucket(&x, &y, 3), "the site");
	is_int(failed, 0, "all were let through");
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
	is_int((long long)wrong, 0, "each kind begins where the last ends");
	is_int(at, DB_RATELIMIT_BUCKETS, "up to the last");
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
	is_int(
	    (long long)outside, 0, "each name's two buckets are in its ranges");
	/* of 32768, 20000 by chance hit 14969, with a deviation of 50 */
	ok(different[0] > 14500 && different[0] < 15500,
	    "the first is any of them, by chance");
	ok(different[1] > 14500 && different[1] < 15500, "so is the second");
	ok(same < 10, "which has nothing to do with the first");
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
	    "while the common share lasts nobody's network is looked up");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_OK && budget.taken == 1 << 8,
	    "then one from a known network has the other");
	is_int((long long)t.count, 5, "and counts for its network");
	/* 7200 s by 10000 / 40 */
	is_int(t.subject[4].cost_us, 28800000, "a twentieth of that half");
	ratelimit_refund(c, &t);
	is_int(budget.taken, 0, "where it is given back to");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	c->address = "2001:db8:1:ffff::3";
	ok(login(c, "eve", "", &other) == ERR_OK && same_bucket(&t, &other, 4),
	    "of which all of its site are");

	begin(50, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && c->retry_after_s == 50,
	    "one with no room elsewhere is refused");
	is_int(budget.taken, 0, "and costs the share nothing");
	is_int(budget.counted, 0, "nor is that the service's limit");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = budget.e[SERVICE_KNOWN] = ERR_LIMIT;
	budget.wait_s[SERVICE_COMMON] = 7;
	budget.wait_s[SERVICE_KNOWN] = 8;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && table.times == 0,
	    "with both spent nobody asks the table");
	is_int(c->retry_after_s, 7, "until the first of them has room");
	budget.wait_s[SERVICE_COMMON] = 9;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && c->retry_after_s == 8,
	    "whichever that is");
	is_int(budget.counted, EVENT_LIMIT_KNOWN,
	    "which counts for the share of known networks");
	begin(0, 0);
	budget.known = true;
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	c->address = "unix:";
	ok(login(c, "ada", "", &t) == ERR_LIMIT && budget.asked == 0,
	    "who has no address has no network");
}

static void
test_refused(struct ctx *c)
{
	struct ratelimit_attempt t;

	c->address = "192.0.2.1";
	begin(60, 0);
	ok(login(c, "ada", "", &t) == ERR_LIMIT, "a stranger is refused");
	is_int(c->retry_after_s, 60, "until then");
	is_int(budget.taken, 0, "and costs the service nothing");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(login(c, "ada", "", &t) == ERR_BUSY && budget.taken == 0,
	    "nor without the table");
	begin(0, 0);
	budget.e[SERVICE_COMMON] = ERR_LIMIT;
	ok(login(c, "ada", "", &t) == ERR_LIMIT && table.times == 0,
	    "with the budget spent the table is not asked");
	is_int(budget.counted, EVENT_LIMIT_COMMON, "and it is counted");
	begin(0, 0);
	if (login(c, "ada", "", &t) != ERR_OK)
		abort();
	ratelimit_refund(c, &t);
	ok(budget.taken == 0 && table.given_back == 1,
	    "what is given back is given to both");

	begin(90, 0);
	ok(login(c, "ada", "d1", &t) == ERR_OK, "a device is a stranger then");
	is_int((long long)t.count, 3, "and counted as one");
	begin(90, 60);
	ok(login(c, "ada", "d1", &t) == ERR_LIMIT && c->retry_after_s == 60,
	    "refused as both, it may come at the sooner time");
	begin(60, 90);
	ok(login(c, "ada", "d1", &t) == ERR_LIMIT && c->retry_after_s == 60,
	    "whichever that is");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(login(c, "ada", "d1", &t) == ERR_BUSY && table.times == 1,
	    "without the table it is not asked twice");
	begin(0, 0);
	mac_fails = true;
	ok(login(c, "ada", "", &t) == ERR_INTERNAL &&
	        login(c, "ada", "d1", &t) == ERR_INTERNAL &&
	        ratelimit_signup(c, &t) == ERR_INTERNAL && table.times == 0,
	    "where nothing can be counted nobody is let through");
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
	is_int(inside, 250, "with every client's buckets, and no other's");
	ok(different > 200, "which are apart from each other");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(ratelimit_unlock(c, "ada") == ERR_BUSY, "or that is told");
	mac_fails = true;
	ok(ratelimit_unlock(c, "ada") == ERR_INTERNAL, "nor without the key");
	mac_fails = false;
}

static void
test_state(struct ctx *c)
{
	struct ratelimit_name n = { 0 };

	begin(77, 0);
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.wait_s == 77,
	    "it is told when a name is let in again");
	is_int((long long)table.last.count, 1, "by the name's buckets alone");
	is_int(n.client_wait_s, 0, "no client has to wait");
	begin(0, 0);
	/* one of 7 costs 1028571429 */
	table.fullest_us[0] = DB_RATELIMIT_FULL_US;
	table.fullest_us[1] = DB_RATELIMIT_FULL_US - 1028571429;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 0,
	    "where one of both has room, no client has to");
	table.asked = 0;
	table.fullest_us[1]++;
	table.times = 0;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 1,
	    "where neither has, one may have to");
	table.asked = 0;
	table.fullest_us[0] = table.fullest_us[1] - 1;
	table.times = 0;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_OK && n.client_wait_s == 0,
	    "whichever of them that is");
	begin(0, 0);
	table.e = ERR_BUSY;
	ok(ratelimit_name_state(c, "ada", &n) == ERR_BUSY, "or that is told");
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
	test_together(&c);
	test_spread(&c);
	test_known(&c);
	test_refused(&c);
	test_unlock(&c);
	test_state(&c);
	arena_free(&arena);
	return done();
}
