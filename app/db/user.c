/*
 * Tables users and latchkey_account: accounts.
 */
#include "base.h"

#include "db/user.h"

enum {
	BY_NAME,
	AT_LOGIN,
	HASHES,
	HASHES_AFTER,
	RANGE,
	AFTER,
	INSERT,
	REPLACE_HASH,
	CHANGE_PASSWORD,
	LAST_CHANGE,
	SET_FULLNAME,
	ENABLE,
	DISABLE,
	LOGOUT,
	SET_SCOPE,
	KEEP_NAME,
	FREE_AT,
	DELETE,
	RENAME
};

/*
 * Texts are compared as text, and constants are cast, so that PostgreSQL has
 * functions and operators for just these types. Otherwise one that a user put
 * into a schema of the search_path, say for character varying, would be the
 * better match, and run with our rights.
 */
/* clang-format off */

/*
 * Raises the epoch of the accounts whose numbers "from" has. At the end of the
 * type it stays, since a password must still be changeable: only tokens of that
 * very epoch would count on until they expire.
 */
#define RAISE(columns, values, from, also)                                 \
	" INSERT INTO latchkey_account AS a (user_id, epoch" columns ")"   \
	" SELECT id, 1" values " FROM " from                               \
	" ON CONFLICT (user_id) DO UPDATE SET epoch = CASE"                \
	" WHEN a.epoch < 2147483647 THEN a.epoch + 1 ELSE a.epoch END"     \
	also " RETURNING user_id, epoch"

const struct db_sql db_user_sql[] = {
	[BY_NAME] = {
		.name = "user_by_name",
		.used_by = DB_ANY,
		/*
		 * the part of a full name that fullname_max_chars may allow,
		 * and a reply can hold
		 */
		.text = "SELECT u.id, u.username, left(u.fullname::text, 16384),"
			" u.password, u.is_active, " DB_EPOCH ", a.scope"
			" FROM users u"
			" LEFT JOIN latchkey_account a ON a.user_id = u.id"
			" WHERE u.username::text = $1::text"
			" AND ($2::uuid IS NULL"
			" OR EXISTS (SELECT FROM latchkey_session s"
			" WHERE s.id = $2::uuid AND s.user_id = u.id))",
	},
	[AT_LOGIN] = {
		.name = "user_at_login",
		.used_by = DB_LOGIN,
		/*
		 * One statement that always does both, so that it takes no
		 * longer for a name that exists. Accounts without what may be a
		 * hash are skipped, a hundred of them at most. The full name is left
		 * out, since it may be long. The epoch is that of the moment in
		 * which the hash was read: a login during a change of the
		 * password gets a token of the epoch before.
		 */
		.text = "SELECT u.id, u.username, NULL, u.password,"
			" u.is_active, " DB_EPOCH ", a.scope,"
			" (SELECT hash FROM"
			" (SELECT id, password::text AS hash FROM users"
			" WHERE id >= $2::bigint ORDER BY id LIMIT 100) AS s"
			" WHERE length(hash) BETWEEN 13 AND 1023"
			" ORDER BY id LIMIT 1)"
			" FROM (VALUES (1)) AS always (n)"
			" LEFT JOIN users u ON u.username::text = $1::text"
			" LEFT JOIN latchkey_account a"
			" ON a.user_id = coalesce(u.id, $2::bigint)",
	},
	[HASHES] = {
		.name = "user_hashes",
		.used_by = DB_LOGIN,
		.text = "SELECT hash FROM"
			" (SELECT id, password::text AS hash FROM users"
			" WHERE id >= $1::bigint ORDER BY id LIMIT 100) AS s"
			" WHERE length(hash) BETWEEN 13 AND 1023 ORDER BY id",
	},
	[HASHES_AFTER] = {
		.name = "user_hashes_after",
		.used_by = DB_LOGIN | DB_COMMAND,
		/* of a text that is too long for a hash enough to see that */
		.text = "SELECT id, is_active, left(password::text, 1024)"
			" FROM users WHERE id > $1::bigint"
			" ORDER BY id LIMIT $2",
	},
	[RANGE] = {
		.name = "user_range",
		.used_by = DB_LOGIN,
		.text = "SELECT coalesce(min(id), 0),"
			" coalesce(max(id)::bigint - min(id) + 1, 0) FROM users",
	},
	[AFTER] = {
		.name = "user_after",
		.used_by = DB_COMMAND,
		/* an account without a name cannot be named */
		.text = "SELECT id, username, fullname, password, is_active, 0,"
			" NULL FROM users WHERE id > $1::bigint"
			" AND username IS NOT NULL"
			" AND (strpos(lower(username::text),"
			" lower($3::text)) > 0"
			" OR strpos(lower(fullname::text),"
			" lower($3::text)) > 0)"
			" ORDER BY id LIMIT $2",
	},
	[INSERT] = {
		.name = "user_insert",
		.used_by = DB_LOGIN | DB_COMMAND,
		.text = "INSERT INTO users"
			" (username, fullname, password, is_active)"
			" SELECT $1::text, $2::text, $3::text, true"
			" WHERE NOT EXISTS (SELECT FROM latchkey_name"
			" WHERE username = $1::text AND free_at > now())"
			" ON CONFLICT (username) DO NOTHING RETURNING id,"
			/* as a trigger or a narrow column changed it */
			" username, left(fullname::text, 16384)",
		.writes = true,
	},
	[REPLACE_HASH] = {
		.name = "user_replace_hash",
		.used_by = DB_LOGIN,
		.text = "UPDATE users SET password = $3"
			" WHERE id = $1 AND password::text = $2::text"
			" RETURNING id",
		.writes = true,
	},
	[CHANGE_PASSWORD] = {
		.name = "user_change_password",
		.used_by = DB_LOGIN | DB_COMMAND,
		/* with its reason or not at all: one statement */
		.text = "WITH changed AS (UPDATE users SET password = $3"
			" WHERE id = $1 AND ($4::text = 'operator'::text"
			" OR password::text = $2::text)"
			" RETURNING id)"
			", raised AS ("
			RAISE(", changed_at, reason", ", now(), $4", "changed",
			    ", changed_at = excluded.changed_at,"
			    " reason = excluded.reason")
			"), kept AS (UPDATE latchkey_session s"
			" SET epoch = raised.epoch, used_at = clock_timestamp(),"
			/* by two: the token before is spent, and not in its grace */
			" counter = CASE WHEN s.counter BETWEEN 0 AND 2147483644"
			" THEN s.counter + 2 ELSE s.counter END"
			/* not one that had ended by an epoch before */
			" FROM raised WHERE s.id = $5::uuid"
			" AND s.user_id = raised.user_id"
			" AND s.epoch >= raised.epoch - 1)"
			" SELECT user_id FROM raised",
		.writes = true,
		.revokes = true,
	},
	[LAST_CHANGE] = {
		.name = "user_last_change",
		.used_by = DB_COMMAND,
		.text = "SELECT " DB_TIME("changed_at") ", reason"
			" FROM latchkey_account"
			" WHERE user_id = $1 AND changed_at IS NOT NULL",
	},
	[SET_FULLNAME] = {
		.name = "user_set_fullname",
		.used_by = DB_API,
		.text = "UPDATE users SET fullname = $2"
			" WHERE id = $1 RETURNING id",
		.writes = true,
	},
	[ENABLE] = {
		.name = "user_enable",
		.used_by = DB_COMMAND,
		.text = "UPDATE users SET is_active = true"
			" WHERE id = $1 RETURNING id",
		.writes = true,
	},
	[DISABLE] = {
		.name = "user_disable",
		.used_by = DB_COMMAND,
		.text = "WITH changed AS (UPDATE users SET is_active = false"
			" WHERE id = $1 RETURNING id)"
			RAISE("", "", "changed", ""),
		.writes = true,
	},
	[LOGOUT] = {
		.name = "user_logout",
		.used_by = DB_COMMAND,
		.text = "WITH raised AS ("
			RAISE("", "", "users WHERE id = $1", "")
			") SELECT (SELECT count(*) FROM latchkey_session s"
			" WHERE s.user_id = raised.user_id"
			" AND s.epoch >= raised.epoch - 1"
			" AND s.expires_at > now()) FROM raised",
		.writes = true,
	},
	[SET_SCOPE] = {
		.name = "user_set_scope",
		.used_by = DB_COMMAND,
		.text = RAISE(", scope", ", $2::text", "users WHERE id = $1",
		    ", scope = excluded.scope"),
		.writes = true,
	},
	[KEEP_NAME] = {
		.name = "user_keep_name",
		.used_by = DB_LOGIN | DB_COMMAND,
		.text = "INSERT INTO latchkey_name AS n"
			" (username, user_id, free_at)"
			/* a token of another instance may live longer */
			" SELECT username::text, id, now()"
			" + greatest($2::double precision, (SELECT seconds"
			" FROM latchkey_lifetime)::double precision)"
			" * '1 second'::interval"
			" FROM users WHERE id = $1::bigint"
			" ON CONFLICT (username) DO UPDATE"
			" SET user_id = excluded.user_id,"
			" free_at = greatest(n.free_at, excluded.free_at)"
			" RETURNING user_id",
		.writes = true,
	},
	[FREE_AT] = {
		.name = "user_name_free_at",
		.used_by = DB_COMMAND,
		.text = "SELECT " DB_TIME("free_at")
			" FROM latchkey_name"
			" WHERE username = $1::text AND free_at > now()",
	},
	[DELETE] = {
		.name = "user_delete",
		.used_by = DB_LOGIN | DB_COMMAND,
		.text = "SELECT latchkey_delete($1::bigint, $2::text)",
		.writes = true,
		.revokes = true,
	},
	[RENAME] = {
		.name = "user_rename",
		.used_by = DB_COMMAND,
		.text = "SELECT latchkey_rename($1::bigint, $2::text)",
		.writes = true,
	},
	{ .name = NULL },
};
/* clang-format on */

static struct user
user_of(const struct db_rows *rows, int row)
{
	return (struct user){
		.id = db_int(rows, row, 0),
		.username = db_text(rows, row, 1),
		.fullname = db_text(rows, row, 2),
		.password_hash = db_text(rows, row, 3),
		.is_active = db_true(rows, row, 4),
		.epoch = (int32_t)db_int(rows, row, 5),
		.scope = db_text(rows, row, 6),
	};
}

enum err
db_user_by_name(struct ctx *c, const char *username, struct user *out)
{
	return db_user_of_session(c, username, NULL, out);
}

enum err
db_user_of_session(
    struct ctx *c, const char *username, const char *session, struct user *out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_user_sql[BY_NAME],
	         DB_PARAMS(username, session), &rows)) == ERR_OK)
		*out = user_of(&rows, 0);
	return e;
}

enum err
db_user_at_login(struct ctx *c, const char *username, int64_t decoy,
    struct user *out, const char **decoy_hash)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_user_sql[AT_LOGIN],
	         DB_PARAMS(username, db_param_i64(c->arena, decoy)), &rows)) !=
	    ERR_OK)
		return e == ERR_NOTFOUND ? ERR_INTERNAL : e;
	if (db_text(&rows, 0, 1) != NULL)
		*out = user_of(&rows, 0);
	else
		*out = (struct user){ .id = 0 };
	*decoy_hash = db_text(&rows, 0, 7);
	return out->username != NULL ? ERR_OK : ERR_NOTFOUND;
}

enum err
db_user_range(struct ctx *c, int64_t *first, int64_t *count)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_user_sql[RANGE], DB_NO_PARAMS,
	         &rows)) != ERR_OK)
		return e;
	*first = db_int(&rows, 0, 0);
	*count = db_int(&rows, 0, 1);
	return ERR_OK;
}

enum err
db_user_insert(struct ctx *c, struct user *u)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_user_sql[INSERT],
	         DB_PARAMS(u->username, u->fullname, u->password_hash),
	         &rows)) != ERR_OK)
		return e == ERR_NOTFOUND ? ERR_CONFLICT : e;
	u->id = db_int(&rows, 0, 0);
	if (db_text(&rows, 0, 1) == NULL) /* a trigger can do that, too */
		return ERR_INVALID;
	u->username = db_text(&rows, 0, 1);
	u->fullname = db_text(&rows, 0, 2);
	u->is_active = true;
	return ERR_OK;
}

enum err
db_user_replace_hash(struct ctx *c, const struct user *u, const char *hash)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_user_sql[REPLACE_HASH],
	    DB_PARAMS(db_param_i64(c->arena, u->id), u->password_hash, hash),
	    &rows);

	return e == ERR_NOTFOUND ? ERR_CONFLICT : e;
}

enum err
db_user_change_password(struct ctx *c, const struct user *u, const char *hash,
    enum password_reason reason, const char *session)
{
	static const char *const word[] = {
		[PASSWORD_BY_OWNER] = "owner",
		[PASSWORD_BY_OPERATOR] = "operator",
	};
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_user_sql[CHANGE_PASSWORD],
	    DB_PARAMS(db_param_i64(c->arena, u->id), u->password_hash, hash,
	        word[reason], session),
	    &rows);

	if (e == ERR_NOTFOUND && reason == PASSWORD_BY_OWNER)
		return ERR_CONFLICT;
	return e;
}

enum err
db_user_last_change(
    struct ctx *c, int64_t id, const char **when, const char **reason)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &db_user_sql[LAST_CHANGE],
	         DB_PARAMS(db_param_i64(c->arena, id)), &rows)) != ERR_OK)
		return e;
	*when = db_text(&rows, 0, 0);
	*reason = db_text(&rows, 0, 1);
	return ERR_OK;
}

enum err
db_user_set_fullname(struct ctx *c, int64_t id, const char *fullname)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_user_sql[SET_FULLNAME],
	    DB_PARAMS(db_param_i64(c->arena, id), fullname), &rows);
}

/* Run a statement on the account of this number. */
static enum err
change(struct ctx *c, int statement, int64_t id)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_user_sql[statement],
	    DB_PARAMS(db_param_i64(c->arena, id)), &rows);
}

enum err
db_user_set_active(struct ctx *c, int64_t id, bool active)
{
	return change(c, active ? ENABLE : DISABLE, id);
}

enum err
db_user_logout(struct ctx *c, int64_t id, int64_t *ended)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_user_sql[LOGOUT],
	    DB_PARAMS(db_param_i64(c->arena, id)), &rows);

	if (e == ERR_OK)
		*ended = db_int(&rows, 0, 0);
	return e;
}

enum err
db_user_set_scope(struct ctx *c, int64_t id, const char *scope)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_user_sql[SET_SCOPE],
	    DB_PARAMS(db_param_i64(c->arena, id), scope), &rows);
}

enum err
db_user_keep_name(struct ctx *c, int64_t id, int64_t keep_s)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_user_sql[KEEP_NAME],
	    DB_PARAMS(
	        db_param_i64(c->arena, id), db_param_i64(c->arena, keep_s)),
	    &rows);
}

enum err
db_user_name_free_at(struct ctx *c, const char *username, const char **when)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_user_sql[FREE_AT],
	    DB_PARAMS(username), &rows);

	if (e == ERR_OK)
		*when = db_text(&rows, 0, 0);
	return e;
}

/* Call one of the two functions of sql/007-names.sql. */
static enum err
call(struct ctx *c, int statement, int64_t id, const char *value,
    const char **why)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_user_sql[statement],
	    DB_PARAMS(db_param_i64(c->arena, id), value), &rows);

	*why = e == ERR_OK ? db_text(&rows, 0, 0) : NULL;
	if (*why == NULL)
		return e;
	if (**why != '\0')
		return ERR_CONFLICT;
	*why = NULL;
	return ERR_NOTFOUND;
}

enum err
db_user_delete(struct ctx *c, int64_t id, const char *hash, const char **tables)
{
	return call(c, DELETE, id, hash, tables);
}

enum err
db_user_rename(struct ctx *c, int64_t id, const char *username)
{
	const char *why;

	return call(c, RENAME, id, username, &why);
}

enum err
db_user_after(
    struct ctx *c, const struct db_user_page *page, struct user *out, size_t *n)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->app->db, c->arena, &db_user_sql[AFTER],
	         DB_PARAMS(db_param_i64(c->arena, page->after),
	             db_param_i64(c->arena, (int64_t)page->max), page->part),
	         &rows)) != ERR_OK)
		return e;
	for (*n = 0; *n < (size_t)rows.count; ++*n)
		out[*n] = user_of(&rows, (int)*n);
	return ERR_OK;
}

enum err
db_user_hashes(struct ctx *c, int64_t from, const char **out, size_t *n)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->app->db, c->arena, &db_user_sql[HASHES],
	         DB_PARAMS(db_param_i64(c->arena, from)), &rows)) != ERR_OK)
		return e;
	for (*n = 0; *n < (size_t)rows.count && *n < DB_USER_HASHES; ++*n)
		out[*n] = db_text(&rows, (int)*n, 0);
	return ERR_OK;
}

enum err
db_user_hashes_after(struct ctx *c, int64_t after, int64_t limit,
    struct user_hash **out, size_t *n)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->app->db, c->arena, &db_user_sql[HASHES_AFTER],
	         DB_PARAMS(db_param_i64(c->arena, after),
	             db_param_i64(c->arena, limit)),
	         &rows)) != ERR_OK)
		return e;
	*out = arena_alloc(c->arena, (size_t)rows.count * sizeof(**out) + 1);
	for (*n = 0; *n < (size_t)rows.count; ++*n)
		(*out)[*n] = (struct user_hash){
			.id = db_int(&rows, (int)*n, 0),
			.is_active = db_true(&rows, (int)*n, 1),
			.hash = db_text(&rows, (int)*n, 2),
		};
	return ERR_OK;
}
