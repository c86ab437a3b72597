/*
 * Statements: their parameters, and what their errors mean.
 */
#ifndef LATCHKEY_DB_SQL_H
#define LATCHKEY_DB_SQL_H

#include "lib/arena.h"
#include "role.h"

/* The processes that run a statement. Each prepares its own only. */
#define DB_API ROLE_BIT(ROLE_API)
#define DB_LOGIN ROLE_BIT(ROLE_LOGIN)
#define DB_KEEPER ROLE_BIT(ROLE_KEEPER)
#define DB_COMMAND ROLE_BIT(ROLE_COUNT) /* sub-commands */
#define DB_WORKERS (DB_API | DB_LOGIN)
#define DB_ANY (DB_WORKERS | DB_COMMAND)
#define DB_ALL (DB_ANY | DB_KEEPER)

/*
 * A statement. A table of them ends with an empty row (db/tables.h). They are
 * prepared at connect, so that a mistake in one shows at once.
 */
struct db_sql {
	const char *name; /* PostgreSQL's, for the prepared statement */
	const char *text;
	unsigned used_by; /* DB_API, … */
	bool writes;      /* never sent twice */
	bool revokes;     /* it ends tokens: the keeper reads that now */
	bool direct;      /* not prepared: run once, or before a migration */
};

/*
 * The epoch of an account: its own, in latchkey_account, or everybody's where
 * that is higher, or there is no row. DB_EPOCH: the row's alias is a.
 */
#define DB_EPOCH_OF(own) \
	"greatest(" own ", (SELECT e.epoch FROM latchkey_lifetime e), 0)"
#define DB_EPOCH DB_EPOCH_OF("a.epoch")

/* A column's time as RFC 3339 has it, in UTC and to the second. */
#define DB_TIME(column)                                \
	"to_char(" column " AT TIME ZONE 'UTC'::text," \
	" 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'::text)"

/* Parameters of a statement: C strings; NULL is SQL's NULL. */
struct db_params {
	int count;
	const char *const *value;
};

/* Parameters counted by the compiler; they live as long as their block. */
#define DB_PARAMS(...)                                                     \
	((struct db_params){ ARRAY_LEN(((const char *[]){ __VA_ARGS__ })), \
	    (const char *const[]){ __VA_ARGS__ } })
#define DB_NO_PARAMS ((struct db_params){ 0, NULL })

/* An integer as a parameter. */
const char *db_param_i64(struct arena *a, int64_t v);

/* The highest number of a parameter in a statement's text; 0: it has none. */
int db_sql_params(const char *text);

/* The consequence of an error for the session and the next statements. */
enum db_sql_then {
	DB_SQL_GO_ON,    /* this one failed; nothing else is wrong */
	DB_SQL_WAIT,     /* it fails until the operator acts */
	DB_SQL_RECONNECT /* the session is of no use */
};

/*
 * The error of an SQLSTATE (NULL: none). ERR_INVALID: a constraint or a trigger
 * does not allow a value. ERR_BUSY: it may succeed later. ERR_INTERNAL: our
 * mistake, or the server's. Source: PostgreSQL manual, appendix A; ISO/IEC
 * 9075-2, 24.1 (classes that are not the standard's).
 */
enum err db_sql_error(const char *sqlstate, enum db_sql_then *then) MUST_CHECK;

/*
 * The error of an SQLSTATE that a trigger raised on purpose, by PL/pgSQL's
 * RAISE: the value is not allowed, unless that SQLSTATE says that it may
 * succeed later.
 */
enum err db_sql_error_raised(
    const char *sqlstate, enum db_sql_then *then) MUST_CHECK;

#endif
