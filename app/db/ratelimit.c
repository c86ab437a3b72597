/*
 * Table latchkey_throttle: rate limits as leaky buckets.
 */
#include "base.h"

#include <assert.h>
#include <inttypes.h>

#include "db/ratelimit.h"
#include "lib/buf.h"

#define READ_FIRST_S 60 /* after a refusal */

enum { LOOK, RESERVE, REFUND, FULLEST, EMPTY };

/* clang-format off */
#define US "(us::float8 * interval '1 microsecond')"
#define LEVEL(at) \
	"(date_part('epoch'::text, " at " - now()) * 1e6::float8)::bigint"
/* For two arrays PostgreSQL takes its own unnest(), for any search_path. */
#define WANTED "unnest($1::int[], $2::bigint[]) AS w (bucket, us)"

/*
 * A bucket holds at most what fills it and what 64 attempts at once have added
 * before they take it out again; or, for the whole service, what some instances
 * have let through at once. A bucket that seems to hold more was written before
 * the clock was set back, and counts as full.
 */
#define MOST(us) \
	"now() + interval '2 hours' +" \
	" greatest(" us ", - " us ", interval '6 minutes') * 64::float8"

/*
 * Add an amount to each of these buckets; a negative amount is taken out. Rows
 * are locked in the order of the array, which is ascending: so there is no
 * deadlock. A row that a crash has lost counts as empty, and is made again.
 */
#define POURED "(excluded.empty_at - now())"
#define ADD                                                     \
	"INSERT INTO latchkey_throttle AS t (bucket, empty_at)" \
	" SELECT bucket, now() + " US " FROM " WANTED           \
	" ON CONFLICT (bucket) DO UPDATE SET empty_at = CASE"   \
	" WHEN t.empty_at > " MOST(POURED)                      \
	" THEN now() + interval '1 hour'"                       \
	" ELSE greatest(t.empty_at, now()) END + " POURED

const struct db_sql db_ratelimit_sql[] = {
	[LOOK] = {
		.name = "ratelimit_look",
		.used_by = DB_ANY,
		/*
		 * The result of RESERVE, without writing: a refused attempt
		 * leaves nothing behind. If the clock was set back there seems
		 * to be room, so RESERVE runs and corrects the row.
		 */
		.text = "SELECT w.bucket, " LEVEL("greatest(t.empty_at, now()) + " US)
			" FROM " WANTED " LEFT JOIN latchkey_throttle t"
			" ON t.bucket = w.bucket AND t.empty_at <= " MOST(US),
	},
	[RESERVE] = {
		.name = "ratelimit_reserve",
		.used_by = DB_WORKERS,
		/*
		 * It writes, but may be sent twice after a lost connection: the
		 * attempt then counts for two at most.
		 */
		.text = ADD " RETURNING bucket, " LEVEL("empty_at"),
	},
	[REFUND] = {
		.name = "ratelimit_refund",
		.used_by = DB_WORKERS,
		.text = ADD,
		.writes = true,
	},
	[FULLEST] = {
		.name = "ratelimit_fullest",
		.used_by = DB_COMMAND,
		.text = "SELECT coalesce(max(" LEVEL("greatest(empty_at, now())")
			"), 0::bigint) FROM latchkey_throttle"
			" WHERE bucket = ANY ($1::int[])"
			" AND empty_at <= " MOST("interval '0'"),
	},
	[EMPTY] = {
		.name = "ratelimit_empty",
		.used_by = DB_LOGIN | DB_COMMAND,
		/* in the order in which others lock them */
		.text = "WITH w AS (SELECT bucket FROM latchkey_throttle"
			" WHERE bucket = ANY ($1::int[])"
			" ORDER BY bucket FOR UPDATE)"
			" UPDATE latchkey_throttle t SET empty_at = '-infinity'"
			" FROM w WHERE t.bucket = w.bucket",
	},
	{ .name = NULL },
};
/* clang-format on */

/* An attempt's buckets and costs as two arrays' texts. */
struct amounts {
	struct buf bucket, us;
};

/* The amounts of an attempt: its costs times 1 or -1. */
static struct amounts
amounts_of(struct ctx *c, const struct ratelimit_attempt *t, int times)
{
	struct amounts out;
	const char *comma = "{";
	unsigned last = 0;
	size_t i;

	buf_init(&out.bucket, c->arena);
	buf_init(&out.us, c->arena);
	for (i = 0; i < 2 * t->count; i++) {
		const struct ratelimit_subject *s = &t->subject[i / 2];

		/* the statement locks in this order */
		assert(i == 0 || s->bucket[i % 2] > last);
		last = s->bucket[i % 2];
		buf_addf(&out.bucket, "%s%u", comma, last);
		buf_addf(&out.us, "%s%" PRId64, comma, times * s->cost_us);
		comma = ",";
	}
	buf_adds(&out.bucket, "}");
	buf_adds(&out.us, "}");
	return out;
}

/* A range of buckets, as an array's text. */
static const char *
list(struct ctx *c, const struct ratelimit_range *r, size_t n)
{
	const char *comma = "";
	struct buf b;
	unsigned j;
	size_t i;

	buf_init(&b, c->arena);
	buf_adds(&b, "{");
	for (i = 0; i < n; i++)
		for (j = 0; j < r[i].count; j++) {
			buf_addf(&b, "%s%u", comma, r[i].first + j);
			comma = ",";
		}
	buf_adds(&b, "}");
	return b.s;
}

/* How full this bucket is. */
static int64_t
level_us(const struct db_rows *rows, unsigned bucket)
{
	int row;

	for (row = 0; row < rows->count; row++)
		if (db_int(rows, row, 0) == bucket)
			return db_int(rows, row, 1);
	return 2 * DB_RATELIMIT_FULL_US; /* not in the result: no room */
}

/*
 * The level of the fullest subject; a subject has that of its emptier bucket.
 */
static int64_t
fullest_us(const struct ratelimit_attempt *t, const struct db_rows *rows)
{
	int64_t one, other, most = 0;
	size_t i;

	for (i = 0; i < t->count; i++) {
		one = level_us(rows, t->subject[i].bucket[0]);
		other = level_us(rows, t->subject[i].bucket[1]);
		if (other < one)
			one = other;
		if (one > most)
			most = one;
	}
	return most;
}

/* The seconds until an attempt has room, by the levels of a statement. */
static enum err
ask(struct ctx *c, int statement, const struct ratelimit_attempt *t,
    int64_t *wait_s)
{
	struct amounts once = amounts_of(c, t, 1);
	struct db_rows rows;
	int64_t over_us;
	enum err e;

	*wait_s = 0;
	if ((e = db_run(c->app->db, c->arena, &db_ratelimit_sql[statement],
	         DB_PARAMS(once.bucket.s, once.us.s), &rows)) != ERR_OK)
		return e;
	over_us = fullest_us(t, &rows) - DB_RATELIMIT_FULL_US;
	if (over_us > 0)
		*wait_s = (over_us - 1) / 1000000 + 1;
	return ERR_OK;
}

/* Refund an attempt that RESERVE has counted beyond the limit. */
static enum err
uncount(struct ctx *c, const struct ratelimit_attempt *t)
{
	struct amounts back = amounts_of(c, t, -1);

	return db_run(c->app->db, c->arena, &db_ratelimit_sql[REFUND],
	    DB_PARAMS(back.bucket.s, back.us.s), NULL);
}

enum err
db_ratelimit_reserve(
    struct ctx *c, const struct ratelimit_attempt *t, int64_t *wait_s)
{
	struct ratelimit_memory *m = c->app->ratelimit;
	bool read_first = c->now_s - m->refused_s < READ_FIRST_S;
	enum err e;

	/* RESERVE decides. But refused attempts shall not make us write */
	if (read_first) {
		if ((e = ask(c, LOOK, t, wait_s)) != ERR_OK)
			return e;
		if (*wait_s > 0) {
			m->refused_s = c->now_s;
			return ERR_OK;
		}
	}
	if ((e = ask(c, RESERVE, t, wait_s)) != ERR_OK || *wait_s == 0)
		return e;
	m->refused_s = c->now_s;
	return uncount(c, t);
}

enum err
db_ratelimit_service(
    struct ctx *c, enum service_share share, int64_t us, int64_t *level)
{
	const struct ratelimit_range r = {
		.first = DB_RATELIMIT_SERVICE + (unsigned)share,
		.count = 1,
	};
	struct db_rows rows;
	struct buf amount;
	enum err e;

	buf_init(&amount, c->arena);
	buf_addf(&amount, "{%" PRId64 "}", us);
	if ((e = db_run(c->app->db, c->arena, &db_ratelimit_sql[RESERVE],
	         DB_PARAMS(list(c, &r, 1), amount.s), &rows)) == ERR_OK)
		*level = level_us(&rows, r.first);
	return e;
}

enum err
db_ratelimit_refund(struct ctx *c, const struct ratelimit_attempt *t)
{
	struct amounts back = amounts_of(c, t, -1);

	return db_send(c->app->db, c->arena, &db_ratelimit_sql[REFUND],
	    DB_PARAMS(back.bucket.s, back.us.s));
}

enum err
db_ratelimit_look(
    struct ctx *c, const struct ratelimit_attempt *t, int64_t *wait_s)
{
	return ask(c, LOOK, t, wait_s);
}

enum err
db_ratelimit_fullest(
    struct ctx *c, const struct ratelimit_range *r, int64_t *level)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_ratelimit_sql[FULLEST],
	         DB_PARAMS(list(c, r, 1)), &rows)) == ERR_OK)
		*level = db_int(&rows, 0, 0);
	return e;
}

enum err
db_ratelimit_empty(struct ctx *c, const struct ratelimit_range *r, size_t n)
{
	return db_run(c->app->db, c->arena, &db_ratelimit_sql[EMPTY],
	    DB_PARAMS(list(c, r, n)), NULL);
}
