/*
 * A connection to PostgreSQL: hosts, time limits, prepared statements. Its .c
 * is the only file that knows libpq. When to connect, and what an error means,
 * is left to db/db.c.
 */
#ifndef LATCHKEY_DB_CONN_H
#define LATCHKEY_DB_CONN_H

#include "db/sql.h"

struct db_conn;

/* How an exchange with the server ended. */
enum db_outcome {
	DB_ANSWERED, /* perhaps by an error */
	DB_LOST,     /* the connection broke, or there was none */
	DB_LATE,     /* no answer in time */
	DB_REFUSED   /* while connecting: a statement was an error */
};

/* As db_new(), which see. */
struct db_conn *db_conn_new(
    const char *conninfo, int64_t timeout_ms, unsigned used_by);

/* Close the connection and release it. */
void db_conn_free(struct db_conn *c);

/* A new call begins: what follows may take timeout_ms, all together. */
void db_conn_begin(struct db_conn *c);

/* Milliseconds that are left of it; INT64_MAX: there is no limit. */
int64_t db_conn_left_ms(const struct db_conn *c);

/*
 * Connect to a host and prepare the statements. False, with a line in the log
 * for each host that was tried: there is none, or not in time.
 */
bool db_conn_open(struct db_conn *c) MUST_CHECK;

/* Is there a connection? It may have been lost since it was used. */
bool db_conn_is_open(const struct db_conn *c);

/* Close the connection, if it is open. */
void db_conn_close(struct db_conn *c);

/* The next db_conn_open() begins with another host, if there are several. */
void db_conn_elsewhere(struct db_conn *c);

/* Is a transaction open in which a statement failed? */
bool db_conn_has_failed(const struct db_conn *c);

/*
 * Hand a statement to the system for sending. False: the connection is broken,
 * or takes nothing in time.
 */
bool db_conn_send(struct db_conn *c, const struct db_sql *sql,
    struct db_params params) MUST_CHECK;

/* The same with a script, for which the server's session has no name. */
bool db_conn_send_script(struct db_conn *c, const char *script) MUST_CHECK;

/*
 * Wait for the answer to what was sent; of a script the first error, or the
 * last result. *result is for db_conn_clear(), and NULL without an answer.
 */
enum db_outcome db_conn_receive(struct db_conn *c, void **result) MUST_CHECK;

/* Release a result; NULL is nothing to do. */
void db_conn_clear(void *result);

/* The last message of libpq itself. */
const char *db_conn_message(const struct db_conn *c);

/* Is a result no error? */
bool db_conn_is_good(const void *result);

/* Of a result that is an error: its SQLSTATE; NULL: libpq made it itself. */
const char *db_conn_sqlstate(const void *result);

/* Of a result that is an error: its message, with severity and context. */
const char *db_conn_error(const void *result);

/* The same message alone; NULL: libpq made it itself. */
const char *db_conn_primary(const void *result);

/* What the server knows more, in lines; NULL: nothing. */
const char *db_conn_detail(const void *result);

/* What the server proposes to do about it; NULL: nothing. */
const char *db_conn_hint(const void *result);

/*
 * Of a result that is an error which PL/pgSQL's RAISE made: the function that
 * this is in, and the line there. NULL: something else made it.
 */
const char *db_conn_raised_by(const void *result);

/* How many rows a result has. */
int db_conn_rows(const void *result);

/* A column of a row; NULL is SQL's NULL. */
const char *db_conn_text(const void *result, int row, int column);

/* As db_exposure(), which see. */
const char *db_conn_exposure(const struct db_conn *c);

/* As db_library(), which see. */
int db_conn_library(int *oldest);

#endif
