/*
 * A connection to PostgreSQL: hosts, time limits, prepared statements. Its .c,
 * db/conninfo.c and db/exposure.c alone know libpq. db/db.c decides when to
 * connect, and what an error means.
 */
#ifndef LATCHKEY_DB_CONN_H
#define LATCHKEY_DB_CONN_H

#include "db/sql.h"
#include "db/ways.h"

struct db_conn;

/* How an exchange with the server ended. */
enum db_outcome {
	DB_ANSWERED, /* maybe an error */
	DB_LOST,     /* the connection broke, or there was none */
	DB_LATE,     /* no answer in time */
	DB_REFUSED   /* while connecting: a statement was an error */
};

/* As db_new(), which see. */
struct db_conn *db_conn_new(
    const char *conninfo, int64_t timeout_ms, unsigned used_by);

/* Close the connection and release it. */
void db_conn_free(struct db_conn *c);

/*
 * From the next call on, its limit; from the next connection on, that of a
 * statement at the server. Both are timeout_ms before.
 */
void db_conn_limit(struct db_conn *c, int64_t ms, int64_t server_ms);

/* As db_allow(), which see. */
void db_conn_allow(struct db_conn *c, int64_t ms);

/* As db_token_life(), which see. */
void db_conn_token_life(struct db_conn *c, int64_t life_s);

/* As db_waited_ms(), which see. */
int64_t db_conn_waited_ms(const struct db_conn *c);

/*
 * Begin a call: all that follows may take timeout_ms together, or what is left
 * of what db_conn_allow() has given.
 */
void db_conn_begin(struct db_conn *c);

/* Milliseconds left of the call; INT64_MAX: there is no limit. */
int64_t db_conn_left_ms(const struct db_conn *c);

/*
 * Connect to a host and prepare the statements. False: no host was reached in
 * time; the log has a line for each that was tried.
 */
bool db_conn_open(struct db_conn *c) MUST_CHECK;

/* Is there a connection? It may have been lost since it was used. */
bool db_conn_is_open(const struct db_conn *c);

/* Close the connection, if it is open. */
void db_conn_close(struct db_conn *c);

/* Let the next db_conn_open() begin with another host, if there are several. */
void db_conn_elsewhere(struct db_conn *c);

/* As db_session(), which see. */
const char *db_conn_session(const struct db_conn *c);

/* Is a transaction open in which a statement failed? */
bool db_conn_has_failed(const struct db_conn *c);

/*
 * Hand a statement to the system for sending. False: the connection is broken,
 * or does not accept it in time.
 */
bool db_conn_send(struct db_conn *c, const struct db_sql *sql,
    struct db_params params) MUST_CHECK;

/* Hand a script to the system for sending; it is not prepared. As above. */
bool db_conn_send_script(struct db_conn *c, const char *script) MUST_CHECK;

/*
 * Wait for the answer to what was sent; for a script it is the first error, or
 * the last result. *result is for db_conn_clear(); NULL: no answer.
 */
enum db_outcome db_conn_receive(struct db_conn *c, void **result) MUST_CHECK;

/* Release a result, or NULL. */
void db_conn_clear(void *result);

/* The last message of libpq itself. */
const char *db_conn_message(const struct db_conn *c);

/* Is a result not an error? */
bool db_conn_is_good(const void *result);

/* The SQLSTATE of a result that is an error; NULL: the error is libpq's own. */
const char *db_conn_sqlstate(const void *result);

/* The message of a result that is an error, with severity and context. */
const char *db_conn_error(const void *result);

/* That message alone; NULL: the error is libpq's own. */
const char *db_conn_primary(const void *result);

/* The server's details of that error, in lines; NULL: none. */
const char *db_conn_detail(const void *result);

/* The server's hint on that error; NULL: none. */
const char *db_conn_hint(const void *result);

/*
 * The function and line of the RAISE of PL/pgSQL that made this error; NULL:
 * something else made it.
 */
const char *db_conn_raised_by(const void *result);

/* The same of one that row level security made: it would hide rows. */
bool db_conn_hides_rows(const void *result);

/* The number of rows of a result. */
int db_conn_rows(const void *result);

/* A column of a row; NULL is SQL's NULL. */
const char *db_conn_text(const void *result, int row, int column);

/* As db_exposure(), which see. */
const char *db_conn_exposure(const struct db_conn *c);

/* As db_ways(), which see. */
void db_conn_ways(const struct db_conn *c, struct db_ways *out);

#endif
