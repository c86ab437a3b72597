/*
 * Tokens made and verified by OpenSSL alone, independent of crypto/token.c and
 * libjwt, which they test.
 */
#ifndef LATCHKEY_FUZZ_SIGN_H
#define LATCHKEY_FUZZ_SIGN_H

#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/buf.h"
#include "crypto/token.h"

/* The key of all fuzz targets, with which the tokens in corpora are signed. */
static const struct secret fuzz_key = { 32,
	"not the key of anything at all.." };

static inline const struct keyring *
fuzz_keyring(void)
{
	static struct keyring ring;

	if (ring.count == 0 && !keyring_add(&ring, &fuzz_key, 1))
		abort();
	return &ring;
}

static inline const struct secrets *
fuzz_secrets(void)
{
	static struct secrets secrets;
	struct secret copy = fuzz_key;

	if (secrets.key[0] == NULL && !mac_derive(&copy, PURPOSE_ALL, &secrets))
		abort();
	return &secrets;
}

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static inline void
base64url_encode(struct buf *out, const unsigned char *p, size_t n)
{
	unsigned bits = 0;
	int have = 0;

	for (; n > 0; n--) {
		bits = bits << 8 | *p++;
		for (have += 8; have >= 6; have -= 6)
			buf_add(out, &base64url[bits >> (have - 6) & 63], 1);
	}
	if (have > 0)
		buf_add(out, &base64url[bits << (6 - have) & 63], 1);
}

/* Up to the first byte that is none of base64url's. */
static inline void
base64url_decode(struct buf *out, const char *p, size_t n)
{
	unsigned bits = 0;
	const char *digit;
	int have = 0;

	for (; n > 0 && *p != '\0' && (digit = strchr(base64url, *p)) != NULL;
	     n--, p++) {
		bits = bits << 6 | (unsigned)(digit - base64url);
		if ((have += 6) >= 8) {
			have -= 8;
			buf_add(out, &(char){ (char)(bits >> have) }, 1);
		}
	}
}

/*
 * The signature of "header.claims", in base64url: by the algorithm that the
 * header may name, or HS256.
 */
static inline void
add_signature(struct buf *out, const char *said, size_t n, const char *alg)
{
	const EVP_MD *digest = EVP_sha256();
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len;

	if (alg != NULL && strcmp(alg, "HS384") == 0)
		digest = EVP_sha384();
	else if (alg != NULL && strcmp(alg, "HS512") == 0)
		digest = EVP_sha512();
	if (HMAC(digest, fuzz_key.bytes, (int)fuzz_key.len,
	        (const unsigned char *)said, n, mac, &len) == NULL)
		abort();
	base64url_encode(out, mac, len);
}

/* A token of these texts, whatever they are. */
static inline const char *
sign_token(struct arena *a, const char *header, size_t header_len,
    const char *claims, size_t claims_len)
{
	const char *alg = NULL;
	struct buf token;
	size_t n;

	if (memmem(header, header_len, "HS384", 5) != NULL)
		alg = "HS384";
	if (memmem(header, header_len, "HS512", 5) != NULL)
		alg = "HS512";

	buf_init(&token, a);
	base64url_encode(&token, (const unsigned char *)header, header_len);
	buf_adds(&token, ".");
	base64url_encode(&token, (const unsigned char *)claims, claims_len);
	n = token.len;
	buf_adds(&token, ".");
	add_signature(&token, token.s, n, alg);
	return token.s;
}

/* Is this token signed with our key, by HS256? */
static inline bool
is_signed(struct arena *a, const char *token)
{
	const char *dot = strrchr(token, '.');
	struct buf expected;

	if (dot == NULL)
		return false;
	buf_init(&expected, a);
	add_signature(&expected, token, (size_t)(dot - token), NULL);
	return strcmp(dot + 1, expected.s) == 0;
}

#endif
