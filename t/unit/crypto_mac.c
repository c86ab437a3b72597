/*
 * crypto/mac.c: known answers, of another library's making and of the program
 * from before a secret had a file of its own; what is wiped; and what comes of
 * a library that fails.
 */
#include "base.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "conf.h"
#include "fail.h"
#include "keys.h"
#include "tap.h"

#define LONG_TEXT KEY_TEXT KEY_TEXT KEY_TEXT KEY_TEXT

/* --- what fails, or is watched, in the place of OpenSSL's --- */

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

void wipe(void *p, size_t n) __asm__("explicit_bzero");
void wipe_checked(void *p, size_t n, size_t size) __asm__(
    "__explicit_bzero_chk");

static size_t wiped_bytes; /* the last time */
static int prepared;       /* keys, or contexts that got one */

void
wipe(void *p, size_t n)
{
	wiped_bytes = n;
	REAL(explicit_bzero)(p, n);
}

void
wipe_checked(void *p, size_t n, size_t size)
{
	wipe(p, n < size ? n : size);
}

int
EVP_MAC_init(
    EVP_MAC_CTX *c, const unsigned char *k, size_t n, const OSSL_PARAM p[])
{
	prepared += k != NULL;
	return fails("EVP_MAC_init") ? 0 : REAL(EVP_MAC_init)(c, k, n, p);
}

/* clang-format off */
EVP_MD *EVP_MD_fetch(OSSL_LIB_CTX *c, const char *name, const char *how) { return fails("EVP_MD_fetch") ? NULL : REAL(EVP_MD_fetch)(c, name, how); }
EVP_MD_CTX *EVP_MD_CTX_new(void) { return fails("EVP_MD_CTX_new") ? NULL : REAL(EVP_MD_CTX_new)(); }
int EVP_DigestInit_ex2(EVP_MD_CTX *c, const EVP_MD *type, const OSSL_PARAM *p) { return fails("EVP_DigestInit_ex2") ? 0 : REAL(EVP_DigestInit_ex2)(c, type, p); }
int EVP_DigestUpdate(EVP_MD_CTX *c, const void *p, size_t n) { return fails("EVP_DigestUpdate") ? 0 : REAL(EVP_DigestUpdate)(c, p, n); }
int EVP_DigestFinal_ex(EVP_MD_CTX *c, unsigned char *out, unsigned *n) { return fails("EVP_DigestFinal_ex") ? 0 : REAL(EVP_DigestFinal_ex)(c, out, n); }
EVP_MAC *EVP_MAC_fetch(OSSL_LIB_CTX *c, const char *name, const char *how) { return fails("EVP_MAC_fetch") ? NULL : REAL(EVP_MAC_fetch)(c, name, how); }
EVP_MAC_CTX *EVP_MAC_CTX_new(EVP_MAC *m) { return fails("EVP_MAC_CTX_new") ? NULL : REAL(EVP_MAC_CTX_new)(m); }
int EVP_MAC_update(EVP_MAC_CTX *c, const unsigned char *p, size_t n) { return fails("EVP_MAC_update") ? 0 : REAL(EVP_MAC_update)(c, p, n); }
int EVP_MAC_final(EVP_MAC_CTX *c, unsigned char *out, size_t *n, size_t size) { return fails("EVP_MAC_final") ? 0 : REAL(EVP_MAC_final)(c, out, n, size); }
int CRYPTO_memcmp(const void *a, const void *b, size_t n) { (void)fails("CRYPTO_memcmp"); return REAL(CRYPTO_memcmp)(a, b, n); }
/* clang-format on */

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static const char *
hex(const unsigned char mac[MAC_BYTES])
{
	static char digits[2 * MAC_BYTES + 1];
	size_t i;

	for (i = 0; i < MAC_BYTES; i++)
		snprintf(digits + 2 * i, 3, "%02x", mac[i]);
	return digits;
}

/* --- purposes --- */

/*
 * Python: hmac.new(hmac.new(key, b"latchkey\0" + purpose + b"\0", "sha256")
 * .digest(), b"".join(text + b"\0" for text in texts), "sha256"). What counts
 * attempts and lies in browsers was made so when key_file was its only source:
 * none of it may change.
 */
static const struct {
	const char *secret;
	enum purpose purpose;
	const char *texts[4];
	const char *mac;
} known[] = {
	{ KEY_TEXT, PURPOSE_RATELIMIT, { "name", "ada", "", NULL },
	    "9015c66f8fd6b92c7c31cbe6790082bb"
	    "5edf231309a2a0d6d7f5229e3f868a55" },
	{ KEY_TEXT, PURPOSE_DEVICE,
	    { "1700000000.00112233445566778899aabbccddeeff", "ada", NULL },
	    "5c520b7a01b3848622406b74a6972d27"
	    "fb16d6c0bc0cf98246d61dbfafe5909f" },
	{ KEY_TEXT, PURPOSE_DECOY, { "ada", NULL },
	    "687ab1777a8648effc3095b04264e257"
	    "22ed0dd3b9840f11f85572a02bc31abb" },
	{ KEY_TEXT, PURPOSE_NETWORK, { "192.0.2.0/24", NULL },
	    "31366326ac656d911689d85ff03f351a"
	    "47557052ce27bde1d56743d1c23895f5" },
	{ LONG_TEXT, PURPOSE_RATELIMIT, { "name", "ada", "", NULL },
	    "e0a85fa7f7c8288ee869e8a2178d2617"
	    "29da0bc98256ddaf8319aeac667f615f" },
	{ LONG_TEXT, PURPOSE_DEVICE,
	    { "1700000000.00112233445566778899aabbccddeeff", "ada", NULL },
	    "0dc47efcef11627f490b7a0a6569c184"
	    "3fc6c2d6867b4b047d85409a1b8a57bb" },
	{ LONG_TEXT, PURPOSE_DECOY, { "ada", NULL },
	    "d619c5cf9be88d1b365dccde5005d079"
	    "a1e4209717a29a24b966a97255705e59" },
	{ LONG_TEXT, PURPOSE_NETWORK, { "192.0.2.0/24", NULL },
	    "e79973ec9c04bf58035085279c158f43"
	    "b9c9921c7bb2884bbcb6695c68496a4c" },
};

static void
test_known(void)
{
	unsigned char mac[MAC_BYTES];
	struct secrets secrets;
	char title[80];
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++) {
		make_secrets(&secrets, known[i].secret);
		snprintf(title, sizeof(title),
		    "purpose %d of a secret of %zu bytes is as it always was",
		    (int)known[i].purpose, strlen(known[i].secret));
		if (!mac_make(&secrets, known[i].purpose, known[i].texts, mac))
			abort();
		is(hex(mac), known[i].mac, title);
	}
}

static void
test_apart(void)
{
	unsigned char mac[MAC_BYTES];
	struct secrets secrets;

	make_secrets(&secrets, KEY_TEXT);
	ok(mac_make(&secrets, PURPOSE_RATELIMIT,
	       (const char *[]){ "namea", "da", "", NULL }, mac) &&
	        strcmp(hex(mac), known[0].mac) != 0,
	    "the same letters grouped otherwise have another MAC");
	ok(mac_make(&secrets, PURPOSE_RATELIMIT,
	       (const char *[]){ "name", "ada", NULL }, mac) &&
	        strcmp(hex(mac), known[0].mac) != 0,
	    "fewer texts have another MAC");
	prepared = 0;
	ok(mac_make(&secrets, PURPOSE_RATELIMIT,
	       (const char *[]){ "name", "ada", "", NULL }, mac) &&
	        strcmp(hex(mac), known[0].mac) == 0,
	    "the first texts have the first MAC again");
	is_int(prepared, 0, "no key is derived or prepared for a MAC");
}

static void
test_derive(void)
{
	struct secret secret = secret_of(KEY_TEXT);
	struct secrets secrets;

	prepared = 0;
	ok(mac_derive(&secret, PURPOSE_ALL, &secrets),
	    "the keys of all purposes are made");
	is_int(
	    prepared, 1 + PURPOSES, "each key of a purpose is prepared once");
	ok(is_zeroed(&secret, sizeof(secret)),
	    "the secret that they come from is wiped");
	is_int((long long)wiped_bytes, MAC_BYTES,
	    "each derived key is wiped once OpenSSL has it");
	mac_forget(&secrets);
}

/* A process that only checks has one key. */
static void
test_derive_some(void)
{
	struct secret secret = secret_of(KEY_TEXT);
	struct secrets all, some;
	unsigned char mac[MAC_BYTES], same[MAC_BYTES];
	unsigned i, n = 0;

	make_secrets(&all, KEY_TEXT);
	ok(mac_derive(&secret, PURPOSE_BIT(PURPOSE_PROOF), &some),
	    "the key of one purpose is made");
	for (i = 0; i < PURPOSES; i++)
		n += some.key[i] != NULL;
	is_int(n, 1, "no other purpose has a key then");
	ok(mac_bytes(some.key[PURPOSE_PROOF], "a", 1, mac) &&
	        mac_bytes(all.key[PURPOSE_PROOF], "a", 1, same) &&
	        memcmp(mac, same, MAC_BYTES) == 0,
	    "the key of one purpose is that among all");
	ok(is_zeroed(&secret, sizeof(secret)),
	    "the secret of one purpose's key is wiped");
	mac_forget(&some);
}

/* No half of the keys is left when OpenSSL fails, nor the secret. */
static void
test_derive_fails(void)
{
	static const struct {
		const char *name;
		int turn;
	} calls[] = {
		{ "EVP_MAC_fetch", 1 },
		{ "EVP_MAC_fetch", 1 + PURPOSES },
		{ "EVP_MAC_init", 1 },
		{ "EVP_MAC_init", 2 },
		{ "EVP_MAC_init", 3 },
		{ "EVP_MAC_update", 1 },
		{ "EVP_MAC_update", 2 },
		{ "EVP_MAC_final", 1 },
		{ "EVP_MAC_final", PURPOSES },
	};
	static const struct secrets none;
	struct secret secret;
	struct secrets secrets;
	char title[90];
	size_t i;

	for (i = 0; i < ARRAY_LEN(calls); i++) {
		secret = secret_of(KEY_TEXT);
		fail_at(calls[i].name, calls[i].turn);
		snprintf(title, sizeof(title),
		    "no purpose has a key when call %d of %s() fails",
		    calls[i].turn, calls[i].name);
		ok(!mac_derive(&secret, PURPOSE_ALL, &secrets) && failed() &&
		        memcmp(&secrets, &none, sizeof(none)) == 0,
		    title);
		ok(is_zeroed(&secret, sizeof(secret)),
		    "the secret is wiped where keys could not be made");
	}
}

static void
test_make_fails(void)
{
	static const struct {
		const char *name;
		int turn;
	} calls[] = {
		{ "EVP_MAC_init", 1 },
		{ "EVP_MAC_update", 1 },
		{ "EVP_MAC_update", 2 },
		{ "EVP_MAC_final", 1 },
	};
	const char *const texts[] = { "a", "b", NULL };
	unsigned char mac[MAC_BYTES];
	struct secrets secrets;
	char title[80];
	size_t i;

	make_secrets(&secrets, KEY_TEXT);
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		fail_at(calls[i].name, calls[i].turn);
		snprintf(title, sizeof(title),
		    "no MAC is made when call %d of %s() fails", calls[i].turn,
		    calls[i].name);
		ok(!mac_make(&secrets, PURPOSE_DECOY, texts, mac) && failed(),
		    title);
	}
	ok(mac_make(&secrets, PURPOSE_DECOY, texts, mac),
	    "a MAC is made after one that failed");
}

/* Python: hmac.new(key, b"latchkey\0kid\0", "sha256").hexdigest()[:8] */
static void
test_name(void)
{
	struct mac_key *key = mac_key_new(KEY_TEXT, strlen(KEY_TEXT));
	char name[MAC_NAME_BYTES] = "none";

	ok(key != NULL && mac_key_name(key, name), "a key has a name");
	is(name, "2ebf6ecf", "the name of a key is Python's");
	is_int((long long)wiped_bytes, MAC_BYTES,
	    "the MAC that a name is made of is wiped");
	fail_at("EVP_MAC_final", 1);
	ok(!mac_key_name(key, name) && failed(),
	    "a key has no name when OpenSSL fails");
	mac_key_free(key);
}

/* Which setting names the file. */
static void
test_source(void)
{
	static char none[] = "", key[] = "/nonexistent/key",
	            path[] = "/tmp/latchkey-secret-XXXXXX";
	struct conf conf = { .key_file = key, .secret_file = none };
	struct secret secret;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, KEY_TEXT, 32) != 32)
		abort();
	close(fd);
	ok(!mac_secret_load(&conf, &secret),
	    "without secret_file the secret is read from key_file");
	conf.secret_file = path;
	ok(mac_secret_load(&conf, &secret) && secret.len == 32,
	    "with secret_file key_file is not read for it");
	conf.key_file = path;
	conf.secret_file = none;
	ok(mac_secret_load(&conf, &secret) && secret.len == 32,
	    "a good key_file is a good secret");
	conf.secret_file = key;
	ok(!mac_secret_load(&conf, &secret),
	    "a bad secret_file is not made up for by key_file");
	unlink(path);
}

/* --- digests, and bytes that are equal --- */

static bool
short_of(const char *bytes, size_t n, unsigned char out[MAC_SHORT_BYTES])
{
	return mac_short(
	    (const unsigned char *)"\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17",
	    bytes, n, out);
}

static bool
sha256_of_x(void)
{
	unsigned char out[MAC_BYTES];

	return mac_sha256("x", 1, out);
}

static bool
short_of_x(void)
{
	unsigned char out[MAC_SHORT_BYTES];

	return short_of("x", 1, out);
}

/* In a process of its own, since what was fetched is kept. */
static bool
fails_at(const char *name, bool (*digest)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	if ((pid = fork()) == 0) {
		fail_at(name, 1);
		_exit(digest() || !failed());
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void
test_digest(void)
{
	static const char *const calls[] = { "EVP_MD_fetch", "EVP_MD_CTX_new",
		"EVP_DigestInit_ex2", "EVP_DigestUpdate",
		"EVP_DigestFinal_ex" };
	unsigned char out[MAC_BYTES];
	char title[60];
	size_t i;

	for (i = 0; i < ARRAY_LEN(calls); i++) {
		snprintf(title, sizeof(title),
		    "there is no digest when %s() fails", calls[i]);
		ok(fails_at(calls[i], sha256_of_x), title);
	}
	for (i = 0; i < 2; i++)
		ok(mac_sha256("abc", 3, out) &&
		        strcmp(hex(out),
		            "ba7816bf8f01cfea414140de5dae2223"
		            "b00361a396177a9cb410ff61f20015ad") == 0,
		    "a digest is what sha256sum says, again and again");
	ok(mac_sha256("", 0, out) &&
	        strcmp(hex(out), "e3b0c44298fc1c149afbf4c8996fb924"
	                         "27ae41e4649b934ca495991b7852b855") == 0,
	    "the digest of no bytes is what sha256sum says");
}

/* The vectors of the algorithm's authors: as many bytes, 0, 1, 2, ... */
static void
test_short(void)
{
	static const char *const calls[] = { "EVP_MAC_fetch", "EVP_MAC_CTX_new",
		"EVP_MAC_init", "EVP_MAC_update", "EVP_MAC_final" };
	unsigned char out[MAC_BYTES] = { 0 };
	char title[60];
	size_t i;

	for (i = 0; i < ARRAY_LEN(calls); i++) {
		snprintf(title, sizeof(title),
		    "no short MAC is made when %s() fails", calls[i]);
		ok(fails_at(calls[i], short_of_x), title);
	}
	ok(short_of("", 0, out) &&
	        strncmp(hex(out), "a3817f04ba25a8e66df67214c7550293", 32) == 0,
	    "the short MAC of no bytes is its authors'");
	ok(short_of("\0", 1, out) &&
	        strncmp(hex(out), "da87c1d86b99af44347659119b22fc45", 32) == 0,
	    "the short MAC of one byte is its authors', by the same context");
}

static void
test_equal(void)
{
	ok(mac_equal("abc", "abc", 3), "equal bytes are equal");
	ok(!mac_equal("abc", "abd", 3), "different bytes are not equal");
	ok(!mac_equal("\x80", "\x00", 1),
	    "bytes that differ in one bit are not equal");
	ok(mac_equal("abc", "abd", 2), "bytes behind the last do not count");
	fail_at("CRYPTO_memcmp", 1);
	ok(mac_equal("abc", "abc", 3) && failed(),
	    "mac_equal compares by CRYPTO_memcmp, which takes the same time for all bytes");
}

int
main(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL) /* what fails is told */
		return EXIT_FAILURE;
	test_known();
	test_apart();
	test_derive();
	test_derive_some();
	test_derive_fails();
	test_make_fails();
	test_name();
	test_source();
	test_digest();
	test_short();
	test_equal();
	return done();
}
