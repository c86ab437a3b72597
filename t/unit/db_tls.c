/*
 * db/tls.c: why a certificate was refused, of a handshake that nobody holds
 * when it fails.
 */
#include "base.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "db/tls.h"
#include "tap.h"

/* A server with a certificate that is good for so many seconds from now. */
static SSL_CTX *
new_server(long good_s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	if (ctx == NULL || key == NULL || cert == NULL || name == NULL)
		abort();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"db.example.org", -1, -1, 0);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_set_subject_name(cert, name);
	X509_set_issuer_name(cert, name);
	X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(cert), good_s);
	X509_set_pubkey(cert, key);
	if (X509_sign(cert, key, EVP_sha256()) == 0 ||
	    SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		abort();
	X509_NAME_free(name);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}

/*
 * A handshake with that server, who is trusted if is_trusted, and the end of
 * both sides. True: it was accepted.
 */
static bool
shake_hands(SSL_CTX *server_ctx, bool is_trusted, int verify)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *client, *server;
	BIO *a, *b;
	int i, met = 0;

	if (ctx == NULL || BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		abort();
	SSL_CTX_set_verify(ctx, verify, NULL);
	if (is_trusted)
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx),
		    SSL_CTX_get0_certificate(server_ctx));
	client = SSL_new(ctx);
	server = SSL_new(server_ctx);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (i = 0; i < 10 && met != 1; i++) {
		met = SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(ctx);
	return met == 1;
}

int
main(void)
{
	SSL_CTX *good = new_server(7200), *expired = new_server(-3600);

	db_tls_watch();
	is(db_tls_fault(), NULL, "before a handshake there is no fault");
	ok(!shake_hands(expired, true, SSL_VERIFY_PEER),
	    "an expired certificate is refused");
	is(db_tls_fault(), "certificate has expired",
	    "the fault of an expired certificate is known after its release");
	ok(shake_hands(good, true, SSL_VERIFY_PEER),
	    "a good certificate is accepted");
	is(db_tls_fault(), NULL, "the next handshake takes a fault away");
	ok(!shake_hands(good, false, SSL_VERIFY_PEER),
	    "a certificate of an unknown issuer is refused");
	is(db_tls_fault(), "self-signed certificate",
	    "the fault of an unknown issuer is known");
	db_tls_watch();
	is(db_tls_fault(), NULL, "a new connection begins without fault");
	ok(shake_hands(expired, false, SSL_VERIFY_NONE),
	    "without verification all are accepted");
	is(db_tls_fault(), NULL, "what was not verified has no fault");
	SSL_CTX_free(good);
	SSL_CTX_free(expired);
	return done();
}
