/*
 * crypto/key.c: the keyring of a file, and which of several keys signs.
 */
#include "base.h"

#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "fail.h"
#include "keys.h"
#include "tap.h"

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
/* clang-format off */
EVP_MAC *EVP_MAC_fetch(OSSL_LIB_CTX *c, const char *name, const char *how) { return fails("EVP_MAC_fetch") ? NULL : REAL(EVP_MAC_fetch)(c, name, how); }
int EVP_MAC_final(EVP_MAC_CTX *c, unsigned char *out, size_t *n, size_t size) { return fails("EVP_MAC_final") ? 0 : REAL(EVP_MAC_final)(c, out, n, size); }
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static bool
is_empty(const struct keyring *ring)
{
	return is_zeroed(ring, sizeof(*ring));
}

static void
test_load(void)
{
	char path[] = "/tmp/latchkey-key-XXXXXX";
	static struct keyring ring;
	const struct key *k;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, KEY_TEXT "\n", 33) != 33)
		abort();
	close(fd);
	ok(keyring_load(path, &ring) && ring.count == 1,
	    "a key file is a keyring of one key");
	k = keyring_active(&ring);
	ok(k->state == KEY_ACTIVE && k->alg == KEY_HS256,
	    "the key of a file is active, of HS256");
	/* printf 'latchkey\0kid\0' | openssl dgst -sha256 -hmac KEY_TEXT */
	is(k->kid, "2ebf6ecf", "the kid of a key is the beginning of a MAC");
	ok(k->secret.len == 32 && memcmp(k->secret.bytes, KEY_TEXT, 32) == 0,
	    "the key of a file is its bytes but for the newline");
	keyring_clear(&ring);
	ok(is_empty(&ring), "a keyring that is cleared holds no key");
	fail_at("EVP_MAC_final", 1);
	ok(!keyring_load(path, &ring) && failed() && is_empty(&ring),
	    "a key that OpenSSL cannot name is not in the keyring");
	fail_at("EVP_MAC_fetch", 1);
	ok(!keyring_load(path, &ring) && failed() && is_empty(&ring),
	    "a key that OpenSSL cannot prepare is not in the keyring");
	unlink(path);
	ring.count = 3;
	ok(!keyring_load(path, &ring) && is_empty(&ring),
	    "a key file that does not exist leaves the keyring empty");
}

static void
test_active(void)
{
	const struct secret secret = secret_of(KEY_TEXT);
	static struct keyring ring;
	size_t i;

	for (i = 0; i < KEYRING_MAX; i++)
		if (!keyring_add(&ring, &secret,
		        i == KEYRING_MAX - 1 ? KEY_ACTIVE
		        : i == 0             ? KEY_NEXT
		                             : KEY_RETIRING))
			abort();
	is_int((long long)ring.count, KEYRING_MAX, "a keyring can be full");
	ok(keyring_active(&ring) == &ring.keys[KEYRING_MAX - 1],
	    "the active key is found behind others");
	keyring_clear(&ring);
	keyring_clear(&ring);
	ok(is_empty(&ring), "a keyring may be cleared twice");
}

int
main(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL) /* what fails is told */
		return EXIT_FAILURE;
	test_load();
	test_active();
	return done();
}
