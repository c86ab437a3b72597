/*
 * The database: one connection a process, connected again when it is lost, with
 * back-off, one retry of what only reads, and transactions.
 */
#ifndef LATCHKEY_DB_DB_H
#define LATCHKEY_DB_DB_H

#include "db/sql.h"
#include "db/ways.h"
#include "lib/arena.h"

struct db;

/* The rows of a statement; they live as long as its arena. */
struct db_rows {
	const void *result; /* libpq's */
	int count;
};

/*
 * A connection that the first statement makes. conninfo: libpq's connection
 * string, not copied. timeout_ms: the limit of one call, connecting included;
 * 0: none. used_by: DB_API, …: whose statements are prepared; 0: none. NULL,
 * with a line on standard error: the string is wrong or holds a password.
 */
struct db *db_new(const char *conninfo, int64_t timeout_ms, unsigned used_by);

/* Close the connection and release it; NULL is allowed. */
void db_free(struct db *db);

/*
 * Connect now, if there is no connection, so that the next statement need not.
 * ERR_BUSY: not possible, which is logged; or it was not 250 ms ago.
 */
enum err db_connect(struct db *db) MUST_CHECK;

/*
 * Run a statement with its parameters, as many as its text has. A lost
 * connection is made again, and a statement that only reads is sent once more.
 * One that failed for a reason that lasts (a privilege, a table, the disk) is
 * not sent again for a moment. out may be NULL. ERR_INVALID: a rule of the
 * table, set by its operator, forbids it. ERR_BUSY: the database does not
 * answer, is not ready or lacks its schema; a write may or may not have
 * happened. ERR_INTERNAL: a bug. Each is logged, those that last once a
 * minute.
 */
enum err db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out) MUST_CHECK;

/*
 * Run a statement that has one row; as db_run(). ERR_NOTFOUND: it has none.
 * ERR_INTERNAL: it has more.
 */
enum err db_one(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out) MUST_CHECK;

/*
 * Send a statement without waiting for its answer. The next call waits for it,
 * or the reset of the arena, which is after the reply to a request. When this
 * returns the statement is on its way, even if the process dies then. db has to
 * outlive the arena's reset. Errors as db_run(), as far as they are known;
 * later ones are logged.
 */
enum err db_send(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params) MUST_CHECK;

/*
 * Run the statements of a script, separated by semicolons, without parameters.
 * As db_run(), but sent once; the server's message goes to standard error.
 */
enum err db_script(struct db *db, const char *script) MUST_CHECK;

/*
 * Run fn(of) in a transaction, which is committed if fn returns ERR_OK. fn may
 * call db_run(), db_one() and db_script(), and returns at the first error: that
 * is the result, and nothing was done. A connection lost in between is not made
 * again. ERR_BUSY of the commit: it may have happened.
 */
enum err db_transaction(struct db *db, struct arena *a,
    enum err (*fn)(void *of), void *of) MUST_CHECK;

/*
 * This process makes tokens that live for life_s seconds at most: each
 * connection makes that known to those that end tokens, before its first
 * statement, so that what has ended is remembered for as long. Where it cannot,
 * there is no connection. Called before the first statement.
 */
void db_token_life(struct db *db, int64_t life_s);

/*
 * Other limits than timeout_ms: of the next calls; and of a statement at the
 * server, from the next connection on.
 */
void db_limit(struct db *db, int64_t ms, int64_t server_ms);

/*
 * From now on all calls together may wait for ms, and each begun after that is
 * ERR_BUSY, with nothing sent; 0: each has its own limit again.
 */
void db_allow(struct db *db, int64_t ms);

/*
 * How long this process has waited for answers of the database by now, in all;
 * without the time that it took to connect.
 */
int64_t db_waited_ms(const struct db *db);

/* Is there a connection, as far as is known? */
bool db_is_connected(const struct db *db);

/*
 * May the last write, or the transaction that it was part of, have been done
 * although it was ERR_BUSY? False: it was refused, or never sent.
 */
bool db_is_in_doubt(const struct db *db);

/* A column's text; NULL: SQL's NULL. */
const char *db_text(const struct db_rows *rows, int row, int column);

/* A column that is an integer. */
int64_t db_int(const struct db_rows *rows, int row, int column);

/* A column that is true; false: it is false or NULL. */
bool db_true(const struct db_rows *rows, int row, int column);

/*
 * The mark of these connections' sessions, a random text: a session with
 * another mark, or none, is a pooler's, shared with others.
 */
const char *db_session(const struct db *db);

/* Leave the connection; the next statement begins with another host, if any. */
void db_elsewhere(struct db *db);

/*
 * The exposure of the connection to a network, as the end of a sentence; NULL:
 * it does not leave the machine, or is encrypted for a server whose certificate
 * was verified (sslmode=verify-full; GSS). A statement must have connected
 * before.
 */
const char *db_exposure(const struct db *db);

/* The ways that connecting takes; out->name lives as long as db. */
void db_ways(const struct db *db, struct db_ways *out);

#endif
