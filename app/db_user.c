/*
 * The table users.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>

#include "db_user.h"

enum { BY_NAME, INSERT, REPLACE_HASH, PERMITTED };

/* clang-format off */
const struct db_sql db_user_sql[] = {
	[BY_NAME] = {
		.name = "user_by_name",
		.text = "SELECT id, username, fullname, password, is_active"
			" FROM users WHERE username = $1",
		.params = 1,
	},
	[INSERT] = {
		.name = "user_insert",
		.text = "INSERT INTO users"
			" (username, fullname, password, is_active)"
			" VALUES ($1, $2, $3, true)"
			" ON CONFLICT (username) DO NOTHING RETURNING id",
		.params = 3,
		.writes = true,
	},
	[REPLACE_HASH] = {
		.name = "user_replace_hash",
		.text = "UPDATE users SET password = $3"
			" WHERE id = $1 AND password = $2 RETURNING id",
		.params = 3,
		.writes = true,
	},
	[PERMITTED] = {
		.name = "user_permitted",
		/* preparing a statement asks for no privilege */
		.text = "SELECT has_table_privilege('users', 'SELECT')"
			" AND has_table_privilege('users', 'INSERT')"
			" AND has_table_privilege('users', 'UPDATE')"
			" AND coalesce(has_sequence_privilege("
			"pg_get_serial_sequence('users', 'id'), 'USAGE'), true)",
		.direct = true,
	},
	{ .name = NULL },
};
/* clang-format on */

enum err
db_user_permitted(struct ctx *c)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->db, c->arena, &db_user_sql[PERMITTED], NULL,
	         &rows)) != ERR_OK)
		return e;
	return db_true(&rows, 0, 0) ? ERR_OK : ERR_DENIED;
}

enum err
db_user_by_name(struct ctx *c, const char *username, struct user *out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->db, c->arena, &db_user_sql[BY_NAME],
	         (const char *[]){ username }, &rows)) != ERR_OK)
		return e;
	if (rows.count != 1)
		return rows.count == 0 ? ERR_NOTFOUND : ERR_INTERNAL;
	*out = (struct user){
		.id = db_int(&rows, 0, 0),
		.username = db_text(&rows, 0, 1),
		.fullname = db_text(&rows, 0, 2),
		.password = db_text(&rows, 0, 3),
		.is_active = db_true(&rows, 0, 4),
	};
	return ERR_OK;
}

enum err
db_user_insert(struct ctx *c, struct user *u)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->db, c->arena, &db_user_sql[INSERT],
	         (const char *[]){ u->username, u->fullname, u->password },
	         &rows)) != ERR_OK)
		return e;
	if (rows.count == 0)
		return ERR_CONFLICT;
	u->id = db_int(&rows, 0, 0);
	u->is_active = true;
	return ERR_OK;
}

enum err
db_user_replace_hash(struct ctx *c, const struct user *u, const char *hash)
{
	struct db_rows rows;
	char id[24];
	enum err e;

	snprintf(id, sizeof(id), "%" PRId64, u->id);
	if ((e = db_run(c->db, c->arena, &db_user_sql[REPLACE_HASH],
	         (const char *[]){ id, u->password, hash }, &rows)) != ERR_OK)
		return e;
	return rows.count == 1 ? ERR_OK : ERR_CONFLICT;
}
