/*
 * Table latchkey_link: links to sign up or to set a password.
 */
#include "base.h"

#include <stdio.h>

#include "db/link.h"
#include "db/user.h"

enum { INSERT, FIND, SPEND };

/* clang-format off */
const struct db_sql db_link_sql[] = {
	[INSERT] = {
		.name = "link_insert",
		.used_by = DB_COMMAND,
		.text = "WITH gone AS (DELETE FROM latchkey_link"
			" WHERE expires_at < now() OR user_id = $3::bigint)"
			" INSERT INTO latchkey_link"
			" (hash, kind, user_id, epoch, expires_at)"
			" VALUES (decode($1::text, 'hex'::text), $2::text,"
			" $3::bigint, $4::int,"
			" now() + $5::double precision * interval '1 hour')",
		.writes = true,
	},
	[FIND] = {
		.name = "link_find",
		.used_by = DB_WORKERS,
		.text = "SELECT u.username FROM latchkey_link l"
			" LEFT JOIN users u ON u.id = l.user_id"
			" LEFT JOIN latchkey_account a ON a.user_id = l.user_id"
			" WHERE l.hash = decode($1::text, 'hex'::text)"
			" AND l.kind = $2::text AND l.expires_at > now()"
			" AND (l.user_id IS NULL OR u.is_active"
			" AND " DB_EPOCH " = l.epoch)",
	},
	[SPEND] = {
		.name = "link_spend",
		.used_by = DB_LOGIN,
		.text = "DELETE FROM latchkey_link l"
			" WHERE l.hash = decode($1::text, 'hex'::text)"
			" AND l.kind = $2::text AND l.expires_at > now()"
			" AND (l.user_id IS NULL OR l.epoch = "
			DB_EPOCH_OF("(SELECT a.epoch FROM latchkey_account a"
			" WHERE a.user_id = l.user_id)") ") RETURNING l.kind",
		.writes = true,
	},
	{ .name = NULL },
};
/* clang-format on */

/* A hash as a parameter. */
static const char *
hex_of(struct arena *a, const struct link_key *key)
{
	char *hex = arena_alloc(a, 2 * MAC_BYTES + 1);
	size_t i;

	for (i = 0; i < MAC_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", key->hash[i]);
	return hex;
}

enum err
db_link_insert(struct ctx *c, const struct link_key *key, const struct user *u,
    int64_t hours)
{
	return db_run(c->app->db, c->arena, &db_link_sql[INSERT],
	    DB_PARAMS(hex_of(c->arena, key), key->kind,
	        u != NULL ? db_param_i64(c->arena, u->id) : NULL,
	        u != NULL ? db_param_i64(c->arena, u->epoch) : NULL,
	        db_param_i64(c->arena, hours)),
	    NULL);
}

enum err
db_link_find(struct ctx *c, const struct link_key *key, struct user *out)
{
	struct db_rows rows;
	enum err e = db_one(c->app->db, c->arena, &db_link_sql[FIND],
	    DB_PARAMS(hex_of(c->arena, key), key->kind), &rows);

	*out = (struct user){ 0 };
	if (e != ERR_OK || db_text(&rows, 0, 0) == NULL)
		return e;
	return db_user_by_name(c, db_text(&rows, 0, 0), out);
}

enum err
db_link_spend(struct ctx *c, const struct link_key *key)
{
	struct db_rows rows;

	return db_one(c->app->db, c->arena, &db_link_sql[SPEND],
	    DB_PARAMS(hex_of(c->arena, key), key->kind), &rows);
}
