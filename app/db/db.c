/*
 * Connection to PostgreSQL: prepared statements with a time limit.
 *
 * libpq's asynchronous calls are used throughout, since only they keep to a
 * limit when the server stands still without closing the connection.
 */
#include "base.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#include "db/db.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/text.h"
#include "stats/event.h"
#include "stats/metrics.h"

#define RETRY_AFTER_MS 250 /* from a failure to the next connecting */

struct db {
	const char *conninfo;
	int64_t timeout_ms;
	const struct db_sql *const *prepare;
	PGconn *conn;          /* NULL: not connected */
	int64_t deadline_ms;   /* of the call under way */
	int64_t not_before_ms; /* of the next attempt to connect */
};

/* How an exchange with the server ended. */
enum outcome { ANSWERED, LOST, LATE };

static void
clear_result(void *result)
{
	PQclear(result);
}

static void
disconnect(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	metrics_database(false);
}

/* The first line of libpq's or the server's message, its quotes made single. */
static void
log_failure(const char *what, const char *sqlstate, const char *message)
{
	char line[400], *quote;

	snprintf(
	    line, sizeof(line), "%.*s", (int)strcspn(message, "\n"), message);
	while ((quote = strchr(line, '"')) != NULL)
		*quote = '\'';
	event(EVENT_DB_FAILED, "what=%s sqlstate=%s message=\"%s\"", what,
	    sqlstate != NULL ? sqlstate : "-", line);
}

/* An exchange that had no answer. */
static void
log_broken(struct db *db, const char *what, enum outcome outcome)
{
	log_failure(what, NULL,
	    outcome == LATE ? "no answer in time" : PQerrorMessage(db->conn));
}

/* Wait until the connection is ready for these poll(2) events. */
static bool
wait_for(struct db *db, short events)
{
	struct pollfd p = { .fd = PQsocket(db->conn), .events = events };
	int64_t left;
	int n;

	do {
		left = db->deadline_ms - clock_ms();
		if (db->timeout_ms == 0)
			left = -1;
		else if (left <= 0)
			return false;
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Send what is queued and wait for the whole answer, the last of several. */
static enum outcome
exchange(struct db *db, PGresult **out)
{
	PGresult *r, *last = NULL;
	int left;

	for (;;) {
		while ((left = PQflush(db->conn)) > 0)
			if (!wait_for(db, POLLIN | POLLOUT) ||
			    PQconsumeInput(db->conn) == 0)
				break;
		if (left < 0)
			break;
		while (PQisBusy(db->conn)) {
			if (!wait_for(db, POLLIN)) {
				PQclear(last);
				return LATE;
			}
			if (PQconsumeInput(db->conn) == 0)
				break;
		}
		if ((r = PQgetResult(db->conn)) == NULL)
			break;
		/* of a script the first error is what matters */
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
			PQclear(r);
			continue;
		}
		PQclear(last);
		last = r;
	}
	*out = last;
	if (last == NULL || PQstatus(db->conn) != CONNECTION_OK) {
		PQclear(last);
		*out = NULL;
		return LOST;
	}
	return ANSWERED;
}

/* Finish PQconnectStartParams() within the time limit. */
static bool
finish_connecting(struct db *db)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	if (PQstatus(db->conn) == CONNECTION_BAD)
		status = PGRES_POLLING_FAILED;
	while (status == PGRES_POLLING_READING ||
	       status == PGRES_POLLING_WRITING) {
		if (!wait_for(db,
		        status == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
			log_failure("connect", NULL, "no answer in time");
			return false;
		}
		status = PQconnectPoll(db->conn);
	}
	if (status == PGRES_POLLING_OK)
		return true;
	log_failure("connect", NULL, PQerrorMessage(db->conn));
	return false;
}

/* One exchange while a connection is set up; any failure is logged. */
static bool
set_up(struct db *db, int sent, const char *what)
{
	enum outcome outcome = LOST;
	PGresult *r = NULL;
	bool good;

	if (sent == 1)
		outcome = exchange(db, &r);
	if (outcome != ANSWERED) {
		log_broken(db, what, outcome);
		return false;
	}
	good = PQresultStatus(r) == PGRES_COMMAND_OK;
	if (!good)
		log_failure(what, PQresultErrorField(r, PG_DIAG_SQLSTATE),
		    PQresultErrorMessage(r));
	PQclear(r);
	return good;
}

/*
 * What the server mentions on the way, as a trigger's RAISE NOTICE: its own log
 * has it. libpq would print it on standard error, which is our log, as it
 * stands, names and line breaks included.
 */
static void
ignore_notice(void *arg, const PGresult *notice)
{
	(void)arg;
	(void)notice;
}

static bool
prepare_all(struct db *db)
{
	const struct db_sql *const *table, *s;
	char settings[128];

	/*
	 * The limit is a little before our own: it is for the server to end it.
	 * No statement's best plan depends on its parameters, and for those
	 * with arrays the server would plan anew each time, which costs more
	 * than what they do.
	 */
	snprintf(settings, sizeof(settings),
	    "SET statement_timeout = %d;"
	    "SET plan_cache_mode = force_generic_plan",
	    (int)(db->timeout_ms - db->timeout_ms / 8));
	if (!set_up(db, PQsendQuery(db->conn, settings), "settings"))
		return false;
	for (table = db->prepare; *table != NULL; table++)
		for (s = *table; s->name != NULL; s++)
			if (!s->direct && !set_up(db,
			                      PQsendPrepare(db->conn, s->name,
			                          s->text, s->params, NULL),
			                      s->name))
				return false;
	return true;
}

/* Connect and prepare every statement, unless that failed just now. */
static enum err
connect_now(struct db *db)
{
	static const char *const names[] = { "dbname", "client_encoding",
		"fallback_application_name", NULL };
	const char *const values[] = { db->conninfo, "UTF8", "latchkey", NULL };

	if (clock_ms() < db->not_before_ms)
		return ERR_BUSY;
	db->conn = PQconnectStartParams(names, values, 1);
	if (db->conn == NULL)
		abort();
	PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
	if (finish_connecting(db) && PQsetnonblocking(db->conn, 1) == 0 &&
	    prepare_all(db)) {
		metrics_database(true);
		event(EVENT_DB_CONNECTED, "server_version=%d",
		    PQserverVersion(db->conn));
		return ERR_OK;
	}
	disconnect(db);
	db->not_before_ms = clock_ms() + RETRY_AFTER_MS;
	return ERR_BUSY;
}

/*
 * What a statement's error means: ERR_BUSY where waiting or connecting anew
 * may help.
 * Source: PostgreSQL manual, appendix A.
 */
static enum err
error_of(const char *sqlstate)
{
	/* clang-format off */
	static const struct { const char *prefix; enum err e; } meaning[] = {
		{ "22", ERR_INVALID },     /* a value that a column cannot hold */
		{ "23", ERR_INVALID },     /* or that a constraint forbids */
		{ "08", ERR_BUSY },        /* connection exceptions */
		{ "0A000", ERR_BUSY },     /* a cached plan no longer fits */
		{ "25006", ERR_BUSY },     /* read-only: a standby */
		{ "26000", ERR_BUSY },     /* the prepared statement is gone */
		{ "40", ERR_BUSY },        /* deadlock, serialization failure */
		{ "42501", ERR_BUSY },     /* no privilege: an operator's to give */
		{ "42P01", ERR_BUSY },     /* no such table: not migrated */
		{ "42703", ERR_BUSY },     /* no such column */
		{ "53", ERR_BUSY },        /* out of connections, disk, memory */
		{ "55P03", ERR_BUSY },     /* lock_not_available */
		{ "57", ERR_BUSY },        /* timeout, shutdown, starting up */
		{ "58", ERR_BUSY },        /* I/O error */
	};
	/* clang-format on */
	size_t i;

	for (i = 0; i < ARRAY_LEN(meaning); i++)
		if (strncmp(sqlstate, meaning[i].prefix,
		        strlen(meaning[i].prefix)) == 0)
			return meaning[i].e;
	return ERR_INTERNAL;
}

/* Judge an answer. Errors after which the session is of no use end it. */
static enum err
judge(struct db *db, const char *what, const PGresult *r)
{
	const char *sqlstate;
	enum err e;

	if (PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK)
		return ERR_OK;
	sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	e = sqlstate != NULL ? error_of(sqlstate) : ERR_BUSY;
	log_failure(what, sqlstate, PQresultErrorMessage(r));
	if (e == ERR_BUSY)
		disconnect(db);
	return e;
}

static int
send_statement(
    struct db *db, const struct db_sql *sql, const char *const *params)
{
	if (sql->direct)
		return PQsendQueryParams(db->conn, sql->text, sql->params, NULL,
		    params, NULL, NULL, 0);
	return PQsendQueryPrepared(
	    db->conn, sql->name, sql->params, params, NULL, NULL, 0);
}

/* A statement on its way. */
struct query {
	const struct db_sql *sql;
	const char *const *params;
	PGresult *result;
	bool lost; /* the connection broke: a new one may do */
};

/* Send a statement once. */
static enum err
run_once(struct db *db, struct arena *a, struct query *q)
{
	enum outcome outcome = LOST;
	enum err e;

	q->lost = false;
	if (db->conn == NULL && (e = connect_now(db)) != ERR_OK)
		return e;
	if (send_statement(db, q->sql, q->params) == 1)
		outcome = exchange(db, &q->result);
	if (outcome == ANSWERED) {
		arena_defer(a, clear_result, q->result);
		e = judge(db, q->sql->name, q->result);
		q->lost = e == ERR_BUSY;
		return e;
	}
	log_broken(db, q->sql->name, outcome);
	q->lost = outcome == LOST;
	/* who did not answer in time is not asked again in the same request */
	if (outcome == LATE)
		db->not_before_ms = clock_ms() + RETRY_AFTER_MS;
	disconnect(db);
	return ERR_BUSY;
}

enum err
db_run(struct db *db, struct arena *a, const struct db_sql *sql,
    const char *const *params, struct db_rows *out)
{
	struct query q = { .sql = sql, .params = params };
	bool fresh = db->conn == NULL;
	enum err e;

	db->deadline_ms = clock_ms() + db->timeout_ms;
	e = run_once(db, a, &q);
	/* a second attempt needs a good part of the time */
	if (q.lost && !fresh && !sql->writes &&
	    db->deadline_ms - clock_ms() >= db->timeout_ms / 2)
		e = run_once(db, a, &q);
	if (e == ERR_OK && out != NULL)
		*out = (struct db_rows){ q.result, PQntuples(q.result) };
	return e;
}

static void
print_message(const PGresult *r)
{
	const char *hint = PQresultErrorField(r, PG_DIAG_MESSAGE_HINT);
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	log_say("%s", message != NULL ? message : PQresultErrorMessage(r));
	if (hint != NULL)
		log_say("%s", hint);
}

enum err
db_script(struct db *db, const char *script)
{
	PGresult *r = NULL;
	enum err e;

	db->deadline_ms = clock_ms() + db->timeout_ms;
	if (db->conn == NULL && (e = connect_now(db)) != ERR_OK)
		return e;
	if (PQsendQuery(db->conn, script) == 0 ||
	    exchange(db, &r) != ANSWERED) {
		log_say("%s", PQerrorMessage(db->conn));
		disconnect(db);
		return ERR_BUSY;
	}
	e = ERR_OK;
	if (PQresultStatus(r) == PGRES_FATAL_ERROR) {
		print_message(r);
		e = ERR_INTERNAL;
	}
	PQclear(r);
	return e;
}

/*
 * What libpq says of a string that does not parse, unless it may quote from a
 * password: that is refused, but might be there all the same.
 */
static const char *
shown(const char *conninfo, const char *message)
{
	if (message == NULL)
		return "out of memory";
	if (strstr(conninfo, "pass") != NULL || strchr(conninfo, '@') != NULL)
		return "not a libpq connection string (details hidden, since "
		       "they may contain a password)";
	return message;
}

/* Does this connection string parse, and leave the password elsewhere? */
static bool
conninfo_is_good(const char *conninfo)
{
	PQconninfoOption *options, *o;
	char *message = NULL;
	bool good = true;

	options = PQconninfoParse(conninfo, &message);
	if (options == NULL) {
		log_say("database: %s", shown(conninfo, message));
		PQfreemem(message);
		return false;
	}
	for (o = options; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "password") == 0 && o->val != NULL) {
			log_say(
			    "database: the connection string must not contain "
			    "a password; put it into a file: "
			    "passfile=" SYSCONFDIR "/latchkey/pgpass");
			good = false;
		}
	PQconninfoFree(options);
	return good;
}

struct db *
db_new(const char *conninfo, int64_t timeout_ms,
    const struct db_sql *const *prepare)
{
	struct db *db;

	if (!conninfo_is_good(conninfo))
		return NULL;
	if ((db = calloc(1, sizeof(*db))) == NULL)
		abort();
	db->conninfo = conninfo;
	db->timeout_ms = timeout_ms;
	db->prepare = prepare;
	metrics_database(false);
	return db;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	disconnect(db);
	free(db);
}

const char *
db_text(const struct db_rows *rows, int row, int column)
{
	return PQgetisnull(rows->result, row, column)
	           ? NULL
	           : PQgetvalue(rows->result, row, column);
}

int64_t
db_int(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);
	int64_t v = 0;

	if (text == NULL || !text_to_i64(text, INT64_MIN, INT64_MAX, &v))
		abort(); /* a column's type is not what the SQL says */
	return v;
}

bool
db_true(const struct db_rows *rows, int row, int column)
{
	const char *text = db_text(rows, row, column);

	return text != NULL && strcmp(text, "t") == 0;
}

/* Does the connection leave this machine? */
static bool
leaves_machine(const PGconn *conn)
{
	const char *address = PQhostaddr(conn);

	/* empty: a Unix socket */
	return address != NULL && address[0] != '\0' &&
	       strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0;
}

/* Was the server's certificate looked at, and the name in it? */
static bool
is_verified(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn), *o;
	bool verified = false;

	for (o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "sslmode") == 0 && o->val != NULL)
			verified = strcmp(o->val, "verify-full") == 0;
	PQconninfoFree(options);
	return verified;
}

const char *
db_exposure(const struct db *db)
{
	if (db->conn == NULL || !leaves_machine(db->conn) ||
	    PQgssEncInUse(db->conn) == 1)
		return NULL;
	if (PQsslInUse(db->conn) == 0)
		return "unencrypted";
	return is_verified(db->conn) ? NULL : "to an unverified server";
}

int
db_library(int *oldest)
{
	/* Source: CVE-2026-6477; minor versions by their series. */
	static const int good[] = { 140023, 150018, 160014, 170010, 180004 };
	int version = PQlibVersion();
	size_t i;

	*oldest = good[0];
	for (i = 0; i < ARRAY_LEN(good); i++)
		if (version / 10000 >= good[i] / 10000)
			*oldest = good[i];
	return version;
}
