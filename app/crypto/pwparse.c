/*
 * Parsers of stored password hashes, one for each family of formats.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/pwargon2.h"
#include "crypto/pwkdf.h"
#include "crypto/pwparse.h"
#include "lib/text.h"

#define ITOA64 \
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NUMBER_DIGITS_MAX 12

/*
 * Microseconds of a CPU, rounded up, so that what is too much is refused: as
 * measured with passwords of 511 bytes and memory that is mapped for each hash,
 * where bcrypt of cost 10 takes 55 ms.
 */
#define US_BCRYPT 75 /* of two to the cost */
#define US_PBKDF2_BLOCK 1
#define US_SCRYPT_KIB 8
#define US_ARGON2_KIB 3  /* of a pass, */
#define US_ARGON2_PAGE 4 /* and once of all of the memory */
#define US_SHACRYPT_ROUND 5
#define US_MD5_ROUND 3
#define US_SUNMD5_ROUND 2
#define US_SHA1CRYPT_ROUND 3
#define US_DES_ROUND 1

/* of scrypt's r * p: its second block, 128 bytes each, is small beside this */
#define SCRYPT_RP_MAX 2048

struct part {
	const char *s;
	size_t n;
};

/* --- pieces of text --- */

static bool
literal(const char **p, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*p, text, n) != 0)
		return false;
	*p += n;
	return true;
}

/* What stands before a character, which is skipped, or before the end. */
static bool
part(const char **p, char end, struct part *out)
{
	const char *stop = strchr(*p, end);

	if (stop == NULL)
		return false;
	out->s = *p;
	out->n = (size_t)(stop - *p);
	*p = stop + (end != '\0');
	return true;
}

/* A number and the character behind it. One too long to count is the most. */
static bool
number(const char **p, char end, int64_t *out)
{
	struct part digits;
	size_t i;

	if (!part(p, end, &digits) || digits.n == 0 ||
	    strspn(digits.s, DIGITS) != digits.n)
		return false;
	*out = 0;
	if (digits.n > NUMBER_DIGITS_MAX)
		*out = PWSPEC_TOO_MUCH;
	else
		for (i = 0; i < digits.n; i++)
			*out = *out * 10 + (digits.s[i] - '0');
	return true;
}

static bool
copy(struct part in, struct pwspec_bytes *out)
{
	if (in.n > sizeof(out->b))
		return false;
	memcpy(out->b, in.s, in.n);
	out->n = in.n;
	return true;
}

static bool
hex(struct part in, struct pwspec_bytes *out)
{
	int high, low;
	size_t i;

	if (in.n % 2 != 0 || in.n / 2 > sizeof(out->b))
		return false;
	for (i = 0; i < in.n / 2; i++) {
		high = text_hex(in.s[2 * i]);
		low = text_hex(in.s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out->b[i] = (unsigned char)(high << 4 | low);
	}
	out->n = in.n / 2;
	return true;
}

/* RFC 4648's alphabets, both, and passlib's with a dot. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-' || c == '.')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* With the padding or without. */
static bool
base64(struct part in, struct pwspec_bytes *out)
{
	unsigned bits = 0, value = 0;
	size_t i;
	int c;

	for (i = 0; i < 2 && in.n > 0 && in.s[in.n - 1] == '='; i++)
		in.n--;
	if (in.n % 4 == 1 || in.n > sizeof(out->b) / 3 * 4)
		return false;
	for (i = 0, out->n = 0; i < in.n; i++) {
		if ((c = base64_value(in.s[i])) < 0)
			return false;
		value = (value << 6 | (unsigned)c) & 0xffff;
		if ((bits += 6) >= 8)
			out->b[out->n++] =
			    (unsigned char)(value >> (bits -= 8));
	}
	return true;
}

/* crypt(3)'s, whose first character has the lowest bits. */
static bool
itoa64(struct part in, struct pwspec_bytes *out)
{
	unsigned bits = 0, value = 0;
	const char *c;
	size_t i;

	if (in.n % 4 == 1 || in.n > sizeof(out->b) / 3 * 4)
		return false;
	for (i = 0, out->n = 0; i < in.n; i++) {
		if ((c = strchr(ITOA64, in.s[i])) == NULL)
			return false;
		value |= (unsigned)(c - ITOA64) << bits;
		if ((bits += 6) >= 8) {
			out->b[out->n++] = (unsigned char)value;
			value >>= 8;
			bits -= 8;
		}
	}
	return true;
}

/* Is the rest so many characters of crypt(3)'s alphabet? */
static bool
is_itoa64(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, ITOA64) == n;
}

/* --- costs --- */

/* times * us, within what can be told. */
static int64_t
work(int64_t times, int64_t us)
{
	return times >= PWSPEC_TOO_MUCH / us ? PWSPEC_TOO_MUCH : times * us;
}

static bool
set_crypt(struct pwspec *s, const char *whole, int64_t us)
{
	s->us = us;
	return (size_t)snprintf(s->stored, sizeof(s->stored), "%s", whole) <
	       sizeof(s->stored);
}

/* scrypt's figures. False: there is no such N. */
static bool
set_scrypt(struct pwspec *s, int64_t n, int64_t r, int64_t p)
{
	if (n < 2 || r < 1 || p < 1 ||
	    (n < PWSPEC_TOO_MUCH && (n & (n - 1)) != 0))
		return false;
	if (n > INT64_C(1) << 31 || r > SCRYPT_RP_MAX ||
	    p > SCRYPT_RP_MAX / r) {
		s->us = PWSPEC_TOO_MUCH;
		return true;
	}
	s->n = n;
	s->r = (uint32_t)r;
	s->p = (uint32_t)p;
	s->kib = (n * r + 7) / 8; /* blocks of 128 bytes */
	s->us = work(s->kib * p, US_SCRYPT_KIB);
	return true;
}

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
	s->us = work(rounds, US_PBKDF2_BLOCK * blocks);
	return true;
}

/* --- libxcrypt's --- */

bool
pwparse_yescrypt(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t cost = pwhash_yescrypt_cost(rest);

	if (!is_itoa64(strrchr(whole, '$') + 1, 43) || *rest == '$')
		return false;
	if (cost == 0)
		return set_crypt(s, whole, PWSPEC_TOO_MUCH);
	s->kib = PWHASH_MIB(cost) * 1024;
	return set_crypt(s, whole, s->kib);
}

/* Six bits a character, the lowest first. */
static int64_t
itoa64_number(const char *s, int n)
{
	int64_t value = 0;

	while (n-- > 0)
		value = value << 6 | (strchr(ITOA64, s[n]) - ITOA64);
	return value;
}

bool
pwparse_scrypt_crypt(const char *rest, const char *whole, struct pwspec *s)
{
	size_t head = strspn(rest, ITOA64);
	int64_t log_n;

	if (head < 11 || rest[head] != '$' || !is_itoa64(rest + head + 1, 43))
		return false;
	log_n = itoa64_number(rest, 1);
	return log_n <= 40 &&
	       set_scrypt(s, INT64_C(1) << log_n, itoa64_number(rest + 1, 5),
	           itoa64_number(rest + 6, 5)) &&
	       set_crypt(s, whole, s->us);
}

bool
pwparse_bcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t cost;

	if (strspn(rest, DIGITS) != 2 || !number(&rest, '$', &cost) ||
	    cost < 4 || cost > 31 || !is_itoa64(rest, 53))
		return false;
	return set_crypt(s, whole, (INT64_C(1) << cost) * US_BCRYPT);
}

/* "rounds=N$" or nothing, a salt, and so many characters. */
static bool
sha2crypt(const char *rest, const char *whole, struct pwspec *s, size_t n)
{
	int64_t rounds = 5000;
	struct part salt;

	if (literal(&rest, "rounds=") && !number(&rest, '$', &rounds))
		return false;
	/* libxcrypt takes no fewer rounds */
	return rounds >= 1000 && part(&rest, '$', &salt) && salt.n <= 16 &&
	       is_itoa64(rest, n) &&
	       set_crypt(s, whole, work(rounds, US_SHACRYPT_ROUND));
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
	struct part salt;

	return part(&rest, '$', &salt) && salt.n <= 8 && is_itoa64(rest, 22) &&
	       set_crypt(s, whole, work(1000, US_MD5_ROUND));
}

bool
pwparse_sunmd5(const char *rest, const char *whole, struct pwspec *s)
{
	int64_t rounds = 0;
	struct part salt;

	if (literal(&rest, ",rounds=") ? !number(&rest, '$', &rounds)
	                               : !literal(&rest, "$"))
		return false;
	if (!part(&rest, '$', &salt) || salt.n > 16)
		return false;
	(void)literal(&rest, "$");
	return is_itoa64(rest, 22) &&
	       set_crypt(s, whole, work(4096 + rounds, US_SUNMD5_ROUND));
}

bool
pwparse_sha1crypt(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt;
	int64_t rounds;

	return number(&rest, '$', &rounds) && part(&rest, '$', &salt) &&
	       salt.n >= 1 && salt.n <= 64 && is_itoa64(rest, 28) &&
	       set_crypt(s, whole, work(rounds, US_SHA1CRYPT_ROUND));
}

bool
pwparse_nt(const char *rest, const char *whole, struct pwspec *s)
{
	struct part digest;

	return literal(&rest, "$") && part(&rest, '\0', &digest) &&
	       hex(digest, &s->want) && s->want.n == 16 &&
	       set_crypt(s, whole, 1);
}

bool
pwparse_bsdicrypt(const char *rest, const char *whole, struct pwspec *s)
{
	return is_itoa64(rest, 19) &&
	       set_crypt(s, whole, work(itoa64_number(rest, 4), US_DES_ROUND));
}

bool
pwparse_descrypt(const char *rest, const char *whole, struct pwspec *s)
{
	return is_itoa64(rest, 13) &&
	       set_crypt(s, whole, work(25, US_DES_ROUND));
}

/* A salt of two characters, and eleven for each eight of the password. */
bool
pwparse_bigcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	size_t n = strlen(rest);
	int64_t blocks = ((int64_t)n - 2) / 11;

	return blocks > 1 && blocks <= 16 && n == (size_t)(2 + 11 * blocks) &&
	       is_itoa64(rest, n) &&
	       set_crypt(s, whole, work(25 * blocks, US_DES_ROUND));
}

/* "v=2,t=2b,r=12$SALT$DIGEST", or "2b,12$SALT$DIGEST" of version 1. */
bool
pwparse_passlib_bcrypt(const char *rest, const char *whole, struct pwspec *s)
{
	bool keyed = literal(&rest, "v=2,t=");
	struct part kind, salt;
	char text[sizeof("$2b$12$") + 53];
	int64_t cost;

	(void)whole;
	if (!part(&rest, ',', &kind) || kind.n != 2 ||
	    (strncmp(kind.s, "2a", 2) != 0 && strncmp(kind.s, "2b", 2) != 0) ||
	    (keyed && !literal(&rest, "r=")) || !number(&rest, '$', &cost) ||
	    cost > 31 || !part(&rest, '$', &salt) || salt.n != 22 ||
	    !is_itoa64(rest, 31) || !copy(salt, &s->salt))
		return false;
	s->prehash = keyed ? PWSPEC_HMAC_SHA256_BASE64 : PWSPEC_SHA256_BASE64;
	snprintf(text, sizeof(text), "$%.2s$%02d$%.22s%s", kind.s, (int)cost,
	    salt.s, rest);
	return pwparse_bcrypt(text + 4, text, s);
}

/* --- argon2 --- */

/* "v=19$m=65536,t=3,p=4$SALT$DIGEST"; without v it is version 16. */
static bool
argon2(const char *rest, struct pwspec *s, uint32_t variant)
{
	int64_t version = 16, kib, passes, lanes;
	struct part salt, digest;

	if ((literal(&rest, "v=") && !number(&rest, '$', &version)) ||
	    !literal(&rest, "m=") || !number(&rest, ',', &kib) ||
	    !literal(&rest, "t=") || !number(&rest, ',', &passes) ||
	    !literal(&rest, "p=") || !number(&rest, '$', &lanes) ||
	    !part(&rest, '$', &salt) || !base64(salt, &s->salt) ||
	    !part(&rest, '\0', &digest) || !base64(digest, &s->want))
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
	s->us =
	    passes >= PWSPEC_TOO_MUCH / kib
	        ? PWSPEC_TOO_MUCH
	        : work(kib, US_ARGON2_PAGE) + work(passes * kib, US_ARGON2_KIB);
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

/* "ROUNDS$SALT$BASE64", the salt as text. */
bool
pwparse_pbkdf2_django(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t rounds;

	(void)whole;
	return number(&rest, '$', &rounds) && part(&rest, '$', &salt) &&
	       copy(salt, &s->salt) && part(&rest, '\0', &digest) &&
	       base64(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* "ROUNDS$BASE64$BASE64". */
bool
pwparse_pbkdf2_passlib(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t rounds;

	(void)whole;
	return number(&rest, '$', &rounds) && part(&rest, '$', &salt) &&
	       base64(salt, &s->salt) && part(&rest, '\0', &digest) &&
	       base64(digest, &s->want) && set_pbkdf2(s, rounds);
}

/* "ROUNDS$SALT$HEX", the salt as text. */
bool
pwparse_pbkdf2_werkzeug(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t rounds;

	(void)whole;
	return number(&rest, '$', &rounds) && part(&rest, '$', &salt) &&
	       copy(salt, &s->salt) && part(&rest, '\0', &digest) &&
	       hex(digest, &s->want) && set_pbkdf2(s, rounds);
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
	struct part salt, digest;
	int64_t rounds;

	(void)whole;
	return literal(&rest, "$1$") && part(&rest, '$', &salt) &&
	       copy(salt, &s->salt) && number(&rest, '$', &rounds) &&
	       part(&rest, '\0', &digest) && hex(digest, &s->want) &&
	       set_pbkdf2(s, rounds);
}

/* The salt and 32 bytes, hexadecimal. */
static bool
pbkdf2_spring(
    const char *rest, struct pwspec *s, size_t salt_bytes, int64_t rounds)
{
	struct part all = { rest, strlen(rest) };
	struct part salt = { rest, 2 * salt_bytes };
	struct part digest = { rest + 2 * salt_bytes, 64 };

	return all.n == salt.n + digest.n && hex(salt, &s->salt) &&
	       hex(digest, &s->want) && set_pbkdf2(s, rounds);
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
	struct part salt, digest;
	int64_t n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return number(&rest, '$', &n) && part(&rest, '$', &salt) &&
	       copy(salt, &s->salt) && number(&rest, '$', &r) &&
	       number(&rest, '$', &p) && part(&rest, '\0', &digest) &&
	       base64(digest, &s->want) && is_long_enough(s) &&
	       set_scrypt(s, n, r, p);
}

/* "ln=16,r=8,p=1$BASE64$BASE64". */
bool
pwparse_scrypt_passlib(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t log_n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return literal(&rest, "ln=") && number(&rest, ',', &log_n) &&
	       log_n >= 1 && literal(&rest, "r=") && number(&rest, ',', &r) &&
	       literal(&rest, "p=") && number(&rest, '$', &p) &&
	       part(&rest, '$', &salt) && base64(salt, &s->salt) &&
	       part(&rest, '\0', &digest) && base64(digest, &s->want) &&
	       is_long_enough(s) &&
	       set_scrypt(s, INT64_C(1) << (log_n < 40 ? log_n : 40), r, p);
}

/* "N:R:P$SALT$HEX", the salt as text. */
bool
pwparse_scrypt_werkzeug(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t n, r, p;

	(void)whole;
	s->derive = pwkdf_scrypt;
	return number(&rest, ':', &n) && number(&rest, ':', &r) &&
	       number(&rest, '$', &p) && part(&rest, '$', &salt) &&
	       copy(salt, &s->salt) && part(&rest, '\0', &digest) &&
	       hex(digest, &s->want) && is_long_enough(s) &&
	       set_scrypt(s, n, r, p);
}

/* "$e0801$BASE64$BASE64": log2 of N, r and p, hexadecimal. */
bool
pwparse_scrypt_spring(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;
	int64_t figures = 0;

	(void)whole;
	if (!literal(&rest, "$"))
		return false;
	for (; text_hex(*rest) >= 0 && figures < 1 << 24; rest++)
		figures = figures << 4 | text_hex(*rest);
	s->derive = pwkdf_scrypt;
	return figures >> 16 >= 1 && figures >> 16 <= 40 &&
	       literal(&rest, "$") && part(&rest, '$', &salt) &&
	       base64(salt, &s->salt) && part(&rest, '\0', &digest) &&
	       base64(digest, &s->want) && is_long_enough(s) &&
	       set_scrypt(s, INT64_C(1) << (figures >> 16), figures >> 8 & 0xff,
	           figures & 0xff);
}

/*
 * "v=1,n=14,r=8,p=1,ss=BASE64,sk=BASE64$BASE64$BASE64": the figures, salt
 * separator and signer key of the project, then the account's salt and hash.
 */
bool
pwparse_scrypt_firebase(const char *rest, const char *whole, struct pwspec *s)
{
	struct part separator, signer, salt, digest;
	struct pwspec_bytes end;
	int64_t log_n, r, p;

	(void)whole;
	if (!literal(&rest, "v=1,n=") || !number(&rest, ',', &log_n) ||
	    log_n < 1 || !literal(&rest, "r=") || !number(&rest, ',', &r) ||
	    !literal(&rest, "p=") || !number(&rest, ',', &p) ||
	    !literal(&rest, "ss=") || !part(&rest, ',', &separator) ||
	    !literal(&rest, "sk=") || !part(&rest, '$', &signer) ||
	    !part(&rest, '$', &salt) || !part(&rest, '\0', &digest) ||
	    !base64(separator, &end) || !base64(signer, &s->signer) ||
	    !base64(salt, &s->salt) || !base64(digest, &s->want) ||
	    s->salt.n + end.n > sizeof(s->salt.b) || !is_long_enough(s) ||
	    s->want.n != s->signer.n)
		return false;
	memcpy(s->salt.b + s->salt.n, end.b, end.n);
	s->salt.n += end.n;
	s->derive = pwkdf_firebase;
	return set_scrypt(s, INT64_C(1) << (log_n < 40 ? log_n : 40), r, p);
}

/* --- rounds of MD5 --- */

/* "BSALTSALTDIGEST": log2 of the rounds, eight characters, 22. */
bool
pwparse_phpass(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt = { rest + 1, 8 }, digest = { rest + 9, 22 };
	int64_t log_n;

	(void)whole;
	if (!is_itoa64(rest, 31))
		return false;
	log_n = itoa64_number(rest, 1);
	s->derive = pwkdf_phpass;
	s->n = INT64_C(1) << (log_n <= 30 ? log_n : 30);
	s->us = work(s->n, US_MD5_ROUND);
	return log_n >= 7 && log_n <= 30 && copy(salt, &s->salt) &&
	       itoa64(digest, &s->want);
}

bool
pwparse_apr1(const char *rest, const char *whole, struct pwspec *s)
{
	struct part salt, digest;

	(void)whole;
	s->derive = pwkdf_apr1;
	s->us = work(1000, US_MD5_ROUND);
	return part(&rest, '$', &salt) && salt.n <= 8 && copy(salt, &s->salt) &&
	       is_itoa64(rest, 22) && part(&rest, '\0', &digest) &&
	       itoa64(digest, &s->want);
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
	struct part digest = { rest, strlen(rest) };

	(void)whole;
	return base64(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

/* The digest and behind it the salt, together in base64. */
bool
pwparse_ldap_salted(const char *rest, const char *whole, struct pwspec *s)
{
	struct part both = { rest, strlen(rest) };
	size_t bytes = pwspec_digest_bytes(s->digest);

	(void)whole;
	if (!base64(both, &s->want) || s->want.n <= bytes)
		return false;
	s->salt.n = s->want.n - bytes;
	memcpy(s->salt.b, s->want.b + bytes, s->salt.n);
	s->want.n = bytes;
	return set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

bool
pwparse_hex(const char *rest, const char *whole, struct pwspec *s)
{
	struct part digest = { rest, strlen(rest) };

	(void)whole;
	return hex(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_LAST, PWSPEC_SALT_LAST);
}

/* "HEX:SALT", in either order. */
bool
pwparse_hex_salted(const char *rest, const char *whole, struct pwspec *s)
{
	struct part digest, salt;

	(void)whole;
	return part(&rest, ':', &digest) && hex(digest, &s->want) &&
	       part(&rest, '\0', &salt) && salt.n > 0 && copy(salt, &s->salt) &&
	       set_digest(s, PWSPEC_SALT_FIRST, PWSPEC_SALT_LAST);
}

/* "SALT$HEX": Django's, and Werkzeug's before PBKDF2. */
bool
pwparse_hex_django(const char *rest, const char *whole, struct pwspec *s)
{
	struct part digest, salt;

	(void)whole;
	return part(&rest, '$', &salt) && copy(salt, &s->salt) &&
	       part(&rest, '\0', &digest) && hex(digest, &s->want) &&
	       set_digest(s, PWSPEC_SALT_FIRST, PWSPEC_SALT_IS_KEY);
}
