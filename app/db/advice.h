/*
 * Remedies for failures of the database, in a few words.
 */
#ifndef LATCHKEY_DB_ADVICE_H
#define LATCHKEY_DB_ADVICE_H

#include "base.h"

/*
 * What an operator does about a failure, as a sentence without its end and
 * without quotation marks; NULL: the message says enough. sqlstate: NULL or "-"
 * if the failure is libpq's own, whose message is looked at then.
 * Source: PostgreSQL manual, appendix A.
 */
const char *db_advice(const char *sqlstate, const char *message);

/*
 * What is wrong with a connection string that libpq does not take, as
 * db_advice(), if it is in the form of another library; NULL: it is not.
 * Nothing of the string is shown, since it may hold a password.
 */
const char *db_advice_conninfo(const char *conninfo);

#endif
