/*
 * The command `user`: account management.
 */
#ifndef LATCHKEY_CMD_USER_H
#define LATCHKEY_CMD_USER_H

#include <stdio.h>

#include "conf.h"

/*
 * arguments: what to do, the name of the account and what the action takes
 * beside it (user_usage()); ended by NULL. Passwords come
 * from cmd/prompt.c. Returns the exit status: 1 on failure, with a message, 2
 * for wrong arguments.
 */
int user_command(const struct conf *conf, char *const *arguments) MUST_CHECK;

/* Write how the command is used. */
void user_usage(FILE *out);

#endif
