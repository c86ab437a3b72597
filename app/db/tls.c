/*
 * Certificates of the database's server.
 */
#include "base.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "db/tls.h"

static const char *fault; /* of the handshake that ended last */

/*
 * A handshake ends. libpq may begin one and release it in the same call, where
 * the server answers fast: OpenSSL alone knows of each. Its manual promises
 * nothing of an SSL that is about to go, but both values stand until it has
 * gone; t/unit/db_tls.c would show another version.
 */
static void
handshake_ended(void *ssl, void *data, CRYPTO_EX_DATA *all, int index,
    long number, void *arg)
{
	long result;

	(void)data;
	(void)all;
	(void)index;
	(void)number;
	(void)arg;
	/* OpenSSL has a result also where nothing was to be verified */
	if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0)
		return;
	result = SSL_get_verify_result(ssl);
	fault =
	    result != X509_V_OK ? X509_verify_cert_error_string(result) : NULL;
}

void
db_tls_watch(void)
{
	static bool watched;

	if (!watched)
		watched = SSL_get_ex_new_index(
		              0, NULL, NULL, NULL, handshake_ended) >= 0;
	fault = NULL;
}

const char *
db_tls_fault(void)
{
	return fault;
}
