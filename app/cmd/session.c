/*
 * The command `session`: sessions, as their operator ends them, and how large
 * their tables may become.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "cmd/operator.h"
#include "cmd/session.h"
#include "crypto/revoked.h"
#include "model.h"
#include "svc/schema.h"
#include "svc/session.h"

#define ROW_KIB 2 /* of a session, at most: with indexes and free space */

void
session_usage(FILE *out)
{
	fprintf(out,
	    "usage: latchkey session end ID\n"
	    "       latchkey session end --all\n"
	    "An ID is as latchkey user sessions NAME has it.\n"
	    "--all ends the sessions and tokens of everybody, as after "
	    "a restored backup,\nwhich has forgotten what had ended.\n");
}

static enum err
end_all(struct ctx *c)
{
	enum err e = session_end_all(c);

	operator_note("session end --all", 0, NULL, e);
	if (e == ERR_OK)
		printf("all sessions and tokens have ended\n");
	return e;
}

static enum err
end_one(struct ctx *c, const char *id)
{
	enum err e = session_end_any(c, id);

	operator_note("session end", 0, id, e);
	if (e == ERR_OK)
		printf("the session has ended\n");
	else if (e == ERR_NOTFOUND)
		fprintf(stderr,
		    "latchkey: no such session, or it has ended; latchkey user "
		    "sessions NAME lists them\n");
	return e;
}

static enum err
run(struct ctx *c, const char *what)
{
	enum err e = schema_ready(c);

	if (e == ERR_NOTFOUND || e == ERR_DENIED)
		fprintf(stderr, "latchkey: database not ready; latchkey check "
		                "says why\n");
	else if (e == ERR_OK)
		e = strcmp(what, "--all") == 0 ? end_all(c) : end_one(c, what);
	if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database unavailable (see above)\n");
	return e;
}

int
session_command(const struct conf *conf, char *const *arguments)
{
	struct arena arena;
	struct app *app;
	struct ctx c;
	enum err e;

	if (strcmp(arguments[0], "end") != 0 ||
	    (arguments[1][0] == '-' && strcmp(arguments[1], "--all") != 0)) {
		session_usage(stderr);
		return 2;
	}
	app = app_open(conf, NEED_DATABASE, DB_COMMAND);
	if (app == NULL)
		return EXIT_FAILURE;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	c.now_s = (int64_t)time(NULL);
	e = run(&c, arguments[1]);
	arena_free(&arena);
	app_close(app);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- for `check` --- */

static int64_t
kib(int64_t bytes)
{
	return (bytes + 1023) / 1024;
}

/* How long a row of latchkey_revoked stays: an hour at least counts, and
 * another one is for keepers that were away. */
static int64_t
stays_min(int64_t life_s)
{
	return ((life_s > 3600 ? life_s : 3600) + 3600) / 60 + 1;
}

static void
print_size(const struct session_size *size)
{
	printf("sessions: latchkey_session has %" PRId64
	       " KiB, and with %d sessions of each of %" PRId64
	       " accounts at most %" PRId64 " KiB\n",
	    kib(size->session_bytes), SESSIONS_OF_USER, size->users,
	    size->users * SESSIONS_OF_USER * ROW_KIB);
	printf("what has ended: latchkey_revoked has %" PRId64
	       " KiB, 1 KiB for 5 rows at most; a row stays for %" PRId64
	       " minutes, and %d sessions and %d users fit into memory\n",
	    kib(size->revoked_bytes), stays_min(size->life_s),
	    REVOKED_SESSIONS_MAX, REVOKED_USERS_MAX);
}

void
session_report(const struct conf *conf)
{
	struct app *app = app_open(conf, NEED_DATABASE, DB_COMMAND);
	struct session_size size;
	struct arena arena;
	struct ctx c;

	if (app == NULL)
		return;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	if (session_size(&c, &size) == ERR_OK)
		print_size(&size);
	arena_free(&arena);
	app_close(app);
}
