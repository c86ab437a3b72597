/*
 * Signals of the supervisor and of what it forks: those that mean something,
 * and all others, which a service is sent as well and must outlive.
 */
#ifndef LATCHKEY_SERVER_SIGNALS_H
#define LATCHKEY_SERVER_SIGNALS_H

#include <signal.h>

#include "base.h"

/*
 * In the supervisor, before it forks: catch SIGTERM, SIGINT and SIGQUIT, which
 * stop, SIGHUP, which reloads, SIGCHLD, and SIGUSR1 and SIGUSR2, which are only
 * logged. They are blocked from then on; *waiting is the mask without them, for
 * ppoll(2). Every other signal that would end or stop a process is ignored,
 * real-time ones included, but for SIGKILL, SIGSTOP, and those that report a
 * bug: SIGABRT, SIGSEGV and the like. Source: signal(7).
 */
void signals_catch(sigset_t *waiting);

/* Has one come that stops? */
bool signals_stop_asked(void);

/* Has SIGHUP come since the last call? */
bool signals_take_reload(void);

/*
 * The name of a signal that has come since the last call and does nothing, such
 * as "USR1"; NULL: none. (Others are ignored without a trace.)
 */
const char *signals_take_other(void);

/*
 * In a forked process: SIGTERM, SIGINT and SIGQUIT end it, until
 * signals_block_stop(), and the others that the supervisor catches do nothing.
 * mask: *waiting of signals_catch().
 */
void signals_reset(const sigset_t *mask);

/* Block those that stop, for signalfd(2); *out: their set. */
void signals_block_stop(sigset_t *out);

#endif
