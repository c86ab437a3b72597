/*
 * The command `user`: accounts by the operator's hand.
 */
#ifndef LATCHKEY_CMD_USER_H
#define LATCHKEY_CMD_USER_H

#include "conf.h"

/*
 * arguments: what to do (add, list, show, disable, enable, logout, passwd), the
 * name of the account and, to add, a full name; ended by NULL. Passwords come
 * from cmd/prompt.c. Returns the process's exit status: 1, said why, if it
 * could not be done, 2 if the arguments are not understood.
 */
int user_command(const struct conf *conf, char *const *arguments) MUST_CHECK;

#endif
