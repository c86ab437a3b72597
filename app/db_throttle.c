/*
 * The table latchkey_throttle: attempts, in leaky buckets.
 */
#include "base.h"

#include <inttypes.h>

#include "buf.h"
#include "db_throttle.h"

enum { RESERVE, GIVE_BACK, PERMITTED };

/*
 * Both statements lock their rows in ascending order, so that no two wait for
 * each other. Two subjects may meet in one row, which then bears both.
 */
#define WANT                                                     \
	"WITH want AS (SELECT bucket, subject,"                  \
	" cost_us * interval '1 microsecond' AS cost"            \
	" FROM unnest($1::int[], $2::int[], $3::bigint[])"       \
	" AS w (bucket, subject, cost_us)),"                     \
	" held AS MATERIALIZED (SELECT bucket, empty_at"         \
	" FROM latchkey_throttle WHERE bucket = ANY ($1::int[])" \
	" ORDER BY bucket FOR UPDATE)"

/* clang-format off */
const struct db_sql db_throttle_sql[] = {
	[RESERVE] = {
		.name = "throttle_reserve",
		/*
		 * A row that a crash took counts as empty. greatest() passes
		 * over a NULL. It writes, and yet may be sent twice after a
		 * lost connection: the attempt then counts for two at most.
		 */
		.text = WANT ", verdict AS ("
			"SELECT max(free_at) AS free_at FROM ("
			"SELECT min(greatest(h.empty_at, now()) + w.cost)"
			" - interval '1 hour' AS free_at"
			" FROM want w LEFT JOIN held h USING (bucket)"
			" GROUP BY w.subject) AS s),"
			" taken AS ("
			"INSERT INTO latchkey_throttle AS t (bucket, empty_at)"
			" SELECT w.bucket, now() + sum(w.cost)"
			" FROM want w, verdict v WHERE v.free_at <= now()"
			" GROUP BY w.bucket ORDER BY w.bucket"
			" ON CONFLICT (bucket) DO UPDATE SET empty_at ="
			" greatest(t.empty_at, now())"
			" + (excluded.empty_at - now()))"
			" SELECT greatest(0, ceil("
			"extract(epoch FROM free_at - now())))::bigint"
			" FROM verdict",
		.params = 3,
	},
	[GIVE_BACK] = {
		.name = "throttle_give_back",
		.text = WANT " UPDATE latchkey_throttle t"
			" SET empty_at = t.empty_at - s.cost"
			" FROM (SELECT bucket, sum(cost) AS cost FROM want"
			" JOIN held USING (bucket) GROUP BY bucket) AS s"
			" WHERE t.bucket = s.bucket",
		.params = 3,
		.writes = true,
	},
	[PERMITTED] = {
		.name = "throttle_permitted",
		.text = "SELECT"
			" has_table_privilege('latchkey_throttle', 'SELECT')"
			" AND has_table_privilege('latchkey_throttle', 'INSERT')"
			" AND has_table_privilege('latchkey_throttle', 'UPDATE')",
		.direct = true,
	},
	{ .name = NULL },
};
/* clang-format on */

enum err
db_throttle_permitted(struct ctx *c)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->db, c->arena, &db_throttle_sql[PERMITTED], NULL,
	         &rows)) != ERR_OK)
		return e;
	return db_true(&rows, 0, 0) ? ERR_OK : ERR_DENIED;
}

/* Run a statement with an attempt's three arrays. */
static enum err
run(struct ctx *c, const struct db_sql *sql, const struct throttle_attempt *t,
    struct db_rows *out)
{
	struct buf bucket, subject, cost;
	const char *comma = "{";
	size_t i;

	buf_init(&bucket, c->arena);
	buf_init(&subject, c->arena);
	buf_init(&cost, c->arena);
	for (i = 0; i < 2 * t->count; i++) {
		const struct throttle_subject *s = &t->subject[i / 2];

		buf_addf(&bucket, "%s%u", comma, s->bucket[i % 2]);
		buf_addf(&subject, "%s%zu", comma, i / 2);
		buf_addf(&cost, "%s%" PRId64, comma, s->cost_us);
		comma = ",";
	}
	buf_adds(&bucket, "}");
	buf_adds(&subject, "}");
	buf_adds(&cost, "}");
	return db_run(c->db, c->arena, sql,
	    (const char *[]){ bucket.s, subject.s, cost.s }, out);
}

enum err
db_throttle_reserve(
    struct ctx *c, const struct throttle_attempt *t, int64_t *wait_s)
{
	struct db_rows rows;
	enum err e;

	if ((e = run(c, &db_throttle_sql[RESERVE], t, &rows)) == ERR_OK)
		*wait_s = db_int(&rows, 0, 0);
	return e;
}

enum err
db_throttle_give_back(struct ctx *c, const struct throttle_attempt *t)
{
	return run(c, &db_throttle_sql[GIVE_BACK], t, NULL);
}
