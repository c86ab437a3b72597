/*
 * Certificates of the database's server: why one was refused. libpq says that
 * it was, and not why.
 */
#ifndef LATCHKEY_DB_TLS_H
#define LATCHKEY_DB_TLS_H

#include "base.h"

/*
 * Hold a handshake, an SSL of OpenSSL's, beyond its connection, and let go of
 * the one held before (*held). ssl may be NULL: then that is kept.
 */
void db_tls_hold(void **held, void *ssl);

/* Let go of it. It may be NULL. */
void db_tls_release(void **held);

/*
 * Why the server's certificate was refused in this handshake, in OpenSSL's
 * words: "certificate has expired". NULL: it was not, or there was none, or it
 * was not to be verified.
 */
const char *db_tls_fault(const void *held) MUST_CHECK;

#endif
