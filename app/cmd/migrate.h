/*
 * The command `migrate`: upgrade of the database schema.
 */
#ifndef LATCHKEY_CMD_MIGRATE_H
#define LATCHKEY_CMD_MIGRATE_H

#include "conf.h"

/*
 * Apply the migrations that the database lacks. arguments: the workers' role,
 * which gets the privileges that they need, or NULL. Problems go to standard
 * error. Returns the exit status.
 */
int migrate(const struct conf *conf, char *const *arguments);

#endif
