/*
 * Accounts, once they exist or by their operator's hand.
 */
#ifndef LATCHKEY_SVC_USER_H
#define LATCHKEY_SVC_USER_H

#include "svc_signup.h"

/*
 * signup_unlimited() for an operator: the limits of the names are looked at
 * here too, and ERR_INVALID comes with a sentence in *why, such as "the name is
 * not UTF-8"; NULL: the table has a rule of its own against it.
 */
enum err user_add(struct ctx *c, const struct applicant *who, const char **why,
    struct user *out) MUST_CHECK;

/*
 * Give the account of this name another password, whatever it had, under the
 * rules of a sign-up. *out is the account as it was before.
 * ERR_NOTFOUND: there is none. ERR_INVALID: as user_add().
 */
enum err user_set_password(struct ctx *c, const struct applicant *who,
    const char **why, struct user *out) MUST_CHECK;

struct password_change {
	const char *current, *wanted;
	const char *device; /* svc_device.h's proof; NULL: none */
};

/*
 * Put how->wanted in the place of the current password of u, who asks for it.
 * The work for the current one is that of a login, and it is counted as one is:
 * from a known device apart from strangers. The row is changed if the hash is
 * still the one that was checked, and the reason noted, in one statement.
 * ERR_INVALID: *why is wrong with the new one. ERR_DENIED: the current one is
 * wrong. ERR_LIMIT: too many attempts, as throttle_login() counts them.
 * ERR_CONFLICT: it has been changed since u was read, so of two changes at once
 * one happens. ERR_BUSY: the database does not answer; the old one counts, or
 * the new.
 */
enum err user_change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_fault *why) MUST_CHECK;

/*
 * Put a full name, or none (NULL), in the place of u's. It is within the
 * limit. ERR_NOTFOUND: the account is gone. ERR_LIMIT: as throttle_change().
 */
enum err user_change_fullname(
    struct ctx *c, struct user *u, const char *fullname) MUST_CHECK;

/*
 * Let the account of this name log in, or not. Where the database is asked the
 * tokens that it has end at once, and do not come back when it is let in again.
 * *out is the account as it is now. ERR_NOTFOUND: there is none.
 */
enum err user_set_active(struct ctx *c, const char *username, bool active,
    struct user *out) MUST_CHECK;

/*
 * End the tokens that the account of this name has, where the database is
 * asked. ERR_NOTFOUND: there is none.
 */
enum err user_logout(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/*
 * Let unknown clients try passwords for the account of this name again
 * (throttle_unlock()). ERR_NOTFOUND: there is none.
 */
enum err user_unlock(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/* The account of this name. ERR_NOTFOUND: there is none. */
enum err user_show(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/*
 * When u's password was last changed, in UTC, and by whom: "owner" or
 * "operator". Both NULL: it is the one of the sign-up.
 */
enum err user_last_change(struct ctx *c, const struct user *u,
    const char **when, const char **reason) MUST_CHECK;

/*
 * Call show for every account in the order of their numbers. Each piece of
 * them has an arena's filling of its own, so *u is only good within show.
 */
enum err user_list(struct ctx *c,
    void (*show)(struct ctx *c, const struct user *u)) MUST_CHECK;

/* What kind of hash an account has: "yescrypt", "bcrypt", "other" or "none". */
const char *user_hash_kind(const struct user *u);

#endif
