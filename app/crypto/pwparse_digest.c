/*
 * Parsers of stored password hashes: rounds of MD5, and one digest.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwkdf.h"
#include "crypto/pwparse.h"
#include "crypto/pwtext.h"

#define US_MD5_ROUND 3 /* of a CPU, with a password of 511 bytes */

/* --- rounds of MD5 --- */

/* "BSALTSALTDIGEST": log2 of the rounds, eight characters, 22. */
bool
pwparse_phpass(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt = { rest + 1, 8 }, digest = { rest + 9, 22 };
	int64_t log_n;

	(void)whole;
	if (!pwtext_is_itoa64(rest, 31))
		return false;
	log_n = pwtext_itoa64_number(rest, 1);
	s->derive = pwkdf_phpass;
	s->n = INT64_C(1) << (log_n <= 30 ? log_n : 30);
	s->us = pwspec_work(s->n, US_MD5_ROUND);
	return log_n >= 7 && log_n <= 30 && pwtext_copy(salt, &s->salt) &&
	       pwtext_itoa64(digest, &s->want);
}

bool
pwparse_apr1(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt, digest;

	(void)whole;
	s->derive = pwkdf_apr1;
	s->us = pwspec_work(1000, US_MD5_ROUND);
	return pwtext_part(&rest, '$', &salt) && salt.n <= 8 &&
	       pwtext_copy(salt, &s->salt) && pwtext_is_itoa64(rest, 22) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_itoa64(digest, &s->want);
}

/* --- one digest --- */

/* Digest of a password and a salt, or either without. */
static bool
set_digest(struct pwspec *s, enum pwspec_order first, enum pwspec_order last)
{
	s->derive = pwkdf_digest;
	s->order = first;
	s->last_order = last;
	s->us = 10;
	return s->want.n == pwspec_digest_bytes(s->digest);
}

bool
pwparse_ldap_digest(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part digest = { rest, strlen(rest) };

	(void)whole;
	return pwtext_base64(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

/* The digest and behind it the salt, together in base64. */
bool
pwparse_ldap_salted(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part both = { rest, strlen(rest) };
	size_t bytes = pwspec_digest_bytes(s->digest);

	(void)whole;
	if (!pwtext_base64(both, &s->want) || s->want.n <= bytes)
		return false;
	s->salt.n = s->want.n - bytes;
	memcpy(s->salt.b, s->want.b + bytes, s->salt.n);
	s->want.n = bytes;
	return set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

bool
pwparse_hex(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part digest = { rest, strlen(rest) };

	(void)whole;
	return pwtext_hex(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

/* "HEX:SALT", in either order. */
bool
pwparse_hex_salted(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part digest, salt;

	(void)whole;
	return pwtext_part(&rest, ':', &digest) &&
	       pwtext_hex(digest, &s->want) &&
	       pwtext_part(&rest, '\0', &salt) && salt.n > 0 &&
	       pwtext_copy(salt, &s->salt) &&
	       set_digest(s, PWSPEC_SALT_FIRST, PWSPEC_SALT_LAST);
}

/* "SALT$HEX": Django's, and Werkzeug's before PBKDF2. */
bool
pwparse_hex_django(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part digest, salt;

	(void)whole;
	return pwtext_part(&rest, '$', &salt) && pwtext_copy(salt, &s->salt) &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_hex(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_FIRST, PWSPEC_SALT_IS_KEY);
}
