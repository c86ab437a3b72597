/*
 * A connection to PostgreSQL: hosts, time limits, prepared statements.
 *
 * Only libpq's asynchronous calls keep a time limit when the server hangs
 * without closing the connection, so all calls are asynchronous. libpq gets one
 * address at a time: it would wait for a silent one until the end, and look
 * names up without a limit.
 */
#include "base.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "crypto/random.h"
#include "db/conn.h"
#include "db/conninfo.h"
#include "db/exposure.h"
#include "db/failure.h"
#include "db/hosts.h"
#include "db/schema.h"
#include "db/tables.h"
#include "db/tls.h"
#include "db/ways.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/resolve.h"
#include "stats/event.h"
#include "stats/metrics.h"

#define NO_LIMIT INT64_MAX

struct db_conn {
	const char *conninfo;
	int64_t timeout_ms;    /* of a call */
	int64_t server_ms;     /* of a statement, by the server */
	int64_t waited_us;     /* in all */
	int64_t connecting_us; /* of that, for connections */
	int64_t allowed_us;    /* the value of that which ends all calls */
	unsigned used_by;
	char life[24]; /* of its tokens, in seconds; "": it makes none */
	char session[33];
	PGconn *pg;            /* NULL: not connected */
	int64_t deadline_ms;   /* of the call under way */
	int64_t wait_until_ms; /* that, or the end of a host's share */
	struct db_hosts hosts;
};

/* --- waiting --- */

static int64_t
left_until(int64_t ms)
{
	int64_t now_ms = clock_ms();

	if (ms == NO_LIMIT)
		return NO_LIMIT;
	return ms > now_ms ? ms - now_ms : 0;
}

void
db_conn_limit(struct db_conn *c, int64_t ms, int64_t server_ms)
{
	c->timeout_ms = ms;
	c->server_ms = server_ms;
}

void
db_conn_allow(struct db_conn *c, int64_t ms)
{
	c->allowed_us = ms == 0 ? NO_LIMIT : c->waited_us + ms * 1000;
}

void
db_conn_token_life(struct db_conn *c, int64_t life_s)
{
	snprintf(c->life, sizeof(c->life), "%" PRId64, life_s);
}

int64_t
db_conn_waited_ms(const struct db_conn *c)
{
	return (c->waited_us - c->connecting_us) / 1000;
}

void
db_conn_begin(struct db_conn *c)
{
	int64_t ms = c->timeout_ms == 0 ? NO_LIMIT : c->timeout_ms;
	int64_t left_ms = (c->allowed_us - c->waited_us) / 1000;

	if (c->allowed_us != NO_LIMIT && left_ms < ms)
		ms = left_ms > 0 ? left_ms : 0;
	c->deadline_ms = ms == NO_LIMIT ? NO_LIMIT : clock_ms() + ms;
	c->wait_until_ms = c->deadline_ms;
}

int64_t
db_conn_left_ms(const struct db_conn *c)
{
	return left_until(c->deadline_ms);
}

/* Wait until the connection is ready for these poll(2) events. */
static bool
wait_for(struct db_conn *c, short events)
{
	int64_t start_us = clock_us();
	struct pollfd p = { .fd = PQsocket(c->pg), .events = events };
	int64_t left_ms;
	int n = 0;

	do {
		left_ms = left_until(c->wait_until_ms);
		if (left_ms == 0)
			break;
		n = poll(&p, 1, left_ms == NO_LIMIT ? -1 : (int)left_ms);
	} while (n < 0 && errno == EINTR);
	c->waited_us += clock_us() - start_us;
	return left_ms > 0 && n > 0;
}

/* Send what is queued. */
static enum db_outcome
flush(struct db_conn *c)
{
	int left;

	while ((left = PQflush(c->pg)) > 0) {
		if (!wait_for(c, POLLIN | POLLOUT))
			return DB_LATE;
		if (PQconsumeInput(c->pg) == 0)
			return DB_LOST;
	}
	return left == 0 ? DB_ANSWERED : DB_LOST;
}

/* Send what is queued, and wait for the next result. */
static enum db_outcome
await(struct db_conn *c)
{
	enum db_outcome outcome = flush(c);

	while (outcome == DB_ANSWERED && PQisBusy(c->pg)) {
		if (!wait_for(c, POLLIN))
			outcome = DB_LATE;
		else if (PQconsumeInput(c->pg) == 0)
			outcome = DB_LOST;
	}
	return outcome;
}

/* --- connecting --- */

/*
 * Notices of the server, such as a trigger's RAISE NOTICE, are in its own log.
 * libpq would print them on standard error, which is our log, with names and
 * line breaks unescaped.
 */
static void
ignore_notice(void *arg, const PGresult *notice)
{
	(void)arg;
	(void)notice;
}

/* Finish PQconnectStartParams(). */
static enum db_outcome
finish_connecting(struct db_conn *c)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	if (PQstatus(c->pg) == CONNECTION_BAD)
		return DB_LOST;
	while (status == PGRES_POLLING_READING ||
	       status == PGRES_POLLING_WRITING) {
		if (!wait_for(
		        c, status == PGRES_POLLING_READING ? POLLIN : POLLOUT))
			return DB_LATE;
		status = PQconnectPoll(c->pg);
	}
	return status == PGRES_POLLING_OK ? DB_ANSWERED : DB_LOST;
}

/* The statement of this number among those that this process prepares. */
static const struct db_sql *
prepared(const struct db_conn *c, int number)
{
	const struct db_sql *const *table, *s;

	for (table = db_tables; *table != NULL; table++)
		for (s = *table; s->name != NULL; s++)
			if (!s->direct && (s->used_by & c->used_by) != 0 &&
			    number-- == 0)
				return s;
	return NULL;
}

/*
 * The server's limit is a little shorter than ours, so that the server ends the
 * statement. Generic plans: no statement's best plan depends on its parameters,
 * and for arrays PostgreSQL would plan each time, which costs more than the
 * statement.
 */
static bool
send_settings(struct db_conn *c)
{
	char limit[24];
	const char *const params[] = { limit, c->session };

	snprintf(
	    limit, sizeof(limit), "%d", (int)(c->server_ms - c->server_ms / 8));
	return PQsendQueryParams(c->pg, db_schema_session_sql.text, 2, NULL,
	           params, NULL, NULL, 0) == 1;
}

/* Let those that end tokens know how long those of this process may live. */
static bool
send_life(struct db_conn *c)
{
	const char *const params[] = { c->life };

	return c->life[0] == '\0' ||
	       PQsendQueryParams(c->pg, db_schema_lifetime_sql.text, 1, NULL,
	           params, NULL, NULL, 0) == 1;
}

/*
 * Queue the setup of a session, for one round trip and in one transaction: if
 * one of these statements fails there is no session.
 */
static bool
send_setup(struct db_conn *c)
{
	const struct db_sql *s;
	int i;

	if (PQsetnonblocking(c->pg, 1) != 0 ||
	    PQenterPipelineMode(c->pg) != 1 || !send_settings(c))
		return false;
	for (i = 0; (s = prepared(c, i)) != NULL; i++)
		if (PQsendPrepare(c->pg, s->name, s->text, 0, NULL) != 1)
			return false;
	return send_life(c) && PQpipelineSync(c->pg) == 1;
}

/* One result of the setup. False: an error, which was logged. */
static bool
is_set_up(const char *what, const PGresult *r)
{
	const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (PQresultStatus(r) != PGRES_FATAL_ERROR)
		return true;
	if (sqlstate == NULL || db_failure_is_due(what, sqlstate))
		db_failure(what, sqlstate, PQresultErrorMessage(r), NULL);
	else
		db_failure_again();
	return false;
}

/* The name of the statement of the setup after so many others. */
static const char *
setup_name(const struct db_conn *c, int number)
{
	const struct db_sql *s;

	if (number == 0)
		return "settings";
	s = prepared(c, number - 1);
	return s != NULL ? s->name : db_schema_lifetime_sql.name;
}

/* A result of the setup, after *done results before it. */
static enum db_outcome
receive_one(struct db_conn *c, int *done, bool *ended)
{
	const char *name = setup_name(c, *done);
	enum db_outcome outcome = await(c);
	PGresult *r;
	bool good;

	if (outcome != DB_ANSWERED)
		return outcome;
	if ((r = PQgetResult(c->pg)) == NULL) {
		++*done;
		return PQstatus(c->pg) == CONNECTION_OK ? DB_ANSWERED : DB_LOST;
	}
	*ended = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	good = is_set_up(name, r);
	PQclear(r);
	return good ? DB_ANSWERED : DB_REFUSED;
}

/* Set up a session. DB_REFUSED: an answer was an error, which was logged. */
static enum db_outcome
set_up(struct db_conn *c)
{
	enum db_outcome outcome = DB_ANSWERED;
	bool ended = false;
	int done = 0;

	if (!send_setup(c))
		return DB_LOST;
	while (!ended && outcome == DB_ANSWERED)
		outcome = receive_one(c, &done, &ended);
	if (outcome != DB_ANSWERED)
		return outcome;
	return PQexitPipelineMode(c->pg) == 1 ? DB_ANSWERED : DB_LOST;
}

/*
 * Copy the SQLSTATE of a message while connecting into *code, as in "FATAL:
 * 28000: role ..." (PQERRORS_VERBOSE); the words may be in any language. False:
 * the message has none, as it is not the server's.
 */
static bool
take_sqlstate(char *message, char code[6])
{
	char *p = strstr(message, ":  ");

	if (p == NULL ||
	    strspn(p + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 ||
	    strncmp(p + 8, ": ", 2) != 0)
		return false;
	memcpy(code, p + 3, 5);
	code[5] = '\0';
	memmove(p + 3, p + 10, strlen(p + 10) + 1);
	return true;
}

/* Log why a host was not reached, unless the log has it already. */
static void
log_unreached(const struct db_conn *c, const struct db_host *h,
    const char *address, enum db_outcome outcome)
{
	const char *message = PQerrorMessage(c->pg);
	const char *fault = db_tls_fault();
	char late[300], said[400], code[6];
	bool is_servers;

	if (outcome == DB_LOST) {
		snprintf(said, sizeof(said), "%.*s",
		    (int)strcspn(message, "\n"), message);
		is_servers = take_sqlstate(said, code);
		if (!is_servers && fault != NULL)
			snprintf(said, sizeof(said), "%.*s: %s",
			    (int)strcspn(message, "\n"), message, fault);
		db_failure("connect", is_servers ? code : NULL, said, NULL);
	} else if (outcome == DB_LATE) {
		snprintf(late, sizeof(late), "no answer in time from %s%s%s",
		    h->name != NULL ? h->name : "the server",
		    address != NULL ? " at " : "",
		    address != NULL ? address : "");
		db_failure("connect", NULL, late, NULL);
	}
}

/* Connect to a host at an address; for NULL libpq's default counts. */
static enum db_outcome
connect_to(struct db_conn *c, const struct db_host *h, const char *address)
{
	static const char *const names[] = { "dbname", "host", "hostaddr",
		"port", "client_encoding", "fallback_application_name", NULL };
	const char *const values[] = { c->conninfo, h->name, address, h->port,
		"UTF8", "latchkey", NULL };
	enum db_outcome outcome;

	db_tls_watch();
	c->pg = PQconnectStartParams(names, values, 1);
	if (c->pg == NULL)
		abort();
	PQsetNoticeReceiver(c->pg, ignore_notice, NULL);
	PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE);
	outcome = finish_connecting(c);
	PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
	if (outcome == DB_ANSWERED)
		outcome = set_up(c);
	if (outcome == DB_ANSWERED)
		return outcome;
	log_unreached(c, h, address, outcome);
	db_conn_close(c);
	return outcome;
}

/* Set the wait to a time, or to a share of it for each host still untried. */
static void
begin_share(struct db_conn *c, int64_t end_ms, unsigned untried)
{
	int64_t left_ms = left_until(end_ms);

	c->wait_until_ms = end_ms;
	if (left_ms != NO_LIMIT)
		c->wait_until_ms =
		    clock_ms() + db_hosts_share(&c->hosts, untried, left_ms);
}

/* Try each address of a host, in its share of the time. */
static enum db_outcome
connect_to_each(
    struct db_conn *c, struct db_host *h, const struct resolved *found)
{
	int64_t end_ms = c->wait_until_ms;
	enum db_outcome outcome, worst = DB_LOST;
	unsigned i, which;

	for (i = 0; i < found->count && left_until(end_ms) > 0; i++) {
		which = (h->turn + i) % found->count;
		begin_share(c, end_ms, found->count - i);
		outcome = connect_to(c, h, found->address[which]);
		if (outcome == DB_ANSWERED) {
			h->turn = which;
			return outcome;
		}
		if (outcome == DB_LATE)
			worst = DB_LATE;
	}
	h->turn++;
	return worst;
}

/* Try a host, within c->wait_until_ms. */
static enum db_outcome
connect_to_host(struct db_conn *c, struct db_host *h)
{
	int64_t left_ms = left_until(c->wait_until_ms);
	struct resolved found;

	if (!db_host_needs_lookup(h))
		return connect_to(c, h, h->address);
	switch (resolve(h->name, left_ms == NO_LIMIT ? -1 : left_ms, &found)) {
	case RESOLVE_DONE:
		return connect_to_each(c, h, &found);
	case RESOLVE_LATE:
		db_failure("connect", NULL,
		    "the host's name was not resolved in time", NULL);
		return DB_LATE;
	default:
		db_failure("connect", NULL,
		    "the host's name cannot be resolved", NULL);
		return DB_LOST;
	}
}

/* Connect to the first host that can be reached. */
static bool
connect_to_any(struct db_conn *c)
{
	unsigned i, silent = DB_HOSTS_MAX;
	enum db_outcome outcome;

	for (i = 0; i < c->hosts.count && left_until(c->deadline_ms) > 0; i++) {
		begin_share(c, c->deadline_ms, c->hosts.count - i);
		outcome = connect_to_host(c, db_hosts_at(&c->hosts, i));
		c->wait_until_ms = c->deadline_ms;
		if (outcome == DB_ANSWERED) {
			db_hosts_reached(&c->hosts, i);
			metrics_database(true);
			event(EVENT_DB_CONNECTED, "server_version=%d",
			    PQserverVersion(c->pg));
			return true;
		}
		if (outcome == DB_LATE && silent == DB_HOSTS_MAX)
			silent = i;
	}
	if (silent < DB_HOSTS_MAX)
		db_hosts_silent(&c->hosts, silent);
	return false;
}

bool
db_conn_open(struct db_conn *c)
{
	int64_t before_us = c->waited_us;
	bool reached = connect_to_any(c);

	c->connecting_us += c->waited_us - before_us;
	return reached;
}

bool
db_conn_is_open(const struct db_conn *c)
{
	return c->pg != NULL;
}

void
db_conn_close(struct db_conn *c)
{
	if (c->pg == NULL)
		return;
	PQfinish(c->pg);
	c->pg = NULL;
	metrics_database(false);
}

void
db_conn_elsewhere(struct db_conn *c)
{
	db_hosts_leave(&c->hosts);
}

const char *
db_conn_session(const struct db_conn *c)
{
	return c->session;
}

/* --- statements --- */

bool
db_conn_has_failed(const struct db_conn *c)
{
	return PQtransactionStatus(c->pg) == PQTRANS_INERROR;
}

bool
db_conn_send(
    struct db_conn *c, const struct db_sql *sql, struct db_params params)
{
	int sent;

	if (sql->direct)
		sent = PQsendQueryParams(c->pg, sql->text, params.count, NULL,
		    params.value, NULL, NULL, 0);
	else
		sent = PQsendQueryPrepared(c->pg, sql->name, params.count,
		    params.value, NULL, NULL, 0);
	return sent == 1 && flush(c) == DB_ANSWERED;
}

bool
db_conn_send_script(struct db_conn *c, const char *script)
{
	return PQsendQuery(c->pg, script) == 1 && flush(c) == DB_ANSWERED;
}

enum db_outcome
db_conn_receive(struct db_conn *c, void **result)
{
	PGresult *r, *last = NULL;
	enum db_outcome outcome;

	*result = NULL;
	while ((outcome = await(c)) == DB_ANSWERED &&
	       (r = PQgetResult(c->pg)) != NULL) {
		if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
			PQclear(r);
			continue;
		}
		PQclear(last);
		last = r;
	}
	if (outcome == DB_ANSWERED &&
	    (last == NULL || PQstatus(c->pg) != CONNECTION_OK))
		outcome = DB_LOST;
	if (outcome != DB_ANSWERED)
		PQclear(last);
	else
		*result = last;
	return outcome;
}

void
db_conn_clear(void *result)
{
	PQclear(result);
}

const char *
db_conn_message(const struct db_conn *c)
{
	return PQerrorMessage(c->pg);
}

bool
db_conn_is_good(const void *result)
{
	return PQresultStatus(result) == PGRES_TUPLES_OK ||
	       PQresultStatus(result) == PGRES_COMMAND_OK;
}

const char *
db_conn_sqlstate(const void *result)
{
	return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

const char *
db_conn_error(const void *result)
{
	return PQresultErrorMessage(result);
}

const char *
db_conn_primary(const void *result)
{
	return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

const char *
db_conn_detail(const void *result)
{
	return PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
}

const char *
db_conn_hint(const void *result)
{
	return PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
}

/* Did this function of the server make the error? */
static bool
is_made_by(const void *result, const char *name)
{
	const char *function =
	    PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	return function != NULL && strcmp(function, name) == 0;
}

const char *
db_conn_raised_by(const void *result)
{
	/* Source: PostgreSQL, src/pl/plpgsql/src/pl_exec.c */
	return is_made_by(result, "exec_stmt_raise")
	           ? PQresultErrorField(result, PG_DIAG_CONTEXT)
	           : NULL;
}

bool
db_conn_hides_rows(const void *result)
{
	/* Source: PostgreSQL, src/backend/utils/misc/rls.c */
	return is_made_by(result, "check_enable_rls");
}

int
db_conn_rows(const void *result)
{
	return PQntuples(result);
}

const char *
db_conn_text(const void *result, int row, int column)
{
	return PQgetisnull(result, row, column)
	           ? NULL
	           : PQgetvalue(result, row, column);
}

/* --- begin and end --- */

struct db_conn *
db_conn_new(const char *conninfo, int64_t timeout_ms, unsigned used_by)
{
	struct db_conn *c;

	if (!db_conninfo_is_good(conninfo))
		return NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		abort();
	c->conninfo = conninfo;
	c->timeout_ms = c->server_ms = timeout_ms;
	c->allowed_us = NO_LIMIT;
	c->used_by = used_by;
	random_id(c->session);
	if (!db_conninfo_hosts(conninfo, &c->hosts)) {
		free(c);
		return NULL;
	}
	metrics_database(false);
	return c;
}

void
db_conn_free(struct db_conn *c)
{
	db_conn_close(c);
	free(c);
}

const char *
db_conn_exposure(const struct db_conn *c)
{
	return c->pg != NULL ? db_exposure_network(c->pg) : NULL;
}

void
db_conn_ways(const struct db_conn *c, struct db_ways *out)
{
	*out = (struct db_ways){ .files = 0 };
	db_ways_hosts(&c->hosts, out);
	db_conninfo_files(c->conninfo, out);
}
