/*
 * Table latchkey_client: programs that ask for tokens.
 */
#include "base.h"

#include "db/client.h"

enum { FIND, LIST, INSERT, ENABLE, ROTATE, REVOKE };

/* Those of client_of(). */
#define ADDED DB_TIME("created_at")
#define OLD_UNTIL \
	" CASE WHEN old_until > now() THEN " DB_TIME("old_until") " END"
#define COLUMNS                                                             \
	"number, client_id, name, secret,"                                  \
	" CASE WHEN old_until > now() THEN old_secret END, grants, scopes," \
	" audience, enabled, " ADDED "," OLD_UNTIL ", " DB_EPOCH_OF("0")

/* clang-format off */
const struct db_sql db_client_sql[] = {
	[FIND] = {
		.name = "client_find",
		.used_by = DB_ANY,
		.text = "SELECT " COLUMNS " FROM latchkey_client"
			" WHERE client_id = $1::text",
	},
	[LIST] = {
		.name = "client_list",
		.used_by = DB_COMMAND,
		.text = "SELECT " COLUMNS " FROM latchkey_client"
			" ORDER BY client_id",
	},
	[INSERT] = {
		.name = "client_insert",
		.used_by = DB_COMMAND,
		/* the name first: applications know an account and a client
		 * by the same claim */
		.text = "WITH named AS (INSERT INTO latchkey_name AS n"
			" (username, user_id, free_at)"
			" SELECT $1::text, 0::bigint, 'infinity'::timestamptz"
			" WHERE NOT EXISTS (SELECT FROM users"
			" WHERE username::text = $1::text)"
			" ON CONFLICT (username) DO UPDATE"
			" SET user_id = excluded.user_id,"
			" free_at = excluded.free_at"
			" WHERE n.free_at <= now() RETURNING n.username)"
			" INSERT INTO latchkey_client"
			" (client_id, name, secret, grants, scopes, audience)"
			" SELECT username, $2::text, $3::text, $4::text,"
			" $5::text, $6::text FROM named"
			" ON CONFLICT (client_id) DO NOTHING RETURNING number",
		.writes = true,
	},
	[ENABLE] = {
		.name = "client_enable",
		.used_by = DB_COMMAND,
		.text = "UPDATE latchkey_client SET enabled = $2::bool"
			" WHERE client_id = $1::text RETURNING number",
		.writes = true,
	},
	[ROTATE] = {
		.name = "client_rotate",
		.used_by = DB_COMMAND,
		.text = "UPDATE latchkey_client SET secret = $2::text,"
			" old_secret = secret,"
			" old_until = now() + $3::double precision * '1 second'::interval"
			" WHERE client_id = $1::text AND ($3::bigint = 0"
			" OR old_until IS NULL OR old_until <= now())"
			" RETURNING number",
		.writes = true,
	},
	[REVOKE] = {
		.name = "client_revoke",
		.used_by = DB_API,
		.text = "INSERT INTO latchkey_revoked (sid, until, reason)"
			" SELECT $1::uuid, now()"
			" + greatest(max(seconds), 3600)::double precision"
			" * '1 second'::interval, 'owner'::text"
			" FROM latchkey_lifetime",
		.writes = true,
		.revokes = true,
	},
	{ .name = NULL },
};
/* clang-format on */

static struct client
client_of(const struct db_rows *rows, int row)
{
	return (struct client){
		.number = (int32_t)db_int(rows, row, 0),
		.id = db_text(rows, row, 1),
		.name = db_text(rows, row, 2),
		.secret = db_text(rows, row, 3),
		.old_secret = db_text(rows, row, 4),
		.grants = db_text(rows, row, 5),
		.scopes = db_text(rows, row, 6),
		.audience = db_text(rows, row, 7),
		.is_enabled = db_true(rows, row, 8),
		.created_at = db_text(rows, row, 9),
		.old_until = db_text(rows, row, 10),
		.epoch = (int32_t)db_int(rows, row, 11),
	};
}

enum err
db_client_find(struct ctx *c, const char *id, struct client *out)
{
	struct db_rows rows;
	enum err e = db_one(
	    c->app->db, c->arena, &db_client_sql[FIND], DB_PARAMS(id), &rows);

	if (e == ERR_OK)
		*out = client_of(&rows, 0);
	return e;
}

enum err
db_client_list(struct ctx *c, const struct client **out, size_t *n)
{
	struct client *all;
	struct db_rows rows;
	enum err e;
	int i;

	if ((e = db_run(c->app->db, c->arena, &db_client_sql[LIST],
	         DB_NO_PARAMS, &rows)) != ERR_OK)
		return e;
	all = arena_alloc(c->arena, ((size_t)rows.count + 1) * sizeof(*all));
	for (i = 0; i < rows.count; i++)
		all[i] = client_of(&rows, i);
	*out = all;
	*n = (size_t)rows.count;
	return ERR_OK;
}

/* One row, or the error that none is. */
static enum err
change(struct ctx *c, const struct db_sql *sql, struct db_params params,
    enum err none)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, sql, params, &rows);

	return e == ERR_NOTFOUND ? none : e;
}

enum err
db_client_insert(struct ctx *c, const struct client *new)
{
	return change(c, &db_client_sql[INSERT],
	    DB_PARAMS(new->id, new->name, new->secret, new->grants, new->scopes,
	        new->audience),
	    ERR_CONFLICT);
}

enum err
db_client_enable(struct ctx *c, const char *id, bool on)
{
	return change(c, &db_client_sql[ENABLE],
	    DB_PARAMS(id, on ? "true" : "false"), ERR_NOTFOUND);
}

enum err
db_client_rotate(
    struct ctx *c, const char *id, const char *secret, int64_t keep_s)
{
	return change(c, &db_client_sql[ROTATE],
	    DB_PARAMS(id, secret, db_param_i64(c->arena, keep_s)),
	    ERR_CONFLICT);
}

enum err
db_client_revoke(struct ctx *c, const char *sid)
{
	return db_run(
	    c->app->db, c->arena, &db_client_sql[REVOKE], DB_PARAMS(sid), NULL);
}
