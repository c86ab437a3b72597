/*
 * Tables latchkey_network and latchkey_watermark: known networks and the age of
 * accounts.
 */
#include "base.h"

#include "db/network.h"

enum { FIND, NOTE, MARK };

#define TEXT_OF(number) TEXT(number)
#define TEXT(number) #number

/* The day by the database's clock, which all instances share. */
#define TODAY "(now() AT TIME ZONE 'UTC'::text)::date"

/*
 * Is a row within its days? A row with a later day was written before the clock
 * was set back: it does not count, and its place is free.
 */
#define IS_LIVE(day)        \
	"(" day " > " TODAY \
	" - " TEXT_OF(DB_NETWORK_DAYS) " AND " day " <= " TODAY " + 1)"

/*
 * The marks from the last one that is older than a week on; the lowest of them,
 * since marks fall when the newest accounts are removed and their numbers are
 * given out again.
 */
#define WEEK_AGO                                                           \
	"(SELECT min(highest) FROM latchkey_watermark WHERE taken_at >="   \
	" (SELECT max(taken_at) FROM latchkey_watermark WHERE taken_at <=" \
	" now() - interval '7 days'))"

/* clang-format off */
const struct db_sql db_network_sql[] = {
	[FIND] = {
		.name = "network_find",
		.used_by = DB_LOGIN,
		.text = "SELECT coalesce(bool_or(" IS_LIVE("seen") "), false),"
			" coalesce(bool_or(seen = " TODAY "), false),"
			" coalesce($4::bigint <= " WEEK_AGO ", false),"
			" EXISTS (SELECT FROM latchkey_watermark WHERE"
			" (taken_at AT TIME ZONE 'UTC'::text)::date = " TODAY ")"
			" FROM latchkey_network WHERE place IN ($1::int, $2::int)"
			" AND digest = $3::bigint",
	},
	[NOTE] = {
		.name = "network_note",
		.used_by = DB_LOGIN,
		/*
		 * A network takes its own place first, then a free one. Of two
		 * that take one at the same moment the second sees that it is
		 * taken. unnest() is for arrays of any type, so a function of
		 * the search_path for just this type would be the better match.
		 */
		.text = "INSERT INTO latchkey_network AS n (place, digest, seen)"
			" SELECT w.place, $3::bigint, " TODAY
			" FROM pg_catalog.unnest(ARRAY[$1::int, $2::int]) AS w (place)"
			" LEFT JOIN latchkey_network t ON t.place = w.place"
			" WHERE t.place IS NULL OR t.digest = $3::bigint"
			" OR NOT " IS_LIVE("t.seen")
			" ORDER BY coalesce(t.digest = $3::bigint, false) DESC,"
			" t.seen NULLS FIRST LIMIT 1"
			" ON CONFLICT (place) DO UPDATE SET"
			" digest = excluded.digest, seen = excluded.seen"
			" WHERE n.seen <> excluded.seen"
			" AND (n.digest = excluded.digest"
			" OR NOT " IS_LIVE("n.seen") ")",
	},
	[MARK] = {
		.name = "network_mark",
		.used_by = DB_LOGIN,
		/*
		 * The last mark that is older than a week stays when there was
		 * no login for so long: this day has no mark then.
		 */
		.text = "INSERT INTO latchkey_watermark AS w"
			" (place, taken_at, highest)"
			" SELECT (" TODAY " - '1970-01-01'::date) % 16, now(),"
			" coalesce(max(id)::bigint, 0::bigint) FROM users"
			" ON CONFLICT (place) DO UPDATE SET"
			" taken_at = excluded.taken_at,"
			" highest = excluded.highest"
			" WHERE (w.taken_at AT TIME ZONE 'UTC'::text)::date"
			" <> " TODAY " AND EXISTS (SELECT FROM"
			" latchkey_watermark o WHERE o.place <> w.place"
			" AND o.taken_at <= now() - interval '7 days')",
	},
	{ .name = NULL },
};
/* clang-format on */

enum err
db_network_find(struct ctx *c, const struct network *n, int64_t user_id,
    struct network_state *out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_network_sql[FIND],
	         DB_PARAMS(db_param_i64(c->arena, n->place[0]),
	             db_param_i64(c->arena, n->place[1]),
	             db_param_i64(c->arena, n->digest),
	             db_param_i64(c->arena, user_id)),
	         &rows)) != ERR_OK)
		return e;
	*out = (struct network_state){
		.is_known = db_true(&rows, 0, 0),
		.seen_today = db_true(&rows, 0, 1),
		.is_old = db_true(&rows, 0, 2),
		.is_marked = db_true(&rows, 0, 3),
	};
	return ERR_OK;
}

enum err
db_network_note(struct ctx *c, const struct network *n)
{
	return db_run(c->app->db, c->arena, &db_network_sql[NOTE],
	    DB_PARAMS(db_param_i64(c->arena, n->place[0]),
	        db_param_i64(c->arena, n->place[1]),
	        db_param_i64(c->arena, n->digest)),
	    NULL);
}

enum err
db_network_mark(struct ctx *c)
{
	return db_run(
	    c->app->db, c->arena, &db_network_sql[MARK], DB_NO_PARAMS, NULL);
}
