/*
 * Tables latchkey_network and latchkey_watermark: known networks and the age of
 * accounts.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/network.h"

enum { FIND, NOTE, MARK };

#define TEXT_OF(number) TEXT(number)
#define TEXT(number) #number

/* The day of the database's clock, which all instances share. */
#define TODAY "(now() AT TIME ZONE 'UTC'::text)::date"

/*
 * Within its days. One that is ahead of them was written before the clock was
 * set back: it counts for nothing, and its place is free.
 */
#define IS_LIVE(day)        \
	"(" day " > " TODAY \
	" - " TEXT_OF(DB_NETWORK_DAYS) " AND " day " <= " TODAY " + 1)"

/*
 * The marks since the last one that is older than a week, itself included; the
 * lowest of them, as they fall where the newest accounts are removed and their
 * numbers are given out again.
 */
#define WEEK_AGO                                                           \
	"(SELECT min(highest) FROM latchkey_watermark WHERE taken_at >="   \
	" (SELECT max(taken_at) FROM latchkey_watermark WHERE taken_at <=" \
	" now() - interval '7 days'))"

/* clang-format off */
const struct db_sql db_network_sql[] = {
	[FIND] = {
		.name = "network_find",
		.text = "SELECT coalesce(bool_or(" IS_LIVE("seen") "), false),"
			" coalesce(bool_or(seen = " TODAY "), false),"
			" coalesce($4::bigint <= " WEEK_AGO ", false),"
			" EXISTS (SELECT FROM latchkey_watermark WHERE"
			" (taken_at AT TIME ZONE 'UTC'::text)::date = " TODAY ")"
			" FROM latchkey_network WHERE place IN ($1::int, $2::int)"
			" AND digest = $3::bigint",
		.params = 4,
	},
	[NOTE] = {
		.name = "network_note",
		/*
		 * Its own place first, then a free one. Of two that take one
		 * at the same moment the second sees that it is taken.
		 * unnest() is for arrays of any type, so one of the
		 * search_path for just this type would be the better match.
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
		.params = 3,
	},
	[MARK] = {
		.name = "network_mark",
		/*
		 * The last mark that is older than a week stays, where nobody
		 * has logged in for so long: this day then has none.
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

/* A network as parameters, and a number behind it. */
struct texts {
	char text[4][24];
	const char *param[4];
};

static void
write_texts(const struct network *n, int64_t number, struct texts *out)
{
	size_t i;

	snprintf(out->text[0], sizeof(out->text[0]), "%u", n->place[0]);
	snprintf(out->text[1], sizeof(out->text[1]), "%u", n->place[1]);
	snprintf(out->text[2], sizeof(out->text[2]), "%" PRId64, n->digest);
	snprintf(out->text[3], sizeof(out->text[3]), "%" PRId64, number);
	for (i = 0; i < ARRAY_LEN(out->param); i++)
		out->param[i] = out->text[i];
}

enum err
db_network_find(struct ctx *c, const struct network *n, int64_t user_id,
    struct network_state *out)
{
	struct db_rows rows;
	struct texts t = { .param = { NULL } };
	enum err e;

	write_texts(n, user_id, &t);
	if ((e = db_run(c->app->db, c->arena, &db_network_sql[FIND], t.param,
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
	struct texts t = { .param = { NULL } };

	write_texts(n, 0, &t);
	return db_run(
	    c->app->db, c->arena, &db_network_sql[NOTE], t.param, NULL);
}

enum err
db_network_mark(struct ctx *c)
{
	return db_run(c->app->db, c->arena, &db_network_sql[MARK], NULL, NULL);
}
