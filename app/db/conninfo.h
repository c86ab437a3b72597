/*
 * The connection string, as libpq reads it: what it says itself, the service
 * that it names, and the environment.
 */
#ifndef LATCHKEY_DB_CONNINFO_H
#define LATCHKEY_DB_CONNINFO_H

#include "db/hosts.h"
#include "db/ways.h"

/*
 * Does it parse, without a password in it? False, with a line on standard error
 * that shows nothing of it: it does not.
 */
bool db_conninfo_is_good(const char *conninfo) MUST_CHECK;

/*
 * The hosts of a good one. False, with a line on standard error: there are too
 * many. Lifetime: as db_hosts_read().
 */
bool db_conninfo_hosts(const char *conninfo, struct db_hosts *out) MUST_CHECK;

/* Add the files that libpq may read for a good one. */
void db_conninfo_files(const char *conninfo, struct db_ways *out);

#endif
