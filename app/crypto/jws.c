/*
 * Signatures of tokens by key pairs: ES256, EdDSA (Ed25519) and RS256.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/jws.h"
#include "crypto/mac.h"
#include "lib/text.h"
#include "stats/event.h"

#define HALF_BYTES                                                            \
	32            /* of each number of an ES256 signature, and of a point \
	               */
#define PAIR_BYTES 64 /* of a signature of ES256 or Ed25519 */

const char *const jws_alg_name[JWS_ALGS] = {
	[JWS_HS256] = "HS256",
	[JWS_ES256] = "ES256",
	[JWS_EDDSA] = "EdDSA",
	[JWS_RS256] = "RS256",
};

/* The kind of key, and what of a message is signed (NULL: all of it). */
static const struct {
	const char *type, *digest;
} kinds[JWS_ALGS] = {
	[JWS_ES256] = { "EC", "SHA256" },
	[JWS_EDDSA] = { "ED25519", NULL },
	[JWS_RS256] = { "RSA", "SHA256" },
};

/* OpenSSL's, which jws.h does not name. */
static EVP_PKEY *
pkey_of(const struct jws_key *key)
{
	return (EVP_PKEY *)(uintptr_t)key;
}

/* Its algorithm: each has a kind of key. */
static enum jws_alg
alg_of(const struct jws_key *key)
{
	switch (EVP_PKEY_get_base_id(pkey_of(key))) {
	case EVP_PKEY_EC:
		return JWS_ES256;
	case EVP_PKEY_ED25519:
		return JWS_EDDSA;
	default:
		return JWS_RS256;
	}
}

/* --- one half of a pair --- */

struct jws_key *
jws_key_new(enum jws_alg alg)
{
	EVP_PKEY *pkey;

	if (alg == JWS_ES256)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	else if (alg == JWS_RS256)
		pkey = EVP_PKEY_Q_keygen(
		    NULL, NULL, "RSA", (size_t)JWS_RSA_MIN_BITS);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, kinds[alg].type);
	if (pkey == NULL)
		event_library_failed("jws_key");
	return (struct jws_key *)pkey;
}

static bool
is_p256(EVP_PKEY *pkey)
{
	char group[32];

	return EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

/* Is this a key of that algorithm, and of a size that is good? */
static bool
is_of(EVP_PKEY *pkey, enum jws_alg alg)
{
	int bits;

	if (kinds[alg].type == NULL ||
	    EVP_PKEY_is_a(pkey, kinds[alg].type) != 1)
		return false;
	if (alg == JWS_ES256)
		return is_p256(pkey);
	bits = EVP_PKEY_get_bits(pkey);
	return alg != JWS_RS256 ||
	       (bits >= JWS_RSA_MIN_BITS && bits <= JWS_RSA_MAX_BITS);
}

/* OpenSSL would ask for it on the terminal. */
static int /* NOLINTNEXTLINE(readability-non-const-parameter): its type */
no_password(char *out, int size, int writing, void *of)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)of;
	return -1;
}

static struct jws_key *
read_half(enum jws_alg alg, const char *pem, size_t n, bool is_private)
{
	BIO *bio = n <= JWS_PEM_BYTES ? BIO_new_mem_buf(pem, (int)n) : NULL;
	EVP_PKEY *pkey = NULL;

	if (bio != NULL && is_private)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	else if (bio != NULL)
		pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (pkey != NULL && !is_of(pkey, alg)) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	ERR_clear_error();
	return (struct jws_key *)pkey;
}

struct jws_key *
jws_key_private(enum jws_alg alg, const char *pem, size_t n)
{
	return read_half(alg, pem, n, true);
}

struct jws_key *
jws_key_public(enum jws_alg alg, const char *pem, size_t n)
{
	return read_half(alg, pem, n, false);
}

bool
jws_key_write(const struct jws_key *pair, char out[JWS_PEM_BYTES])
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool good = bio != NULL &&
	            PEM_write_bio_PrivateKey(
	                bio, pkey_of(pair), NULL, NULL, 0, NULL, NULL) == 1 &&
	            PEM_write_bio_PUBKEY(bio, pkey_of(pair)) == 1;
	int n = good ? BIO_read(bio, out, JWS_PEM_BYTES) : 0;

	BIO_free(bio);
	if (n <= 0 || n == JWS_PEM_BYTES)
		return false;
	out[n] = '\0';
	return true;
}

bool
jws_key_fits(const struct jws_key *one, const struct jws_key *other)
{
	return EVP_PKEY_eq(pkey_of(one), pkey_of(other)) == 1;
}

void
jws_key_free(struct jws_key *key)
{
	EVP_PKEY_free(pkey_of(key));
}

/* --- the public half for others --- */

#define NUMBER_CHARS (JWS_SIGNATURE_MAX_BYTES * 4 / 3 + 4)

/*
 * A number of the public half in base64url: of HALF_BYTES bytes, or, where
 * shortest is true, of as few as it has.
 */
static bool
write_number(const struct jws_key *key, const char *name, bool shortest,
    char out[NUMBER_CHARS])
{
	unsigned char bytes[JWS_SIGNATURE_MAX_BYTES];
	BIGNUM *number = NULL;
	int n = -1;

	if (EVP_PKEY_get_bn_param(pkey_of(key), name, &number) == 1 &&
	    BN_num_bytes(number) <= (int)sizeof(bytes))
		n = BN_bn2binpad(number, bytes,
		    shortest ? BN_num_bytes(number) : HALF_BYTES);
	BN_free(number);
	if (n <= 0)
		return false;
	text_base64url(bytes, (size_t)n, out);
	return true;
}

static bool
write_point(const struct jws_key *key, char out[JWS_JWK_BYTES])
{
	char x[NUMBER_CHARS], y[NUMBER_CHARS];

	if (!write_number(key, OSSL_PKEY_PARAM_EC_PUB_X, false, x) ||
	    !write_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, false, y))
		return false;
	snprintf(out, JWS_JWK_BYTES,
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.43s\",\"y\":\"%.43s\"}",
	    x, y);
	return true;
}

static bool
write_edwards(const struct jws_key *key, char out[JWS_JWK_BYTES])
{
	unsigned char bytes[HALF_BYTES];
	char x[NUMBER_CHARS];
	size_t n = sizeof(bytes);

	if (EVP_PKEY_get_raw_public_key(pkey_of(key), bytes, &n) != 1)
		return false;
	text_base64url(bytes, n, x);
	snprintf(out, JWS_JWK_BYTES,
	    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.43s\"}", x);
	return true;
}

static bool
write_rsa(const struct jws_key *key, char out[JWS_JWK_BYTES])
{
	char e[NUMBER_CHARS], n[NUMBER_CHARS];

	if (!write_number(key, OSSL_PKEY_PARAM_RSA_E, true, e) ||
	    !write_number(key, OSSL_PKEY_PARAM_RSA_N, true, n))
		return false;
	return snprintf(out, JWS_JWK_BYTES,
	           "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e,
	           n) < JWS_JWK_BYTES;
}

bool
jws_jwk(const struct jws_key *key, char out[JWS_JWK_BYTES])
{
	switch (alg_of(key)) {
	case JWS_ES256:
		return write_point(key, out);
	case JWS_EDDSA:
		return write_edwards(key, out);
	default:
		return write_rsa(key, out);
	}
}

bool
jws_thumbprint(const struct jws_key *key, char out[JWS_THUMBPRINT_BYTES])
{
	unsigned char digest[MAC_BYTES];
	char jwk[JWS_JWK_BYTES];

	if (!jws_jwk(key, jwk) || !mac_sha256(jwk, strlen(jwk), digest))
		return false;
	text_base64url(digest, sizeof(digest), out);
	return true;
}

/* --- signatures --- */

/* ES256: from OpenSSL's form (DER) to a token's, two numbers of 32 bytes. */
static bool
join_numbers(const unsigned char *der, size_t n, unsigned char *out)
{
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool good =
	    numbers != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(numbers), out, HALF_BYTES) > 0 &&
	    BN_bn2binpad(
	        ECDSA_SIG_get0_s(numbers), out + HALF_BYTES, HALF_BYTES) > 0;

	ECDSA_SIG_free(numbers);
	return good;
}

/* And back; the length, or 0. */
static size_t
part_numbers(const unsigned char *raw, unsigned char *out)
{
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, HALF_BYTES, NULL);
	BIGNUM *s = BN_bin2bn(raw + HALF_BYTES, HALF_BYTES, NULL);
	int n = 0;

	if (numbers != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(numbers, r, s) == 1) {
		r = s = NULL; /* they are its own now */
		n = i2d_ECDSA_SIG(numbers, &out);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(numbers);
	return n > 0 ? (size_t)n : 0;
}

bool
jws_sign(struct jws_key *key, const void *bytes, size_t n,
    unsigned char out[JWS_SIGNATURE_MAX_BYTES], size_t *out_n)
{
	enum jws_alg alg = alg_of(key);
	unsigned char made[JWS_SIGNATURE_MAX_BYTES];
	size_t made_n = sizeof(made);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL &&
	            EVP_DigestSignInit_ex(ctx, NULL, kinds[alg].digest, NULL,
	                NULL, pkey_of(key), NULL) == 1 &&
	            EVP_DigestSign(ctx, made, &made_n, bytes, n) == 1;

	EVP_MD_CTX_free(ctx);
	if (!good) {
		ERR_clear_error();
		return false;
	}
	*out_n = alg == JWS_ES256 ? PAIR_BYTES : made_n;
	if (alg == JWS_ES256)
		return join_numbers(made, made_n, out);
	memcpy(out, made, made_n);
	return true;
}

/* The length that each signature by this key has. */
static size_t
signature_bytes(const struct jws_key *key)
{
	return alg_of(key) == JWS_RS256
	           ? (size_t)EVP_PKEY_get_size(pkey_of(key))
	           : PAIR_BYTES;
}

bool
jws_verify(struct jws_key *key, const void *bytes, size_t n,
    const unsigned char *signature, size_t signature_n)
{
	enum jws_alg alg = alg_of(key);
	unsigned char der[PAIR_BYTES + 16];
	EVP_MD_CTX *ctx;
	bool good;

	if (signature_n != signature_bytes(key))
		return false;
	if (alg == JWS_ES256) {
		signature_n = part_numbers(signature, der);
		signature = der;
	}
	ctx = EVP_MD_CTX_new();
	good = ctx != NULL &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, kinds[alg].digest, NULL, NULL,
	           pkey_of(key), NULL) == 1 &&
	       EVP_DigestVerify(ctx, signature, signature_n, bytes, n) == 1;
	EVP_MD_CTX_free(ctx);
	/* of a signature that is none; nobody reads them */
	ERR_clear_error();
	return good;
}
