/*
 * Keyring of access tokens.
 */
#include "base.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "crypto/key.h"
#include "lib/text.h"

/* A header of the tokens of a key: its members are in the order of their
 * names. */
static void
write_header(const struct key *k, const char *typ, struct key_header *out)
{
	char json[KEY_HEADER_BYTES * 3 / 4 - 3];
	int n;

	n = snprintf(json, sizeof(json),
	    "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"%s\"}",
	    jws_alg_name[k->alg], k->kid, typ);
	assert(n > 0 && (size_t)n < sizeof(json));
	out->len = text_base64url(json, (size_t)n, out->text);
	out->text[out->len++] = '.';
	out->text[out->len] = '\0';
}

static void
write_headers(struct key *k)
{
	write_header(k, "JWT", &k->header[KEY_TYP_JWT]);
	write_header(k, "at+jwt", &k->header[KEY_TYP_ACCESS_TOKEN]);
}

bool
keyring_load(const char *path, struct keyring *out)
{
	struct secret secret;
	bool good;

	keyring_clear(out);
	good = secret_load("key_file", path, &secret) &&
	       keyring_add(out, &secret, 0);
	explicit_bzero(&secret, sizeof(secret));
	return good;
}

bool
keyring_add(struct keyring *ring, const struct secret *secret, int64_t from_s)
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
	k->alg = JWS_HS256;
	k->from_s = from_s;
	k->until_s = KEY_NEVER;
	write_headers(k);
	ring->count++;
	return true;
}

/* --- pairs --- */

/* Is this what others know the key by? */
static bool
has_thumbprint(const struct key *k)
{
	char thumbprint[JWS_THUMBPRINT_BYTES];

	return jws_thumbprint(k->public_half, thumbprint) &&
	       strcmp(thumbprint, k->kid) == 0;
}

static void
clear(struct key *k)
{
	mac_key_free(k->mac);
	jws_key_free(k->public_half);
	jws_key_free(k->private_half);
	explicit_bzero(k, sizeof(*k));
}

bool
keyring_add_pair(struct keyring *ring, const struct key_pair *pair)
{
	struct key *k = &ring->keys[ring->count];
	/* the private half is not shown to the parser */
	const char *public_pem =
	    strstr(pair->pem, "-----BEGIN PUBLIC KEY-----");

	assert(ring->count < KEYRING_MAX);
	if (public_pem == NULL || strlen(pair->pem) >= sizeof(k->pem) ||
	    strlen(pair->kid) >= sizeof(k->kid))
		return false;
	k->alg = pair->alg;
	k->from_s = pair->from_s;
	k->until_s = pair->until_s;
	snprintf(k->kid, sizeof(k->kid), "%s", pair->kid);
	k->public_half =
	    jws_key_public(pair->alg, public_pem, strlen(public_pem));
	if (k->public_half == NULL || !has_thumbprint(k)) {
		clear(k);
		return false;
	}
	memcpy(k->pem, pair->pem, (size_t)(public_pem - pair->pem));
	write_headers(k);
	ring->count++;
	return true;
}

/* Parse the private half of a pair. */
static bool
unlock(struct key *k)
{
	k->private_half = jws_key_private(k->alg, k->pem, strlen(k->pem));
	explicit_bzero(k->pem, sizeof(k->pem));
	return k->private_half != NULL &&
	       jws_key_fits(k->private_half, k->public_half);
}

bool
keyring_unlock(struct keyring *ring, const char **kid)
{
	struct key *k;

	for (k = ring->keys; k < ring->keys + ring->count; k++) {
		*kid = k->kid;
		if (k->public_half != NULL && k->private_half == NULL &&
		    !unlock(k))
			return false;
	}
	return true;
}

void
keyring_lock(struct keyring *ring)
{
	struct key *k;

	for (k = ring->keys; k < ring->keys + ring->count; k++) {
		jws_key_free(k->private_half);
		k->private_half = NULL;
		explicit_bzero(k->pem, sizeof(k->pem));
	}
}

/* --- times --- */

enum key_state
key_state(const struct keyring *ring, const struct key *key, int64_t now_s)
{
	if (now_s >= key->until_s)
		return KEY_EXPIRED;
	if (key == keyring_active(ring, now_s))
		return KEY_ACTIVE;
	return key->from_s > now_s ? KEY_NEXT : KEY_RETIRING;
}

/* Is it k that signs, of these two? One that nobody accepts is the last. */
static bool
comes_before(const struct key *k, const struct key *other, int64_t now_s)
{
	bool is_expired = now_s >= k->until_s;

	if (is_expired != (now_s >= other->until_s))
		return !is_expired;
	/* the later one of two that have come; else the earlier one */
	return k->from_s <= now_s
	           ? other->from_s > now_s || k->from_s > other->from_s
	           : k->from_s < other->from_s;
}

const struct key *
keyring_active(const struct keyring *ring, int64_t now_s)
{
	const struct key *active = ring->keys, *k;

	assert(ring->count > 0);
	for (k = ring->keys; k < ring->keys + ring->count; k++)
		if (comes_before(k, active, now_s))
			active = k;
	return active;
}

static bool
is_header(const struct key_header *h, const char *text, size_t n)
{
	return h->len == n && memcmp(h->text, text, n) == 0;
}

bool
key_has_header(const struct key *key, const char *header, size_t n)
{
	return is_header(&key->header[KEY_TYP_JWT], header, n) ||
	       is_header(&key->header[KEY_TYP_ACCESS_TOKEN], header, n);
}

const struct key *
keyring_by_header(const struct keyring *ring, const char *header, size_t n)
{
	const struct key *k;

	for (k = ring->keys; k < ring->keys + ring->count; k++)
		if (k->public_half != NULL && key_has_header(k, header, n))
			return k;
	return NULL;
}

/* --- signatures --- */

bool
key_sign(const struct key *key, const void *bytes, size_t n,
    unsigned char out[JWS_SIGNATURE_MAX_BYTES], size_t *out_n)
{
	*out_n = MAC_BYTES;
	if (key->alg == JWS_HS256)
		return mac_bytes(key->mac, bytes, n, out);
	assert(key->private_half != NULL);
	return jws_sign(key->private_half, bytes, n, out, out_n);
}

/* The right one is wiped: it would be a forged token's. */
static enum err
verify_mac(struct mac_key *key, const void *bytes, size_t n,
    const unsigned char signature[MAC_BYTES])
{
	unsigned char right[MAC_BYTES];
	enum err e = ERR_INTERNAL;

	if (mac_bytes(key, bytes, n, right))
		e = mac_equal(right, signature, sizeof(right)) ? ERR_OK
		                                               : ERR_UNAUTH;
	explicit_bzero(right, sizeof(right));
	return e;
}

enum err
key_verify(const struct key *key, const void *bytes, size_t n,
    const unsigned char *signature, size_t signature_n)
{
	if (key->alg == JWS_HS256)
		return signature_n == MAC_BYTES
		           ? verify_mac(key->mac, bytes, n, signature)
		           : ERR_UNAUTH;
	return jws_verify(key->public_half, bytes, n, signature, signature_n)
	           ? ERR_OK
	           : ERR_UNAUTH;
}

void
keyring_clear(struct keyring *ring)
{
	size_t i, count = ring->count;

	for (i = 0; i < count; i++)
		clear(&ring->keys[i]);
	/* not the rest, which no memory has been taken for yet */
	explicit_bzero(ring, offsetof(struct keyring, keys));
}
