/*
 * Keyring of access tokens.
 */
#include "base.h"

#include <assert.h>
#include <string.h>

#include "crypto/key.h"

const char *const key_alg_name[] = { [KEY_HS256] = "HS256" };

bool
keyring_load(const char *path, struct keyring *out)
{
	struct secret secret;
	bool good;

	memset(out, 0, sizeof(*out));
	good = secret_load("key_file", path, &secret) &&
	       keyring_add(out, &secret, KEY_ACTIVE);
	explicit_bzero(&secret, sizeof(secret));
	return good;
}

bool
keyring_add(
    struct keyring *ring, const struct secret *secret, enum key_state state)
{
	struct key *k = &ring->keys[ring->count];

	assert(ring->count < KEYRING_MAX);
	if ((k->mac = mac_key_new(secret->bytes, secret->len)) == NULL)
		return false;
	if (!mac_key_name(k->mac, k->kid)) {
		mac_key_free(k->mac);
		k->mac = NULL;
		return false;
	}
	k->alg = KEY_HS256;
	k->state = state;
	k->secret = *secret;
	ring->count++;
	return true;
}

const struct key *
keyring_active(const struct keyring *ring)
{
	const struct key *k = ring->keys;

	while (k < ring->keys + ring->count && k->state != KEY_ACTIVE)
		k++;
	assert(k < ring->keys + ring->count);
	return k;
}

void
keyring_clear(struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->count; i++)
		mac_key_free(ring->keys[i].mac);
	explicit_bzero(ring, sizeof(*ring));
}
