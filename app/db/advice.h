/*
 * Remedies for failures of the database.
 */
#ifndef LATCHKEY_DB_ADVICE_H
#define LATCHKEY_DB_ADVICE_H

#include "base.h"

/*
 * The remedy of a failure, as a sentence without its full stop and without
 * quotation marks; NULL: the message says enough. sqlstate: NULL or "-" for a
 * failure of libpq's own, known by its message. Source: PostgreSQL
 * manual, appendix A.
 */
const char *db_advice(const char *sqlstate, const char *message);

/*
 * The error of a connection string that libpq refuses, as db_advice(), if it
 * has the form of another library; NULL: it has not. It shows nothing of the
 * string, which may hold a password.
 */
const char *db_advice_conninfo(const char *conninfo);

#endif
