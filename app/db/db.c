/*
 * The database: one connection a process, with back-off and retry.
 */
#include "base.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/revoked.h"
#include "db/advice.h"
#include "db/conn.h"
#include "db/db.h"
#include "db/failure.h"
#include "db/schema.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/text.h"
#include "stats/event.h"

#define RETRY_AFTER_MS 250 /* from a failure to the next attempt */
#define PUT_OFF_MAX 16     /* statements; a further one takes the first place */

struct db {
	struct db_conn *conn;
	int64_t timeout_ms;
	unsigned used_by;
	int64_t not_before_ms;  /* of the next attempt to connect */
	int64_t fresh_until_ms; /* a new session would not help */
	bool proved;            /* a statement has run in it */
	bool in_doubt;          /* the last write may have been done */
	bool in_transaction;
	bool revoked;                 /* and something has ended in it */
	const struct db_sql *pending; /* sent, and its answer not yet read */
	struct {
		const struct db_sql *sql;
		int64_t until_ms;
	} put_off[PUT_OFF_MAX];
};

/* A statement on its way. */
struct query {
	const struct db_sql *sql;
	struct db_params params;
	void *result;
	bool lost; /* the connection broke: a new one may work */
};

/* --- back-off --- */

/* Did it fail a moment ago for a reason that lasts? */
static bool
is_put_off(const struct db *db, const struct db_sql *sql)
{
	size_t i;

	for (i = 0; i < PUT_OFF_MAX; i++)
		if (db->put_off[i].sql == sql)
			return clock_ms() < db->put_off[i].until_ms;
	return false;
}

static void
put_off(struct db *db, const struct db_sql *sql)
{
	size_t i, place = 0;

	for (i = PUT_OFF_MAX; i-- > 0;)
		if (db->put_off[i].sql == sql || db->put_off[i].sql == NULL)
			place = i;
	db->put_off[place].sql = sql;
	db->put_off[place].until_ms = clock_ms() + RETRY_AFTER_MS;
}

/*
 * A process that may read the files of its connection as they were at its start
 * makes room for one that may read those of now.
 */
static void
end_if_changed(void)
{
	if (!db_ways_have_changed())
		return;
	event(EVENT_DB_FILES, "pid=%d", (int)getpid());
	raise(SIGTERM);
}

/* Connect, unless that failed a moment ago. */
static enum err
connect_now(struct db *db)
{
	if (db_conn_is_open(db->conn))
		return ERR_OK;
	if (db->in_transaction || clock_ms() < db->not_before_ms)
		return ERR_BUSY;
	if (!db_conn_open(db->conn)) {
		end_if_changed();
		db->not_before_ms = clock_ms() + RETRY_AFTER_MS;
		return ERR_BUSY;
	}
	db->proved = false;
	db->fresh_until_ms = clock_ms() + RETRY_AFTER_MS;
	return ERR_OK;
}

/* --- answers --- */

/* An exchange without an answer. */
static enum err
broken(struct db *db, struct query *q, enum db_outcome outcome)
{
	db_failure(q->sql->name, NULL,
	    outcome == DB_LATE ? "no answer in time"
	                       : db_conn_message(db->conn),
	    NULL);
	q->lost = outcome == DB_LOST;
	db->in_doubt |= q->sql->writes;
	/*
	 * a server that was late, or breaks each new connection, is not asked
	 * again in the same request
	 */
	if (outcome == DB_LATE || !db->proved)
		db->not_before_ms = clock_ms() + RETRY_AFTER_MS;
	if (outcome == DB_LATE)
		db_conn_elsewhere(db->conn);
	db_conn_close(db->conn);
	return ERR_BUSY;
}

/* The privileges that the role lacks; NULL: none, or unknown. */
static const char *
find_lacking(struct db *db, void **result)
{
	if (db_conn_has_failed(db->conn))
		return NULL;
	if (!db_conn_send(db->conn, &db_schema_lacking_sql, DB_NO_PARAMS) ||
	    db_conn_receive(db->conn, result) != DB_ANSWERED) {
		db_conn_close(db->conn);
		return NULL;
	}
	return db_conn_is_good(*result) ? db_conn_text(*result, 0, 0) : NULL;
}

/*
 * Log an error; one that lasts has one line a minute. The message of a
 * trigger's RAISE may hold a name, so the log gets its place instead.
 */
static void
log_error(const struct query *q, const char *sqlstate, enum db_sql_then then,
    const char *lacking)
{
	const char *place = db_conn_raised_by(q->result);

	if (then == DB_SQL_GO_ON || sqlstate == NULL ||
	    db_failure_is_due(q->sql->name, sqlstate))
		db_failure(q->sql->name, sqlstate,
		    place != NULL ? place : db_conn_error(q->result), lacking);
	else
		db_failure_again();
}

/* End the session, unless a new one would not help. */
static void
leave_session(struct db *db, struct query *q, const char *sqlstate)
{
	if (sqlstate != NULL && clock_ms() < db->fresh_until_ms)
		return;
	/* a standby stays one for longer than a failover takes */
	if (sqlstate != NULL && strcmp(sqlstate, "25006") == 0)
		db_conn_elsewhere(db->conn);
	db_conn_close(db->conn);
	q->lost = true;
}

/* The meaning of an error, for the caller and for the next step. */
static enum err
judge(const struct query *q, const char *sqlstate, enum db_sql_then *then)
{
	enum err e;

	if (sqlstate != NULL && db_conn_raised_by(q->result) != NULL)
		return db_sql_error_raised(sqlstate, then);
	e = db_sql_error(sqlstate, then);
	/* a session that begins after this was changed sees all rows */
	if (sqlstate != NULL && db_conn_hides_rows(q->result))
		*then = DB_SQL_RECONNECT;
	return e;
}

/* An answer that is an error. */
static enum err
refused(struct db *db, struct query *q)
{
	const char *sqlstate = db_conn_sqlstate(q->result), *lacking = NULL;
	enum db_sql_then then;
	enum err e = judge(q, sqlstate, &then);
	void *result = NULL;

	if (then == DB_SQL_WAIT && strcmp(sqlstate, "42501") == 0) {
		lacking = find_lacking(db, &result);
		/* a trigger, or a policy: another row may pass */
		if (lacking == NULL)
			then = DB_SQL_GO_ON;
	}
	log_error(q, sqlstate, then, lacking);
	db_conn_clear(result);
	if (then == DB_SQL_WAIT)
		put_off(db, q->sql);
	if (then == DB_SQL_RECONNECT) {
		db->in_doubt |= q->sql->writes;
		leave_session(db, q, sqlstate);
	}
	return e;
}

/* Something has ended: that counts from the commit on. */
static void
has_revoked(struct db *db)
{
	if (db->in_transaction)
		db->revoked = true;
	else
		revoked_wake();
}

/* Wait for the answer to what was sent; its error decides what is next. */
static enum err
finish(struct db *db, struct query *q)
{
	enum db_outcome outcome = db_conn_receive(db->conn, &q->result);

	if (outcome != DB_ANSWERED)
		return broken(db, q, outcome);
	if (!db_conn_is_good(q->result))
		return refused(db, q);
	db->proved = true;
	if (q->sql->revokes)
		has_revoked(db);
	return ERR_OK;
}

/* Read the answer to db_send(), unless it has been read. */
static void
settle(void *of)
{
	struct db *db = of;
	struct query q = { .sql = db->pending };

	if (db->pending == NULL)
		return;
	db->pending = NULL;
	db_conn_begin(db->conn);
	if (finish(db, &q) != ERR_OK) {
		/* which has been logged */
	}
	db_conn_clear(q.result);
}

/* --- statements --- */

/* Send a statement. */
static enum err
send(struct db *db, struct query *q)
{
	enum err e;

	if ((e = connect_now(db)) != ERR_OK)
		return e;
	if (db_conn_send(db->conn, q->sql, q->params))
		return ERR_OK;
	return broken(db, q, db_conn_left_ms(db->conn) > 0 ? DB_LOST : DB_LATE);
}

/* Send a statement once, and wait for its answer. */
static enum err
run_once(struct db *db, struct arena *a, struct query *q)
{
	enum err e;

	q->lost = false;
	q->result = NULL;
	if ((e = send(db, q)) != ERR_OK)
		return e;
	e = finish(db, q);
	arena_defer(a, db_conn_clear, q->result);
	return e;
}

/* A call begins. ERR_BUSY: the statement has to wait. */
static enum err
begin(struct db *db, const struct db_sql *sql, struct db_params params)
{
	assert(params.count == db_sql_params(sql->text));
	assert(sql->direct || (sql->used_by & db->used_by) != 0);
	settle(db);
	if (sql->writes)
		db->in_doubt = false;
	db_conn_begin(db->conn);
	if (db_conn_left_ms(db->conn) == 0)
		return ERR_BUSY;
	return is_put_off(db, sql) ? ERR_BUSY : ERR_OK;
}

enum err
db_connect(struct db *db)
{
	db_conn_begin(db->conn);
	return connect_now(db);
}

enum err
db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out)
{
	struct query q = { .sql = sql, .params = params };
	bool fresh;
	enum err e;

	if ((e = begin(db, sql, params)) != ERR_OK)
		return e;
	fresh = !db_conn_is_open(db->conn);
	e = run_once(db, a, &q);
	/* a second attempt needs a good part of the time */
	if (q.lost && !fresh && !sql->writes &&
	    db_conn_left_ms(db->conn) >= db->timeout_ms / 2)
		e = run_once(db, a, &q);
	if (e == ERR_OK && out != NULL)
		*out = (struct db_rows){ q.result, db_conn_rows(q.result) };
	return e;
}

enum err
db_one(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params, struct db_rows *out)
{
	enum err e = db_run(db, a, sql, params, out);

	if (e != ERR_OK || out->count == 1)
		return e;
	return out->count == 0 ? ERR_NOTFOUND : ERR_INTERNAL;
}

enum err
db_send(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params params)
{
	struct query q = { .sql = sql, .params = params };
	enum err e;

	if ((e = begin(db, sql, params)) != ERR_OK ||
	    (e = send(db, &q)) != ERR_OK)
		return e;
	db->pending = sql;
	arena_defer(a, settle, db);
	return ERR_OK;
}

/* --- scripts and transactions --- */

/* Print each line of a text, or nothing for NULL. */
static void
print_lines(const char *text)
{
	size_t n;

	for (; text != NULL && *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		log_say("%.*s", (int)n, text);
	}
}

/* Print what is wrong, with which object, and what to do. */
static void
print_message(const void *result)
{
	const char *message = db_conn_primary(result);

	print_lines(message != NULL ? message : db_conn_error(result));
	print_lines(db_conn_detail(result));
	print_lines(db_conn_hint(result));
	if (db_conn_hint(result) == NULL && message != NULL)
		print_lines(db_advice(db_conn_sqlstate(result), message));
}

enum err
db_script(struct db *db, const char *script)
{
	void *result = NULL;
	enum err e;

	settle(db);
	db_conn_begin(db->conn);
	if ((e = connect_now(db)) != ERR_OK)
		return e;
	if (!db_conn_send_script(db->conn, script) ||
	    db_conn_receive(db->conn, &result) != DB_ANSWERED) {
		log_say("%s", db_conn_message(db->conn));
		db_conn_close(db->conn);
		return ERR_BUSY;
	}
	if (!db_conn_is_good(result)) {
		print_message(result);
		e = ERR_INTERNAL;
	}
	db_conn_clear(result);
	return e;
}

enum err
db_transaction(
    struct db *db, struct arena *a, enum err (*fn)(void *of), void *of)
{
	static const struct db_sql start = { "begin", "BEGIN", .direct = true },
	                           commit = { "commit", "COMMIT",
		                           .writes = true, .direct = true },
	                           undo = { "rollback", "ROLLBACK",
		                           .writes = true, .direct = true };
	enum err e, ended;

	db->in_doubt = false;
	if ((e = db_run(db, a, &start, DB_NO_PARAMS, NULL)) != ERR_OK)
		return e;
	db->in_transaction = true;
	db->revoked = false;
	e = fn(of);
	/* fn did not return an error that it met */
	if (e == ERR_OK && db_conn_is_open(db->conn) &&
	    db_conn_has_failed(db->conn))
		e = ERR_INTERNAL;
	ended =
	    db_run(db, a, e == ERR_OK ? &commit : &undo, DB_NO_PARAMS, NULL);
	db->in_transaction = false;
	if (db->revoked)
		revoked_wake();
	/* or the next statements would be part of it */
	if (ended != ERR_OK)
		db_conn_close(db->conn);
	return e != ERR_OK ? e : ended;
}

/* --- the connection --- */

struct db *
db_new(const char *conninfo, int64_t timeout_ms, unsigned used_by)
{
	struct db_conn *conn = db_conn_new(conninfo, timeout_ms, used_by);
	struct db *db;

	if (conn == NULL)
		return NULL;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		abort();
	db->conn = conn;
	db->timeout_ms = timeout_ms;
	db->used_by = used_by;
	return db;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_conn_free(db->conn);
	free(db);
}

void
db_token_life(struct db *db, int64_t life_s)
{
	db_conn_token_life(db->conn, life_s);
}

void
db_limit(struct db *db, int64_t ms, int64_t server_ms)
{
	db->timeout_ms = ms;
	db_conn_limit(db->conn, ms, server_ms);
}

void
db_allow(struct db *db, int64_t ms)
{
	db_conn_allow(db->conn, ms);
}

int64_t
db_waited_ms(const struct db *db)
{
	return db_conn_waited_ms(db->conn);
}

bool
db_is_connected(const struct db *db)
{
	return db_conn_is_open(db->conn);
}

bool
db_is_in_doubt(const struct db *db)
{
	return db->in_doubt;
}

const char *
db_text(const struct db_rows *rows, int row, int column)
{
	return db_conn_text(rows->result, row, column);
}

int64_t
db_int(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);
	int64_t v = 0;

	if (text == NULL || !text_to_i64(text, INT64_MIN, INT64_MAX, &v))
		abort(); /* the column has another type than the SQL says */
	return v;
}

bool
db_true(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);

	return text != NULL && strcmp(text, "t") == 0;
}

const char *
db_session(const struct db *db)
{
	return db_conn_session(db->conn);
}

void
db_elsewhere(struct db *db)
{
	settle(db);
	db_conn_elsewhere(db->conn);
	db_conn_close(db->conn);
}

const char *
db_exposure(const struct db *db)
{
	return db_conn_exposure(db->conn);
}

void
db_ways(const struct db *db, struct db_ways *out)
{
	db_conn_ways(db->conn, out);
}
