/*
 * Signatures of tokens by key pairs: ES256, EdDSA (Ed25519) and RS256. With
 * crypto/mac.c, which knows HMAC, alone knows OpenSSL.
 */
#ifndef LATCHKEY_CRYPTO_JWS_H
#define LATCHKEY_CRYPTO_JWS_H

#include "base.h"

/*
 * Algorithms of keys. A key is of one, and is never used with another: RFC
 * 8725, section 3.1. HS256 is crypto/mac.c's, and has no pair.
 */
enum jws_alg { JWS_HS256, JWS_ES256, JWS_EDDSA, JWS_RS256, JWS_ALGS };

/* Their names in the headers of tokens. Source: RFC 7518, 3.1; RFC 8037, 3.1.
 */
extern const char *const jws_alg_name[JWS_ALGS];

#define JWS_RSA_MIN_BITS 2048 /* RFC 7518, section 3.3 */
#define JWS_RSA_MAX_BITS 4096
#define JWS_SIGNATURE_MAX_BYTES (JWS_RSA_MAX_BITS / 8)
#define JWS_PEM_BYTES 6144      /* of both halves of a pair, the longest */
#define JWS_JWK_BYTES 832       /* of the longest public half in JSON */
#define JWS_THUMBPRINT_BYTES 44 /* 32 bytes in base64url, and a NUL */

/* One half of a pair, parsed once: that costs more than a signature. */
struct jws_key;

/*
 * Make a pair: ES256 on P-256, Ed25519, or RSA of JWS_RSA_MIN_BITS. NULL:
 * OpenSSL could not; it is logged.
 */
struct jws_key *jws_key_new(enum jws_alg alg) MUST_CHECK;

/*
 * The n bytes of PEM that hold one half of a pair. NULL: they hold none, or not
 * one of this algorithm: another curve, another kind, an RSA key of fewer than
 * JWS_RSA_MIN_BITS or more than JWS_RSA_MAX_BITS, an encrypted one. It is not
 * logged.
 */
struct jws_key *jws_key_private(
    enum jws_alg alg, const char *pem, size_t n) MUST_CHECK;

/* The same of the public half. */
struct jws_key *jws_key_public(
    enum jws_alg alg, const char *pem, size_t n) MUST_CHECK;

/*
 * The private half of a pair in PEM (PKCS 8), and behind it the public one
 * (SubjectPublicKeyInfo), with a NUL. False: OpenSSL could not, or there is no
 * room. Source: RFC 5958; RFC 5280, section 4.1.
 */
bool jws_key_write(
    const struct jws_key *pair, char out[JWS_PEM_BYTES]) MUST_CHECK;

/* Are these halves of one pair? */
bool jws_key_fits(
    const struct jws_key *one, const struct jws_key *other) MUST_CHECK;

/* Wipe a key and release it. It may be NULL. */
void jws_key_free(struct jws_key *key);

/*
 * The public half in JSON: its required members alone, in the order of their
 * names, without blanks. False: OpenSSL could not.
 * Source: RFC 7638, section 3.2; RFC 7518, section 6; RFC 8037, section 2.
 */
bool jws_jwk(const struct jws_key *key, char out[JWS_JWK_BYTES]) MUST_CHECK;

/* Its SHA-256 in base64url. False: OpenSSL could not. Source: RFC 7638. */
bool jws_thumbprint(
    const struct jws_key *key, char out[JWS_THUMBPRINT_BYTES]) MUST_CHECK;

/*
 * Sign n bytes by a private half and its algorithm. *out_n: the bytes of the
 * signature, 64 with ES256 and EdDSA. False: OpenSSL could not; it is not
 * logged. Source: RFC 7518, sections 3.3 and 3.4; RFC 8037, section 3.1.
 */
bool jws_sign(struct jws_key *key, const void *bytes, size_t n,
    unsigned char out[JWS_SIGNATURE_MAX_BYTES], size_t *out_n) MUST_CHECK;

/*
 * Is this the signature of n bytes, by a key whose public half this is, and its
 * algorithm? One of another length than the key's is none: OpenSSL would take
 * the numbers of ES256 in more than one form.
 */
bool jws_verify(struct jws_key *key, const void *bytes, size_t n,
    const unsigned char *signature, size_t signature_n) MUST_CHECK;

#endif
