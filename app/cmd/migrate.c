/*
 * The command `migrate`: the database's schema, brought to this version.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "cmd/migrate.h"
#include "cmd/operator.h"
#include "svc/schema.h"

int
migrate(const struct conf *conf, char *const *arguments)
{
	static const struct db_sql *const none[] = { NULL };
	struct conf patient = *conf;
	enum err e = ERR_INTERNAL;
	struct arena arena;
	struct app *app;
	struct ctx c;

	arena_init(&arena);
	/* an index on a large table takes its time */
	patient.db_timeout_ms = 0;
	app = app_open(&patient, NEED_DATABASE, none);
	ctx_init(&c, app, &arena);
	if (app != NULL)
		e = schema_migrate(&c);
	if (e == ERR_OK && arguments[0] != NULL)
		e = schema_grant(&c, arguments[0]);
	/* also one that failed: what was applied before stays */
	operator_note(arguments[0] != NULL ? "migrate and grant" : "migrate", 0,
	    e == ERR_OK ? ERR_OK : ERR_INTERNAL);
	if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database unavailable (see above)\n");
	arena_free(&arena);
	app_close(app);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
