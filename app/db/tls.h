/*
 * Certificates of the database's server: why one was refused. libpq says that
 * it was, and not why.
 */
#ifndef LATCHKEY_DB_TLS_H
#define LATCHKEY_DB_TLS_H

#include "base.h"

/* Watch the handshakes of this process from now on; forget those before. */
void db_tls_watch(void);

/*
 * Why the server's certificate was refused in the handshake that ended last, in
 * OpenSSL's words, which live on: "certificate has expired". NULL: it was not,
 * or there was none, or it was not to be verified.
 */
const char *db_tls_fault(void) MUST_CHECK;

#endif
