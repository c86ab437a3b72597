/*
 * Exposure of a connection: to a network, and to vulnerabilities of libpq.
 */
#ifndef LATCHKEY_DB_EXPOSURE_H
#define LATCHKEY_DB_EXPOSURE_H

#include "base.h"

/* As db_exposure(), which see; pg: libpq's connection, which is open. */
const char *db_exposure_network(void *pg) MUST_CHECK;

/*
 * The version of the loaded libpq, as PQlibVersion() has it (150018). *oldest:
 * the oldest version of its series, or of all if that series has ended, without
 * a vulnerability that SECURITY.md names.
 */
int db_exposure_library(int *oldest) MUST_CHECK;

#endif
