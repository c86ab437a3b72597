/*
 * A stored password hash taken apart: what is to be computed, and what it
 * costs.
 */
#ifndef LATCHKEY_CRYPTO_PWSPEC_H
#define LATCHKEY_CRYPTO_PWSPEC_H

#include "base.h"
#include "crypto/pwhash.h"

#define PWSPEC_BYTES_MAX 192 /* of a salt, a digest or a key, decoded */

/* No login takes such work; pwspec_work() adds up to this at most. */
#define PWSPEC_TOO_MUCH INT64_C(1000000000000)

enum pwspec_digest {
	PWSPEC_MD5,
	PWSPEC_SHA1,
	PWSPEC_SHA256,
	PWSPEC_SHA384,
	PWSPEC_SHA512
};

/* How a password is brought under bcrypt's 72 bytes before bcrypt. */
enum pwspec_prehash {
	PWSPEC_AS_IT_IS,
	PWSPEC_SHA256_HEX,         /* Django */
	PWSPEC_SHA256_BASE64,      /* passlib, version 1 */
	PWSPEC_HMAC_SHA256_BASE64, /* passlib, version 2: keyed by the salt */
	PWSPEC_HMAC_SHA384_BASE64  /* WordPress: keyed by "wp-sha384" */
};

/* Orders of salt and password in a digest, all of which are tried. */
enum pwspec_order {
	PWSPEC_SALT_FIRST,
	PWSPEC_SALT_LAST,
	PWSPEC_SALT_IS_KEY, /* of an HMAC */
	PWSPEC_ORDERS
};

struct pwspec_bytes {
	unsigned char b[PWSPEC_BYTES_MAX];
	size_t n;
};

struct pwspec;

/*
 * Compute what s says of a password into out, s->want.n bytes. False: there is
 * not enough memory, or OpenSSL could not.
 */
typedef bool pwspec_derive(
    const struct pwspec *s, const char *password, unsigned char *out);

struct pwspec {
	const char *name; /* of the format, for people */
	bool weak;        /* computed only where a setting allows it */
	int64_t kib;      /* of memory, in one block */
	int64_t us;       /* of a CPU, estimated, rather too many */

	/* libxcrypt's own hash, and what is done before it */
	char stored[PWHASH_BYTES];
	enum pwspec_prehash prehash;

	/* all others: derive, which is NULL for libxcrypt's, and its figures */
	pwspec_derive *derive;
	enum pwspec_digest digest;
	enum pwspec_order order, last_order;
	int64_t n;                 /* rounds, passes, or scrypt's N */
	uint32_t r, p;             /* scrypt's; p also argon2's lanes */
	uint32_t variant, version; /* argon2's */
	struct pwspec_bytes salt, want;
	struct pwspec_bytes signer; /* the key of Firebase's project */
};

/* The bytes of a digest: 16 to 64. */
size_t pwspec_digest_bytes(enum pwspec_digest digest);

/* times * us of a CPU, us at least 1; PWSPEC_TOO_MUCH if it is that or more. */
int64_t pwspec_work(int64_t times, int64_t us);

/*
 * Set scrypt's N, r and p, memory and work. More work than any computer can do
 * is no error: s->us has it. False: N is no power of two, or one of them is too
 * low.
 * Source: RFC 7914, section 2.
 */
bool pwspec_set_scrypt(struct pwspec *s, int64_t n, int64_t r, int64_t p);

#endif
