/*
 * System calls of each process: the table, and the filter that is made of it.
 */
#ifndef LATCHKEY_SERVER_CALLS_H
#define LATCHKEY_SERVER_CALLS_H

#include "db/ways.h"

/* Processes of the table beside the roles, as ROLE_BIT()s are. */
#define CALLS_NAMES ROLE_BIT(ROLE_COUNT)           /* looks names up */
#define CALLS_SUPERVISOR ROLE_BIT(ROLE_COUNT + 1u) /* and a new program */

/*
 * Filter this process's calls, for ever: of the roles that it serves
 * (ROLE_BIT()s), or CALLS_NAMES; ways: how it reaches the database, by which it
 * makes sockets. Any call that is not in the table ends it by SIGSYS, after
 * metrics_call_refused(). False: see errno. Source: seccomp(2).
 */
bool calls_confine(unsigned by, const struct db_ways *ways) MUST_CHECK;

/*
 * The same for the supervisor, and so for each process that it makes: calls
 * that are in no table fail with ENOSYS, and those that only an attack makes
 * end the process by SIGSYS, after EVENT_CALL_REFUSED. inherited: the program
 * before this one has left such a filter, which lasts: two of them would cost
 * each call twice.
 */
bool calls_confine_supervisor(bool inherited) MUST_CHECK;

#endif
