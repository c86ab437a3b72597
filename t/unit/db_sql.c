/*
 * db/sql.c: parameters, and what errors mean.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "db/sql.h"
#include "db/tables.h"
#include "tap.h"

static void
test_params(struct arena *a)
{
	struct db_params p = DB_PARAMS("a", NULL, db_param_i64(a, -7));

	is_int(p.count, 3, "parameters are counted");
	is(p.value[2], "-7", "a negative number is a parameter");
	is(db_param_i64(a, INT64_MIN), "-9223372036854775808",
	    "the lowest number is a parameter");
	is_int(DB_NO_PARAMS.count, 0, "no parameters are none");
	is_int(db_sql_params("SELECT 1"), 0, "a text without parameters");
	is_int(db_sql_params("SELECT $2, $1"), 2, "the highest one counts");
	is_int(db_sql_params("SELECT $12"), 12, "of two digits, too");
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
		{ "42601", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "25P02", ERR_INTERNAL, DB_SQL_GO_ON },
		{ "XX000", ERR_INTERNAL, DB_SQL_GO_ON },
	};
	enum db_sql_then then;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		const char *s = cases[i].sqlstate;

		ok(db_sql_error(s, &then) == cases[i].e &&
		        then == cases[i].then,
		    s != NULL ? s : "no SQLSTATE");
	}
}

/* Each statement is some process's, and has a name of its own. */
static void
test_tables(void)
{
	const struct db_sql *const *table, *s, *other;

	for (table = db_tables; *table != NULL; table++)
		for (s = *table; s->name != NULL; s++) {
			ok((s->used_by & DB_ALL) != 0, s->name);
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
	test_tables();
	arena_free(&a);
	return done();
}
