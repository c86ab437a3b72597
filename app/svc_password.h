/*
 * The rules for passwords: when one is right, and how it is stored.
 */
#ifndef LATCHKEY_SVC_PASSWORD_H
#define LATCHKEY_SVC_PASSWORD_H

#include "db_user.h"

#define PASSWORD_MAX_BYTES 511 /* of its NFC */

/* A stored hash and its NUL, at most. */
#define PASSWORD_HASH_BYTES 384

/*
 * Is this the password that hash (NULL: none) was made of? Of its NFC, as
 * hashes are made here, or of the very bytes, as the FastAPI application made
 * them. Where these differ both are tried, whatever the first one gives: how
 * many hashes that takes depends on the password as it was sent, never on the
 * account. *stale, of one that matches: the hash is to be made anew, since it
 * is weaker than today's setting or not of the NFC.
 * ERR_BUSY: not enough memory.
 */
enum err password_check(struct ctx *c, const char *password, const char *hash,
    bool *matches, bool *stale) MUST_CHECK;

/*
 * Hash a password's NFC with today's setting.
 * ERR_TOOBIG: over PASSWORD_MAX_BYTES. ERR_BUSY: not enough memory.
 */
enum err password_hash(struct ctx *c, const char *password,
    char out[PASSWORD_HASH_BYTES]) MUST_CHECK;

#endif
