/*
 * The schema's versions.
 */
#include "base.h"

#include <inttypes.h>

#include "buf.h"
#include "db_schema.h"

#include "embedded_sql.h" /* made of sql/ by the Makefile */

enum { HAS_TABLE, VERSION };

/* clang-format off */
static const struct db_sql schema_sql[] = {
	[HAS_TABLE] = {
		.name = "schema_has_table",
		.text = "SELECT to_regclass('latchkey_migration') IS NOT NULL",
		.direct = true,
	},
	[VERSION] = {
		.name = "schema_version",
		.text = "SELECT coalesce(max(version), 0)"
			" FROM latchkey_migration",
		.direct = true,
	},
};
/* clang-format on */

int64_t
db_schema_needed(void)
{
	int64_t version = 0;
	const struct migration *m;

	for (m = db_schema_migrations; m->name != NULL; m++)
		version = m->version;
	return version;
}

enum err
db_schema_version(struct ctx *c, int64_t *out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_run(c->db, c->arena, &schema_sql[HAS_TABLE], NULL,
	         &rows)) != ERR_OK)
		return e;
	if (!db_true(&rows, 0, 0))
		return ERR_NOTFOUND;
	if ((e = db_run(c->db, c->arena, &schema_sql[VERSION], NULL, &rows)) !=
	    ERR_OK)
		return e;
	*out = db_int(&rows, 0, 0);
	return ERR_OK;
}

enum err
db_schema_lock(struct ctx *c)
{
	/* the number is arbitrary and must stay: "latchkey" in ASCII */
	return db_script(c->db,
	    "SELECT pg_advisory_lock(x'6c617463686b6579'::bigint);"
	    "SET client_min_messages = warning;"
	    "DO $$ BEGIN"
	    " IF to_regclass('latchkey_migration') IS NULL THEN"
	    " CREATE TABLE latchkey_migration ("
	    " version integer PRIMARY KEY,"
	    " name text NOT NULL,"
	    " applied_at timestamptz NOT NULL DEFAULT now());"
	    " END IF; END $$;"
	    "COMMENT ON TABLE latchkey_migration IS"
	    " 'Which of Latchkey''s schema scripts this database has had.'");
}

enum err
db_schema_apply(struct ctx *c, const struct migration *m)
{
	struct buf b;

	/* without BEGIN: the server runs one message as one transaction */
	buf_init(&b, c->arena);
	buf_adds(&b, m->script);
	buf_addf(&b,
	    ";INSERT INTO latchkey_migration (version, name)"
	    " VALUES (%" PRId64 ", '%s')",
	    m->version, m->name);
	return db_script(c->db, b.s);
}
