/*
 * The command `key`: the keys that sign tokens.
 */
#ifndef LATCHKEY_CMD_KEY_H
#define LATCHKEY_CMD_KEY_H

#include <stdio.h>

#include "conf.h"

/*
 * Run `latchkey key`: arguments begin with the action and end with NULL.
 * Returns the exit status; problems are reported on standard error.
 */
int key_command(const struct conf *conf, char *const *arguments);

/* How it is used. */
void key_usage(FILE *out);

#endif
