/*
 * Resources of a process, opened at its start, each only where it is needed.
 */
#ifndef LATCHKEY_APP_H
#define LATCHKEY_APP_H

#include "ctx.h"
#include "db/db.h"

/*
 * Open what is needed (NEED_ bits of role.h) by these settings, which are not
 * copied. used_by: whose statements are prepared, as db_new() takes it; no
 * connection is made yet.
 * NULL, with a line on standard error: a part cannot be opened.
 */
struct app *app_open(
    const struct conf *conf, unsigned needs, unsigned used_by) MUST_CHECK;

/*
 * In a forked process: wipe and close what was opened before and is not needed
 * here, open its own database connection if one is, and derive the keys of MACs
 * if they are. The secret that these come from is wiped either way. False, with
 * a line on standard error: a part cannot be had.
 */
bool app_narrow(struct app *app, unsigned needs, unsigned used_by) MUST_CHECK;

/* Wipe and close all of it, and release it. NULL is nothing to do. */
void app_close(struct app *app);

#endif
