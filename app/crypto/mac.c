/*
 * HMAC-SHA-256, SHA-256 and SipHash, and a key for each purpose.
 */
#include "base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "conf.h"
#include "crypto/mac.h"
#include "crypto/secret.h"
#include "lib/log.h"
#include "stats/event.h"

/* A purpose's label is part of what is in the database and in browsers. */
static const char *const labels[PURPOSES] = {
	[PURPOSE_RATELIMIT] = "throttle",
	[PURPOSE_DEVICE] = "device",
	[PURPOSE_DECOY] = "decoy",
	[PURPOSE_NETWORK] = "network",
	[PURPOSE_REFRESH] = "refresh",
	[PURPOSE_PROOF] = "proof",
};

/* --- one key --- */

/* OpenSSL's, which mac.h does not name. */
static EVP_MAC_CTX *
context_of(struct mac_key *key)
{
	return (EVP_MAC_CTX *)key;
}

struct mac_key *
mac_key_new(const void *bytes, size_t len)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
		                          OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac);
	if (ctx != NULL && EVP_MAC_init(ctx, bytes, len, params) == 1)
		return (struct mac_key *)ctx;
	EVP_MAC_CTX_free(ctx);
	event_library_failed("mac_key");
	return NULL;
}

void
mac_key_free(struct mac_key *key)
{
	EVP_MAC_CTX_free(context_of(key));
}

/* Begin with the key that it has. */
static bool
begin(EVP_MAC_CTX *ctx)
{
	return EVP_MAC_init(ctx, NULL, 0, NULL) == 1;
}

static bool
add(EVP_MAC_CTX *ctx, const void *bytes, size_t n)
{
	return EVP_MAC_update(ctx, bytes, n) == 1;
}

static bool
end(EVP_MAC_CTX *ctx, unsigned char out[MAC_BYTES])
{
	size_t n;

	return EVP_MAC_final(ctx, out, &n, MAC_BYTES) == 1 && n == MAC_BYTES;
}

bool
mac_bytes(struct mac_key *key, const void *bytes, size_t n,
    unsigned char out[MAC_BYTES])
{
	EVP_MAC_CTX *ctx = context_of(key);

	return begin(ctx) && add(ctx, bytes, n) && end(ctx, out);
}

bool
mac_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool
mac_sha256(const void *bytes, size_t n, unsigned char out[MAC_BYTES])
{
	/* EVP_Q_digest() would look the algorithm up each time */
	static EVP_MD *sha256;
	static EVP_MD_CTX *ctx;

	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	return sha256 != NULL && ctx != NULL &&
	       EVP_DigestInit_ex2(ctx, sha256, NULL) == 1 &&
	       EVP_DigestUpdate(ctx, bytes, n) == 1 &&
	       EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

bool
mac_short(const unsigned char key[MAC_SHORT_BYTES], const void *bytes, size_t n,
    unsigned char out[MAC_SHORT_BYTES])
{
	static EVP_MAC_CTX *ctx;
	EVP_MAC *siphash;
	size_t n_out;

	if (ctx == NULL &&
	    (siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL)) != NULL) {
		ctx = EVP_MAC_CTX_new(siphash);
		EVP_MAC_free(siphash);
	}
	return ctx != NULL &&
	       EVP_MAC_init(ctx, key, MAC_SHORT_BYTES, NULL) == 1 &&
	       EVP_MAC_update(ctx, bytes, n) == 1 &&
	       EVP_MAC_final(ctx, out, &n_out, MAC_SHORT_BYTES) == 1 &&
	       n_out == MAC_SHORT_BYTES;
}

/* The HMAC of texts with their ends. */
static bool
mac_texts(
    struct mac_key *key, const char *const *texts, unsigned char out[MAC_BYTES])
{
	EVP_MAC_CTX *ctx = context_of(key);
	bool good = begin(ctx);

	for (; good && *texts != NULL; texts++)
		good = add(ctx, *texts, strlen(*texts) + 1);
	return good && end(ctx, out);
}

bool
mac_key_name(struct mac_key *key, char out[MAC_NAME_BYTES])
{
	unsigned char mac[MAC_BYTES];

	if (!mac_texts(key, (const char *[]){ "latchkey", "kid", NULL }, mac)) {
		event_library_failed("mac_key_name");
		return false;
	}
	snprintf(out, MAC_NAME_BYTES, "%02x%02x%02x%02x", mac[0], mac[1],
	    mac[2], mac[3]);
	explicit_bzero(mac, sizeof(mac));
	return true;
}

/* --- a key for each purpose --- */

bool
mac_secret_load(const struct conf *conf, struct secret *out)
{
	if (conf->secret_file[0] != '\0')
		return secret_load("secret_file", conf->secret_file, out);
	if (conf->key_file[0] != '\0')
		return secret_load("key_file", conf->key_file, out);
	log_say("secret_file has to be set where key_file is \"\"");
	return false;
}

/* NULL: it is logged. */
static struct mac_key *
derive(struct mac_key *master, const char *label)
{
	unsigned char bytes[MAC_BYTES];
	struct mac_key *key = NULL;

	if (mac_texts(
	        master, (const char *[]){ "latchkey", label, NULL }, bytes))
		key = mac_key_new(bytes, sizeof(bytes));
	else
		event_library_failed("mac_derive");
	explicit_bzero(bytes, sizeof(bytes));
	return key;
}

bool
mac_derive(struct secret *secret, unsigned purposes, struct secrets *out)
{
	struct mac_key *master;
	unsigned i, derived = 0;

	/* keys of an empty secret would be known to everybody */
	assert(secret->len >= SECRET_MIN_BYTES);
	master = mac_key_new(secret->bytes, secret->len);
	explicit_bzero(secret, sizeof(*secret));
	*out = (struct secrets){ { NULL } };
	for (i = 0; i < PURPOSES && master != NULL; i++) {
		if ((purposes & PURPOSE_BIT(i)) != 0)
			out->key[i] = derive(master, labels[i]);
		if (out->key[i] != NULL)
			derived |= PURPOSE_BIT(i);
	}
	mac_key_free(master);
	if (derived == purposes)
		return true;
	mac_forget(out);
	return false;
}

void
mac_forget(struct secrets *secrets)
{
	size_t i;

	for (i = 0; i < PURPOSES; i++)
		mac_key_free(secrets->key[i]);
	*secrets = (struct secrets){ { NULL } };
}

bool
mac_make(const struct secrets *secrets, enum purpose purpose,
    const char *const *texts, unsigned char out[MAC_BYTES])
{
	assert(secrets->key[purpose] != NULL);
	if (mac_texts(secrets->key[purpose], texts, out))
		return true;
	event_library_failed("mac_make");
	return false;
}
