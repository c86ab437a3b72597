/*
 * crypto/key.c: the keyring of a file, which of several keys signs at which
 * time, and pairs whose halves are apart.
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
	k = keyring_active(&ring, 0);
	ok(k->alg == JWS_HS256 && key_state(&ring, k, 0) == KEY_ACTIVE,
	    "the key of a file is active, of HS256");
	/* printf 'latchkey\0kid\0' | openssl dgst -sha256 -hmac KEY_TEXT */
	is(k->kid, "2ebf6ecf", "the kid of a key is the beginning of a MAC");
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
	static const int64_t from[KEYRING_MAX] = { 200, 100, KEY_NEVER, 300 };
	const struct secret secret = secret_of(KEY_TEXT);
	static struct keyring ring;
	const struct key *k = ring.keys;
	size_t i;

	for (i = 0; i < KEYRING_MAX; i++)
		if (!keyring_add(
		        &ring, &secret, from[i] != 0 ? from[i] : KEY_NEVER))
			abort();
	is_int((long long)ring.count, KEYRING_MAX, "a keyring can be full");
	ok(keyring_active(&ring, 50) == k + 1,
	    "before all times the first key signs");
	ok(keyring_active(&ring, 199) == k + 1 &&
	        keyring_active(&ring, 200) == k,
	    "a key signs from its time on");
	ok(keyring_active(&ring, 299) == k &&
	        keyring_active(&ring, KEY_NEVER - 1) == k + 3,
	    "the latest key of those that have begun signs");
	ok(key_state(&ring, k, 150) == KEY_NEXT &&
	        key_state(&ring, k, 250) == KEY_ACTIVE &&
	        key_state(&ring, k, 300) == KEY_RETIRING,
	    "a key is next, then active, then retiring");
	ring.keys[3].from_s = 200;
	ok(keyring_active(&ring, 200) == k &&
	        key_state(&ring, k + 3, 199) == KEY_NEXT &&
	        key_state(&ring, k + 3, 200) == KEY_RETIRING,
	    "the second of two keys of one time is retiring from then on");
	ring.keys[3].from_s = 300;
	ring.keys[0].until_s = 400;
	ok(key_state(&ring, k, 399) == KEY_RETIRING &&
	        key_state(&ring, k, 400) == KEY_EXPIRED,
	    "a key is retiring until its last token has expired");
	ring.keys[3].until_s = 500;
	ok(keyring_active(&ring, 499) == k + 3 &&
	        key_state(&ring, k + 3, 499) == KEY_ACTIVE,
	    "a key signs up to the second in which it expires");
	ok(keyring_active(&ring, 500) == k + 1 &&
	        key_state(&ring, k + 3, 500) == KEY_EXPIRED &&
	        key_state(&ring, k + 1, 500) == KEY_ACTIVE,
	    "an expired key does not sign while another one verifies");
	ring.keys[1].until_s = 300;
	ok(keyring_active(&ring, 500)->from_s == KEY_NEVER,
	    "a key that is next signs before one that has expired");
	for (i = 0; i < KEYRING_MAX; i++)
		ring.keys[i].until_s = 300;
	ok(keyring_active(&ring, 500) == k + 3,
	    "where all keys have expired the latest one signs");
	keyring_clear(&ring);
	keyring_clear(&ring);
	ok(is_empty(&ring), "a keyring may be cleared twice");
}

/* A pair in PEM and its thumbprint. */
static void
make_pem(
    enum jws_alg alg, char pem[JWS_PEM_BYTES], char kid[JWS_THUMBPRINT_BYTES])
{
	struct jws_key *key = jws_key_new(alg);

	if (key == NULL || !jws_key_write(key, pem) ||
	    !jws_thumbprint(key, kid))
		abort();
	jws_key_free(key);
}

static void
test_pair(enum jws_alg alg)
{
	static struct keyring ring;
	char pem[JWS_PEM_BYTES], kid[JWS_THUMBPRINT_BYTES];
	unsigned char signature[JWS_SIGNATURE_MAX_BYTES];
	struct key_pair pair = { alg, 0, KEY_NEVER, kid, pem };
	const struct key *k = ring.keys;
	const struct key_header *h;
	const char *which;
	size_t n;

	make_pem(alg, pem, kid);
	ok(keyring_add_pair(&ring, &pair) && k->private_half == NULL &&
	        strstr(k->pem, "PRIVATE KEY") != NULL,
	    "a pair is added, and its private half not parsed");
	for (h = k->header; h < k->header + KEY_TYPS; h++)
		ok(keyring_by_header(&ring, h->text, h->len) == k &&
		        keyring_by_header(&ring, h->text, h->len - 1) == NULL &&
		        keyring_by_header(&ring, "x.", 2) == NULL,
		    "a pair is found by its headers alone");
	ok(keyring_unlock(&ring, &which) && k->private_half != NULL &&
	        is_zeroed(k->pem, sizeof(k->pem)),
	    "the private half is parsed where tokens are signed");
	ok(key_sign(k, "text", 4, signature, &n) &&
	        key_verify(k, "text", 4, signature, n) == ERR_OK &&
	        key_verify(k, "texT", 4, signature, n) == ERR_UNAUTH &&
	        key_verify(k, "text", 4, signature, 32) == ERR_UNAUTH,
	    "a pair signs and verifies by its algorithm");
	keyring_lock(&ring);
	ok(k->private_half == NULL && k->public_half != NULL &&
	        key_verify(k, "text", 4, signature, n) == ERR_OK,
	    "the public half verifies without the private one");
	keyring_clear(&ring);
	if (!keyring_add_pair(&ring, &pair))
		abort();
	keyring_lock(&ring);
	ok(is_zeroed(k->pem, sizeof(k->pem)),
	    "the PEM of a private half is wiped where nothing is signed");
	keyring_clear(&ring);
	ok(is_empty(&ring), "a pair that is cleared leaves nothing");
}

static void
test_wrong_pair(void)
{
	static struct keyring ring;
	char pem[JWS_PEM_BYTES], other[JWS_PEM_BYTES], mixed[2 * JWS_PEM_BYTES];
	char kid[JWS_THUMBPRINT_BYTES], other_kid[JWS_THUMBPRINT_BYTES];
	struct key_pair pair = { JWS_ES256, 0, KEY_NEVER, kid, pem };
	const char *which = "";

	make_pem(JWS_ES256, pem, kid);
	make_pem(JWS_ES256, other, other_kid);
	pair.kid = other_kid;
	ok(!keyring_add_pair(&ring, &pair) && is_empty(&ring),
	    "a pair under the thumbprint of another is refused");
	pair.kid = kid;
	pair.alg = JWS_EDDSA;
	ok(!keyring_add_pair(&ring, &pair) && is_empty(&ring),
	    "a pair as one of another algorithm is refused");
	pair.alg = JWS_ES256;
	snprintf(mixed, sizeof(mixed), "%.*s%s",
	    (int)(strstr(other, "-----BEGIN PUBLIC") - other), other,
	    strstr(pem, "-----BEGIN PUBLIC"));
	pair.pem = mixed;
	ok(keyring_add_pair(&ring, &pair) && !keyring_unlock(&ring, &which) &&
	        strcmp(which, kid) == 0,
	    "halves of two pairs are refused where tokens are signed");
	keyring_clear(&ring);
	*strstr(mixed, "-----END PUBLIC") = '\0';
	ok(!keyring_add_pair(&ring, &pair) && is_empty(&ring),
	    "a file that is cut short is refused");
}

int
main(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL) /* what fails is told */
		return EXIT_FAILURE;
	test_load();
	test_active();
	test_pair(JWS_ES256);
	test_pair(JWS_EDDSA);
	test_pair(JWS_RS256);
	test_wrong_pair();
	return done();
}
