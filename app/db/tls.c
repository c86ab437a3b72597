/*
 * Certificates of the database's server.
 */
#include "base.h"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "db/tls.h"

void
db_tls_release(void **held)
{
	SSL_free(*held);
	*held = NULL;
}

void
db_tls_hold(void **held, void *ssl)
{
	if (ssl == NULL || ssl == *held || SSL_up_ref(ssl) != 1)
		return;
	db_tls_release(held);
	*held = ssl;
}

const char *
db_tls_fault(const void *held)
{
	long result;

	/* OpenSSL has a result also where nothing was to be verified */
	if (held == NULL || (SSL_get_verify_mode(held) & SSL_VERIFY_PEER) == 0)
		return NULL;
	result = SSL_get_verify_result(held);
	return result != X509_V_OK ? X509_verify_cert_error_string(result)
	                           : NULL;
}
