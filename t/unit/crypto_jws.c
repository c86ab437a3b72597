/*
 * crypto/jws.c: known answers, each algorithm with each kind of key, and
 * signatures that are almost one. Keys and signatures that crypto/jws.c would
 * not make are made by OpenSSL itself.
 */
#include "base.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/jws.h"
#include "lib/text.h"
#include "tap.h"

#define TEXT "header.claims"

static const enum jws_alg algs[] = { JWS_ES256, JWS_EDDSA, JWS_RS256 };
static char pem[JWS_ALGS][JWS_PEM_BYTES];
static struct jws_key *pair[JWS_ALGS];

static const char *
public_part(const char *both)
{
	return strstr(both, "-----BEGIN PUBLIC KEY-----");
}

static void
test_pairs(void)
{
	struct jws_key *private_half, *public_half;
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	enum jws_alg alg;
	char title[80];
	bool good;
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(algs); i++) {
		alg = algs[i];
		pair[alg] = jws_key_new(alg);
		if (pair[alg] == NULL || !jws_key_write(pair[alg], pem[alg]))
			abort();
		private_half = jws_key_private(alg, pem[alg], strlen(pem[alg]));
		public_half = jws_key_public(
		    alg, public_part(pem[alg]), strlen(public_part(pem[alg])));
		good =
		    private_half != NULL && public_half != NULL &&
		    jws_key_fits(private_half, public_half) &&
		    jws_sign(private_half, TEXT, strlen(TEXT), signature, &n) &&
		    jws_verify(public_half, TEXT, strlen(TEXT), signature, n) &&
		    n == (alg == JWS_RS256 ? 256 : 64);
		snprintf(title, sizeof(title),
		    "%s: what the private half signs the public one verifies",
		    jws_alg_name[alg]);
		ok(good, title);
		snprintf(title, sizeof(title),
		    "%s: the public half is no private one", jws_alg_name[alg]);
		ok(jws_key_private(alg, public_part(pem[alg]),
		       strlen(public_part(pem[alg]))) == NULL,
		    title);
		jws_key_free(private_half);
		jws_key_free(public_half);
	}
	jws_key_free(NULL);
}

/* A key is read as of its own algorithm, and a signature verified by it. */
static void
test_each_with_each(void)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	size_t i, j, n, taken = 0, verified = 0;
	struct jws_key *key;
	enum jws_alg a, b;

	for (i = 0; i < ARRAY_LEN(algs); i++)
		for (j = 0; j < ARRAY_LEN(algs); j++) {
			a = algs[i];
			b = algs[j];
			key = jws_key_private(a, pem[b], strlen(pem[b]));
			taken += a != b && key != NULL;
			jws_key_free(key);
			key = jws_key_new(b);
			if (key == NULL ||
			    !jws_sign(key, TEXT, strlen(TEXT), signature, &n))
				abort();
			verified += jws_verify(
			    pair[a], TEXT, strlen(TEXT), signature, n);
			jws_key_free(key);
		}
	is_int((long long)taken, 0,
	    "a key of one algorithm is not read as one of another");
	is_int((long long)verified, 0,
	    "a signature by any other key of any algorithm is refused");
	for (i = 0; i < ARRAY_LEN(algs); i++)
		taken += jws_key_private(JWS_HS256, pem[algs[i]],
		             strlen(pem[algs[i]])) != NULL;
	is_int((long long)taken, 0, "no pair is read as a key of HS256");
}

/* Each bit of a signature, and of what is signed, and each other length. */
static void
test_spoilt(void)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES + 1] = { 0 };
	char text[] = TEXT;
	size_t i, bit, n, good = 0;
	enum jws_alg alg;

	for (i = 0; i < ARRAY_LEN(algs); i++) {
		alg = algs[i];
		if (!jws_sign(pair[alg], text, strlen(text), signature, &n))
			abort();
		for (bit = 0; bit < 8 * n; bit += 3) {
			signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
			good += jws_verify(
			    pair[alg], text, strlen(text), signature, n);
			signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		for (bit = 0; bit < 8 * strlen(text); bit++) {
			text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
			good += jws_verify(
			    pair[alg], text, sizeof(text) - 1, signature, n);
			text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		}
		good +=
		    jws_verify(pair[alg], text, strlen(text), signature, n - 1);
		good +=
		    jws_verify(pair[alg], text, strlen(text), signature, n + 1);
		good += jws_verify(pair[alg], text, strlen(text), signature, 0);
		is_int((long long)good, 0,
		    tap_with("a signature that is not quite one is refused",
		        jws_alg_name[alg]));
	}
}

/* --- ES256: numbers at and beyond their limits --- */

#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"

/* Is the pair (r, s) taken? Each is a hexadecimal number. */
static bool
takes_numbers(const char *r_hex, const char *s_hex)
{
	unsigned char raw[64];
	BIGNUM *r = NULL, *s = NULL;
	bool good;

	if (BN_hex2bn(&r, r_hex) == 0 || BN_hex2bn(&s, s_hex) == 0 ||
	    BN_bn2binpad(r, raw, 32) != 32 ||
	    BN_bn2binpad(s, raw + 32, 32) != 32)
		abort();
	BN_free(r);
	BN_free(s);
	good =
	    jws_verify(pair[JWS_ES256], TEXT, strlen(TEXT), raw, sizeof(raw));
	return good;
}

static void
test_numbers(void)
{
	static const char *const numbers[] = {
		"0", "1", "2", ORDER,
		"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550",
		"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632552",
		"FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
	};
	size_t i, j, taken = 0;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		for (j = 0; j < ARRAY_LEN(numbers); j++)
			taken += takes_numbers(numbers[i], numbers[j]);
	is_int((long long)taken, 0,
	    "ES256: numbers of 0, 1, about the order, and of all bits are refused");
}

/* A right signature in OpenSSL's form, which other libraries send. */
static void
test_der(void)
{
	unsigned char raw[JWS_SIGNATURE_MAX_BYTES], der[80], *p = der;
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	size_t n;
	int der_n;

	if (numbers == NULL ||
	    !jws_sign(pair[JWS_ES256], TEXT, strlen(TEXT), raw, &n))
		abort();
	ECDSA_SIG_set0(
	    numbers, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	der_n = i2d_ECDSA_SIG(numbers, &p);
	ECDSA_SIG_free(numbers);
	ok(der_n > 64 && !jws_verify(pair[JWS_ES256], TEXT, strlen(TEXT), der,
	                     (size_t)der_n),
	    "ES256: a signature in DER is refused");
}

/* --- EdDSA and RS256 --- */

/* S + L is the same number to whoever does not compare it: RFC 8032, 8.4. */
static void
test_malleable(void)
{
	static const unsigned char order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a,
		0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
		0x14, [31] = 0x10 };
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	unsigned carry = 0;
	size_t i, n;

	if (!jws_sign(pair[JWS_EDDSA], TEXT, strlen(TEXT), signature, &n))
		abort();
	for (i = 0; i < 32; i++) {
		carry += (unsigned)signature[32 + i] + order[i];
		signature[32 + i] = (unsigned char)carry;
		carry >>= 8;
	}
	ok(!jws_verify(pair[JWS_EDDSA], TEXT, strlen(TEXT), signature, n),
	    "EdDSA: a signature with the order added is refused");
}

/* By the same key, with another digest or padding. */
static bool
takes_other(const char *digest, int padding)
{
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	size_t n = sizeof(signature);
	EVP_PKEY *pkey = (EVP_PKEY *)(uintptr_t)pair[JWS_RS256];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;

	if (EVP_DigestSignInit_ex(ctx, &how, digest, NULL, NULL, pkey, NULL) !=
	        1 ||
	    EVP_PKEY_CTX_set_rsa_padding(how, padding) != 1 ||
	    EVP_DigestSign(ctx, signature, &n, (const unsigned char *)TEXT,
	        strlen(TEXT)) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	return jws_verify(pair[JWS_RS256], TEXT, strlen(TEXT), signature, n);
}

static void
test_rsa(void)
{
	ok(takes_other("SHA256", RSA_PKCS1_PADDING),
	    "RS256: a signature by OpenSSL itself is good");
	ok(!takes_other("SHA256", RSA_PKCS1_PSS_PADDING),
	    "RS256: one of PS256 is refused");
	ok(!takes_other("SHA384", RSA_PKCS1_PADDING) &&
	        !takes_other("SHA512", RSA_PKCS1_PADDING) &&
	        !takes_other("SHA1", RSA_PKCS1_PADDING),
	    "RS256: one of another digest is refused");
}

/* --- keys that are refused --- */

/* Is this key of OpenSSL's read as one of the algorithm? It is released. */
static bool
takes_key(EVP_PKEY *pkey, enum jws_alg alg, const EVP_CIPHER *cipher)
{
	static unsigned char password[] = "pass";
	BIO *bio = BIO_new(BIO_s_mem());
	struct jws_key *key;
	char *text;
	long n;

	if (pkey == NULL || PEM_write_bio_PrivateKey(bio, pkey, cipher,
	                        cipher != NULL ? password : NULL,
	                        cipher != NULL ? 4 : 0, NULL, NULL) != 1)
		abort();
	n = BIO_get_mem_data(bio, &text);
	key = jws_key_private(alg, text, (size_t)n);
	jws_key_free(key);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return key != NULL;
}

static EVP_PKEY *
curve(const char *name)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", name);
}

static EVP_PKEY *
rsa(size_t bits)
{
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
}

static void
test_keys(void)
{
	ok(takes_key(curve("P-256"), JWS_ES256, NULL),
	    "a key on P-256 is good");
	ok(!takes_key(curve("P-384"), JWS_ES256, NULL) &&
	        !takes_key(curve("secp256k1"), JWS_ES256, NULL) &&
	        !takes_key(curve("brainpoolP256r1"), JWS_ES256, NULL),
	    "a key on another curve is refused");
	ok(!takes_key(
	       EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), JWS_EDDSA, NULL) &&
	        !takes_key(
	            EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), JWS_EDDSA, NULL),
	    "a key of Ed448 or X25519 is not one of Ed25519");
	ok(!takes_key(rsa(2047), JWS_RS256, NULL),
	    "an RSA key of 2047 bits is refused");
	ok(!takes_key(curve("P-256"), JWS_ES256, EVP_aes_128_cbc()),
	    "an encrypted key is refused, and no password asked for");
	ok(jws_key_private(JWS_ES256, "", 0) == NULL &&
	        jws_key_public(JWS_ES256, "x", 1) == NULL,
	    "a text that is no PEM is no key");
	ok(ERR_peek_error() == 0, "a key that is refused leaves no error");
}

/* --- names of keys --- */

/* RFC 8037, appendix A: its key, thumbprint and signature. */
static void
test_known(void)
{
	static const unsigned char seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef,
		0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c,
		0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70,
		0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
	static const char text[] =
	    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
	struct jws_key *key = (struct jws_key *)EVP_PKEY_new_raw_private_key_ex(
	    NULL, "ED25519", NULL, seed, sizeof(seed));
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	char thumbprint[JWS_THUMBPRINT_BYTES], base64[100];
	size_t n;

	if (key == NULL || !jws_thumbprint(key, thumbprint) ||
	    !jws_sign(key, text, strlen(text), signature, &n))
		abort();
	text_base64url(signature, n, base64);
	is(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
	    "a thumbprint is that of RFC 8037");
	is(base64,
	    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5"
	    "BhVsPt9g7sVvpAr_MuM0KAg",
	    "a signature of EdDSA is that of RFC 8037");
	jws_key_free(key);
}

static void
test_jwk(void)
{
	char jwk[JWS_JWK_BYTES];
	struct jws_key *large = (struct jws_key *)rsa(JWS_RSA_MAX_BITS);

	ok(jws_jwk(pair[JWS_ES256], jwk) && strlen(jwk) == 126 &&
	        strncmp(
	            jwk, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", 31) == 0,
	    "the public half of ES256 in JSON has its required members alone");
	ok(jws_jwk(large, jwk) && strlen(jwk) == 714 &&
	        strncmp(jwk, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"", 29) ==
	            0,
	    "the largest public half of RS256 is written whole");
	ok(jws_key_write(large, pem[JWS_HS256]) &&
	        strlen(pem[JWS_HS256]) < JWS_PEM_BYTES,
	    "the largest pair in PEM has room");
	jws_key_free(large);
}

int
main(void)
{
	size_t i;

	test_pairs();
	test_each_with_each();
	test_spoilt();
	test_numbers();
	test_der();
	test_malleable();
	test_rsa();
	test_keys();
	test_known();
	test_jwk();
	for (i = 0; i < ARRAY_LEN(algs); i++)
		jws_key_free(pair[algs[i]]);
	return done();
}
