/*
 * The command `migrate`: upgrade of the database schema.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "cmd/formats.h"
#include "cmd/migrate.h"
#include "cmd/operator.h"
#include "svc/schema.h"

static void
say_applied(int64_t version, const char *name, enum err result)
{
	if (result == ERR_OK)
		printf("applied %03" PRId64 "-%s\n", version, name);
	else
		fprintf(stderr,
		    "latchkey: migration %03" PRId64 "-%s failed and was "
		    "rolled back\n",
		    version, name);
}

static enum err
bring_up(struct ctx *c, const char *role)
{
	int64_t version;
	enum err e;

	if ((e = schema_migrate(c, say_applied, &version)) != ERR_OK)
		return e;
	printf("the schema is at version %" PRId64 "\n", version);
	if (role == NULL)
		return ERR_OK;
	if ((e = schema_grant(c, role)) == ERR_OK)
		printf("granted worker privileges to role %s\n", role);
	return e;
}

int
migrate(const struct conf *conf, char *const *arguments)
{
	struct conf patient = *conf;
	enum err e = ERR_INTERNAL;
	struct arena arena;
	struct app *app;
	struct ctx c;

	arena_init(&arena);
	/* an index on a large table takes its time */
	patient.db_timeout_ms = 0;
	app = app_open(&patient, NEED_DATABASE, 0);
	ctx_init(&c, app, &arena);
	if (app != NULL)
		e = bring_up(&c, arguments[0]);
	/* after a failure too: what was applied before stays */
	operator_note(arguments[0] != NULL ? "migrate and grant" : "migrate", 0,
	    NULL, e == ERR_OK ? ERR_OK : ERR_INTERNAL);
	if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database unavailable (see above)\n");
	arena_free(&arena);
	app_close(app);
	if (e == ERR_OK)
		formats_report(conf, 0);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
