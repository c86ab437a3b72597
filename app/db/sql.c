/*
 * Statements: their parameters, and what their errors mean.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db/sql.h"

const char *
db_param_i64(struct arena *a, int64_t v)
{
	char number[24];
	int n = snprintf(number, sizeof(number), "%" PRId64, v);

	return arena_strndup(a, number, (size_t)n);
}

int
db_sql_params(const char *text)
{
	int n, highest = 0;
	const char *s;

	for (s = text; (s = strchr(s, '$')) != NULL;) {
		/* '$2_$%' is the beginning of a hash */
		bool quoted = s > text && s[-1] == '\'';

		for (n = 0, s++; *s >= '0' && *s <= '9'; s++)
			n = n * 10 + *s - '0';
		if (!quoted && n > highest)
			highest = n;
	}
	return highest;
}

/* clang-format off */
static const struct {
	const char *prefix; /* the first that fits counts */
	enum err e;
	enum db_sql_then then;
} meanings[] = {
	{ "22",    ERR_INVALID, DB_SQL_GO_ON },     /* a value that a column cannot hold */
	{ "23",    ERR_INVALID, DB_SQL_GO_ON },     /* or that a constraint forbids */
	{ "44",    ERR_INVALID, DB_SQL_GO_ON },     /* or a view, WITH CHECK OPTION */
	{ "54",    ERR_INVALID, DB_SQL_GO_ON },     /* or that is too long for an index */
	{ "09",    ERR_INVALID, DB_SQL_GO_ON },     /* triggered_action_exception */
	{ "38",    ERR_INVALID, DB_SQL_GO_ON },     /* a trigger in Perl or Python refuses it */
	{ "45",    ERR_INVALID, DB_SQL_GO_ON },     /* SQL/PSM: an exception of the user's */
	{ "P0",    ERR_INVALID, DB_SQL_GO_ON },     /* PL/pgSQL: the same */
	{ "40",    ERR_BUSY,    DB_SQL_GO_ON },     /* deadlock, serialization failure */
	{ "55",    ERR_BUSY,    DB_SQL_GO_ON },     /* lock_not_available; a view refuses */
	{ "57014", ERR_BUSY,    DB_SQL_GO_ON },     /* statement_timeout */
	{ "27",    ERR_BUSY,    DB_SQL_GO_ON },     /* a trigger changed the row meanwhile */
	{ "20",    ERR_BUSY,    DB_SQL_GO_ON },     /* a trigger's code is wrong */
	{ "21",    ERR_BUSY,    DB_SQL_GO_ON },
	{ "2F",    ERR_BUSY,    DB_SQL_GO_ON },
	{ "39",    ERR_BUSY,    DB_SQL_GO_ON },
	{ "HV",    ERR_BUSY,    DB_SQL_GO_ON },     /* a foreign table does not answer */
	{ "42501", ERR_BUSY,    DB_SQL_WAIT },      /* no privilege: an operator's to give */
	{ "42P01", ERR_BUSY,    DB_SQL_WAIT },      /* no such table: not migrated */
	{ "42703", ERR_BUSY,    DB_SQL_WAIT },      /* no such column */
	{ "42",    ERR_BUSY,    DB_SQL_GO_ON },     /* ours are prepared at the start: a trigger's */
	{ "53",    ERR_BUSY,    DB_SQL_WAIT },      /* out of disk, memory, connections */
	{ "58",    ERR_BUSY,    DB_SQL_WAIT },      /* I/O error */
	{ "08",    ERR_BUSY,    DB_SQL_RECONNECT }, /* connection exceptions */
	{ "0A000", ERR_BUSY,    DB_SQL_RECONNECT }, /* a cached plan no longer fits */
	{ "25006", ERR_BUSY,    DB_SQL_RECONNECT }, /* read-only: a standby */
	{ "26000", ERR_BUSY,    DB_SQL_RECONNECT }, /* the prepared statement is gone */
	{ "57",    ERR_BUSY,    DB_SQL_RECONNECT }, /* shutdown, starting up */
};
/* clang-format on */

/*
 * The classes that the standard leaves to users, without those that PostgreSQL
 * took: PT400 of PostgREST, U0001.
 */
static bool
is_users_own(const char *sqlstate)
{
	return ((sqlstate[0] >= 'I' && sqlstate[0] <= 'Z') ||
	           (sqlstate[0] >= '5' && sqlstate[0] <= '9')) &&
	       strncmp(sqlstate, "XX", 2) != 0 &&
	       strncmp(sqlstate, "72", 2) != 0;
}

enum err
db_sql_error(const char *sqlstate, enum db_sql_then *then)
{
	size_t i;

	*then = DB_SQL_RECONNECT;
	if (sqlstate == NULL)
		return ERR_BUSY;
	for (i = 0; i < ARRAY_LEN(meanings); i++)
		if (strncmp(sqlstate, meanings[i].prefix,
		        strlen(meanings[i].prefix)) == 0) {
			*then = meanings[i].then;
			return meanings[i].e;
		}
	*then = DB_SQL_GO_ON;
	return is_users_own(sqlstate) ? ERR_INVALID : ERR_INTERNAL;
}

enum err
db_sql_error_raised(const char *sqlstate, enum db_sql_then *then)
{
	static const char *const later[] = { "40", "53", "57" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(later); i++)
		if (strncmp(sqlstate, later[i], 2) == 0)
			return db_sql_error(sqlstate, then);
	*then = DB_SQL_GO_ON;
	return ERR_INVALID;
}
