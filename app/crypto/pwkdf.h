/*
 * Key derivation of stored password hashes, by OpenSSL.
 */
#ifndef LATCHKEY_CRYPTO_PWKDF_H
#define LATCHKEY_CRYPTO_PWKDF_H

#include "crypto/pwspec.h"

/* Source: RFC 8018, section 5.2. */
pwspec_derive pwkdf_pbkdf2;

/* Source: RFC 7914. */
pwspec_derive pwkdf_scrypt;

/*
 * The project's signer key, encrypted by AES-256 in counter mode from 0, with
 * the 32 bytes that scrypt gives as the key.
 */
pwspec_derive pwkdf_firebase;

/* The digest of a salt and then again and again of that and the password. */
pwspec_derive pwkdf_phpass;

/* md5crypt with "$apr1$" in the place of "$1$". */
pwspec_derive pwkdf_apr1;

/* One digest, in s->order. */
pwspec_derive pwkdf_digest;

#define PWKDF_TEXT_BYTES 72

/*
 * The text that bcrypt gets in the place of a password, by s->prehash, which is
 * not PWSPEC_AS_IT_IS. False: OpenSSL could not.
 */
bool pwkdf_prehash(const struct pwspec *s, const char *password,
    char out[PWKDF_TEXT_BYTES]) MUST_CHECK;

#endif
