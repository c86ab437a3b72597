/*
 * The command `check`: verification of settings, key and database.
 */
#ifndef LATCHKEY_CMD_CHECK_H
#define LATCHKEY_CMD_CHECK_H

#include "conf.h"

/*
 * Verify the key, the list of passwords, the database and its schema, and print
 * the limits that follow from the settings. Problems go to standard error.
 * Returns the exit status.
 */
int check(const struct conf *conf);

#endif
