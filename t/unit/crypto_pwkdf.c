/*
 * crypto/pwkdf.c: known answers, which Python's hashlib and OpenSSL's command
 * gave; what comes of calls that fail, and what is wiped.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "fail.h"

#define pwkdf_pbkdf2 tested_pbkdf2
#define pwkdf_scrypt tested_scrypt
#define pwkdf_firebase tested_firebase
#define pwkdf_phpass tested_phpass
#define pwkdf_apr1 tested_apr1
#define pwkdf_digest tested_digest
#define pwkdf_prehash tested_prehash
#define hashmem_release release_of_ours
#define explicit_bzero wipe_of_ours
#define EVP_MD_CTX_new() (fails("new") ? NULL : EVP_MD_CTX_new())
#define EVP_CIPHER_CTX_new() (fails("cipher") ? NULL : EVP_CIPHER_CTX_new())
#define EVP_DigestInit_ex(x, md, e) \
	(does_fail("init") ? 0 : EVP_DigestInit_ex(x, md, e))
#define EVP_DigestUpdate(x, p, n) \
	(does_fail("update") ? 0 : EVP_DigestUpdate(x, p, n))
#define EVP_DigestFinal_ex(x, out, n) \
	(does_fail("final") ? 0 : EVP_DigestFinal_ex(x, out, n))
#define EVP_EncryptInit_ex(x, c, e, key, iv) \
	(does_fail("encrypt") ? 0 : EVP_EncryptInit_ex(x, c, e, key, iv))
#define EVP_EncryptUpdate(x, out, n, in, len) \
	(does_fail("encrypted") ? 0 : EVP_EncryptUpdate(x, out, n, in, len))
#define EVP_PBE_scrypt(p, n, salt, salt_n, N, R, P, most, out, out_n)      \
	(does_fail("scrypt") ? 0                                           \
	                     : EVP_PBE_scrypt(p, n, salt, salt_n, N, R, P, \
	                           most, out, out_n))
#define PKCS5_PBKDF2_HMAC(p, n, salt, salt_n, rounds, md, out_n, out)        \
	(does_fail("pbkdf2") ? 0                                             \
	                     : PKCS5_PBKDF2_HMAC(p, n, salt, salt_n, rounds, \
	                           md, out_n, out))
#define HMAC(md, key, key_n, p, n, out, out_n) \
	(fails("hmac") ? NULL : HMAC(md, key, key_n, p, n, out, out_n))

static bool does_fail(const char *name);
static void release_of_ours(void);
static void wipe_of_ours(void *p, size_t n);

#include "crypto/pwkdf.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

/* A call that fails, and what OpenSSL keeps of it. */
static bool
does_fail(const char *name)
{
	bool it_does = fails(name);

	if (it_does)
		ERR_raise(ERR_LIB_USER, 1);
	return it_does;
}

static int released;
static size_t wiped;

static void
release_of_ours(void)
{
	released++;
}

static void
wipe_of_ours(void *p, size_t n)
{
	memset(p, 0, n);
	wiped = n;
}

static struct pwspec
spec_of(const char *salt, size_t want)
{
	struct pwspec s = { .n = 1, .r = 8, .p = 1 };

	s.salt.n = strlen(salt);
	memcpy(s.salt.b, salt, s.salt.n);
	s.want.n = want;
	return s;
}

/* What is derived, in hexadecimal digits. */
static const char *
derived(pwspec_derive *derive, const struct pwspec *s, const char *password)
{
	static char text[2 * PWSPEC_BYTES_MAX + 1];
	unsigned char *out = malloc(s->want.n + 1);
	size_t i;

	if (out == NULL)
		abort();
	memset(out, 0xee, s->want.n + 1);
	snprintf(text, sizeof(text), "failed");
	if (derive(s, password, out))
		for (i = 0; i < s->want.n; i++)
			snprintf(text + 2 * i, 3, "%02x", out[i]);
	if (out[s->want.n] != 0xee)
		snprintf(text, sizeof(text), "more than was wanted");
	free(out);
	return text;
}

static void
test_derived(void)
{
	struct pwspec s = spec_of("salt", 20);

	s.n = 3;
	s.digest = PWSPEC_SHA1;
	is(derived(tested_pbkdf2, &s, "password"),
	    "6b4e26125c25cf21ae35ead955f479ea2e71f6ff", "PBKDF2 with SHA-1");
	s.digest = PWSPEC_SHA256;
	is(derived(tested_pbkdf2, &s, "password"),
	    "ad35240ac683febfaf3cd49d845473fbbbaa2437", "PBKDF2 with SHA-256");
	s.digest = PWSPEC_SHA512;
	is(derived(tested_pbkdf2, &s, "password"),
	    "b6b07cb2cebf4ad84468391a543824fccffe0e07", "PBKDF2 with SHA-512");

	s = spec_of("salt", 16);
	s.n = 16;
	s.p = 2;
	released = 0;
	is(derived(tested_scrypt, &s, "password"),
	    "1e58e7aeedb29e78245c698f377ae812", "scrypt with two lanes");
	is_int(released, 1, "kept memory is released before scrypt's");
	s.n = 65536;
	s.p = 1;
	is(derived(tested_scrypt, &s, "password"),
	    "f9149cac9fa9240968a39045481e3a92", "scrypt with 64 MiB");

	s = spec_of("salt", 24);
	s.n = 16;
	s.signer.n = 24;
	memcpy(s.signer.b, "0123456789abcdef01234567", 24);
	wiped = 0;
	is(derived(tested_firebase, &s, "password"),
	    "adc9345cb61dbd3db6a813d0c29e9daa33ffc4f5791b6731",
	    "Firebase's scrypt");
	is_int((long long)wiped, 32, "the key of Firebase's scrypt is wiped");
}

static void
test_md5(void)
{
	static const struct {
		const char *password, *digest;
	} apr1[] = {
		{ "", "a622c7c16e1d13f4bae541fbf5233249" },
		{ "p", "cfce7dcd3ff4133f56db7144532b6b2f" },
		{ "password", "3ec3c0b211bba7ad3340295ed3e93576" },
		{ "0123456789abcdef", "335dba8d8f82d7902fe2c7415a12ccf7" },
		{ "0123456789abcdefX", "d7aa7bd7525217fc9eb2c17b2bd56c33" },
	};
	char longest[PWHASH_PASSWORD_MAX_BYTES + 1];
	struct pwspec s = spec_of("saltsalt", 16);
	size_t i;

	is(derived(tested_phpass, &s, "password"),
	    "2ae91b2a23da51b787885b356f39274e", "PHPass with one round");
	s.n = 8;
	is(derived(tested_phpass, &s, "password"),
	    "ecfd2cea48549c800c9eeeedfaff9f30", "PHPass with eight rounds");
	for (i = 0; i < ARRAY_LEN(apr1); i++)
		is(derived(tested_apr1, &s, apr1[i].password), apr1[i].digest,
		    tap_with("Apache's MD5", apr1[i].password));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	wiped = 0;
	is(derived(tested_apr1, &s, longest),
	    "2592c91f00d68abc6fb85f069aa645d5",
	    "Apache's MD5 of the longest password");
	is_int((long long)wiped, 16, "the digest of Apache's MD5 is wiped");
}

static void
test_digest(void)
{
	static const struct {
		enum pwspec_digest digest;
		const char *first, *last, *keyed;
	} cases[] = {
		{ PWSPEC_MD5, "67a1e09bb1f83f5007dc119c14d663aa",
		    "b305cadbb3bce54f3aa59c64fec00dea",
		    "961ff2373921d4eadfe97e4ccc56d3e2" },
		{ PWSPEC_SHA1, "59b3e8d637cf97edbe2384cf59cb7453dfe30789",
		    "c88e9c67041a74e0357befdff93f87dde0904214",
		    "c1d0e06998305903ac76f589bbd6d4b61a670ba6" },
		{ PWSPEC_SHA256,
		    "13601bda4ea78e55a07b98866d2be6be"
		    "0744e3866f13c00c811cab608a28f322",
		    "7a37b85c8918eac19a9089c0fa5a2ab4"
		    "dce3f90528dcdeec108b23ddf3607b99",
		    "84ec44c7d6fc41917953a1dafca3c7d7"
		    "856f7a9d0328b991b76f0d36be1224b9" },
		{ PWSPEC_SHA384,
		    "f4bdac9860c0ceea69fb29efbce24addca5cf1f808925d94"
		    "33b668528290d5d2c9080f32342175b5124895684db8ba4f",
		    "26105df2d689ee2cbb735deb530a9d0340626252be99b62d"
		    "be660a814507fc79f396ef7e6014f161df7bde927982f8cf",
		    "10ca3a035f41dfc26877e594c0776e567c94266d8422c857"
		    "1fc8b0e22d5fbc1f4d32c880929e97e3d35341f047cf10da" },
		{ PWSPEC_SHA512,
		    "2908d2c28dfc047741fc590a026ffade"
		    "237ab2ba7e1266f010fe49bde548b598"
		    "7a534a86655a0d17f336588e540cd66f"
		    "67234b152bbb645b4bb85758a1325d64",
		    "fa6a2185b3e0a9a85ef41ffb67ef3c1f"
		    "b6f74980f8ebf970e4e72e353ed9537d"
		    "593083c201dfd6e43e1c8a7aac2bc8db"
		    "b119c7dfb7d4b8f131111395bd70e97f",
		    "1c8e432462648d825ade4983da4b1c9c"
		    "c231180d3dd0e77b0cfe0b28c5e2f2b3"
		    "9aa3adabfcd5e1fe968b9e815005cf67"
		    "499c30177f4c0199e39064ceaa5adefa" },
	};
	struct pwspec s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		s = spec_of("salt", pwspec_digest_bytes(cases[i].digest));
		s.digest = cases[i].digest;
		s.order = PWSPEC_SALT_FIRST;
		is(derived(tested_digest, &s, "password"), cases[i].first,
		    "a digest of a salt and a password");
		s.order = PWSPEC_SALT_LAST;
		is(derived(tested_digest, &s, "password"), cases[i].last,
		    "a digest of a password and a salt");
		s.order = PWSPEC_SALT_IS_KEY;
		is(derived(tested_digest, &s, "password"), cases[i].keyed,
		    "an HMAC of a password, keyed by a salt");
	}
}

static const char *
prehashed(enum pwspec_prehash how)
{
	static char text[PWKDF_TEXT_BYTES];
	struct pwspec s = spec_of("salt", 0);

	s.prehash = how;
	wiped = 0;
	return tested_prehash(&s, "password", text) ? text : "failed";
}

static void
test_prehash(void)
{
	is(prehashed(PWSPEC_SHA256_HEX),
	    "5e884898da28047151d0e56f8dc62927"
	    "73603d0d6aabbdd62a11ef721d1542d8",
	    "a password before bcrypt, in hexadecimal digits");
	ok(wiped >= 32, "the digest before bcrypt is wiped");
	is(prehashed(PWSPEC_SHA256_BASE64),
	    "XohImNooBHFR0OVvjcYpJ3NgPQ1qq73WKhHvch0VQtg=",
	    "a password before bcrypt, in base64");
	is(prehashed(PWSPEC_HMAC_SHA256_BASE64),
	    "hOxEx9b8QZF5U6Ha/KPH14Vvep0DKLmRt28NNr4SJLk=",
	    "a password before bcrypt, keyed by the salt");
	is(prehashed(PWSPEC_HMAC_SHA384_BASE64),
	    "ZEIBxmCIjkyF8MNbMmsrJOPmp2/ioyAvd90BaIOY1lr6z3gfcWZusfjOv0kWasvS",
	    "a password before WordPress' bcrypt");
}

static void
test_failures(void)
{
	static const struct {
		const char *call;
		pwspec_derive *derive;
		int turn;
		enum pwspec_order order;
	} cases[] = {
		{ "pbkdf2", tested_pbkdf2, 1, PWSPEC_SALT_FIRST },
		{ "scrypt", tested_scrypt, 1, PWSPEC_SALT_FIRST },
		{ "scrypt", tested_firebase, 1, PWSPEC_SALT_FIRST },
		{ "cipher", tested_firebase, 1, PWSPEC_SALT_FIRST },
		{ "encrypt", tested_firebase, 1, PWSPEC_SALT_FIRST },
		{ "encrypted", tested_firebase, 1, PWSPEC_SALT_FIRST },
		{ "new", tested_phpass, 1, PWSPEC_SALT_FIRST },
		{ "init", tested_phpass, 1, PWSPEC_SALT_FIRST },
		{ "init", tested_phpass, 2, PWSPEC_SALT_FIRST },
		{ "update", tested_phpass, 1, PWSPEC_SALT_FIRST },
		{ "update", tested_phpass, 2, PWSPEC_SALT_FIRST },
		{ "final", tested_phpass, 1, PWSPEC_SALT_FIRST },
		{ "final", tested_phpass, 9, PWSPEC_SALT_FIRST },
		{ "new", tested_apr1, 1, PWSPEC_SALT_FIRST },
		{ "init", tested_apr1, 1, PWSPEC_SALT_FIRST },
		{ "final", tested_apr1, 2, PWSPEC_SALT_FIRST },
		{ "final", tested_apr1, 3, PWSPEC_SALT_FIRST },
		{ "final", tested_apr1, 1002, PWSPEC_SALT_FIRST },
		{ "new", tested_digest, 1, PWSPEC_SALT_FIRST },
		{ "init", tested_digest, 1, PWSPEC_SALT_LAST },
		{ "update", tested_digest, 2, PWSPEC_SALT_LAST },
		{ "final", tested_digest, 1, PWSPEC_SALT_LAST },
		{ "hmac", tested_digest, 1, PWSPEC_SALT_IS_KEY },
	};
	struct pwspec s = spec_of("saltsalt", 16);
	char title[100];
	size_t i;

	s.digest = PWSPEC_MD5;
	s.signer.n = 16;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		s.n = 8;
		s.order = cases[i].order;
		fail_at(cases[i].call, cases[i].turn);
		snprintf(title, sizeof(title), "%s %d, case %zu", cases[i].call,
		    cases[i].turn, i);
		is(derived(cases[i].derive, &s, "password"), "failed",
		    tap_with("no hash is made when a call fails", title));
		ok(failed(), tap_with("the call that fails is made", title));
		ok(ERR_peek_error() == 0,
		    tap_with("nothing of a failure is kept", title));
		ERR_clear_error();
	}
	fail_at("new", 1);
	is(prehashed(PWSPEC_SHA256_HEX), "failed",
	    "a password is not brought under bcrypt's limit without a digest");
	fail_at("hmac", 1);
	is(prehashed(PWSPEC_HMAC_SHA256_BASE64), "failed",
	    "a password is not keyed by a salt without an HMAC");
	fail_at("hmac", 1);
	is(prehashed(PWSPEC_HMAC_SHA384_BASE64), "failed",
	    "a password is not keyed for WordPress without an HMAC");
	ok(failed(), "each failure came");
}

int
main(void)
{
	test_derived();
	test_md5();
	test_digest();
	test_prehash();
	test_failures();
	return done();
}
