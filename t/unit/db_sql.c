/*
 * db/sql.c: parameters, and what errors mean.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "db/tables.h"
#include "exact.h"
#include "tap.h"

static void
test_params(struct arena *a)
{
	struct db_params p = DB_PARAMS("a", NULL, db_param_i64(a, -7));
	struct exact text = exact_copy("$1", sizeof("$1"));

	is_int(p.count, 3, "parameters are counted");
	is(p.value[2], "-7", "a negative number is a parameter");
	is(db_param_i64(a, INT64_MIN), "-9223372036854775808",
	    "the lowest number is a parameter");
	is_int(DB_NO_PARAMS.count, 0, "no parameters count as 0");
	is_int(
	    db_sql_params("SELECT 1"), 0, "a text without parameters has none");
	is_int(db_sql_params("SELECT $2, $1"), 2,
	    "the highest number of a parameter counts");
	is_int(db_sql_params("SELECT $1::int, $2, $1"), 2,
	    "the type of a parameter is no part of its number");
	is_int(db_sql_params("SELECT $10/2"), 10,
	    "a parameter may have a number that ends in 0");
	is_int(
	    db_sql_params("SELECT $9"), 9, "a parameter may have the number 9");
	text.memory[0] = '\'';
	is_int(
	    db_sql_params(text.bytes), 1, "a text may begin with a parameter");
	free(text.memory);
	is_int(
	    db_sql_params("SELECT $12"), 12, "a parameter may have two digits");
	is_int(db_sql_params("a LIKE '$2_$%' OR a LIKE '$y$%'"), 0,
	    "the beginning of a hash is no parameter");
}

/* What each SQLSTATE means, as err and then. */
static void
test_errors(void)
{
	static const struct {
		const char *sqlstate;
		enum err e;
		enum db_sql_then then;
	} cases[] = {
		{ NULL, ERR_BUSY, DB_SQL_RECONNECT },
		{ "08006", ERR_BUSY, DB_SQL_RECONNECT },
		{ "08P01", ERR_BUSY, DB_SQL_RECONNECT },
		{ "57P01", ERR_BUSY, DB_SQL_RECONNECT },
		{ "57P03", ERR_BUSY, DB_SQL_RECONNECT },
		{ "25006", ERR_BUSY, DB_SQL_RECONNECT },
		{ "26000", ERR_BUSY, DB_SQL_RECONNECT },
		{ "0A000", ERR_BUSY, DB_SQL_RECONNECT },
		{ "57014", ERR_BUSY, DB_SQL_GO_ON },
		{ "40001", ERR_BUSY, DB_SQL_GO_ON },
		{ "40P01", ERR_BUSY, DB_SQL_GO_ON },
		{ "55P03", ERR_BUSY, DB_SQL_GO_ON },
		{ "42501", ERR_BUSY, DB_SQL_WAIT },
		{ "42P01", ERR_BUSY, DB_SQL_WAIT },
		{ "42703", ERR_BUSY, DB_SQL_WAIT },
		{ "53100", ERR_BUSY, DB_SQL_WAIT },
		{ "58030", ERR_BUSY, DB_SQL_WAIT },
		{ "22001", ERR_INVALID, DB_SQL_GO_ON },
		{ "23505", ERR_INVALID, DB_SQL_GO_ON },
		{ "44000", ERR_INVALID, DB_SQL_GO_ON },
		{ "54000", ERR_INVALID, DB_SQL_GO_ON },
		{ "09000", ERR_INVALID, DB_SQL_GO_ON },
		{ "38000", ERR_INVALID, DB_SQL_GO_ON },
		{ "45000", ERR_INVALID, DB_SQL_GO_ON },
		{ "P0001", ERR_INVALID, DB_SQL_GO_ON },
		{ "P0004", ERR_INVALID, DB_SQL_GO_ON },
		{ "PT400", ERR_INVALID, DB_SQL_GO_ON },
		{ "U0001", ERR_INVALID, DB_SQL_GO_ON },
		{ "I0000", ERR_INVALID, DB_SQL_GO_ON },
		{ "ZZZZZ", ERR_INVALID, DB_SQL_GO_ON },
		{ "50001", ERR_INVALID, DB_SQL_GO_ON },
		{ "99999", ERR_INVALID, DB_SQL_GO_ON },
		{ "55000", ERR_BUSY, DB_SQL_GO_ON },
		{ "27000", ERR_BUSY, DB_SQL_GO_ON },
		{ "20000", ERR_BUSY, DB_SQL_GO_ON },
		{ "21000", ERR_BUSY, DB_SQL_GO_ON },
		{ "2F005", ERR_BUSY, DB_SQL_GO_ON },
		{ "39004", ERR_BUSY, DB_SQL_GO_ON },
		{ "HV000", ERR_BUSY, DB_SQL_GO_ON },
		{ "42601", ERR_BUSY, DB_SQL_GO_ON },
		{ "42883", ERR_BUSY, DB_SQL_GO_ON },
		{ "H9999", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "a0000", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "X0000", ERR_INVALID, DB_SQL_GO_ON },
		{ "7Z000", ERR_INVALID, DB_SQL_GO_ON },
		{ "49999", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "72000", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "25P02", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "XX000", ERR_INTERNAL, DB_SQL_GO_ON },
	};
	enum db_sql_then then;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		const char *s = cases[i].sqlstate;

		ok(db_sql_error(s, &then) == cases[i].e &&
		        then == cases[i].then,
		    tap_with("an SQLSTATE has its error and its outcome", s));
	}
}

/* The same of what PL/pgSQL's RAISE made. */
static void
test_raised(void)
{
	static const char *const refused[] = { "P0001", "23514", "42501",
		"42601", "0A000", "25006", "XX000", "28000", "55000" };
	static const char *const later[] = { "40001", "57014", "53400" };
	enum db_sql_then then, other;
	size_t i;

	for (i = 0; i < ARRAY_LEN(refused); i++)
		ok(db_sql_error_raised(refused[i], &then) == ERR_INVALID &&
		        then == DB_SQL_GO_ON,
		    tap_with("an SQLSTATE of a trigger that refuses a value",
		        refused[i]));
	for (i = 0; i < ARRAY_LEN(later); i++)
		ok(db_sql_error_raised(later[i], &then) == ERR_BUSY &&
		        db_sql_error(later[i], &other) == ERR_BUSY &&
		        then == other,
		    tap_with(
		        "an SQLSTATE of a trigger that asks for another try",
		        later[i]));
}

/* Each statement is some process's, and has a name of its own. */
static void
test_tables(void)
{
	const struct db_sql *const *table, *s, *other;

	for (table = db_tables; *table != NULL; table++)
		for (s = *table; s->name != NULL; s++) {
			ok((s->used_by & DB_ALL) != 0 || s->direct,
			    tap_with(
			        "a process prepares the statement, or sends it as it is",
			        s->name));
			for (other = s + 1; other->name != NULL; other++)
				if (strcmp(s->name, other->name) == 0)
					ok(0, "two statements share a name");
		}
}

int
main(void)
{
	struct arena a;

	arena_init(&a);
	test_params(&a);
	test_errors();
	test_raised();
	test_tables();
	arena_free(&a);
	return done();
}
