/*
 * The command `session`: sessions, as their operator ends them, and how large
 * their tables may become.
 */
#ifndef LATCHKEY_CMD_SESSION_H
#define LATCHKEY_CMD_SESSION_H

#include <stdio.h>

#include "conf.h"

/*
 * arguments: what to do, and its argument (session_usage()); ended by NULL.
 * Returns the exit status: 1 on failure, with a message, 2 for wrong arguments.
 */
int session_command(const struct conf *conf, char *const *arguments) MUST_CHECK;

/* Write how the command is used. */
void session_usage(FILE *out);

/*
 * Print how large the tables of sessions and of what has ended are, and may
 * become. Nothing is printed where the database does not answer, which is
 * logged.
 */
void session_report(const struct conf *conf);

#endif
