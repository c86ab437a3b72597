/*
 * Failures of the database: counted, and told in the log.
 */
#ifndef LATCHKEY_DB_FAILURE_H
#define LATCHKEY_DB_FAILURE_H

#include "base.h"

/*
 * Count a failure and write its line: what was done, the SQLSTATE (NULL: none),
 * and of libpq's or the server's message the first line. lacking: privileges
 * that the role lacks; NULL: not known.
 */
void db_failure(const char *what, const char *sqlstate, const char *message,
    const char *lacking);

/* Count a failure that has its line already. */
void db_failure_again(void);

/*
 * Is a line due? For the same statement and SQLSTATE it is once a minute, in
 * all processes together. False: it was written by one of them.
 */
bool db_failure_is_due(const char *what, const char *sqlstate) MUST_CHECK;

/*
 * For the supervisor, before it forks: let its workers keep that minute
 * together. Without it each keeps its own. False: no memory.
 */
bool db_failure_share_memory(void) MUST_CHECK;

#endif
