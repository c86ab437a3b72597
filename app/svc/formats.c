/*
 * Accounts by the format of their password hash.
 */
#include "base.h"

#include <string.h>

#include "db/db.h"
#include "db/user.h"
#include "lib/clock.h"
#include "stats/metrics.h"
#include "svc/formats.h"
#include "svc/password.h"

#define WATCH_PAGE 500       /* accounts: some milliseconds */
#define WATCH_SHARE 10       /* and a tenth of the time */
#define WATCH_PAUSE_MS 50    /* at least */
#define WATCH_RETRY_MS 10000 /* after the database failed */
#define WATCH_AGAIN 100      /* times as long until the next count */
#define WATCH_AGAIN_MS 60000 /* at least */

/* Can an account log in, or why not, as the metrics say it. */
static const char *const logins[PWFORMAT_STATES] = {
	[PWFORMAT_GOOD] = "yes",
	[PWFORMAT_UNKNOWN] = "unknown",
	[PWFORMAT_MEMORY] = "memory",
	[PWFORMAT_WORK] = "work",
	[PWFORMAT_WEAK] = "weak",
	[PWFORMAT_LOCKED] = "locked",
};

void
formats_begin(const struct conf *conf, struct formats *out)
{
	*out = (struct formats){
		.policy = password_policy(conf),
		.after = INT64_MIN,
		.mib = conf->hash_memory_max_mib,
	};
}

/* Count an account in the row of its like, or in a new one. */
static void
add(struct formats *f, const struct pwformat_info *info,
    enum pwformat_state state)
{
	size_t i;

	for (i = 0; i < f->rows; i++)
		if (f->row[i].state == state && f->row[i].mib == info->mib &&
		    strcmp(f->row[i].name, info->name) == 0)
			break;
	if (i == FORMATS_MAX)
		i--;
	else if (i == f->rows)
		f->rows++;
	f->row[i].name = info->name;
	f->row[i].state = state;
	f->row[i].mib = info->mib;
	f->row[i].accounts++;
}

static void
count(struct formats *f, const struct user_hash *u)
{
	struct pwformat_info info;
	enum pwformat_state state = pwformat_state(&f->policy, u->hash, &info);

	f->after = u->id;
	if (!u->is_active)
		return;
	/* how much memory it takes matters where it is too much */
	if (state != PWFORMAT_MEMORY)
		info.mib = 1;
	add(f, &info, state);
	f->accounts++;
	if (state != PWFORMAT_GOOD && state != PWFORMAT_LOCKED)
		f->lost++;
	if (state == PWFORMAT_MEMORY && info.mib > f->mib)
		f->mib = info.mib;
}

enum err
formats_count(struct ctx *c, int64_t page, struct formats *f)
{
	struct user_hash *u;
	size_t n, i;
	enum err e;

	if ((e = db_user_hashes_after(c, f->after, page, &u, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		count(f, &u[i]);
	f->done = n < (size_t)page;
	return ERR_OK;
}

/* --- in the background --- */

void
formats_name_rows(void)
{
	const char *name;
	unsigned i, state;

	for (i = 0; (name = pwformat_name(i)) != NULL; i++)
		for (state = 0; state < PWFORMAT_STATES; state++)
			metrics_kind(
			    i * PWFORMAT_STATES + state, name, logins[state]);
}

static void
publish(const struct formats *f)
{
	uint64_t n[METRICS_KINDS] = { 0 };
	const char *name, *login;
	size_t i, row;

	for (row = 0; row < METRICS_KINDS; row++) {
		name = metrics_kind_name((unsigned)row, &login);
		for (i = 0; name != NULL && i < f->rows; i++)
			if (strcmp(f->row[i].name, name) == 0 &&
			    strcmp(logins[f->row[i].state], login) == 0)
				n[row] += (uint64_t)f->row[i].accounts;
	}
	metrics_accounts(n);
}

static int64_t
max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A page was counted, in so many microseconds. */
static void
went_on(struct formats_watch *w, int64_t us)
{
	w->spent_us += us;
	if (!w->count.done) {
		w->due_ms =
		    clock_ms() + max(us / 1000 * WATCH_SHARE, WATCH_PAUSE_MS);
		return;
	}
	publish(&w->count);
	w->counting = false;
	w->due_ms =
	    clock_ms() + max(w->spent_us / 1000 * WATCH_AGAIN, WATCH_AGAIN_MS);
}

int64_t
formats_step(struct ctx *c)
{
	struct formats_watch *w = c->app->formats;
	int64_t start_us = clock_us();

	if (start_us / 1000 < w->due_ms)
		return w->counting ? w->due_ms - start_us / 1000 : -1;
	if (!db_is_connected(c->app->db))
		return -1;
	if (!w->counting) {
		formats_begin(c->app->conf, &w->count);
		w->counting = true;
		w->spent_us = 0;
	}
	if (formats_count(c, WATCH_PAGE, &w->count) == ERR_OK)
		went_on(w, clock_us() - start_us);
	else
		w->due_ms = clock_ms() + WATCH_RETRY_MS;
	return w->counting ? w->due_ms - clock_ms() : -1;
}
