/*
 * The parsers of stored password hashes, each at its limits: what it takes, and
 * what that costs. (Of hashes that other programs made is crypto_pwformat.c.)
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pwargon2.h"
#include "crypto/pwkdf.h"
#include "crypto/pwparse.h"
#include "tap.h"

#define A7 "AAAAAAA"
#define A11 "AAAAAAAAAAA"
#define A20 "AAAAAAAAAAAAAAAAAAAA"
#define A22 A11 A11
#define A43 A22 A20 "A"
#define A86 A43 A43
#define F10 "ffffffffff"
#define F30 F10 F10 F10
#define F32 F30 "ff"
#define F64 F32 F32

#define NO (-1) /* refused */
#define TOO_MUCH PWSPEC_TOO_MUCH

/* Its bytes end where the memory ends that a sanitizer watches. */
static bool
parse(pwparse *parser, enum pwspec_digest digest, const char *prefix,
    const char *rest, struct pwspec *out)
{
	size_t n = strlen(prefix) + strlen(rest) + 1;
	char *whole = malloc(n);
	bool good;

	if (whole == NULL)
		abort();
	snprintf(whole, n, "%s%s", prefix, rest);
	memset(out, 0, sizeof(*out));
	out->digest = digest;
	good = parser(whole + strlen(prefix), whole, out);
	free(whole);
	return good;
}

/* --- libxcrypt's --- */

struct cost {
	pwparse *parser;
	const char *prefix, *rest;
	int64_t us; /* or NO */
};

static const struct cost of_libxcrypt[] = {
	{ pwparse_yescrypt, "$y$", "j9T$salt$" A43, 16384 },
	{ pwparse_yescrypt, "$y$", "jAT$salt$" A43, 32768 },
	{ pwparse_yescrypt, "$y$", "xyz$salt$" A43, TOO_MUCH },
	{ pwparse_yescrypt, "$y$", "j9T$salt$" A43 "A", NO },
	{ pwparse_yescrypt, "$y$", "j9T$salt$" A22 A20, NO },
	{ pwparse_yescrypt, "$y$", "$salt$" A43, NO },

	{ pwparse_scrypt_crypt, "$7$", "/6..../....$" A43, 16 },
	{ pwparse_scrypt_crypt, "$7$", "/6..../....salt$" A43, 16 },
	{ pwparse_scrypt_crypt, "$7$", "C6..../....$" A43, 131072 },
	{ pwparse_scrypt_crypt, "$7$", "C6....0....$" A43, 262144 },
	{ pwparse_scrypt_crypt, "$7$", "C...../....$" A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "C6.........$" A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "C..../0....$" A43, TOO_MUCH },
	{ pwparse_scrypt_crypt, "$7$", "C6......../$" A43, TOO_MUCH },
	{ pwparse_scrypt_crypt, "$7$", ".6..../....$" A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "c6..../....$" A43, TOO_MUCH },
	{ pwparse_scrypt_crypt, "$7$", "d6..../....$" A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "/6..../...$" A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "/6..../....," A43, NO },
	{ pwparse_scrypt_crypt, "$7$", "/6..../....$" A43 "A", NO },

	{ pwparse_bcrypt, "$2b$", "04$" A43 "AAAAAAAAAA", 1200 },
	{ pwparse_bcrypt, "$2b$", "03$" A43 "AAAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "31$" A43 "AAAAAAAAAA",
	    INT64_C(161061273600) },
	{ pwparse_bcrypt, "$2b$", "32$" A43 "AAAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "5$" A43 "AAAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "005$" A43 "AAAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "xx$" A43 "AAAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "05$" A43 "AAAAAAAAA", NO },
	{ pwparse_bcrypt, "$2b$", "05$" A43 "AAAAAAAAAAA", NO },

	{ pwparse_sha256crypt, "$5$", "salt$" A43, 25000 },
	{ pwparse_sha256crypt, "$5$", "$" A43, 25000 },
	{ pwparse_sha256crypt, "$5$", "rounds=1000$salt$" A43, 5000 },
	{ pwparse_sha256crypt, "$5$", "rounds=999$salt$" A43, NO },
	{ pwparse_sha256crypt, "$5$", "rounds=$salt$" A43, NO },
	{ pwparse_sha256crypt, "$5$", "saltsaltsaltsalt$" A43, 25000 },
	{ pwparse_sha256crypt, "$5$", "saltsaltsaltsalts$" A43, NO },
	{ pwparse_sha256crypt, "$5$", A43, NO },
	{ pwparse_sha256crypt, "$5$", "salt$" A22 A20, NO },
	{ pwparse_sha256crypt, "$5$", "salt$" A43 "A", NO },
	{ pwparse_sha512crypt, "$6$", "salt$" A86, 25000 },
	{ pwparse_sha512crypt, "$6$", "salt$" A43 A22 A20, NO },
	{ pwparse_sha512crypt, "$6$", "salt$" A86 "A", NO },

	{ pwparse_md5crypt, "$1$", "saltsalt$" A22, 3000 },
	{ pwparse_md5crypt, "$1$", "$" A22, 3000 },
	{ pwparse_md5crypt, "$1$", "saltsalts$" A22, NO },
	{ pwparse_md5crypt, "$1$", "salt$" A20 "A", NO },
	{ pwparse_md5crypt, "$1$", "salt$" A22 "A", NO },
	{ pwparse_md5crypt, "$1$", A22, NO },

	{ pwparse_sunmd5, "$md5", "$salt$" A22, 8192 },
	{ pwparse_sunmd5, "$md5", "$salt$$" A22, 8192 },
	{ pwparse_sunmd5, "$md5", ",rounds=10$salt$" A22, 8212 },
	{ pwparse_sunmd5, "$md5", ",rounds=10$salt$$" A22, 8212 },
	{ pwparse_sunmd5, "$md5", ",rounds=$salt$" A22, NO },
	{ pwparse_sunmd5, "$md5", "salt$" A22, NO },
	{ pwparse_sunmd5, "$md5", "$saltsaltsaltsalt$" A22, 8192 },
	{ pwparse_sunmd5, "$md5", "$saltsaltsaltsalts$" A22, NO },
	{ pwparse_sunmd5, "$md5", "$" A22, NO },
	{ pwparse_sunmd5, "$md5", "$salt$$$" A22, NO },
	{ pwparse_sunmd5, "$md5", "$salt$" A22 "A", NO },

	{ pwparse_sha1crypt, "$sha1$", "5$s$" A7 A7 A7 A7, 15 },
	{ pwparse_sha1crypt, "$sha1$", "5$" A43 A20 "A$" A7 A7 A7 A7, 15 },
	{ pwparse_sha1crypt, "$sha1$", "5$" A43 A22 "$" A7 A7 A7 A7, NO },
	{ pwparse_sha1crypt, "$sha1$", "5$$" A7 A7 A7 A7, NO },
	{ pwparse_sha1crypt, "$sha1$", "$s$" A7 A7 A7 A7, NO },
	{ pwparse_sha1crypt, "$sha1$", "5$" A7 A7 A7 A7, NO },
	{ pwparse_sha1crypt, "$sha1$", "5$s$" A20 A7, NO },
	{ pwparse_sha1crypt, "$sha1$", "5$s$" A22 A7, NO },

	{ pwparse_nt, "$3$", "$" F32, 1 },
	{ pwparse_nt, "$3$", F32, NO },
	{ pwparse_nt, "$3$", "$" F30, NO },
	{ pwparse_nt, "$3$", "$" F32 "ff", NO },
	{ pwparse_nt, "$3$", "$" F30 "fg", NO },

	{ pwparse_bsdicrypt, "_", "/..." A11 "AAAA", 1 },
	{ pwparse_bsdicrypt, "_", "J9.." A11 "AAAA", 725 },
	{ pwparse_bsdicrypt, "_", ".../" A11 "AAAA", 262144 },
	{ pwparse_bsdicrypt, "_", "/..." A11 "AAA", NO },
	{ pwparse_bsdicrypt, "_", "/..." A11 "AAAAA", NO },

	{ pwparse_descrypt, "", "AA" A11, 25 },
	{ pwparse_descrypt, "", "A" A11, NO },
	{ pwparse_descrypt, "", "AAA" A11, NO },

	{ pwparse_bigcrypt, "", "AA" A11, NO },
	{ pwparse_bigcrypt, "", "AA" A22, 50 },
	{ pwparse_bigcrypt, "", "A" A22, NO },
	{ pwparse_bigcrypt, "", "AAA" A22, NO },
	{ pwparse_bigcrypt, "", "$A" A22, NO },
	{ pwparse_bigcrypt, "", "AA" A22 A22 A22 A22 A22 A22 A22 A22, 400 },
	{ pwparse_bigcrypt, "", "AA" A22 A22 A22 A22 A22 A22 A22 A22 A11, NO },
	{ pwparse_bigcrypt, "", "", NO },

	{ pwparse_passlib_bcrypt, "", "v=2,t=2b,r=12$" A22 "$" A20 A11,
	    307200 },
	{ pwparse_passlib_bcrypt, "", "v=2,t=2a,r=12$" A22 "$" A20 A11,
	    307200 },
	{ pwparse_passlib_bcrypt, "", "v=2,t=2y,r=12$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "v=2,t=2bb,r=12$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "v=2,t=2b,12$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A22 "$" A20 A11, 307200 },
	{ pwparse_passlib_bcrypt, "", "2b,5$" A22 "$" A20 A11, 2400 },
	{ pwparse_passlib_bcrypt, "", "2b,4$" A22 "$" A20 A11, 1200 },
	{ pwparse_passlib_bcrypt, "", "2b,3$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,31$" A22 "$" A20 A11,
	    INT64_C(161061273600) },
	{ pwparse_passlib_bcrypt, "", "2b,32$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,r=12$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b$12$" A22 "$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A20 "A$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A22 "A$" A20 A11, NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A22 "$" A20 "AAAAAAAAAA", NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A22 "$" A20 A11 "A", NO },
	{ pwparse_passlib_bcrypt, "", "2b,12$" A22 A20 A11, NO },
};

static void
test_libxcrypt(void)
{
	struct pwspec s;
	char title[300];
	size_t i;

	for (i = 0; i < ARRAY_LEN(of_libxcrypt); i++) {
		const struct cost *c = &of_libxcrypt[i];

		snprintf(title, sizeof(title), "%s%s", c->prefix, c->rest);
		is_int(parse(c->parser, PWSPEC_MD5, c->prefix, c->rest, &s)
		           ? s.us
		           : NO,
		    c->us, tap_with("a hash of libxcrypt has its cost", title));
		if (c->us != NO && c->parser != pwparse_passlib_bcrypt)
			is(s.stored, title,
			    tap_with("a hash of libxcrypt is kept", title));
	}
}

static void
test_kept(void)
{
	char rest[PWHASH_BYTES + 20];
	struct pwspec s;
	size_t n = PWHASH_BYTES - 1 -
	           strlen("$7$"
	                  "$" A43);

	memset(rest, '.', sizeof(rest));
	rest[0] = rest[6] = '/'; /* N, r and p */
	rest[1] = '6';
	snprintf(rest + n, sizeof(rest) - n, "$%s", A43);
	ok(parse(pwparse_scrypt_crypt, PWSPEC_MD5, "$7$", rest, &s) &&
	        strlen(s.stored) == PWHASH_BYTES - 1,
	    "the longest hash of libxcrypt is kept");
	snprintf(rest, sizeof(rest), "/6..../....%0*d$%s", (int)n - 10, 0, A43);
	ok(!parse(pwparse_scrypt_crypt, PWSPEC_MD5, "$7$", rest, &s),
	    "a longer hash of libxcrypt is refused");

	ok(parse(pwparse_yescrypt, PWSPEC_MD5, "$y$", "j9T$salt$" A43, &s) &&
	        s.kib == 16384 && s.derive == NULL,
	    "the memory of yescrypt is known");
	ok(parse(pwparse_scrypt_crypt, PWSPEC_MD5, "$7$", "C6..../....$" A43,
	       &s) &&
	        s.kib == 16384 && s.n == 16384 && s.r == 8 && s.p == 1,
	    "the memory of scrypt is known");
	ok(parse(pwparse_nt, PWSPEC_MD5, "$3$", "$" F32, &s) && s.want.n == 16,
	    "an NT hash has 16 bytes");
	ok(parse(pwparse_passlib_bcrypt, PWSPEC_MD5, "",
	       "v=2,t=2b,r=5$" A22 "$" A20 A11, &s) &&
	        s.prehash == PWSPEC_HMAC_SHA256_BASE64 && s.salt.n == 22 &&
	        strcmp(s.stored, "$2b$05$" A22 A20 A11) == 0,
	    "passlib's second version is keyed by its salt");
	ok(parse(pwparse_passlib_bcrypt, PWSPEC_MD5, "",
	       "2a,12$" A22 "$" A20 A11, &s) &&
	        s.prehash == PWSPEC_SHA256_BASE64 &&
	        strcmp(s.stored, "$2a$12$" A22 A20 A11) == 0,
	    "passlib's first version has no key");
}

/* --- argon2 --- */

#define SALT8 A11
#define SALT7 "AAAAAAAAAA"
#define WANT16 A22
#define WANT15 A20

static void
test_argon2(void)
{
	static const struct {
		const char *rest;
		int64_t us;
	} cases[] = {
		{ "v=19$m=8,t=1,p=1$" SALT8 "$" WANT16, 56 },
		{ "v=16$m=8,t=1,p=1$" SALT8 "$" WANT16, 56 },
		{ "m=8,t=1,p=1$" SALT8 "$" WANT16, 56 },
		{ "v=19$m=8,t=2,p=1$" SALT8 "$" WANT16, 80 },
		{ "v=19$m=2040,t=1,p=255$" SALT8 "$" WANT16, 14280 },
		{ "v=19$m=2039,t=1,p=255$" SALT8 "$" WANT16, NO },
		{ "v=19$m=2048,t=1,p=256$" SALT8 "$" WANT16, NO },
		{ "v=15$m=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=17$m=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=18$m=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=20$m=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=$m=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=0,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=1,p=0$" SALT8 "$" WANT16, NO },
		{ "v=19$m=7,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=1,p=1$" SALT7 "$" WANT16, NO },
		{ "v=19$m=8,t=1,p=1$" SALT8 "$" WANT15, NO },
		{ "v=19$m=8,t=1,p=1$" SALT8 "$!", NO },
		{ "v=19$m=8,t=1,p=1$!$" WANT16, NO },
		{ "v=19$m=8,t=1,p=1$" SALT8, NO },
		{ "v=19$m=8,t=1,p=1", NO },
		{ "v=19$m=8,t=1,x=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,x=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=x,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$x=8,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=x,t=1,p=1$" SALT8 "$" WANT16, NO },
		{ "v=19$m=8,t=125000000000,p=1$" SALT8 "$" WANT16, TOO_MUCH },
		{ "v=19$m=8,t=124999999999,p=1$" SALT8 "$" WANT16,
		    TOO_MUCH + 32 },
	};
	struct pwspec s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is_int(
		    parse(pwparse_argon2id, PWSPEC_MD5, "", cases[i].rest, &s)
		        ? s.us
		        : NO,
		    cases[i].us,
		    tap_with("a hash of argon2 has its cost", cases[i].rest));
	ok(parse(pwparse_argon2d, PWSPEC_MD5, "", cases[2].rest, &s) &&
	        s.variant == 0 && s.version == 16 && s.n == 1 && s.kib == 8,
	    "without a version argon2d is of version 16");
	ok(parse(pwparse_argon2i, PWSPEC_MD5, "", cases[3].rest, &s) &&
	        s.variant == 1 && s.version == 19 && s.n == 2,
	    "argon2i has its passes");
	ok(parse(pwparse_argon2id, PWSPEC_MD5, "", cases[4].rest, &s) &&
	        s.variant == 2 && s.p == 255 && s.kib == 2040 &&
	        s.derive == pwargon2_derive && s.salt.n == 8 && s.want.n == 16,
	    "argon2id has its lanes");
}

/* --- PBKDF2 --- */

static const struct digested {
	pwparse *parser;
	enum pwspec_digest digest;
	const char *rest;
	int64_t us; /* or NO */
	size_t salt, want;
} of_pbkdf2[] = {
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$salt$" A43, 9, 4, 32 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$$" A43, 9, 0, 32 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "1$salt$" A43, 1, 4, 32 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "0$salt$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$salt$" A43 "A", 18, 4, 33 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$salt$" A22, 9, 4, 16 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$salt$" A20, NO, 0, 0 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA1, "9$salt$" A20 A7, 9, 4, 20 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA1, "9$salt$" A20 A7 "A", 18, 4, 21 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$salt$!", NO, 0, 0 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "$salt$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$" A86 A86 A20 "$" A43, 9,
	    192, 32 },
	{ pwparse_pbkdf2_django, PWSPEC_SHA256, "9$" A86 A86 A20 "A$" A43, NO,
	    0, 0 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "9$" A11 "$" A43, 9, 8, 32 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "0$" A11 "$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "9$!$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "9$" A11 "$!", NO, 0, 0 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "$" A11 "$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_passlib, PWSPEC_SHA256, "9$" A43, NO, 0, 0 },
	{ pwparse_pbkdf2_keycloak, PWSPEC_SHA512, "9$" A11 "$" A86, 9, 8, 64 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$salt$" F64, 9, 4, 32 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$salt$" F32, 9, 4, 16 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$salt$" F30, NO, 0, 0 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$salt$" F32 "g", NO, 0, 0 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "$salt$" F64, NO, 0, 0 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$" F64, NO, 0, 0 },
	{ pwparse_pbkdf2_werkzeug, PWSPEC_SHA256, "9$" A86 A86 A20 "A$" F64, NO,
	    0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt$9$" F30 F10, 9, 4, 20 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$2$salt$9$" F30 F10, NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt$$" F30 F10, NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt$0$" F30 F10, NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt$9$" F30, NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt$9$!!", NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$salt", NO, 0, 0 },
	{ pwparse_pbkdf2_dovecot, PWSPEC_SHA1, "$1$" A86 A86 A20 "A$9$" F30 F10,
	    NO, 0, 0 },
	{ pwparse_pbkdf2_spring, PWSPEC_SHA1, F64 F10 "ffffff", 370000, 8, 32 },
	{ pwparse_pbkdf2_spring, PWSPEC_SHA1, F64 F10 "fffff", NO, 0, 0 },
	{ pwparse_pbkdf2_spring, PWSPEC_SHA1, F64 F10 "fffffff", NO, 0, 0 },
	{ pwparse_pbkdf2_spring, PWSPEC_SHA1, F64 F10 "fffffg", NO, 0, 0 },
	{ pwparse_pbkdf2_spring, PWSPEC_SHA1, "g" F64 F10 "fffff", NO, 0, 0 },
	{ pwparse_pbkdf2_spring_5_8, PWSPEC_SHA256, F64 F32, 310000, 16, 32 },
	{ pwparse_pbkdf2_spring_5_8, PWSPEC_SHA256, F64 F30 "f", NO, 0, 0 },
	{ pwparse_pbkdf2_spring_5_8, PWSPEC_SHA256, F64 F32 "f", NO, 0, 0 },
};

/* --- scrypt --- */

static const struct digested of_scrypt[] = {
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$8$2$" A22, 256, 4, 16 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$8$2$" A20, NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$8$2$!", NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "$salt$8$2$" A22, NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$$2$" A22, NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$8$$" A22, NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$salt$8$2", NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "15$salt$8$2$" A22, NO, 0, 0 },
	{ pwparse_scrypt_django, PWSPEC_MD5, "16$" A86 A86 A20 "A$8$2$" A22, NO,
	    0, 0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=2$" A11 "$" A22, 256,
	    8, 16 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=1,r=8,p=2$" A11 "$" A22, 32,
	    8, 16 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=0,r=8,p=2$" A11 "$" A22, NO,
	    0, 0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=31,r=1,p=1$" A11 "$" A22,
	    INT64_C(2147483648), 8, 16 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=32,r=1,p=1$" A11 "$" A22,
	    TOO_MUCH, 8, 16 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=99,r=1,p=1$" A11 "$" A22,
	    TOO_MUCH, 8, 16 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=2$" A11 "$" A20, NO,
	    0, 0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=2$!$" A22, NO, 0, 0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=2$" A11 "$!", NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=2$" A22, NO, 0, 0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "4,r=8,p=2$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=,r=8,p=2$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,8,p=2$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=,p=2$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,2$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_passlib, PWSPEC_MD5, "ln=4,r=8,p=$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:2$salt$" F32, 256, 4, 16 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:2$salt$" F30, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:2$salt$!!", NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, ":8:2$salt$" F32, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16::2$salt$" F32, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:$salt$" F32, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:2$" F32, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "15:8:2$salt$" F32, NO, 0, 0 },
	{ pwparse_scrypt_werkzeug, PWSPEC_MD5, "16:8:2$" A86 A86 A20 "A$" F32,
	    NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40802$" A11 "$" A22, 256, 8,
	    16 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$41002$" A11 "$" A22, 512, 8,
	    16 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$000000040802$" A11 "$" A22, 256,
	    8, 16 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$10801$" A11 "$" A22, 16, 8, 16 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$00801$" A11 "$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$280101$" A11 "$" A22, TOO_MUCH,
	    8, 16 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$290101$" A11 "$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$1000000$" A11 "$" A22, NO, 0,
	    0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40002$" A11 "$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "40802$" A11 "$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$4080g$" A11 "$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40802$!$" A22, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40802$" A11 "$!", NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40802$" A11 "$" A20, NO, 0, 0 },
	{ pwparse_scrypt_spring, PWSPEC_MD5, "$40802$" A22, NO, 0, 0 },
#define FIREBASE pwparse_scrypt_firebase, PWSPEC_MD5
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=Bw==,sk=" A22 "$" A11 "$" A22, 256, 9,
	    16 },
	{ FIREBASE, "v=1,n=1,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22, 32, 8, 16 },
	{ FIREBASE, "v=1,n=0,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=99,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22, TOO_MUCH, 8,
	    16 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A20 "$" A11 "$" A20, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22 "A$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22 "A", NO, 0,
	    0 },
	{ FIREBASE,
	    "v=1,n=4,r=8,p=2,ss=,sk=" A22 "$" A86 A86 A43 A20 A20 "A$" A22, 256,
	    192, 16 },
	{ FIREBASE,
	    "v=1,n=4,r=8,p=2,ss=Bw,sk=" A22 "$" A86 A86 A43 A20 A20 "A$" A22,
	    NO, 0, 0 },
	{ FIREBASE, "v=2,n=4,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=,r=8,p=2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,8,p=2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=,p=2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,2,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=,ss=,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=," A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=!,sk=" A22 "$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=!$" A11 "$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22 "$!$" A22, NO, 0, 0 },
	{ FIREBASE, "v=1,n=4,r=8,p=2,ss=,sk=" A22 "$" A11 "$!", NO, 0, 0 },
};

/* --- MD5 in rounds, and digests --- */

static const struct digested of_digests[] = {
	{ pwparse_phpass, PWSPEC_MD5, "5" A20 "AAAAAAAAAA", 384, 8, 16 },
	{ pwparse_phpass, PWSPEC_MD5, "4" A20 "AAAAAAAAAA", NO, 0, 0 },
	{ pwparse_phpass, PWSPEC_MD5, "S" A20 "AAAAAAAAAA", INT64_C(3221225472),
	    8, 16 },
	{ pwparse_phpass, PWSPEC_MD5, "T" A20 "AAAAAAAAAA", NO, 0, 0 },
	{ pwparse_phpass, PWSPEC_MD5, "z" A20 "AAAAAAAAAA", NO, 0, 0 },
	{ pwparse_phpass, PWSPEC_MD5, "5" A20 "AAAAAAAAA", NO, 0, 0 },
	{ pwparse_phpass, PWSPEC_MD5, "5" A20 "AAAAAAAAAAA", NO, 0, 0 },
	{ pwparse_apr1, PWSPEC_MD5, "saltsalt$" A22, 3000, 8, 16 },
	{ pwparse_apr1, PWSPEC_MD5, "$" A22, 3000, 0, 16 },
	{ pwparse_apr1, PWSPEC_MD5, "saltsalts$" A22, NO, 0, 0 },
	{ pwparse_apr1, PWSPEC_MD5, "salt$" A20 "A", NO, 0, 0 },
	{ pwparse_apr1, PWSPEC_MD5, "salt$" A22 "A", NO, 0, 0 },
	{ pwparse_apr1, PWSPEC_MD5, A22, NO, 0, 0 },
	{ pwparse_ldap_digest, PWSPEC_SHA1, A20 A7, 10, 0, 20 },
	{ pwparse_ldap_digest, PWSPEC_SHA1, A20 A7 "A", NO, 0, 0 },
	{ pwparse_ldap_digest, PWSPEC_SHA1, A20 "AAAAAA", NO, 0, 0 },
	{ pwparse_ldap_digest, PWSPEC_SHA1, "!", NO, 0, 0 },
	{ pwparse_ldap_salted, PWSPEC_SHA1, A20 A7 "A", 10, 1, 20 },
	{ pwparse_ldap_salted, PWSPEC_SHA1, A20 A7, NO, 0, 0 },
	{ pwparse_ldap_salted, PWSPEC_SHA1, "!", NO, 0, 0 },
	{ pwparse_ldap_salted, PWSPEC_SHA384, A86, 10, 16, 48 },
	{ pwparse_hex, PWSPEC_MD5, F32, 10, 0, 16 },
	{ pwparse_hex, PWSPEC_MD5, F30, NO, 0, 0 },
	{ pwparse_hex, PWSPEC_MD5, F30 "fg", NO, 0, 0 },
	{ pwparse_hex, PWSPEC_MD5, F32 "ff", NO, 0, 0 },
	{ pwparse_hex_salted, PWSPEC_MD5, F32 ":s", 10, 1, 16 },
	{ pwparse_hex_salted, PWSPEC_MD5, F32 ":", NO, 0, 0 },
	{ pwparse_hex_salted, PWSPEC_MD5, F32, NO, 0, 0 },
	{ pwparse_hex_salted, PWSPEC_MD5, F30 ":s", NO, 0, 0 },
	{ pwparse_hex_salted, PWSPEC_MD5, F30 "fg:s", NO, 0, 0 },
	{ pwparse_hex_salted, PWSPEC_MD5, F32 ":" A86 A86 A20, 10, 192, 16 },
	{ pwparse_hex_salted, PWSPEC_MD5, F32 ":" A86 A86 A20 "A", NO, 0, 0 },
	{ pwparse_hex_django, PWSPEC_MD5, "s$" F32, 10, 1, 16 },
	{ pwparse_hex_django, PWSPEC_MD5, "$" F32, 10, 0, 16 },
	{ pwparse_hex_django, PWSPEC_MD5, F32, NO, 0, 0 },
	{ pwparse_hex_django, PWSPEC_MD5, "s$" F30, NO, 0, 0 },
	{ pwparse_hex_django, PWSPEC_MD5, "s$" F30 "fg", NO, 0, 0 },
	{ pwparse_hex_django, PWSPEC_MD5, A86 A86 A20 "A$" F32, NO, 0, 0 },
};

static void
/* cppcheck-suppress constParameter ; a function has no const */
test_digested(const struct digested *cases, size_t n, pwspec_derive *derive)
{
	struct pwspec s;
	size_t i;

	for (i = 0; i < n; i++) {
		is_int(parse(cases[i].parser, cases[i].digest, "",
		           cases[i].rest, &s)
		           ? s.us
		           : NO,
		    cases[i].us,
		    tap_with("a hash has its cost", cases[i].rest));
		if (cases[i].us == NO)
			continue;
		ok(s.salt.n == cases[i].salt && s.want.n == cases[i].want,
		    tap_with(
		        "a hash has its salt and its bytes", cases[i].rest));
		ok(s.derive != NULL && (derive == NULL || s.derive == derive ||
		                           s.derive == pwkdf_firebase),
		    tap_with("a hash has its function", cases[i].rest));
	}
}

static void
test_figures(void)
{
	struct pwspec s;

	ok(parse(pwparse_phpass, PWSPEC_MD5, "", "5" A20 "AAAAAAAAAA", &s) &&
	        s.n == 128 && s.derive == pwkdf_phpass,
	    "PHPass has its rounds");
	ok(parse(pwparse_phpass, PWSPEC_MD5, "", "S" A20 "AAAAAAAAAA", &s) &&
	        s.n == INT64_C(1) << 30,
	    "PHPass has its most rounds");
	ok(parse(pwparse_pbkdf2_django, PWSPEC_SHA256, "", "9$salt$" A43, &s) &&
	        s.n == 9 && memcmp(s.salt.b, "salt", 4) == 0,
	    "PBKDF2 has its rounds");
	ok(parse(pwparse_scrypt_spring, PWSPEC_MD5, "", "$e1002$" A11 "$" A22,
	       &s) &&
	        s.n == 16384 && s.r == 16 && s.p == 2,
	    "Spring's scrypt has its figures");
	ok(parse(pwparse_scrypt_firebase, PWSPEC_MD5, "",
	       "v=1,n=4,r=8,p=2,ss=Bw==,sk=" A22 "$" A11 "$" A22, &s) &&
	        s.salt.b[7] == 0 && s.salt.b[8] == 7 && s.signer.n == 16,
	    "the separator of Firebase's scrypt is behind its salt");
	ok(parse(pwparse_ldap_salted, PWSPEC_SHA1, "", A20 A7 "B", &s) &&
	        s.salt.b[0] == 1,
	    "the salt of an LDAP hash is behind its digest");
	ok(parse(pwparse_ldap_digest, PWSPEC_SHA1, "", A20 A7, &s) &&
	        s.order == s.last_order && s.order == PWSPEC_SALT_LAST,
	    "a digest without a salt has one order");
	ok(parse(pwparse_hex, PWSPEC_MD5, "", F32, &s) &&
	        s.order == s.last_order,
	    "a hexadecimal digest has one order");
	ok(parse(pwparse_hex_salted, PWSPEC_MD5, "", F32 ":s", &s) &&
	        s.order == PWSPEC_SALT_FIRST &&
	        s.last_order == PWSPEC_SALT_LAST,
	    "a digest with a salt has two orders");
	ok(parse(pwparse_hex_django, PWSPEC_MD5, "", "s$" F32, &s) &&
	        s.order == PWSPEC_SALT_FIRST &&
	        s.last_order == PWSPEC_SALT_IS_KEY,
	    "a digest behind its salt may be an HMAC");
}

/* --- work --- */

static void
test_work(void)
{
	is_int(pwspec_work(0, 3), 0, "no work takes no time");
	is_int(pwspec_work(5, 3), 15, "work takes its time");
	is_int(pwspec_work(TOO_MUCH / 4 - 1, 4), TOO_MUCH - 4,
	    "the most work is told as it is");
	is_int(pwspec_work(TOO_MUCH / 4, 4), TOO_MUCH,
	    "too much work is told as that");
	is_int(pwspec_work(INT64_MAX, 4), TOO_MUCH,
	    "any work beyond that is told as that");
	is_int(
	    (long long)pwspec_digest_bytes(PWSPEC_MD5), 16, "MD5 has 16 bytes");
	is_int((long long)pwspec_digest_bytes(PWSPEC_SHA384), 48,
	    "SHA-384 has 48 bytes");
}

static void
test_scrypt(void)
{
	static const struct {
		const char *name;
		int64_t n, r, p, kib, us;
	} cases[] = {
		{ "2, 1, 1", 2, 1, 1, 1, 8 },
		{ "1, 1, 1", 1, 1, 1, 0, NO },
		{ "2, 0, 1", 2, 0, 1, 0, NO },
		{ "2, 1, 0", 2, 1, 0, 0, NO },
		{ "3, 1, 1", 3, 1, 1, 0, NO },
		{ "16, 1, 1", 16, 1, 1, 2, 16 },
		{ "8, 1, 1", 8, 1, 1, 1, 8 },
		{ "2, 5, 1", 2, 5, 1, 2, 16 },
		{ "16, 1, 3", 16, 1, 3, 2, 48 },
		{ "2^31, 1, 1", INT64_C(1) << 31, 1, 1, 268435456,
		    INT64_C(2147483648) },
		{ "2^32, 1, 1", INT64_C(1) << 32, 1, 1, 0, TOO_MUCH },
		{ "a number beyond all", TOO_MUCH, 1, 1, 0, TOO_MUCH },
		{ "a number below that", TOO_MUCH - 1, 1, 1, 0, NO },
		{ "2, 2048, 1", 2, 2048, 1, 512, 4096 },
		{ "2, 2049, 1", 2, 2049, 1, 0, TOO_MUCH },
		{ "2, 1, 2048", 2, 1, 2048, 1, 16384 },
		{ "2, 1, 2049", 2, 1, 2049, 0, TOO_MUCH },
		{ "2, 1024, 2", 2, 1024, 2, 256, 4096 },
		{ "2, 1024, 3", 2, 1024, 3, 0, TOO_MUCH },
	};
	struct pwspec s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		memset(&s, 0, sizeof(s));
		is_int(pwspec_set_scrypt(&s, cases[i].n, cases[i].r, cases[i].p)
		           ? s.us
		           : NO,
		    cases[i].us,
		    tap_with("scrypt takes its time", cases[i].name));
		is_int(s.kib, cases[i].kib,
		    tap_with("scrypt takes its memory", cases[i].name));
	}
}

int
main(void)
{
	test_libxcrypt();
	test_kept();
	test_argon2();
	test_digested(of_pbkdf2, ARRAY_LEN(of_pbkdf2), pwkdf_pbkdf2);
	test_digested(of_scrypt, ARRAY_LEN(of_scrypt), pwkdf_scrypt);
	test_digested(of_digests, ARRAY_LEN(of_digests), NULL);
	test_figures();
	test_work();
	test_scrypt();
	return done();
}
