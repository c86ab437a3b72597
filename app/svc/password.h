/*
 * Password rules, verification and hashing.
 */
#ifndef LATCHKEY_SVC_PASSWORD_H
#define LATCHKEY_SVC_PASSWORD_H

#include "crypto/pwformat.h"
#include "ctx.h"
#include "model.h"
#include "stats/event.h"

#define PASSWORD_MAX_BYTES 511 /* of its NFC */

/* A stored hash and its NUL, at most. */
#define PASSWORD_HASH_BYTES 384

/* Problems of a chosen password. */
enum password_problem {
	PASSWORD_GOOD,
	PASSWORD_TOO_SHORT, /* fewer characters than password_min_chars */
	PASSWORD_TOO_LONG,  /* over PASSWORD_MAX_BYTES */
	PASSWORD_COMMON,    /* on the list of common passwords */
	PASSWORD_IS_NAME,   /* that of its account, in whatever case */
	PASSWORD_NOT_UTF8   /* an operator's; of a request's body none is */
};

/*
 * May this be the password of an account of this name? PASSWORD_GOOD: yes.
 * Characters are counted and compared in NFC; fewer than 1 in 10,000 uncommon
 * passwords are wrongly refused.
 * ERR_BUSY: the list of common passwords cannot be read.
 */
enum err password_judge(struct ctx *c, const char *username,
    const char *password, enum password_problem *out) MUST_CHECK;

struct password_result {
	bool matches;
	bool stale; /* it matches, but is to be hashed again: the hash is weaker
	             * than today's setting, or not of the NFC */
};

/* The event of a login with a stored hash of this format. */
enum event password_event(const char *hash);

/* Limits of stored hashes, by the settings. */
struct pwformat_policy password_policy(const struct conf *conf);

/*
 * Is this the password that u's hash was made of? Of its NFC, as hashes are
 * made here, or of the very bytes, as the FastAPI application made them. Where
 * these differ both are tried, whatever the first one gives: how many hashes
 * that takes depends on the password as it was sent, never on the account.
 * Where u has no hash that can be checked, or is nobody, the work of the decoy
 * is done (a hash of another account, or NULL), and nothing matches.
 * ERR_BUSY: not enough memory.
 */
enum err password_check(struct ctx *c, const char *password,
    const struct user *u, const char *decoy,
    struct password_result *out) MUST_CHECK;

/*
 * The same of somebody who is known already, and has to know the password for
 * what is asked. A wrong one counts as a failed login of this device ("": of
 * none). ERR_DENIED: it is wrong. ERR_LIMIT: too many were. ERR_BUSY: as
 * password_check(), or the database does not answer.
 */
enum err password_confirm(struct ctx *c, const struct user *u,
    const char *device, const char *password) MUST_CHECK;

/*
 * Hash a password's NFC with the current setting.
 * ERR_TOOBIG: over PASSWORD_MAX_BYTES. ERR_BUSY: not enough memory.
 */
enum err password_hash(struct ctx *c, const char *password,
    char out[PASSWORD_HASH_BYTES]) MUST_CHECK;

/*
 * The connection was lost while the account of this name was given this hash.
 * Salts are random, so an equal stored hash shows that it was done:
 * ERR_OK, with the account in *out. ERR_CONFLICT: it has another hash.
 * ERR_BUSY: there is no such account, or the database does not answer.
 */
enum err password_settle(struct ctx *c, const char *username, const char *hash,
    struct user *out) MUST_CHECK;

#endif
