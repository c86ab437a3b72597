/*
 * Versions of the schema: scripts, privileges, and the table of applied ones.
 */
#include "base.h"

#include "db/schema.h"
#include "lib/buf.h"

#include "embedded_sql.h" /* made of sql/ by the Makefile */

enum {
	HAS_TABLE,
	VERSION,
	RECORD,
	OBSTACLE,
	EXCESS,
	EXCESS_OF_ROLE,
	NAME_WORKER,
	CLOCK
};

/*
 * The privileges that the workers' role needs, beside USAGE on the sequences of
 * users, such as that of its numbers, and on the tables' schema. An empty
 * column is the whole table. `latchkey migrate ROLE` grants just these, and
 * `latchkey check` looks for each: a statement that needs another has a row
 * here. Of users, which may have other columns, the role gets those that
 * Latchkey uses.
 */
/* clang-format off */
#define ROW(table, column, privileges) \
	"('" table "','" column "','" privileges "')"
#define NEEDED "(SELECT t, p, c FROM (VALUES" \
	"('users'::text,'id'::text,'SELECT'::text)," /* and all are text */ \
	ROW("users", "username", "SELECT INSERT") "," \
	ROW("users", "fullname", "SELECT INSERT UPDATE") "," \
	ROW("users", "password", "SELECT INSERT UPDATE") "," \
	ROW("users", "is_active", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_account", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_throttle", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_network", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_watermark", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_name", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_session", "", "SELECT INSERT UPDATE DELETE") "," \
	ROW("latchkey_revoked", "", "SELECT INSERT UPDATE DELETE") "," \
	ROW("latchkey_lifetime", "", "SELECT UPDATE") "," \
	ROW("latchkey_link", "", "SELECT INSERT DELETE") "," \
	ROW("latchkey_client", "", "SELECT INSERT UPDATE") "," \
	ROW("latchkey_migration", "", "SELECT") \
	") AS listed (t, c, list)," \
	" pg_catalog.regexp_split_to_table(list, ' '::text) AS p" \
	") AS needed"

/* The functions that it calls. */
#define CALLED \
	"(VALUES ('latchkey_delete(bigint,text)'::text)," \
	" ('latchkey_rename(bigint,text)'::text)," \
	" ('latchkey_raise_lifetime(bigint)'::text)) AS called (f)"

/* The tables of these rows, as the search_path finds them. */
#define TABLES \
	"(SELECT t, relowner, relnamespace FROM (SELECT DISTINCT t FROM " NEEDED \
	") AS s JOIN pg_class k ON k.oid = to_regclass(t)::oid) AS tables"

/*
 * The same, and what is behind those that are views, as a table expression:
 * behind (t, oid, role), with the role whose rights count there.
 */
#define BEHIND \
	"behind (t, oid, role) AS (SELECT t, to_regclass(t)::oid, me.oid" \
	" FROM (SELECT DISTINCT t FROM " NEEDED ") AS s," \
	" pg_roles me WHERE me.rolname = current_user" \
	" UNION SELECT b.t, d.refobjid, CASE WHEN EXISTS (SELECT" \
	" FROM pg_options_to_table(v.reloptions) WHERE" \
	" option_name = 'security_invoker'::text AND option_value::bool)" \
	" THEN b.role ELSE v.relowner END FROM behind b" \
	" JOIN pg_class v ON v.oid = b.oid AND v.relkind = 'v'::\"char\"" \
	" JOIN pg_rewrite w ON w.ev_class = v.oid" \
	" JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass::oid" \
	" AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass::oid" \
	" AND d.refobjid <> v.oid)"

/*
 * The sequences of the defaults of a table, of which a sign-up takes a number
 * with the rights of the workers' role, behind a view too. Those of identity
 * columns need none.
 */
#define SEQUENCES \
	"(SELECT DISTINCT s.oid, s.relkind, s.oid::regclass::text AS name" \
	" FROM behind b JOIN pg_attrdef f ON f.adrelid = b.oid" \
	" JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass::oid" \
	" AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass::oid" \
	" JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'::\"char\"" \
	" WHERE b.t = 'users'::text) AS sequences"

/* Does this policy concern a role that reads and writes? */
#define CONCERNS \
	"(0::oid = ANY (p.polroles) OR EXISTS (SELECT FROM unnest(p.polroles)" \
	" AS g (oid) WHERE pg_has_role(b.role, g.oid, 'USAGE'::text)))"

/*
 * The tables in which row level security binds the role, and whether it hides
 * rows from it: no policies let all rows pass, or one takes some away.
 */
#define BOUND \
	"bound AS (SELECT b.oid, r.rolname, EXISTS (SELECT FROM pg_policy p" \
	" WHERE p.polrelid = k.oid AND NOT p.polpermissive AND " CONCERNS ")" \
	" OR EXISTS (SELECT FROM (VALUES ('r'::text), ('a'::text), ('w'::text))" \
	" AS c (command) WHERE NOT EXISTS (SELECT FROM pg_policy p" \
	" WHERE p.polrelid = k.oid AND p.polpermissive AND " CONCERNS \
	" AND (p.polcmd::text = c.command OR p.polcmd::text = '*'::text)" \
	" AND coalesce(pg_get_expr(p.polqual, p.polrelid), 'true'::text)" \
	" = 'true'::text" \
	" AND coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true'::text)" \
	" = 'true'::text)) AS hidden" \
	" FROM behind b JOIN pg_class k ON k.oid = b.oid AND k.relrowsecurity" \
	" JOIN pg_roles r ON r.oid = b.role AND NOT r.rolsuper" \
	" AND NOT r.rolbypassrls WHERE k.relforcerowsecurity" \
	" OR NOT pg_has_role(b.role, k.relowner, 'USAGE'::text))"
/* clang-format on */

/* Where a session says which connection made it. */
#define DB_SESSION_SETTING "latchkey.session"

/* clang-format off */
const struct db_sql db_schema_lacking_sql = {
	.name = "schema_lacking",
	/* preparing a statement asks for no privilege */
	.text = "WITH RECURSIVE " BEHIND
		" SELECT string_agg(what, ', '::text) FROM"
		" (SELECT p || CASE WHEN c = ''::text THEN ''::text"
		" ELSE ' ('::text || c || ')'::text END"
		" || ' on '::text || t AS what FROM " NEEDED
		" WHERE NOT CASE WHEN c = ''::text"
		" THEN has_table_privilege(t, p)"
		" ELSE has_column_privilege(t, c, p) END"
		" UNION ALL SELECT 'EXECUTE on '::text || f FROM " CALLED
		" WHERE NOT coalesce(has_function_privilege("
		"to_regprocedure(f)::oid, 'EXECUTE'::text), false)"
		" UNION ALL SELECT 'USAGE on the sequence '::text || name"
		" FROM " SEQUENCES
		/* asked of nothing else: that is an error */
		" WHERE CASE WHEN relkind = 'S'::\"char\""
		" THEN NOT has_sequence_privilege(oid, 'USAGE'::text) END"
		") AS lacking",
	.direct = true,
};

const struct db_sql db_schema_session_sql = {
	.name = "session",
	.text = "SELECT set_config('statement_timeout'::text, $1::text, false),"
		" set_config('plan_cache_mode'::text,"
		" 'force_generic_plan'::text, false),"
		" set_config('" DB_SESSION_SETTING "'::text, $2::text, false),"
		/* off, too, where nothing is hidden until somebody does */
		" set_config('row_security'::text,"
		" (WITH RECURSIVE " BEHIND ", " BOUND
		" SELECT CASE WHEN NOT bool_or(hidden) THEN 'on'::text"
		" ELSE 'off'::text END FROM bound), false)",
	.direct = true,
};

const struct db_sql db_schema_lifetime_sql = {
	.name = "lifetime",
	.text = "SELECT latchkey_raise_lifetime($1::bigint)",
	.direct = true,
};

static const struct db_sql schema_sql[] = {
	[HAS_TABLE] = {
		.name = "schema_has_table",
		.text = "SELECT to_regclass('latchkey_migration') IS NOT NULL,"
			" has_table_privilege("
			"to_regclass('latchkey_migration')::oid, 'SELECT'::text)",
		.direct = true,
	},
	[VERSION] = {
		.name = "schema_version",
		.text = "SELECT coalesce(max(version), 0)"
			" FROM latchkey_migration",
		.direct = true,
	},
	[RECORD] = {
		.name = "schema_record",
		.text = "INSERT INTO latchkey_migration (version, name)"
			" VALUES ($1::int, $2::text)",
		.writes = true,
		.direct = true,
	},
	[OBSTACLE] = {
		.name = "schema_obstacle",
		.text = "SELECT current_setting('transaction_read_only'::text)"
			" = 'on'::text, current_setting("
			"'" DB_SESSION_SETTING "'::text, true)"
			" IS DISTINCT FROM $1::text,"
			" (WITH RECURSIVE " BEHIND ", " BOUND
			" SELECT string_agg(DISTINCT"
			" 'CREATE POLICY latchkey ON '::text || oid::regclass::text"
			" || ' TO '::text || quote_ident(rolname::text)"
			" || ' USING (true) WITH CHECK (true)'::text, '; '::text)"
			" FROM bound WHERE hidden)",
		.direct = true,
	},
	[EXCESS] = {
		.name = "schema_excess",
		/* the owner of a table, or of all, may do all else with it */
		.text = "SELECT string_agg(what, ', '::text) FROM"
			" (SELECT 'is a superuser'::text AS what"
			" FROM pg_roles WHERE rolname = current_user AND rolsuper"
			" UNION ALL SELECT CASE"
			" WHEN pg_has_role(relowner, 'USAGE'::text)"
			" THEN 'owns '::text || t"
			" ELSE 'may empty or lock '::text || t END"
			" FROM pg_roles, " TABLES
			" WHERE rolname = current_user AND NOT rolsuper"
			" AND (pg_has_role(relowner, 'USAGE'::text)"
			" OR has_table_privilege(t, 'TRUNCATE, TRIGGER'::text)"
			" OR has_table_privilege(t, 'DELETE'::text)"
			" AND NOT EXISTS (SELECT FROM " NEEDED " WHERE"
			" needed.t = tables.t AND needed.p = 'DELETE'::text))"
			" UNION ALL SELECT 'may create objects in the schema '::text"
			" || nspname::text FROM pg_roles, pg_namespace n"
			" WHERE rolname = current_user AND NOT rolsuper"
			" AND has_schema_privilege(n.oid, 'CREATE'::text)"
			" AND n.oid IN (SELECT relnamespace FROM " TABLES ")"
			") AS excess",
		.direct = true,
	},
	[EXCESS_OF_ROLE] = {
		.name = "schema_excess_of_role",
		.text = "SELECT string_agg(what, ', '::text) FROM"
			" (SELECT what FROM pg_roles,"
			" LATERAL (VALUES (rolcreaterole, 'may create roles'::text),"
			" (rolcreatedb, 'may create databases'::text),"
			" (rolreplication, 'may replicate'::text),"
			" (rolbypassrls, 'passes row security'::text))"
			" AS attribute (is_set, what)"
			" WHERE rolname = current_user AND is_set AND NOT rolsuper"
			" UNION ALL SELECT 'is a member of '::text || g.rolname::text"
			" FROM pg_roles r, pg_roles g"
			" WHERE r.rolname = current_user AND NOT r.rolsuper"
			" AND g.rolname::text = ANY ('{pg_execute_server_program,"
			"pg_read_server_files,pg_write_server_files,"
			"pg_read_all_data,pg_write_all_data}'::text[])"
			" AND pg_has_role(g.oid, 'USAGE'::text)"
			" UNION ALL SELECT 'may write users.'::text || attname::text"
			" FROM pg_roles, pg_attribute, pg_class k"
			" WHERE rolname = current_user AND NOT rolsuper"
			" AND k.oid = to_regclass('users'::text)::oid"
			" AND attrelid = k.oid AND attnum > 0::smallint"
			" AND NOT attisdropped"
			" AND NOT pg_has_role(relowner, 'USAGE'::text)"
			" AND has_column_privilege(k.oid, attnum, 'UPDATE'::text)"
			" AND attname::text <> ALL"
			" ('{fullname,password,is_active}'::text[])"
			") AS excess",
		.direct = true,
	},
	[CLOCK] = {
		.name = "schema_clock",
		.text = "SELECT floor(date_part('epoch'::text,"
			" clock_timestamp()))::bigint",
		.direct = true,
	},
	[NAME_WORKER] = {
		.name = "schema_name_worker",
		.text = "SELECT set_config('latchkey.worker'::text, $1::text, true)",
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

	if ((e = db_one(c->app->db, c->arena, &schema_sql[HAS_TABLE],
	         DB_NO_PARAMS, &rows)) != ERR_OK)
		return e;
	if (!db_true(&rows, 0, 0))
		return ERR_NOTFOUND;
	if (!db_true(&rows, 0, 1))
		return ERR_DENIED;
	if ((e = db_one(c->app->db, c->arena, &schema_sql[VERSION],
	         DB_NO_PARAMS, &rows)) == ERR_OK)
		*out = db_int(&rows, 0, 0);
	return e;
}

enum err
db_schema_lock(struct ctx *c)
{
	/* the number is arbitrary and must stay: "latchkey" in ASCII */
	return db_script(c->app->db,
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

/* The data of a step of a transaction. */
struct step {
	struct ctx *c;
	const struct migration *m;
	const char *role;
};

static enum err
apply(void *of)
{
	const struct step *step = of;
	struct ctx *c = step->c;
	enum err e;

	if ((e = db_script(c->app->db, step->m->script)) != ERR_OK)
		return e;
	return db_run(c->app->db, c->arena, &schema_sql[RECORD],
	    DB_PARAMS(db_param_i64(c->arena, step->m->version), step->m->name),
	    NULL);
}

enum err
db_schema_apply(struct ctx *c, const struct migration *m)
{
	struct step step = { .c = c, .m = m };

	return db_transaction(c->app->db, c->arena, apply, &step);
}

/* The one text of a statement, or NULL. */
static enum err
told(struct ctx *c, const struct db_sql *sql, const char **out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, sql, DB_NO_PARAMS, &rows)) ==
	    ERR_OK)
		*out = db_text(&rows, 0, 0);
	return e;
}

enum err
db_schema_lacking(struct ctx *c, const char **out)
{
	return told(c, &db_schema_lacking_sql, out);
}

enum err
db_schema_obstacle(
    struct ctx *c, enum db_schema_obstacle *out, const char **remedy)
{
	struct db_rows rows;
	enum err e;

	*out = DB_SCHEMA_NO_OBSTACLE;
	if ((e = db_one(c->app->db, c->arena, &schema_sql[OBSTACLE],
	         DB_PARAMS(db_session(c->app->db)), &rows)) != ERR_OK)
		return e;
	*remedy = db_text(&rows, 0, 2);
	if (db_true(&rows, 0, 1)) {
		*out = DB_SCHEMA_SHARED;
	} else if (db_true(&rows, 0, 0)) {
		*out = DB_SCHEMA_READ_ONLY;
		/* of several hosts another may be the primary now */
		db_elsewhere(c->app->db);
	} else if (*remedy != NULL) {
		*out = DB_SCHEMA_HIDDEN;
	}
	return ERR_OK;
}

enum err
db_schema_excess(struct ctx *c, const char **out)
{
	const char *of_role;
	struct buf b;
	enum err e;

	if ((e = told(c, &schema_sql[EXCESS], out)) != ERR_OK ||
	    (e = told(c, &schema_sql[EXCESS_OF_ROLE], &of_role)) != ERR_OK)
		return e;
	if (*out == NULL || of_role == NULL) {
		*out = *out != NULL ? *out : of_role;
		return ERR_OK;
	}
	buf_init(&b, c->arena);
	buf_addf(&b, "%s, %s", *out, of_role);
	*out = b.s;
	return ERR_OK;
}

/* Two, since a string of C holds no more. */
static const char *const grants[] = {
	"DO $$ DECLARE"
	" worker text := current_setting('latchkey.worker');"
	" r record;"
	" BEGIN"
	" FOR r IN SELECT * FROM " NEEDED " LOOP"
	" EXECUTE format('GRANT %s%s ON %s TO %I', r.p, CASE"
	" WHEN r.c = '' THEN '' ELSE format(' (%I)', r.c) END,"
	" r.t::regclass, worker);"
	" END LOOP;"
	" FOR r IN SELECT nspname FROM pg_namespace n"
	" WHERE n.oid IN (SELECT relnamespace FROM " TABLES ")"
	" AND NOT has_schema_privilege(worker, n.oid, 'USAGE') LOOP"
	" EXECUTE format("
	"'GRANT USAGE ON SCHEMA %I TO %I', r.nspname, worker);"
	" END LOOP;"
	" END $$",
	"DO $$ DECLARE"
	" worker text := current_setting('latchkey.worker');"
	" r record;"
	" BEGIN"
	" FOR r IN WITH RECURSIVE " BEHIND " SELECT name FROM " SEQUENCES
	" LOOP"
	" EXECUTE format("
	"'GRANT USAGE ON SEQUENCE %s TO %I', r.name, worker);"
	" END LOOP;"
	" END $$",
	"DO $$ DECLARE"
	" worker text := current_setting('latchkey.worker');"
	" r record;"
	" BEGIN"
	" FOR r IN SELECT f::regprocedure FROM " CALLED " LOOP"
	" EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', r.f, worker);"
	" END LOOP;"
	" END $$",
};

static enum err
grant(void *of)
{
	const struct step *step = of;
	struct ctx *c = step->c;
	enum err e;
	size_t i;

	e = db_run(c->app->db, c->arena, &schema_sql[NAME_WORKER],
	    DB_PARAMS(step->role), NULL);
	for (i = 0; e == ERR_OK && i < ARRAY_LEN(grants); i++)
		e = db_script(c->app->db, grants[i]);
	return e;
}

enum err
db_schema_grant(struct ctx *c, const char *role)
{
	struct step step = { .c = c, .role = role };

	return db_transaction(c->app->db, c->arena, grant, &step);
}

enum err
db_schema_clock(struct ctx *c, int64_t *out)
{
	struct db_rows rows;
	enum err e;

	if ((e = db_one(c->app->db, c->arena, &schema_sql[CLOCK], DB_NO_PARAMS,
	         &rows)) == ERR_OK)
		*out = db_int(&rows, 0, 0);
	return e;
}
