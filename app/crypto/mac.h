/*
 * HMAC-SHA-256, SHA-256 and SipHash, and a key for each purpose. With
 * crypto/jws.c, alone knows OpenSSL.
 */
#ifndef LATCHKEY_CRYPTO_MAC_H
#define LATCHKEY_CRYPTO_MAC_H

#include "base.h"

struct conf;
struct secret;

#define MAC_BYTES 32

/* --- one key --- */

/* A key of HMAC-SHA-256, prepared: that costs more than a token's MAC does. */
struct mac_key;

/*
 * Prepare a key of len bytes, of which OpenSSL keeps a copy until
 * mac_key_free(), which wipes it. NULL: it could not; it is logged.
 */
struct mac_key *mac_key_new(const void *bytes, size_t len) MUST_CHECK;

/* Wipe a key and release it. It may be NULL. */
void mac_key_free(struct mac_key *key);

/* The HMAC-SHA-256 of n bytes. False: OpenSSL could not; it is not logged. */
bool mac_bytes(struct mac_key *key, const void *bytes, size_t n,
    unsigned char out[MAC_BYTES]) MUST_CHECK;

#define MAC_NAME_BYTES 9

/*
 * A public name of a key, to distinguish a few: 8 hexadecimal digits of the MAC
 * of a constant, which no token's text can be. It is short, so that it confirms
 * no guess at a weak key by itself. A thumbprint (RFC 7638) would: it is the
 * hash of the key, long and the same everywhere, to be found in a list.
 * False: OpenSSL could not; it is logged.
 */
bool mac_key_name(struct mac_key *key, char out[MAC_NAME_BYTES]) MUST_CHECK;

/* Are these n bytes equal? In constant time. */
bool mac_equal(const void *a, const void *b, size_t n) MUST_CHECK;

/* The SHA-256 of n bytes. False: OpenSSL could not. */
bool mac_sha256(
    const void *bytes, size_t n, unsigned char out[MAC_BYTES]) MUST_CHECK;

#define MAC_SHORT_BYTES 16

/*
 * SipHash-2-4 of n bytes, 128 bits long: for tables in memory whose key is
 * random and stays there. It takes a seventh of the instructions of SHA-256.
 * Without the key nobody finds two texts with one value. False: OpenSSL could
 * not.
 * Source: Aumasson and Bernstein, SipHash: a fast short-input PRF, 2012.
 */
bool mac_short(const unsigned char key[MAC_SHORT_BYTES], const void *bytes,
    size_t n, unsigned char out[MAC_SHORT_BYTES]) MUST_CHECK;

/* --- a key for each purpose --- */

enum purpose {
	PURPOSE_RATELIMIT, /* which buckets count an attempt */
	PURPOSE_DEVICE,    /* device cookies */
	PURPOSE_DECOY,     /* the decoy hash of an unknown name */
	PURPOSE_NETWORK,   /* known networks */
	PURPOSE_REFRESH,   /* refresh tokens */
	PURPOSE_PROOF,     /* proofs of browser sessions */
	PURPOSES
};

#define PURPOSE_BIT(purpose) (1U << (purpose))
#define PURPOSE_ALL (PURPOSE_BIT(PURPOSES) - 1)

/*
 * The keys of purposes, each prepared once in a process and kept until that
 * ends; NULL: it does not have that one. Only processes that use them have
 * them: one that only checks has that of proofs.
 */
struct secrets {
	struct mac_key *key[PURPOSES];
};

/*
 * Read the secret that the keys of all purposes are derived from: secret_file,
 * or, where that is not set, key_file. False: as secret_load().
 */
bool mac_secret_load(const struct conf *conf, struct secret *out) MUST_CHECK;

/*
 * Derive the key of each of these purposes (PURPOSE_BIT()s) from the secret,
 * and wipe that. The same secret gives the same keys, whichever setting names
 * its file: a copy of key_file as secret_file changes nothing. False: OpenSSL
 * failed; it is logged, and *out is empty.
 * Source: the expansion of RFC 5869 (HKDF), section 2.3, in one block, with
 * "latchkey\0PURPOSE" as its info, and as its last byte 0 in the place of 1.
 */
bool mac_derive(
    struct secret *secret, unsigned purposes, struct secrets *out) MUST_CHECK;

/* Wipe the keys of all purposes and release them. They may be empty. */
void mac_forget(struct secrets *secrets);

/*
 * The HMAC-SHA-256 of several texts (the last is NULL), distinct from that of
 * any other texts or grouping, by the key of a purpose: a MAC for one is not
 * valid for another, nor as a token. False: OpenSSL failed; it is logged.
 */
bool mac_make(const struct secrets *secrets, enum purpose purpose,
    const char *const *texts, unsigned char out[MAC_BYTES]) MUST_CHECK;

#endif
