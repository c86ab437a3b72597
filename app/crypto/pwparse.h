/*
 * Parsers of stored password hashes, in a file for each family of formats.
 */
#ifndef LATCHKEY_CRYPTO_PWPARSE_H
#define LATCHKEY_CRYPTO_PWPARSE_H

#include "crypto/pwspec.h"

/*
 * Each takes apart the text behind a format's beginning, of which all must be
 * there, into *s: the figures, the cost, salt and digest. s->digest, name and
 * weak are set already. False: it is not of this format, or broken. A cost
 * beyond any reason is no mistake: it is in s->us.
 * whole: the same text with its beginning, for libxcrypt.
 */
typedef bool pwparse(const char *rest, const char *whole, struct pwspec *s);

/* --- crypto/pwparse_crypt.c --- */

/* libxcrypt's. Source: crypt(5). */
pwparse pwparse_yescrypt, pwparse_scrypt_crypt, pwparse_bcrypt,
    pwparse_sha256crypt, pwparse_sha512crypt, pwparse_md5crypt, pwparse_sunmd5,
    pwparse_sha1crypt, pwparse_nt, pwparse_bsdicrypt, pwparse_descrypt,
    pwparse_bigcrypt;

/* passlib's bcrypt of a digest, versions 1 and 2. */
pwparse pwparse_passlib_bcrypt;

/* --- crypto/pwparse_kdf.c --- */

/* argon2's, behind its variant. Source: libargon2's encoding.c. */
pwparse pwparse_argon2d, pwparse_argon2i, pwparse_argon2id;

/* PBKDF2's, each with its name in front: see doc/formats.md. */
pwparse pwparse_pbkdf2_django, pwparse_pbkdf2_passlib, pwparse_pbkdf2_werkzeug,
    pwparse_pbkdf2_keycloak, pwparse_pbkdf2_dovecot, pwparse_pbkdf2_spring,
    pwparse_pbkdf2_spring_5_8;

/* scrypt's. */
pwparse pwparse_scrypt_django, pwparse_scrypt_passlib, pwparse_scrypt_werkzeug,
    pwparse_scrypt_spring, pwparse_scrypt_firebase;

/* --- crypto/pwparse_digest.c --- */

/* Rounds of MD5: PHPass, and Apache's. */
pwparse pwparse_phpass, pwparse_apr1;

/* One digest: LDAP's, with and without a salt; hexadecimal. */
pwparse pwparse_ldap_digest, pwparse_ldap_salted, pwparse_hex,
    pwparse_hex_salted, pwparse_hex_django;

#endif
