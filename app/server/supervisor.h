/*
 * The supervisor.
 */
#ifndef LATCHKEY_SERVER_SUPERVISOR_H
#define LATCHKEY_SERVER_SUPERVISOR_H

#include "conf.h"

/*
 * Open the lanes' sockets, start the workers of each, and start them again
 * when they die, until SIGTERM or SIGINT. SIGHUP reads the configuration's file
 * and the key anew and, if both are good, replaces the workers one by one.
 * Returns the exit status, what went wrong on standard error.
 */
int supervisor_run(const struct conf *conf) MUST_CHECK;

#endif
