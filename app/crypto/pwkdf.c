/*
 * Key derivation of stored password hashes, by OpenSSL.
 */
#include "base.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/hashmem.h"
#include "crypto/pwkdf.h"

#define SCRYPT_MAX_BYTES (UINT64_C(2) << 30) /* bounded long before that */
#define MD5_BYTES 16
#define APR1 "$apr1$"
#define APR1_ROUNDS 1000

/* A part of a digest's input. */
struct piece {
	const void *p;
	size_t n;
};

static const EVP_MD *
md_of(enum pwspec_digest digest)
{
	switch (digest) {
	case PWSPEC_MD5:
		return EVP_md5();
	case PWSPEC_SHA1:
		return EVP_sha1();
	case PWSPEC_SHA256:
		return EVP_sha256();
	case PWSPEC_SHA384:
		return EVP_sha384();
	default:
		return EVP_sha512();
	}
}

/* Without this, OpenSSL would keep an error that nobody needs. */
static bool
as_result(int result)
{
	if (result != 1)
		ERR_clear_error();
	return result == 1;
}

/* Pieces end with one whose p is NULL. */
static bool
digest_pieces(
    EVP_MD_CTX *x, const EVP_MD *md, const struct piece *in, unsigned char *out)
{
	int result = EVP_DigestInit_ex(x, md, NULL);

	for (; result == 1 && in->p != NULL; in++)
		result = EVP_DigestUpdate(x, in->p, in->n);
	return as_result(
	    result == 1 ? EVP_DigestFinal_ex(x, out, NULL) : result);
}

static bool
digest_once(enum pwspec_digest d, const struct piece *in, unsigned char *out)
{
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	bool good = x != NULL && digest_pieces(x, md_of(d), in, out);

	EVP_MD_CTX_free(x);
	return good;
}

static bool
hmac(enum pwspec_digest d, const void *key, size_t n, const char *text,
    unsigned char *out)
{
	const unsigned char *in = (const unsigned char *)text;

	return HMAC(md_of(d), key, (int)n, in, strlen(text), out, NULL) != NULL;
}

bool
pwkdf_pbkdf2(const struct pwspec *s, const char *password, unsigned char *out)
{
	return as_result(PKCS5_PBKDF2_HMAC(password, (int)strlen(password),
	    s->salt.b, (int)s->salt.n, (int)s->n, md_of(s->digest),
	    (int)s->want.n, out));
}

static bool
scrypt(
    const struct pwspec *s, const char *password, unsigned char *out, size_t n)
{
	/* OpenSSL's memory stands beside what is kept: one of the two */
	hashmem_release();
	return as_result(EVP_PBE_scrypt(password, strlen(password), s->salt.b,
	    s->salt.n, (uint64_t)s->n, s->r, s->p, SCRYPT_MAX_BYTES, out, n));
}

bool
pwkdf_scrypt(const struct pwspec *s, const char *password, unsigned char *out)
{
	return scrypt(s, password, out, s->want.n);
}

bool
pwkdf_firebase(const struct pwspec *s, const char *password, unsigned char *out)
{
	static const unsigned char from_0[16];
	unsigned char key[32];
	EVP_CIPHER_CTX *x;
	bool good;
	int n;

	if (!scrypt(s, password, key, sizeof(key)))
		return false;
	x = EVP_CIPHER_CTX_new();
	good =
	    x != NULL &&
	    as_result(
	        EVP_EncryptInit_ex(x, EVP_aes_256_ctr(), NULL, key, from_0)) &&
	    as_result(
	        EVP_EncryptUpdate(x, out, &n, s->signer.b, (int)s->signer.n));
	EVP_CIPHER_CTX_free(x);
	explicit_bzero(key, sizeof(key));
	return good;
}

bool
pwkdf_phpass(const struct pwspec *s, const char *password, unsigned char *out)
{
	struct piece in[] = { { s->salt.b, s->salt.n },
		{ password, strlen(password) }, { NULL, 0 } };
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	bool good = x != NULL && digest_pieces(x, EVP_md5(), in, out);
	int64_t i;

	in[0] = (struct piece){ out, MD5_BYTES };
	for (i = 0; good && i < s->n; i++)
		good = digest_pieces(x, NULL, in, out);
	EVP_MD_CTX_free(x);
	return good;
}

/* The first digest of md5crypt, with bits of the length in it. */
static bool
apr1_first(EVP_MD_CTX *x, const struct pwspec *s, const char *password,
    unsigned char *out)
{
	size_t n = strlen(password), i, pieces = 0;
	struct piece inner[] = { { password, n }, { s->salt.b, s->salt.n },
		{ password, n }, { NULL, 0 } };
	struct piece in[3 + PWHASH_PASSWORD_MAX_BYTES / MD5_BYTES + 1 + 16];

	if (!digest_pieces(x, EVP_md5(), inner, out))
		return false;
	in[pieces++] = (struct piece){ password, n };
	in[pieces++] = (struct piece){ APR1, strlen(APR1) };
	in[pieces++] = (struct piece){ s->salt.b, s->salt.n };
	for (i = n; i > 0; i -= i < MD5_BYTES ? i : MD5_BYTES)
		in[pieces++] =
		    (struct piece){ out, i < MD5_BYTES ? i : MD5_BYTES };
	for (i = n; i > 0; i >>= 1)
		in[pieces++] = (struct piece){ i & 1 ? "" : password, 1 };
	assert(pieces < ARRAY_LEN(in));
	in[pieces] = (struct piece){ NULL, 0 };
	return digest_pieces(x, EVP_md5(), in, out);
}

static bool
apr1_round(EVP_MD_CTX *x, const struct pwspec *s, const char *password, int i,
    unsigned char *digest)
{
	const struct piece text = { password, strlen(password) };
	const struct piece before = { digest, MD5_BYTES };
	struct piece in[5];
	size_t n = 0;

	in[n++] = i & 1 ? text : before;
	if (i % 3 != 0)
		in[n++] = (struct piece){ s->salt.b, s->salt.n };
	if (i % 7 != 0)
		in[n++] = text;
	in[n++] = i & 1 ? before : text;
	in[n] = (struct piece){ NULL, 0 };
	return digest_pieces(x, EVP_md5(), in, digest);
}

bool
pwkdf_apr1(const struct pwspec *s, const char *password, unsigned char *out)
{
	/* the order in which it is written, lowest bits first */
	static const unsigned char place[MD5_BYTES] = { 12, 6, 0, 13, 7, 1, 14,
		8, 2, 15, 9, 3, 5, 10, 4, 11 };
	unsigned char digest[MD5_BYTES];
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	bool good = x != NULL && apr1_first(x, s, password, digest);
	size_t i;

	for (i = 0; good && i < APR1_ROUNDS; i++)
		good = apr1_round(x, s, password, (int)i, digest);
	for (i = 0; good && i < MD5_BYTES; i++)
		out[i] = digest[place[i]];
	EVP_MD_CTX_free(x);
	explicit_bzero(digest, sizeof(digest));
	return good;
}

bool
pwkdf_digest(const struct pwspec *s, const char *password, unsigned char *out)
{
	const struct piece text = { password, strlen(password) };
	const struct piece salt = { s->salt.b, s->salt.n };
	const struct piece in[] = {
		s->order == PWSPEC_SALT_FIRST ? salt : text,
		s->order == PWSPEC_SALT_FIRST ? text : salt,
		{ NULL, 0 },
	};

	if (s->order == PWSPEC_SALT_IS_KEY)
		return hmac(s->digest, s->salt.b, s->salt.n, password, out);
	return digest_once(s->digest, in, out);
}

static void
hex_text(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * n] = '\0';
}

bool
pwkdf_prehash(
    const struct pwspec *s, const char *password, char out[PWKDF_TEXT_BYTES])
{
	static const char wordpress[] = "wp-sha384";
	const struct piece in[] = { { password, strlen(password) },
		{ NULL, 0 } };
	unsigned char digest[EVP_MAX_MD_SIZE];
	enum pwspec_digest d = PWSPEC_SHA256;
	bool good;

	if (s->prehash == PWSPEC_HMAC_SHA384_BASE64) {
		d = PWSPEC_SHA384;
		good = hmac(d, wordpress, strlen(wordpress), password, digest);
	} else if (s->prehash == PWSPEC_HMAC_SHA256_BASE64) {
		good = hmac(d, s->salt.b, s->salt.n, password, digest);
	} else {
		good = digest_once(d, in, digest);
	}
	if (!good)
		return false;
	if (s->prehash == PWSPEC_SHA256_HEX)
		hex_text(digest, pwspec_digest_bytes(d), out);
	else
		EVP_EncodeBlock(
		    (unsigned char *)out, digest, (int)pwspec_digest_bytes(d));
	explicit_bzero(digest, sizeof(digest));
	return true;
}
