/*
 * The database: one connection a process, connected again when it is lost, with
 * back-off, one retry of what only reads, and transactions.
 */
#ifndef LATCHKEY_DB_DB_H
#define LATCHKEY_DB_DB_H

#include "db/sql.h"
#include "lib/arena.h"

struct db;

/* What a statement gave; lives as long as the arena it was run with. */
struct db_rows {
	const void *result; /* libpq's */
	int count;
};

/*
 * A connection to be made by the first statement. conninfo: libpq's connection
 * string, not copied. timeout_ms: what one call may take, connecting included;
 * 0: for ever. used_by: DB_API, …: whose statements are prepared; 0: none.
 * NULL, with a line on standard error: the string is wrong or holds a password.
 */
struct db *db_new(const char *conninfo, int64_t timeout_ms, unsigned used_by);

/* Close the connection and release it. NULL is nothing to do. */
void db_free(struct db *db);

/*
 * Run a statement with its parameters, which are as many as its text has. A
 * lost connection is made again, and a statement that only reads is sent once
 * more. One that failed for a reason that lasts (a privilege, a table, the
 * disk) is not sent again for a moment. out may be NULL.
 * ERR_INVALID: a rule that the operator gave the table forbids it. ERR_BUSY:
 * the database does not answer, is not ready or lacks its schema; a write may
 * or may not have happened. ERR_INTERNAL: it refused for a reason that is ours.
 * All of them are logged; those that last once a minute.
 */
enum err db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out) MUST_CHECK;

/*
 * The same with one that gives one row. ERR_NOTFOUND: none. ERR_INTERNAL: more.
 */
enum err db_one(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out) MUST_CHECK;

/*
 * Send a statement and leave its answer for later, which is waited for by the
 * next call, or when the arena is reset: so after the reply to a request. It is
 * on its way to the server before this returns, and happens even if this
 * process dies then. db has to outlive the arena's reset. Errors as db_run(),
 * as far as they are known by then; later ones are logged.
 */
enum err db_send(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params) MUST_CHECK;

/*
 * Run the statements of a script, separated by semicolons, without parameters.
 * As db_run(), but sent once; the server's message goes to standard error.
 */
enum err db_script(struct db *db, const char *script) MUST_CHECK;

/*
 * Run fn(of) in a transaction, which is committed if it returns ERR_OK. It may
 * call db_run(), db_one() and db_script(), and returns at the first error:
 * that is the result, and nothing was done. A connection that is lost meanwhile
 * is not made again. ERR_BUSY of the end itself: it may have been committed.
 */
enum err db_transaction(struct db *db, struct arena *a,
    enum err (*fn)(void *of), void *of) MUST_CHECK;

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
