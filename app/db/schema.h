/*
 * Versions of the schema: the scripts of sql/, built into the program, and the
 * table that records which of them a database has.
 */
#ifndef LATCHKEY_DB_SCHEMA_H
#define LATCHKEY_DB_SCHEMA_H

#include "ctx.h"
#include "db/db.h"

/* One script of sql/NNN-name.sql. */
struct migration {
	int64_t version; /* NNN */
	const char *name;
	const char *script;
};

/* All of them in order; the last row has a NULL name. */
extern const struct migration db_schema_migrations[];

/* The version that this program needs: the last migration's. */
int64_t db_schema_needed(void);

/*
 * The version that the database has; 0: none. ERR_NOTFOUND: it has no table of
 * versions, or the role may not use its schema. ERR_DENIED: the role may not
 * read it. ERR_BUSY: as db_run().
 */
enum err db_schema_version(struct ctx *c, int64_t *out) MUST_CHECK;

/*
 * Take the lock that lets one process migrate at a time, waiting for it, and
 * make the table of versions. It is held until the connection ends.
 * Errors as db_script().
 */
enum err db_schema_lock(struct ctx *c) MUST_CHECK;

/*
 * Run one migration and record it, in one transaction. Errors as db_script();
 * nothing is changed then.
 */
enum err db_schema_apply(struct ctx *c, const struct migration *m) MUST_CHECK;

/*
 * The statement that each session begins with, for db/conn.c. $1: the server's
 * time limit, in milliseconds. $2: db_session(). Where row level security would
 * hide rows from the role, each statement that would miss one fails instead: a
 * login must not take a hidden account for an unknown one.
 * Source: PostgreSQL manual, row_security.
 */
extern const struct db_sql db_schema_session_sql;

/*
 * The last of a session's setup, for db/conn.c, where tokens are made. $1: how
 * many seconds they live, leeway included. Entries of what ends stay at least
 * as long from then on.
 */
extern const struct db_sql db_schema_lifetime_sql;

/* The statement of db_schema_lacking(), for db/db.c's log. */
extern const struct db_sql db_schema_lacking_sql;

/*
 * The privileges that a worker needs and this connection's role lacks, as a
 * list in a sentence; NULL: none. Errors as db_run().
 */
enum err db_schema_lacking(struct ctx *c, const char **out) MUST_CHECK;

/* Obstacles to the work of a role with all privileges. */
enum db_schema_obstacle {
	DB_SCHEMA_NO_OBSTACLE,
	DB_SCHEMA_SHARED,    /* a pooler gives the session to others, too */
	DB_SCHEMA_READ_ONLY, /* nothing can be written */
	DB_SCHEMA_HIDDEN     /* row level security hides rows */
};

/*
 * The first of these that holds, in a database that has been migrated; of the
 * last the statements that let the role see them, in *remedy. A session that
 * cannot write is left, for another host's. Errors as db_run().
 */
enum err db_schema_obstacle(struct ctx *c, enum db_schema_obstacle *out,
    const char **remedy) MUST_CHECK;

/*
 * The rights of this connection's role that a worker does not need: "owns
 * users, …"; NULL: none. Errors as db_run().
 */
enum err db_schema_excess(struct ctx *c, const char **out) MUST_CHECK;

/*
 * Grant a role the privileges that a worker needs, in one transaction; those
 * that it has stay. Errors as db_script().
 */
enum err db_schema_grant(struct ctx *c, const char *role) MUST_CHECK;

/* The database's time, in seconds since 1970. Errors as db_run(). */
enum err db_schema_clock(struct ctx *c, int64_t *out) MUST_CHECK;

#endif
