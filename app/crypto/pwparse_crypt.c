/*
 * Parsers of stored password hashes: libxcrypt's.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/pwparse.h"
#include "crypto/pwtext.h"

/*
 * Microseconds of a CPU, rounded up, so that what is too much is refused: as
 * measured with passwords of 511 bytes, where bcrypt of cost 10 takes 55 ms.
 */
#define US_BCRYPT 75 /* of two to the cost */
#define US_SHACRYPT_ROUND 5
#define US_MD5_ROUND 3
#define US_SUNMD5_ROUND 2
#define US_SHA1CRYPT_ROUND 3
#define US_DES_ROUND 1

static bool
set_crypt(struct pwspec *s, const char *whole, int64_t us)
{
	s->us = us;
	return (size_t)snprintf(s->stored, sizeof(s->stored), "%s", whole) <
	       sizeof(s->stored);
}

bool
pwparse_yescrypt(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t cost = pwhash_yescrypt_cost(rest);

	if (!pwtext_is_itoa64(strrchr(whole, '$') + 1, 43) || *rest == '$')
		return false;
	if (cost == 0)
		return set_crypt(s, whole, PWSPEC_TOO_MUCH);
	s->kib = PWHASH_MIB(cost) * 1024;
	return set_crypt(s, whole, s->kib);
}

bool
pwparse_scrypt_crypt(const char *rest, const char *whole, struct pwspec *s)
{
	size_t head = strspn(rest, PWTEXT_ITOA64);
	int64_t log_n;

	if (head < 11 || rest[head] != '$' ||
	    !pwtext_is_itoa64(rest + head + 1, 43))
		return false;
	log_n = pwtext_itoa64_number(rest, 1);
	return log_n <= 40 &&
	       pwspec_set_scrypt(s, INT64_C(1) << log_n,
	           pwtext_itoa64_number(rest + 1, 5),
	           pwtext_itoa64_number(rest + 6, 5)) &&
	       set_crypt(s, whole, s->us);
}

bool
pwparse_bcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t cost;

	if (strcspn(rest, "$") != 2 || !pwtext_number(&rest, '$', &cost) ||
	    cost < 4 || cost > 31 || !pwtext_is_itoa64(rest, 53))
		return false;
	return set_crypt(s, whole, (INT64_C(1) << cost) * US_BCRYPT);
}

/* "rounds=N$" or nothing, a salt, and so many characters. */
static bool
sha2crypt(const char *rest, const char *whole, struct pwspec *s, size_t n)
{
	int64_t rounds = 5000;
	struct pwtext_part salt;

	if (pwtext_literal(&rest, "rounds=") &&
	    !pwtext_number(&rest, '$', &rounds))
		return false;
	/* libxcrypt takes no fewer rounds */
	return rounds >= 1000 && pwtext_part(&rest, '$', &salt) &&
	       salt.n <= 16 && pwtext_is_itoa64(rest, n) &&
	       set_crypt(s, whole, pwspec_work(rounds, US_SHACRYPT_ROUND));
}

bool
pwparse_sha256crypt(const char *rest, const char *whole, struct pwspec *s)
{
	return sha2crypt(rest, whole, s, 43);
}

bool
pwparse_sha512crypt(const char *rest, const char *whole, struct pwspec *s)
{
	return sha2crypt(rest, whole, s, 86);
}

bool
pwparse_md5crypt(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt;

	return pwtext_part(&rest, '$', &salt) && salt.n <= 8 &&
	       pwtext_is_itoa64(rest, 22) &&
	       set_crypt(s, whole, pwspec_work(1000, US_MD5_ROUND));
}

bool
pwparse_sunmd5(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t rounds = 0;
	struct pwtext_part salt;

	if (pwtext_literal(&rest, ",rounds=")
	        ? !pwtext_number(&rest, '$', &rounds)
	        : !pwtext_literal(&rest, "$"))
		return false;
	if (!pwtext_part(&rest, '$', &salt) || salt.n > 16)
		return false;
	(void)pwtext_literal(&rest, "$");
	return pwtext_is_itoa64(rest, 22) &&
	       set_crypt(s, whole, pwspec_work(4096 + rounds, US_SUNMD5_ROUND));
}

bool
pwparse_sha1crypt(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part salt;
	int64_t rounds;

	return pwtext_number(&rest, '$', &rounds) &&
	       pwtext_part(&rest, '$', &salt) && salt.n >= 1 && salt.n <= 64 &&
	       pwtext_is_itoa64(rest, 28) &&
	       set_crypt(s, whole, pwspec_work(rounds, US_SHA1CRYPT_ROUND));
}

bool
pwparse_nt(const char *rest, const char *whole, struct pwspec *s)
{
	struct pwtext_part digest;

	return pwtext_literal(&rest, "$") &&
	       pwtext_part(&rest, '\0', &digest) &&
	       pwtext_hex(digest, &s->want) && s->want.n == 16 &&
	       set_crypt(s, whole, 1);
}

bool
pwparse_bsdicrypt(const char *rest, const char *whole, struct pwspec *s)
{
	return pwtext_is_itoa64(rest, 19) &&
	       set_crypt(s, whole,
	           pwspec_work(pwtext_itoa64_number(rest, 4), US_DES_ROUND));
}

bool
pwparse_descrypt(const char *rest, const char *whole, struct pwspec *s)
{
	return pwtext_is_itoa64(rest, 13) &&
	       set_crypt(s, whole, pwspec_work(25, US_DES_ROUND));
}

/* A salt of two characters, and eleven for each eight of the password. */
bool
pwparse_bigcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	size_t n = strlen(rest);
	int64_t blocks = ((int64_t)n - 2) / 11;

	return blocks > 1 && blocks <= 16 && n == (size_t)(2 + 11 * blocks) &&
	       pwtext_is_itoa64(rest, n) &&
	       set_crypt(s, whole, pwspec_work(25 * blocks, US_DES_ROUND));
}

/* "v=2,t=2b,r=12$SALT$DIGEST", or "2b,12$SALT$DIGEST" of version 1. */
bool
pwparse_passlib_bcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	bool keyed = pwtext_literal(&rest, "v=2,t=");
	struct pwtext_part kind, salt;
	char text[sizeof("$2b$12$") + 53];
	int64_t cost;

	(void)whole;
	if (!pwtext_part(&rest, ',', &kind) || kind.n != 2 ||
	    (strncmp(kind.s, "2a", 2) != 0 && strncmp(kind.s, "2b", 2) != 0) ||
	    (keyed && !pwtext_literal(&rest, "r=")) ||
	    !pwtext_number(&rest, '$', &cost) || cost > 31 ||
	    !pwtext_part(&rest, '$', &salt) || salt.n != 22 ||
	    !pwtext_is_itoa64(rest, 31) || !pwtext_copy(salt, &s->salt))
		return false;
	s->prehash = keyed ? PWSPEC_HMAC_SHA256_BASE64 : PWSPEC_SHA256_BASE64;
	snprintf(text, sizeof(text), "$%.2s$%02d$%.22s%s", kind.s, (int)cost,
	    salt.s, rest);
	return pwparse_bcrypt(text + 4, text, s);
}
