/*
 * Connection to PostgreSQL: prepared statements with a time limit, one
 * connection for each process, made again when it is lost. Alone knows libpq.
 */
#ifndef LATCHKEY_DB_DB_H
#define LATCHKEY_DB_DB_H

#include "lib/arena.h"

struct db;

/*
 * A statement. db_*.c keep theirs in tables that end with an empty row; all
 * are prepared at connect, so that a mistake in one shows at once.
 */
struct db_sql {
	const char *name; /* PostgreSQL's, for the prepared statement */
	const char *text;
	int params;
	bool writes; /* never sent twice */
	bool direct; /* sent as it stands: run once, or before a migration */
};

/* What a statement gave; lives as long as the arena it was run with. */
struct db_rows {
	const void *result; /* libpq's */
	int count;
};

/*
 * A connection to be made by the first statement. conninfo: libpq's connection
 * string. timeout_ms: what one call may take, connecting included; 0: for
 * ever. prepare: the tables to prepare, ended by NULL. Neither is copied.
 * NULL, with a line on standard error: the string is wrong or holds a password.
 */
struct db *db_new(const char *conninfo, int64_t timeout_ms,
    const struct db_sql *const *prepare);

/* Close the connection and release it. NULL is nothing to do. */
void db_free(struct db *db);

/*
 * Run a statement with its parameters (C strings; NULL is SQL's NULL).
 * A lost connection is made anew, and a statement that only reads is sent once
 * more. out may be NULL.
 * ERR_INVALID: a rule that the operator gave the table forbids it. ERR_BUSY:
 * the database does not answer, is not ready or lacks its schema; a write may
 * or may not have happened. ERR_INTERNAL: it refused for a reason that is ours.
 * All of them are logged.
 */
enum err db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    const char *const *params, struct db_rows *out) MUST_CHECK;

/*
 * Run the statements of a script, parted by semicolons, without parameters.
 * As db_run(), but sent once; the server's message goes to standard error.
 */
enum err db_script(struct db *db, const char *script) MUST_CHECK;

/* A column's text; NULL: SQL's NULL. */
const char *db_text(const struct db_rows *rows, int row, int column);

/* A column that is an integer. */
int64_t db_int(const struct db_rows *rows, int row, int column);

/* A column that is true; false: it is false or NULL. */
bool db_true(const struct db_rows *rows, int row, int column);

/*
 * How what passes between us and the server is exposed to a network, as the end
 * of a sentence; NULL: it does not leave the machine, or is encrypted for a
 * server whose certificate was verified (sslmode=verify-full; GSS). Of a
 * connection that a statement has made.
 */
const char *db_exposure(const struct db *db);

/*
 * The version of libpq that is loaded, as PQlibVersion() has it (150018).
 * *oldest: the least of its series, or of all if its series is too old, that
 * has no problem which SECURITY.md names.
 */
int db_library(int *oldest);

#endif
