/*
 * The command `client`: programs that ask for tokens.
 */
#ifndef LATCHKEY_CMD_CLIENT_H
#define LATCHKEY_CMD_CLIENT_H

#include <stdio.h>

#include "conf.h"

/*
 * arguments: what to do, options, and the client's id (client_usage()); ended
 * by NULL. A new secret goes to standard output, once. Returns the exit status:
 * 1 on failure, with a message, 2 for wrong arguments.
 */
int client_command(const struct conf *conf, char *const *arguments) MUST_CHECK;

/* Write how the command is used. */
void client_usage(FILE *out);

#endif
