/*
 * crypto/pwargon2.c: a known answer of each kind, and that memory is kept while
 * the hash is made and no longer; the longest password, and no memory. (All
 * else is in crypto_pwformat.c.)
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define hashmem_begin begin_of_ours
#define hashmem_end end_of_ours
#define pwargon2_derive tested_derive
#define explicit_bzero wipe_of_ours
#define mmap(at, n, prot, flags, fd, from) \
	(no_memory ? MAP_FAILED : (mmap)(at, n, prot, flags, fd, from))
#define munmap(at, n) (unmapped += (n), (munmap)(at, n))

static bool no_memory;
static size_t unmapped, wiped;
static void wipe_of_ours(void *p, size_t n);

#include "crypto/pwargon2.c" /* NOLINT(bugprone-suspicious-include) */

#include <stdio.h>

#include "tap.h"

static int begun, hashing;

static void
wipe_of_ours(void *p, size_t n)
{
	memset(p, 0, n);
	wiped = n;
}

void
begin_of_ours(void)
{
	begun++;
	hashing++;
}

void
end_of_ours(void)
{
	hashing--;
}

static const char *
derived_of(uint32_t variant, uint32_t version, const char *password)
{
	const struct pwspec spec = { .n = 2,
		.kib = 256,
		.p = 1,
		.variant = variant,
		.version = version,
		.salt = { "somesalt", 8 },
		.want = { .n = 32 } };
	static char text[65];
	unsigned char out[32];
	size_t i;

	if (!tested_derive(&spec, password, out))
		return NULL;
	for (i = 0; i < sizeof(out); i++)
		snprintf(text + 2 * i, 3, "%02x", out[i]);
	return text;
}

static const char *
derived(uint32_t variant, uint32_t version)
{
	return derived_of(variant, version, "password");
}

static void
test_longest(void)
{
	char longest[PWHASH_PASSWORD_MAX_BYTES + 1], shorter[65] = "none";
	const char *hash;

	memset(longest, 'p', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	hash = derived_of(2, 19, longest + 1);
	if (hash != NULL)
		snprintf(shorter, sizeof(shorter), "%s", hash);
	wiped = unmapped = 0;
	hash = derived_of(2, 19, longest);
	ok(hash != NULL && strcmp(hash, shorter) != 0,
	    "the longest password is hashed to its end");
	ok(wiped >= PWHASH_PASSWORD_MAX_BYTES, "the longest password is wiped");
	ok(unmapped >= (size_t)256 * 1024, "the memory of a hash is released");
}

static void
test_no_memory(void)
{
	no_memory = true;
	wiped = 0;
	is(derived(2, 19), NULL, "without memory there is no hash");
	ok(wiped > 0, "a password is wiped where there is no memory");
	no_memory = false;
}

/* The argon2 command's: echo -n password | argon2 somesalt -t 2 -k 256 -p 1 */
int
main(void)
{
	is(derived(2, 19),
	    "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
	    "argon2id of version 19");
	is(derived(1, 19),
	    "89e9029f4637b295beb027056a7336c414fadd43f6b208645281cb214a56452f",
	    "argon2i of version 19");
	is(derived(1, 16),
	    "fd4dd83d762c49bdeaf57c47bdcd0c2f1babf863fdeb490df63ede9975fccf06",
	    "argon2i of version 16");
	test_longest();
	test_no_memory();
	is_int(begun, 6, "memory is kept for each hash");
	is_int(hashing, 0, "memory is kept no longer than a hash is made");
	return done();
}
