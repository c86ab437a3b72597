/*
 * Supervisor of the worker processes.
 */
#ifndef LATCHKEY_SERVER_SUPERVISOR_H
#define LATCHKEY_SERVER_SUPERVISOR_H

#include "conf.h"

/*
 * Open the lanes' sockets, start the workers of each, and replace those that
 * die, until SIGTERM or SIGINT. SIGHUP reloads settings and key and, if both
 * are good, replaces the workers one by one. Returns the exit status; problems
 * go to standard error.
 */
int supervisor_run(const struct conf *conf) MUST_CHECK;

#endif
