/*
 * Table latchkey_session: logins that have not ended.
 */
#include "base.h"

#include <string.h>

#include "db/session.h"

enum {
	INSERT,
	END_SURPLUS,
	LIST,
	FIND,
	LIVE,
	RENEW,
	LOOK,
	TOUCH,
	END,
	END_REUSED,
	END_OTHERS,
	REMOVE,
	WALK,
	SIZE
};

#define TEXT_OF(number) TEXT(number)
#define TEXT(number) #number
#define RENEW_TRIES 8 /* while others come between */
#define MOST TEXT_OF(SESSIONS_OF_USER)
#define NEVER_RENEWED "-1" /* a counter below all that tokens have */
#define PAGES 100          /* of the table, in one step of the walk */
#define WALK_PAGES TEXT_OF(PAGES)
#define REMOVED_MOST 1000 /* rows of one statement */
#define REMOVED TEXT_OF(REMOVED_MOST)

/* Entries for the sessions of "dead", for as long as a token can live. */
#define REVOKE(reason)                                                  \
	" INSERT INTO latchkey_revoked (sid, until, reason)"            \
	" SELECT dead.id, now() + (SELECT greatest(max(seconds), 3600)" \
	" FROM latchkey_lifetime)::double precision"                    \
	" * '1 second'::interval, '" reason "'::text FROM dead RETURNING sid"

/*
 * The account of a session s, and do both count? To be renewed it may not have
 * been idle for longer than this parameter, either.
 */
#define OWNER "users u LEFT JOIN latchkey_account a ON a.user_id = u.id"
#define COUNTS                             \
	"u.id = s.user_id AND u.is_active" \
	" AND s.epoch = " DB_EPOCH " AND s.expires_at > now()"
#define IS_LIVE(idle)                    \
	COUNTS                           \
	" AND s.used_at > now() - " idle \
	"::double precision * '1 second'::interval"

/* clang-format off */
const struct db_sql db_session_sql[] = {
	[INSERT] = {
		.name = "session_insert",
		.used_by = DB_LOGIN,
		/*
		 * Each login runs this one: whatever ends others is prepared
		 * for execution even where there is nothing to end. It does
		 * not see the row that it adds.
		 */
		.text = "INSERT INTO latchkey_session"
			" (id, user_id, epoch, expires_at, address, agent, counter,"
			" client, scope)"
			" VALUES ($1::uuid, $2::bigint, $3::int,"
			" to_timestamp($4::double precision), $5::inet, $6::text,"
			" $7::int, $8::int, $9::text)"
			" RETURNING EXISTS (SELECT FROM latchkey_session"
			" WHERE user_id = $2::bigint OFFSET " MOST " - 1)",
		.writes = true,
	},
	[END_SURPLUS] = {
		.name = "session_end_surplus",
		.used_by = DB_LOGIN,
		/*
		 * Beside the new one. Those go that would end first: a script
		 * that logs in each minute ends its own, and no browser's. Rows
		 * of an epoch before have ended already, whatever their time.
		 */
		.text = "WITH dead AS (DELETE FROM latchkey_session WHERE id IN"
			" (SELECT id FROM latchkey_session"
			" WHERE user_id = $1::bigint AND id <> $2::uuid"
			" ORDER BY epoch DESC, expires_at DESC,"
			" created_at DESC, id OFFSET " MOST " - 1)"
			" RETURNING id)"
			REVOKE("surplus"),
		.writes = true,
		.revokes = true,
	},
	[LIST] = {
		.name = "session_list",
		.used_by = DB_ANY,
		.text = "SELECT replace(s.id::text, '-'::text, ''::text), "
			DB_TIME("s.created_at") ", " DB_TIME("s.used_at") ", "
			DB_TIME("s.expires_at") ", host(s.address), s.agent,"
			" coalesce(k.client_id, 'first-party'::text)"
			" FROM latchkey_session s"
			" LEFT JOIN latchkey_client k ON k.number = s.client"
			" WHERE s.user_id = $1::bigint"
			" AND s.epoch = $2::int AND s.expires_at > now()"
			" ORDER BY s.created_at DESC, s.id LIMIT " MOST,
	},
	[FIND] = {
		.name = "session_find",
		.used_by = DB_API,
		.text = "SELECT " DB_TIME("expires_at") " FROM latchkey_session"
			" WHERE id = $1::uuid AND user_id = $2::bigint"
			" AND expires_at > now()",
	},
	[LIVE] = {
		.name = "session_live",
		.used_by = DB_LOGIN,
		.text = "SELECT u.id, u.username, s.epoch,"
			" floor(date_part('epoch'::text, s.expires_at))::bigint,"
			" s.scope, s.counter, coalesce(k.client_id, 'first-party'::text),"
			" k.audience FROM latchkey_session s"
			" LEFT JOIN latchkey_client k ON k.number = s.client, " OWNER
			" WHERE s.id = $1::uuid AND " COUNTS,
	},
	[RENEW] = {
		.name = "session_renew",
		.used_by = DB_API,
		/*
		 * The usual case alone: LOOK, with its own snapshot, finds out
		 * why there is no row. In one statement both would be prepared
		 * for execution at each renewal, and its SELECT would see the
		 * row as it was before the UPDATE waited. Done twice it gives
		 * the same, so it may be sent twice.
		 */
		.text = "UPDATE latchkey_session s"
			" SET counter = $2::int + 1, used_at = clock_timestamp()"
			" FROM " OWNER
			" WHERE s.id = $1::uuid AND s.counter <= $2::int"
			" AND " IS_LIVE("$3")
			" RETURNING s.user_id, u.username, s.epoch,"
			" floor(date_part('epoch'::text, s.expires_at))::bigint,"
			" s.scope,"
			" set_config('synchronous_commit'::text, 'off'::text, true)",
	},
	[LOOK] = {
		.name = "session_look",
		.used_by = DB_API,
		.text = "SELECT s.user_id, u.username, s.epoch,"
			" floor(date_part('epoch'::text, least(s.expires_at,"
			" s.used_at + $4::double precision * '1 second'::interval)))::bigint,"
			" s.scope,"
			" CASE WHEN s.counter <= $2::int THEN 'done'"
			" WHEN s.counter = $2::int + 1"
			" AND s.used_at > now() - $3::double precision * '1 second'::interval"
			" THEN 'grace' ELSE 'spent' END"
			" FROM latchkey_session s, " OWNER
			" WHERE s.id = $1::uuid AND " IS_LIVE("$4"),
	},
	[TOUCH] = {
		.name = "session_touch",
		.used_by = DB_API | DB_LOGIN,
		/*
		 * Of many at once one writes: the others wait for it, find that
		 * there is nothing to do any more, and read.
		 */
		.text = "WITH done AS (UPDATE latchkey_session s"
			" SET used_at = clock_timestamp()"
			" FROM " OWNER
			" WHERE s.id = $1::uuid AND s.user_id = $2::bigint"
			" AND s.epoch = coalesce($5::int, s.epoch)"
			" AND s.used_at <= now() - $3::double precision * '1 second'::interval"
			" AND " IS_LIVE("$4")
			" RETURNING s.user_id, u.username, s.epoch, s.expires_at,"
			" a.scope,"
			" set_config('synchronous_commit'::text, 'off'::text, true))"
			" SELECT user_id, username, epoch,"
			" floor(date_part('epoch'::text, expires_at))::bigint, scope"
			" FROM done"
			" UNION ALL SELECT s.user_id, u.username, s.epoch,"
			" floor(date_part('epoch'::text, s.expires_at))::bigint,"
			" a.scope"
			" FROM latchkey_session s, " OWNER
			" WHERE s.id = $1::uuid AND s.user_id = $2::bigint"
			" AND s.epoch = coalesce($5::int, s.epoch)"
			" AND " IS_LIVE("$4")
			" AND NOT EXISTS (SELECT FROM done)",
	},
	[END_REUSED] = {
		.name = "session_end_reused",
		.used_by = DB_API,
		/*
		 * Within the grace of a change of the password, which spends a
		 * token, its owner may have sent that one just before.
		 */
		.text = "WITH dead AS (DELETE FROM latchkey_session s"
			" WHERE id = $1::uuid AND (counter > $2::int + 1"
			" OR counter = $2::int + 1"
			" AND used_at <= now() - $3::double precision * '1 second'::interval)"
			" AND NOT EXISTS (SELECT FROM latchkey_account a"
			" WHERE a.user_id = s.user_id AND a.changed_at"
			" > now() - $3::double precision * '1 second'::interval)"
			" RETURNING id)"
			REVOKE("reuse"),
		.writes = true,
		.revokes = true,
	},
	[END] = {
		.name = "session_end",
		.used_by = DB_API | DB_LOGIN | DB_COMMAND,
		.text = "WITH dead AS (DELETE FROM latchkey_session"
			" WHERE id = $2::uuid"
			" AND ($1::bigint IS NULL OR user_id = $1::bigint)"
			" RETURNING id)"
			REVOKE("owner"),
		.writes = true,
		.revokes = true,
	},
	[END_OTHERS] = {
		.name = "session_end_others",
		.used_by = DB_API,
		.text = "WITH dead AS (DELETE FROM latchkey_session"
			" WHERE user_id = $1::bigint AND id <> $2::uuid"
			" RETURNING id)"
			REVOKE("owner"),
		.writes = true,
		.revokes = true,
	},
	[REMOVE] = {
		.name = "session_remove",
		.used_by = DB_KEEPER,
		.text = "WITH gone AS (DELETE FROM latchkey_session WHERE id IN"
			" (SELECT id FROM latchkey_session"
			/* tokens have a leeway, and clocks differ */
			" WHERE expires_at < now() - interval '1 minute'"
			" ORDER BY expires_at"
			" LIMIT " REMOVED " FOR UPDATE SKIP LOCKED)"
			" RETURNING set_config("
			"'synchronous_commit'::text, 'off'::text, true))"
			" SELECT count(*) FROM gone",
		.writes = true,
	},
	[WALK] = {
		.name = "session_walk",
		.used_by = DB_KEEPER,
		/*
		 * By place in the table, since a renewal would have to write an
		 * index on its time. One that is renewed meanwhile is skipped.
		 * A raised epoch has ended rows, and touched none.
		 */
		.text = "WITH gone AS (DELETE FROM latchkey_session"
			" WHERE ctid = ANY (ARRAY(SELECT s.ctid"
			" FROM latchkey_session s"
			" WHERE s.ctid >= format('(%s,0)'::text, $1::bigint)::tid"
			" AND s.ctid < format('(%s,0)'::text,"
			" $1::bigint + " WALK_PAGES ")::tid"
			" AND (s.used_at < now() - $2::double precision * '1 second'::interval"
			" OR s.epoch < (SELECT e.epoch FROM latchkey_lifetime e)"
			" OR EXISTS (SELECT FROM latchkey_account a"
			" WHERE a.user_id = s.user_id AND a.epoch > s.epoch))"
			" LIMIT 500 FOR UPDATE OF s SKIP LOCKED))"
			" RETURNING set_config("
			"'synchronous_commit'::text, 'off'::text, true))"
			" SELECT count(*) = 500,"
			" pg_relation_size('latchkey_session'::regclass)"
			" > ($1::bigint + " WALK_PAGES ")"
			" * current_setting('block_size'::text)::bigint"
			" FROM gone",
		.writes = true,
		.direct = true, /* other databases than PostgreSQL have no ctid */
	},
	[SIZE] = {
		.name = "session_size",
		.used_by = DB_COMMAND,
		/* a large table is not counted */
		.text = "SELECT pg_total_relation_size('latchkey_session'::regclass),"
			" pg_total_relation_size('latchkey_revoked'::regclass),"
			" CASE WHEN k.reltuples > 100000::real"
			" THEN k.reltuples::bigint"
			" ELSE (SELECT count(*) FROM users) END,"
			" l.seconds FROM pg_class k, latchkey_lifetime l"
			" WHERE k.oid = 'users'::regclass",
	},
	{ .name = NULL },
};
/* clang-format on */

static void
end_surplus(struct ctx *c, const struct session *s)
{
	if (db_run(c->app->db, c->arena, &db_session_sql[END_SURPLUS],
	        DB_PARAMS(db_param_i64(c->arena, s->user_id), s->id),
	        NULL) != ERR_OK) {
		/* which has been logged; the next login ends them */
	}
}

enum err
db_session_insert(struct ctx *c, const struct session *s)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[INSERT],
	    DB_PARAMS(s->id, db_param_i64(c->arena, s->user_id),
	        db_param_i64(c->arena, s->epoch),
	        db_param_i64(c->arena, s->expires_s), s->address, s->agent,
	        s->renewable ? "0" : NEVER_RENEWED,
	        db_param_i64(c->arena, s->client), s->scope),
	    &rows);

	if (e == ERR_OK && db_true(&rows, 0, 0))
		end_surplus(c, s);
	return e;
}

enum err
db_session_list(
    struct ctx *c, const struct user *u, struct session *out, size_t *n)
{
	struct db_rows rows;
	enum err e;
	int i;

	if ((e = db_run(c->app->db, c->arena, &db_session_sql[LIST],
	         DB_PARAMS(db_param_i64(c->arena, u->id),
	             db_param_i64(c->arena, u->epoch)),
	         &rows)) != ERR_OK)
		return e;
	for (i = 0; i < rows.count && i < SESSIONS_OF_USER; i++)
		out[i] = (struct session){
			.id = db_text(&rows, i, 0),
			.user_id = u->id,
			.epoch = u->epoch,
			.created_at = db_text(&rows, i, 1),
			.used_at = db_text(&rows, i, 2),
			.expires_at = db_text(&rows, i, 3),
			.address = db_text(&rows, i, 4),
			.agent = db_text(&rows, i, 5),
			.client_id = db_text(&rows, i, 6),
		};
	*n = (size_t)i;
	return ERR_OK;
}

/* Of a session that was read what its tokens need. */
static void
read_live(const struct db_rows *rows, struct renewal *r)
{
	r->user = (struct user){
		.id = db_int(rows, 0, 0),
		.username = db_text(rows, 0, 1),
		.epoch = (int32_t)db_int(rows, 0, 2),
		.is_active = true,
	};
	r->expires_s = db_int(rows, 0, 3);
	r->scope = db_text(rows, 0, 4);
}

enum err
db_session_live(struct ctx *c, struct renewal *r)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[LIVE],
	    DB_PARAMS(r->id), &rows);

	if (e != ERR_OK)
		return e;
	read_live(&rows, r);
	r->counter = (int32_t)db_int(&rows, 0, 5);
	r->client = (struct client){
		.id = db_text(&rows, 0, 6),
		.audience = db_text(&rows, 0, 7),
	};
	return ERR_OK;
}

enum err
db_session_find(
    struct ctx *c, const char *id, int64_t user_id, const char **expires_at)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[FIND],
	    DB_PARAMS(id, db_param_i64(c->arena, user_id)), &rows);

	if (e == ERR_OK)
		*expires_at = db_text(&rows, 0, 0);
	return e;
}

enum err
db_session_touch(struct ctx *c, struct touch *t)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[TOUCH],
	    DB_PARAMS(t->id, db_param_i64(c->arena, t->user.id),
	        db_param_i64(c->arena, t->write_s),
	        db_param_i64(c->arena, t->idle_s),
	        t->is_raised ? NULL : db_param_i64(c->arena, t->user.epoch)),
	    &rows);

	if (e != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	t->user = (struct user){
		.id = db_int(&rows, 0, 0),
		.username = db_text(&rows, 0, 1),
		.epoch = (int32_t)db_int(&rows, 0, 2),
		.is_active = true,
		.scope = db_text(&rows, 0, 4),
	};
	t->expires_s = db_int(&rows, 0, 3);
	return ERR_OK;
}

static enum renewal_result
result_of(const char *word)
{
	if (strcmp(word, "done") == 0)
		return RENEWAL_DONE;
	return strcmp(word, "grace") == 0 ? RENEWAL_GRACE : RENEWAL_SPENT;
}

enum err
db_session_look(struct ctx *c, struct renewal *r)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[LOOK],
	    DB_PARAMS(r->id, db_param_i64(c->arena, r->counter),
	        db_param_i64(c->arena, r->grace_s),
	        db_param_i64(c->arena, r->idle_s)),
	    &rows);

	if (e != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
	read_live(&rows, r);
	r->result = result_of(db_text(&rows, 0, 5));
	return ERR_OK;
}

/* ERR_NOTFOUND: the token is not good now. */
static enum err
renew_once(struct ctx *c, struct renewal *r)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[RENEW],
	    DB_PARAMS(r->id, db_param_i64(c->arena, r->counter),
	        db_param_i64(c->arena, r->idle_s)),
	    &rows);

	if (e != ERR_OK)
		return e;
	read_live(&rows, r);
	r->result = RENEWAL_DONE;
	return ERR_OK;
}

enum err
db_session_renew(struct ctx *c, struct renewal *r)
{
	enum err e;
	int tries;

	for (tries = 0; tries < RENEW_TRIES; tries++) {
		if ((e = renew_once(c, r)) != ERR_NOTFOUND ||
		    (e = db_session_look(c, r)) != ERR_OK)
			return e;
		/* else it has become good in between */
		if (r->result != RENEWAL_DONE)
			return ERR_OK;
	}
	return ERR_BUSY;
}

enum err
db_session_end_reused(struct ctx *c, const struct renewal *r)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_session_sql[END_REUSED],
	    DB_PARAMS(r->id, db_param_i64(c->arena, r->counter),
	        db_param_i64(c->arena, r->grace_s)),
	    &rows);
}

enum err
db_session_end(struct ctx *c, int64_t user_id, const char *id)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_session_sql[END],
	    DB_PARAMS(
	        user_id != 0 ? db_param_i64(c->arena, user_id) : NULL, id),
	    &rows);
}

enum err
db_session_end_others(struct ctx *c, int64_t user_id, const char *id)
{
	return db_run(c->app->db, c->arena, &db_session_sql[END_OTHERS],
	    DB_PARAMS(db_param_i64(c->arena, user_id), id), NULL);
}

enum err
db_session_remove(struct ctx *c, bool *more)
{
	struct db_rows rows;
	enum err e = db_one(
	    c->app->db, c->arena, &db_session_sql[REMOVE], DB_NO_PARAMS, &rows);

	*more = e == ERR_OK && db_int(&rows, 0, 0) == REMOVED_MOST;
	return e;
}

enum err
db_session_walk(struct ctx *c, int64_t idle_s, int64_t *page, bool *more)
{
	struct db_rows rows;
	bool is_full;
	enum err e = db_one(c->app->db, c->arena, &db_session_sql[WALK],
	    DB_PARAMS(
	        db_param_i64(c->arena, *page), db_param_i64(c->arena, idle_s)),
	    &rows);

	if (e != ERR_OK)
		return e;
	is_full = db_true(&rows, 0, 0); /* of what one step removes */
	*more = is_full || db_true(&rows, 0, 1);
	*page += is_full ? 0 : PAGES;
	return ERR_OK;
}

enum err
db_session_size(struct ctx *c, struct session_size *out)
{
	struct db_rows rows;
	enum err e = db_one(
	    c->app->db, c->arena, &db_session_sql[SIZE], DB_NO_PARAMS, &rows);

	if (e != ERR_OK)
		return e;
	out->session_bytes = db_int(&rows, 0, 0);
	out->revoked_bytes = db_int(&rows, 0, 1);
	out->users = db_int(&rows, 0, 2);
	out->life_s = db_int(&rows, 0, 3);
	return ERR_OK;
}
