/*
 * Tests of svc/formats.c: how accounts are counted by their hashes, and when a
 * count in the background goes on. Accounts, formats and the clock are this
 * file's.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define formats_begin tested_begin
#define formats_count tested_count
#define formats_name_rows tested_name_rows
#define formats_step tested_step
#define pwformat_state state_of_ours
#define pwformat_name name_of_ours
#define db_user_hashes_after hashes_after_of_ours
#define db_is_connected connected_of_ours
#define metrics_kind kind_of_ours
#define metrics_kind_name kind_name_of_ours
#define metrics_accounts accounts_of_ours
#define clock_ms clock_ms_of_ours
#define clock_us clock_us_of_ours
#include "svc/formats.c" /* NOLINT(bugprone-suspicious-include) */

#include "did.h"

static const struct conf conf = { .hash_cost = 5, .hash_memory_max_mib = 64 };
static struct formats_watch watch;
static const struct app app = { .conf = &conf, .formats = &watch };
static struct ctx ctx = { .app = &app };

/* --- in the place of others --- */

static struct user_hash users[WATCH_PAGE];
static size_t users_count;
static enum err users_err;
static bool connected = true;
static int64_t now_us, read_us; /* and how long a page takes */
static uint64_t counted[4];

/* A hash here is its state, its memory, and the name of its format: "2:65:a".
 */
enum pwformat_state
state_of_ours(const struct pwformat_policy *p, const char *hash,
    struct pwformat_info *out)
{
	const char *const text = hash != NULL ? hash : "5:1:none";
	char *end;
	const long state = strtol(text, &end, 10);

	if (p->cost != conf.hash_cost || p->mib_max != conf.hash_memory_max_mib)
		abort();
	if (out != NULL) {
		out->mib = strtol(end + 1, &end, 10);
		out->name = end + 1;
	}
	return (enum pwformat_state)state;
}

const char *
name_of_ours(size_t i)
{
	return i == 0 ? "a" : i == 1 ? "b" : NULL;
}

enum err
hashes_after_of_ours(struct ctx *c, int64_t after, int64_t limit,
    struct user_hash **out, size_t *n)
{
	(void)c;
	if (after == INT64_MIN)
		did("%" PRId64 " from the first, ", limit);
	else
		did("%" PRId64 " after %" PRId64 ", ", limit, after);
	now_us += read_us;
	*out = users;
	*n = users_count;
	return users_err;
}

bool
connected_of_ours(const struct db *db)
{
	(void)db;
	return connected;
}

void
kind_of_ours(unsigned row, const char *format, const char *login)
{
	did("%u %s %s, ", row, format, login);
}

const char *
kind_name_of_ours(unsigned row, const char **login)
{
	static const struct {
		const char *name, *login;
	} kinds[] = { { "a", "yes" }, { NULL, NULL }, { "b", "memory" },
		{ "a", "locked" } };

	if (row >= ARRAY_LEN(kinds))
		return NULL;
	*login = kinds[row].login;
	return kinds[row].name;
}

void
accounts_of_ours(const uint64_t n[METRICS_KINDS])
{
	did("publish, ");
	memcpy(counted, n, sizeof(counted));
}

int64_t
clock_us_of_ours(void)
{
	return now_us;
}

int64_t
clock_ms_of_ours(void)
{
	return now_us / 1000;
}

/* So many accounts with this hash come next. */
static void
come(size_t n, const char *hash)
{
	for (; n > 0; n--, users_count++)
		users[users_count] =
		    (struct user_hash){ (int64_t)users_count + 1, true, hash };
}

/* Is row i that of this kind, "a 2 100 3": name, state, memory, accounts? */
static bool
has_row(const struct formats *f, size_t i, const char *want)
{
	char row[64];

	if (i >= f->rows)
		return false;
	snprintf(row, sizeof(row), "%s %d %" PRId64 " %" PRId64, f->row[i].name,
	    (int)f->row[i].state, f->row[i].mib, f->row[i].accounts);
	return strcmp(row, want) == 0;
}

/* --- counts --- */

static void
test_rows(void)
{
	struct formats f;

	formats_begin(&conf, &f);
	ok(f.rows == 0 && f.accounts == 0 && f.lost == 0 && f.mib == 64 &&
	        !f.done,
	    "a count begins with nothing but the setting's memory");
	users_count = 0;
	come(2, "0:16:a");
	come(1, "0:32:a"); /* of which the memory does not matter */
	come(1, "0:16:b");
	come(1, "5:1:a");
	come(2, "2:100:a");
	come(1, "2:70:a");
	users[1].is_active = false;
	ok(formats_count(&ctx, 9, &f) == ERR_OK && f.rows == 5,
	    "accounts are counted by name, state and memory");
	did_this("9 from the first, ", "a count begins with the first account");
	ok(has_row(&f, 0, "a 0 1 2"),
	    "accounts that can log in are one row of a format");
	ok(has_row(&f, 1, "b 0 1 1"), "another format is another row");
	ok(has_row(&f, 2, "a 5 1 1"), "another state is another row");
	ok(has_row(&f, 3, "a 2 100 2") && has_row(&f, 4, "a 2 70 1"),
	    "other memory is another row where it is too much");
	is_int(f.accounts, 7, "a disabled account is not counted");
	is_int(f.lost, 3, "accounts that cannot log in are lost");
	is_int(f.mib, 100, "the setting's memory has to be the most of all");
	ok(f.done, "a page that is not full is the last one");
	users_count = 0;
	come(1, "1:1:a");
	come(1, "3:1:a");
	come(1, "4:1:a");
	users[2].id = 77;
	users[2].is_active = false;
	ok(formats_count(&ctx, 3, &f) == ERR_OK && !f.done && f.lost == 5,
	    "a full page is not the last one");
	did_this("3 after 8, ", "a count goes on behind the last account");
	users_err = ERR_BUSY;
	f.done = true;
	is_int(formats_count(&ctx, 3, &f), ERR_BUSY,
	    "without the database nothing is counted");
	did_this("3 after 77, ",
	    "a count goes on behind an account that is disabled");
	ok(f.accounts == 9 && f.done, "a failure leaves the count as it is");
	users_err = ERR_OK;
}

static void
test_many(void)
{
	static char hash[FORMATS_MAX + 2][16];
	struct formats f;
	size_t i;

	users_count = 0;
	for (i = 0; i < ARRAY_LEN(hash); i++) {
		snprintf(hash[i], sizeof(hash[i]), "2:%zu:a", i + 1);
		come(1, hash[i]);
	}
	formats_begin(&conf, &f);
	users_count = FORMATS_MAX;
	ok(formats_count(&ctx, 500, &f) == ERR_OK && f.rows == FORMATS_MAX &&
	        has_row(&f, FORMATS_MAX - 1, "a 2 100 1"),
	    "a hundred kinds have a row each");
	users_count = FORMATS_MAX + 2;
	formats_begin(&conf, &f);
	ok(formats_count(&ctx, 500, &f) == ERR_OK && f.rows == FORMATS_MAX &&
	        f.accounts == 102 && f.row[FORMATS_MAX - 1].accounts == 3 &&
	        f.row[FORMATS_MAX - 2].accounts == 1,
	    "kinds beyond a hundred are counted in the last row");
	did_nothing_yet();
}

/* --- in the background --- */

static void
test_names(void)
{
	formats_name_rows();
	did_this("0 a yes, 1 a unknown, 2 a memory, 3 a work, 4 a weak, "
	         "5 a locked, 6 b yes, 7 b unknown, 8 b memory, 9 b work, "
	         "10 b weak, 11 b locked, ",
	    "each format and state has a row of the metrics");
}

static void
test_waits(void)
{
	memset(&watch, 0, sizeof(watch));
	now_us = 5000000;
	watch.due_ms = 5001;
	is_int(
	    formats_step(&ctx), -1, "a count that is not due does not begin");
	watch.counting = true;
	is_int(formats_step(&ctx), 1, "a count that is not due goes on later");
	watch.counting = false;
	watch.due_ms = 5000;
	connected = false;
	is_int(formats_step(&ctx), -1, "a count does not connect by itself");
	did_this("", "a count that is not due reads nothing");
	ok(!watch.counting, "a count that is not due has not begun");
	connected = true;
}

/* Pages of a count: a full one, one that fails, and the last one. */
static void
test_steps(void)
{
	size_t i;

	memset(&watch, 0, sizeof(watch));
	watch.spent_us = 999999;
	now_us = 5000000;
	for (i = 0; i < ARRAY_LEN(users); i++)
		users[i] = (struct user_hash){ (int64_t)i + 1, true, "0:1:a" };
	users_count = WATCH_PAGE;
	read_us = 5999;
	is_int(formats_step(&ctx), 50,
	    "a count goes on after ten times as long as a page took");
	did_this("500 from the first, ", "a count reads five hundred accounts");
	now_us += 50000;
	read_us = 4000;
	is_int(formats_step(&ctx), 50, "a count goes on after 50 ms at least");
	did_this("500 after 500, ", "a count goes on with the next page");
	now_us += 50000;
	read_us = 6000;
	is_int(formats_step(&ctx), 60, "a page that took longer has a pause");
	did_this("500 after 500, ", "a page follows the one before");
	now_us += 60000;
	users_err = ERR_BUSY;
	is_int(formats_step(&ctx), 10000,
	    "after a failure a count goes on ten seconds later");
	did_this("500 after 500, ", "a page that failed is not published");
	users_err = ERR_OK;
	now_us += 10000000;
	users_count = 3;
	users[0].hash = "2:70:b";
	users[1].hash = "2:80:b";
	users[2].hash = "5:1:a";
	read_us = 600000;
	is_int(formats_step(&ctx), -1, "a count ends with a page not full");
	did_this("500 after 500, publish, ", "a count is published at its end");
	ok(counted[0] == UINT64_C(3) * WATCH_PAGE && counted[1] == 0 &&
	        counted[2] == 2 && counted[3] == 1,
	    "the metrics have the accounts of each format and state");
	/* 5999, 4000, 6000 and 600000 */
	is_int(watch.due_ms - now_us / 1000, 61500,
	    "the next count begins after a hundred times as long as it took");
	now_us = watch.due_ms * 1000;
	read_us = 1000;
	is_int(formats_step(&ctx), -1, "another count ends at once");
	did_this("500 from the first, publish, ",
	    "another count begins with the first account");
	is_int(watch.due_ms - now_us / 1000, 60000,
	    "the next count begins after a minute at least");
	ok(watch.count.accounts == 3 && counted[0] == 0,
	    "another count has forgotten the one before");
}

int
main(void)
{
	test_rows();
	test_many();
	test_names();
	test_waits();
	test_steps();
	return done();
}
