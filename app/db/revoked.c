/*
 * Table latchkey_revoked: what has ended before its time.
 */
#include "base.h"

#include "db/revoked.h"
#include "lib/text.h"

#define REMOVED_MOST \
	1000 /* rows of a statement, beside those of a transaction */
#define REMOVED_BEFORE "999"

enum { POLL, NOTE_SERVER, END_ALL, TURN_REMOVE, TURN_WALK, REMOVE, IS_ORDERED };

/* An interval has passed, or the clock was set back. */
#define TURN(column, interval)                                \
	"UPDATE latchkey_lifetime SET " column " = now()"     \
	" WHERE " column " < now() - interval '" interval "'" \
	" OR " column " > now() + interval '" interval "' RETURNING 1"

/* clang-format off */
const struct db_sql db_revoked_sql[] = {
	[POLL] = {
		.name = "revoked_poll",
		.used_by = DB_KEEPER,
		/*
		 * By snapshot and not by time or a sequence, which commits do
		 * not keep to. The statement's own snapshot is the next one.
		 */
		.text = "SELECT pg_current_snapshot()::text,"
			" pg_backend_pid()::text || ' '::text ||"
			" pg_postmaster_start_time()::text,"
			" floor(date_part('epoch'::text, now()))::bigint,"
			" ceil(date_part('epoch'::text, r.until))::bigint,"
			" left(replace(r.sid::text, '-'::text, ''::text), 16),"
			" r.user_id, r.epoch"
			" FROM (VALUES (1)) AS always (n)"
			" LEFT JOIN latchkey_revoked r"
			" ON r.until > now() - interval '1 minute'"
			" AND r.xid >= pg_snapshot_xmin($1::pg_snapshot)"
			" AND NOT pg_visible_in_snapshot(r.xid, $1::pg_snapshot)",
	},
	[NOTE_SERVER] = {
		.name = "revoked_note_server",
		/* the timeline of the log, which a promotion begins at once, and
		 * not that of the last checkpoint; where there is no such
		 * function, this fails and nothing else */
		.text = "WITH here (name) AS (SELECT system_identifier::text"
			" || '/'::text || left("
			"pg_walfile_name(pg_current_wal_lsn()), 8)"
			" FROM pg_control_system()),"
			" last AS (SELECT place, server FROM latchkey_lifetime)"
			" UPDATE latchkey_lifetime l SET server = here.name"
			" FROM here, last WHERE l.place = last.place"
			" AND l.server IS DISTINCT FROM here.name"
			" RETURNING last.server, here.name",
		.writes = true,
		.direct = true,
	},
	[END_ALL] = {
		.name = "revoked_end_all",
		.used_by = DB_COMMAND,
		/*
		 * One row for all accounts, whose number is the minutes since
		 * 1970, as far as none is higher: it is beyond all that were
		 * given out, also by a later state of this database that a
		 * backup has replaced. An account that is beyond it rises, too.
		 */
		.text = "WITH raised AS (UPDATE latchkey_lifetime SET epoch ="
			" least(greatest(epoch::bigint + 1000::bigint,"
			" floor(date_part('epoch'::text, now())"
			" / 60::double precision)::bigint),"
			" 2147483647::bigint)::int"
			" RETURNING epoch, seconds),"
			" above AS (UPDATE latchkey_account a"
			" SET epoch = a.epoch + 1 FROM raised"
			" WHERE a.epoch >= raised.epoch AND a.epoch < 2147483647)"
			" INSERT INTO latchkey_revoked"
			" (user_id, epoch, until, reason)"
			" SELECT 0, epoch, now() + greatest(seconds, 3600)::double precision"
			" * '1 second'::interval,"
			" 'epoch'::text FROM raised RETURNING epoch",
		.writes = true,
	},
	[TURN_REMOVE] = {
		.name = "revoked_turn_remove",
		.used_by = DB_KEEPER,
		.text = TURN("removed_at", "1 minute"),
		.writes = true,
	},
	[TURN_WALK] = {
		.name = "revoked_turn_walk",
		.used_by = DB_KEEPER,
		.text = TURN("walked_at", "1 hour"),
		.writes = true,
	},
	[REMOVE] = {
		.name = "revoked_remove",
		.used_by = DB_KEEPER,
		/*
		 * not just now: a keeper that was away has to read it yet; in
		 * the order of the index, which is nearly that of time
		 */
		.text = "WITH gone AS (DELETE FROM latchkey_revoked"
			" WHERE until < now() - interval '1 hour'"
			" AND xid <= coalesce((SELECT xid FROM latchkey_revoked"
			" WHERE until < now() - interval '1 hour'"
			" ORDER BY xid LIMIT 1 OFFSET " REMOVED_BEFORE "),"
			" '18446744073709551615'::xid8)"
			" RETURNING set_config("
			"'synchronous_commit'::text, 'off'::text, true))"
			" SELECT count(*) FROM gone",
		.writes = true,
	},
	[IS_ORDERED] = {
		.name = "revoked_is_ordered",
		.used_by = DB_KEEPER,
		.text = "SELECT strpos(version(), '-YB-'::text) = 0"
			" AND NOT EXISTS (SELECT FROM pg_extension"
			" WHERE extname = 'citus'::name)",
	},
	{ .name = NULL },
};
/* clang-format on */

enum err
db_revoked_poll(
    struct ctx *c, const char *snapshot, struct db_revoked_news *out)
{
	enum err e = db_run(c->app->db, c->arena, &db_revoked_sql[POLL],
	    DB_PARAMS(snapshot), &out->rows);

	if (e != ERR_OK)
		return e;
	if (out->rows.count == 0)
		return ERR_INTERNAL;
	out->snapshot = db_text(&out->rows, 0, 0);
	out->session = db_text(&out->rows, 0, 1);
	out->now_s = db_int(&out->rows, 0, 2);
	return ERR_OK;
}

bool
db_revoked_entry(
    const struct db_revoked_news *news, int i, struct db_revoked_entry *out)
{
	const char *sid;

	/* where there is none its one row has NULL in their columns */
	if (i >= news->rows.count || db_text(&news->rows, i, 3) == NULL)
		return false;
	sid = db_text(&news->rows, i, 4);
	*out = (struct db_revoked_entry){
		.until_s = db_int(&news->rows, i, 3),
		.is_session = sid != NULL,
	};
	if (sid != NULL) {
		out->sid = text_hex_value(sid, 16);
		return true;
	}
	out->user_id = db_int(&news->rows, i, 5);
	out->epoch = (int32_t)db_int(&news->rows, i, 6);
	return true;
}

enum err
db_revoked_note_server(struct ctx *c, const char **last, const char **now)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_revoked_sql[NOTE_SERVER],
	    DB_NO_PARAMS, &rows);

	*last = NULL;
	if (e != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_OK : e;
	*last = db_text(&rows, 0, 0);
	*now = db_text(&rows, 0, 1);
	return ERR_OK;
}

enum err
db_revoked_end_all(struct ctx *c)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_revoked_sql[END_ALL],
	    DB_NO_PARAMS, &rows);
}

enum err
db_revoked_turn(struct ctx *c, enum db_turn turn, bool *out)
{
	const int which = turn == DB_TURN_WALK ? TURN_WALK : TURN_REMOVE;
	struct db_rows rows;
	enum err e = db_one(
	    c->app->db, c->arena, &db_revoked_sql[which], DB_NO_PARAMS, &rows);

	*out = e == ERR_OK;
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

enum err
db_revoked_remove(struct ctx *c, bool *more)
{
	struct db_rows rows;
	enum err e = db_one(
	    c->app->db, c->arena, &db_revoked_sql[REMOVE], DB_NO_PARAMS, &rows);

	*more = e == ERR_OK && db_int(&rows, 0, 0) >= REMOVED_MOST;
	return e;
}

enum err
db_revoked_is_ordered(struct ctx *c, bool *out)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_revoked_sql[IS_ORDERED],
	    DB_NO_PARAMS, &rows);

	*out = e == ERR_OK && db_true(&rows, 0, 0);
	return e;
}
