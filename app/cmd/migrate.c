/*
 * The command `migrate`: the database's schema, brought to this version.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/migrate.h"
#include "cmd/operator.h"
#include "svc/schema.h"

int
migrate(const struct conf *conf, char *const *arguments)
{
	static const struct db_sql *const none[] = { NULL };
	struct arena arena;
	struct ctx c = { .conf = conf, .arena = &arena };
	enum err e = ERR_INTERNAL;

	arena_init(&arena);
	/* without a time limit: an index on a large table takes its time */
	c.db = db_new(conf->database, 0, none);
	if (c.db != NULL)
		e = schema_migrate(&c);
	if (e == ERR_OK && arguments[0] != NULL)
		e = schema_grant(&c, arguments[0]);
	/* also one that failed: what was applied before stays */
	operator_note(arguments[0] != NULL ? "migrate and grant" : "migrate", 0,
	    e == ERR_OK ? ERR_OK : ERR_INTERNAL);
	if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database: not usable, see above\n");
	db_free(c.db);
	arena_free(&arena);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
