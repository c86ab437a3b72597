/*
 * What a process opens at its start, each part only where it is needed.
 */
#ifndef LATCHKEY_APP_H
#define LATCHKEY_APP_H

#include "ctx.h"
#include "db/db.h"

/* What a process needs; as bits. */
enum need {
	NEED_DATABASE = 1, /* a connection of its own */
	NEED_KEYS = 2,     /* to verify tokens */
	NEED_SECRETS = 4,  /* to sign them, and to make MACs */
	NEED_HASHING = 8   /* to judge and hash passwords */
};

#define NEED_ALL (NEED_DATABASE | NEED_KEYS | NEED_SECRETS | NEED_HASHING)

/*
 * Open what is needed by these settings, which are not copied. prepare: the
 * database's statements, as db_new() takes them; no connection is made yet.
 * NULL, with a line on standard error: a part cannot be opened.
 */
struct app *app_open(const struct conf *conf, unsigned needs,
    const struct db_sql *const *prepare) MUST_CHECK;

/*
 * In a forked process: wipe and close what was opened before and is not needed
 * here, and get a database connection of its own if one is. False, with a line
 * on standard error: it cannot be had.
 */
bool app_narrow(struct app *app, unsigned needs,
    const struct db_sql *const *prepare) MUST_CHECK;

/* Wipe and close all of it, and release it. NULL is nothing to do. */
void app_close(struct app *app);

#endif
