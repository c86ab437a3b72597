/*
 * The worker process.
 */
#ifndef LATCHKEY_SERVE_H
#define LATCHKEY_SERVE_H

#include "conf.h"

/*
 * Answer requests until SIGTERM, on descriptor 0 if it is a listening socket
 * (spawn-fcgi), else on a Unix socket at conf's listen. Returns the exit
 * status, what went wrong on standard error.
 */
int serve(const struct conf *conf) MUST_CHECK;

#endif
