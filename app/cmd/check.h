/*
 * The command `check`: is everything there that `serve` needs?
 */
#ifndef LATCHKEY_CMD_CHECK_H
#define LATCHKEY_CMD_CHECK_H

#include "conf.h"

/*
 * Look at the key, the list of passwords, the database and its schema, and
 * print the limits that follow from the settings. What is wrong goes to
 * standard error. Returns the exit status.
 */
int check(const struct conf *conf);

#endif
