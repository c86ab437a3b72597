/*
 * Failures of the database: counted, and told in the log.
 */
#ifndef LATCHKEY_DB_FAILURE_H
#define LATCHKEY_DB_FAILURE_H

#include "base.h"
#include "stats/shm.h"

/*
 * Count a failure and write its line: what was done, the SQLSTATE (NULL: none),
 * and of libpq's or the server's message the first line, with what to do about
 * it (db/advice.h). lacking: privileges that the role lacks; NULL: not known.
 */
void db_failure(const char *what, const char *sqlstate, const char *message,
    const char *lacking);

/* Count a failure that has its line already. */
void db_failure_again(void);

/*
 * Is a line due? For the same statement and SQLSTATE it is once a minute, in
 * all processes of a service together. False: it was written by one of them.
 */
bool db_failure_is_due(const char *what, const char *sqlstate) MUST_CHECK;

/* The processes of a service keep that minute here, together. */
extern const struct shm_section db_failure_section;

#endif
