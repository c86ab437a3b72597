/*
 * Failures of the database, counted and logged.
 */
#ifndef LATCHKEY_DB_FAILURE_H
#define LATCHKEY_DB_FAILURE_H

#include "base.h"
#include "stats/shm.h"

/*
 * Count a failure and log it: what was done, the SQLSTATE (NULL: none), the
 * first line of libpq's or the server's message, and the remedy (db/advice.h).
 * lacking: privileges that the role lacks; NULL: unknown.
 */
void db_failure(const char *what, const char *sqlstate, const char *message,
    const char *lacking);

/* Count a failure that was logged already. */
void db_failure_again(void);

/*
 * Is a line due? There is one a minute for the same statement and SQLSTATE, in
 * all processes of a service together. False: one of them wrote it.
 */
bool db_failure_is_due(const char *what, const char *sqlstate) MUST_CHECK;

/* The times of the next lines, shared by the processes of a service. */
extern const struct shm_section db_failure_section;

#endif
