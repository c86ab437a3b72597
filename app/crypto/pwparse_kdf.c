/*
 * Parsers of stored password hashes: argon2, PBKDF2 and scrypt.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwargon2.h"
#include "crypto/pwkdf.h"
#include "crypto/pwparse.h"
#include "crypto/pwtext.h"
#include "lib/text.h"

/*
 * Microseconds of a CPU, rounded up, so that what is too much is refused: as
 * measured with passwords of 511 bytes and memory that is mapped for each hash.
 */
#define US_PBKDF2_BLOCK 1
#define US_ARGON2_KIB 3  /* of a pass, */
#define US_ARGON2_PAGE 4 /* and once of all of the memory */

/* --- argon2 --- */

/* "v=19$m=65536,t=3,p=4$SALT$DIGEST"; without v it is version 16. */
static bool
argon2(const char *rest, struct pwspec *s, uint32_t variant)
{
	int64_t version = 16, kib, passes, lanes;
	struct pwtext_part salt, digest;

	if ((pwtext_literal(&rest, "v=") &&
	        !pwtext_number(&rest, '$', &version)) ||
	    !pwtext_literal(&rest, "m=") || !pwtext_number(&rest, ',', &kib) ||
	    !pwtext_literal(&rest, "t=") ||
	    !pwtext_number(&rest, ',', &passes) ||
	    !pwtext_literal(&rest, "p=") ||
	    !pwtext_number(&rest, '$', &lanes) ||
	    !pwtext_part(&rest, '$', &salt) || !pwtext_base64(salt, &s->salt) ||
	    !pwtext_part(&rest, '\0', &digest) ||
	    !pwtext_base64(digest, &s->want))
		return false;
	if ((version != 16 && version != 19) || passes < 1 || lanes < 1 ||
	    lanes > 255 || kib < 8 * lanes || s->salt.n < 8 || s->want.n < 16)
		return false;
	s->derive = pwargon2_derive;
	s->variant = variant;
	s->version = (uint32_t)version;
	s->p = (uint32_t)lanes;
	s->kib = kib;
	s->n = passes;
	s->us = passes >= PWSPEC_TOO_MUCH / kib
	            ? PWSPEC_TOO_MUCH
	            : pwspec_work(kib, US_ARGON2_PAGE) +
	                  pwspec_work(passes * kib, US_ARGON2_KIB);
	return true;
}

bool
pwparse_argon2d(const char *rest, const char *whole, struct pwspec *s)
{
	(void)whole;
	return argon2(rest, s, 0);
}

bool
pwparse_argon2i(const char *rest, const char *whole, struct pwspec *s)
{
	(void)whole;
	return argon2(rest, s, 1);
}

bool
pwparse_argon2id(const char *rest, const char *whole, struct pwspec *s)
{
	(void)whole;
	return argon2(rest, s, 2);
}

/* --- PBKDF2 --- */

/* PBKDF2's, of a salt and digest that are there. */
static bool
set_pbkdf2(struct pwspec *s, int64_t rounds)
{
	size_t bytes = pwspec_digest_bytes(s->digest);
	int64_t blocks = (int64_t)((s->want.n + bytes - 1) / bytes);

	/* fewer bytes would be for chance to find */
	if (rounds < 1 || s->want.n < 16)
		return false;
	s->derive = pwkdf_pbkdf2;
	s->n = rounds;
	s->us = pwspec_work(rounds, US_PBKDF2_BLOCK * blocks);
	return true;
}

/* "ROUNDS$SALT$BASE64", the salt as text. */
bool
pwparse_pbkdf2_django(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t rounds;

	(void)whole;
	return pwtext_number(&rest, '$', &rounds) &&
	       pwtext_part(&rest, '$', &salt) && pwtext_copy(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_base64(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* "ROUNDS$BASE64$BASE64". */
bool
pwparse_pbkdf2_passlib(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t rounds;

	(void)whole;
	return pwtext_number(&rest, '$', &rounds) &&
	       pwtext_part(&rest, '$', &salt) &&
	       pwtext_base64(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_base64(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* "ROUNDS$SALT$HEX", the salt as text. */
bool
pwparse_pbkdf2_werkzeug(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t rounds;

	(void)whole;
	return pwtext_number(&rest, '$', &rounds) &&
	       pwtext_part(&rest, '$', &salt) && pwtext_copy(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_hex(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* "ROUNDS$BASE64$BASE64": the fields of a realm's export, padding and all. */
bool
pwparse_pbkdf2_keycloak(const char *rest, const char *whole, struct pwspec *s)
{
	return pwparse_pbkdf2_passlib(rest, whole, s);
}

/* "$1$SALT$ROUNDS$HEX", the salt as text. */
bool
pwparse_pbkdf2_dovecot(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t rounds;

	(void)whole;
	return pwtext_literal(&rest, "$1$") && pwtext_part(&rest, '$', &salt) &&
	       pwtext_copy(salt, &s->salt) &&
	       pwtext_number(&rest, '$', &rounds) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_hex(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* The salt and 32 bytes, hexadecimal. */
static bool
pbkdf2_spring(
    const char *rest, struct pwspec *s, size_t salt_bytes, int64_t rounds)
{
	struct pwtext_part all = { rest, strlen(rest) };
	struct pwtext_part salt = { rest, 2 * salt_bytes };
	struct pwtext_part digest = { rest + 2 * salt_bytes, 64 };

	return all.n == salt.n + digest.n && pwtext_hex(salt, &s->salt) &&
	       pwtext_hex(digest, &s->want) && set_pbkdf2(s, rounds);
}

bool
pwparse_pbkdf2_spring(const char *rest, const char *whole, struct pwspec *s)
{
	(void)whole;
	return pbkdf2_spring(rest, s, 8, 185000);
}

bool
pwparse_pbkdf2_spring_5_8(const char *rest, const char *whole, struct pwspec *s)
{
	(void)whole;
	return pbkdf2_spring(rest, s, 16, 310000);
}

/* --- scrypt --- */

static bool
is_long_enough(const struct pwspec *s)
{
	return s->want.n >= 16;
}

/* "N$SALT$R$P$BASE64", the salt as text. */
bool
pwparse_scrypt_django(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return pwtext_number(&rest, '$', &n) &&
	       pwtext_part(&rest, '$', &salt) && pwtext_copy(salt, &s->salt) &&
	       pwtext_number(&rest, '$', &r) && pwtext_number(&rest, '$', &p) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_base64(digest, &s->want) && is_long_enough(s) &&
	       pwspec_set_scrypt(s, n, r, p);
}

/* "ln=16,r=8,p=1$BASE64$BASE64". */
bool
pwparse_scrypt_passlib(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t log_n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return pwtext_literal(&rest, "ln=") &&
	       pwtext_number(&rest, ',', &log_n) && log_n >= 1 &&
	       pwtext_literal(&rest, "r=") && pwtext_number(&rest, ',', &r) &&
	       pwtext_literal(&rest, "p=") && pwtext_number(&rest, '$', &p) &&
	       pwtext_part(&rest, '$', &salt) &&
	       pwtext_base64(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_base64(digest, &s->want) && is_long_enough(s) &&
	       pwspec_set_scrypt(
	           s, INT64_C(1) << (log_n < 40 ? log_n : 40), r, p);
}

/* "N:R:P$SALT$HEX", the salt as text. */
bool
pwparse_scrypt_werkzeug(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return pwtext_number(&rest, ':', &n) && pwtext_number(&rest, ':', &r) &&
	       pwtext_number(&rest, '$', &p) &&
	       pwtext_part(&rest, '$', &salt) && pwtext_copy(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_hex(digest, &s->want) && is_long_enough(s) &&
	       pwspec_set_scrypt(s, n, r, p);
}

/* "$e0801$BASE64$BASE64": log2 of N, r and p, hexadecimal. */
bool
pwparse_scrypt_spring(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;
	int64_t figures = 0;

	(void)whole;
	if (!pwtext_literal(&rest, "$"))
		return false;
	for (; text_hex(*rest) >= 0 && figures < 1 << 24; rest++)
		figures = figures << 4 | text_hex(*rest);
	s->derive = pwkdf_scrypt;
	return figures >> 16 >= 1 && figures >> 16 <= 40 &&
	       pwtext_literal(&rest, "$") && pwtext_part(&rest, '$', &salt) &&
	       pwtext_base64(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_base64(digest, &s->want) && is_long_enough(s) &&
	       pwspec_set_scrypt(s, INT64_C(1) << (figures >> 16),
	           figures >> 8 & 0xff, figures & 0xff);
}

/*
 * "v=1,n=14,r=8,p=1,ss=BASE64,sk=BASE64$BASE64$BASE64": the figures, salt
 * separator and signer key of the project, then the account's salt and hash.
 */
bool
pwparse_scrypt_firebase(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part separator, signer, salt, digest;
	struct pwspec_bytes end;
	int64_t log_n, r, p;

	(void)whole;
	if (!pwtext_literal(&rest, "v=1,n=") ||
	    !pwtext_number(&rest, ',', &log_n) || log_n < 1 ||
	    !pwtext_literal(&rest, "r=") || !pwtext_number(&rest, ',', &r) ||
	    !pwtext_literal(&rest, "p=") || !pwtext_number(&rest, ',', &p) ||
	    !pwtext_literal(&rest, "ss=") ||
	    !pwtext_part(&rest, ',', &separator) ||
	    !pwtext_literal(&rest, "sk=") ||
	    !pwtext_part(&rest, '$', &signer) ||
	    !pwtext_part(&rest, '$', &salt) ||
	    !pwtext_part(&rest, '\0', &digest) ||
	    !pwtext_base64(separator, &end) ||
	    !pwtext_base64(signer, &s->signer) ||
	    !pwtext_base64(salt, &s->salt) ||
	    !pwtext_base64(digest, &s->want) ||
	    s->salt.n + end.n > sizeof(s->salt.b) || !is_long_enough(s) ||
	    s->want.n != s->signer.n)
		return false;
	memcpy(s->salt.b + s->salt.n, end.b, end.n);
	s->salt.n += end.n;
	s->derive = pwkdf_firebase;
	return pwspec_set_scrypt(
	    s, INT64_C(1) << (log_n < 40 ? log_n : 40), r, p);
}
