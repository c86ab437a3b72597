/*
 * Accounts, as their operator manages them.
 */
#ifndef LATCHKEY_SVC_ACCOUNT_H
#define LATCHKEY_SVC_ACCOUNT_H

#include "svc/signup.h"

/*
 * signup_unlimited() for an operator, who may not leave the user name empty.
 */
enum err account_add(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out) MUST_CHECK;

/*
 * Set a new password for the account of this name, by the rules of a sign-up.
 * *out is the account as it was before.
 * ERR_NOTFOUND: there is none. ERR_INVALID: *why says what is wrong with the
 * password; if it says nothing, a constraint of the table refused it.
 */
enum err account_set_password(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out) MUST_CHECK;

/*
 * Let the account of this name log in, or not. Its tokens end at once where the
 * database is asked, and stay ended when it is enabled again.
 * *out is the account as it is now. ERR_NOTFOUND: there is none.
 */
enum err account_set_active(struct ctx *c, const char *username, bool active,
    struct user *out) MUST_CHECK;

/*
 * End the tokens that the account of this name has, where the database is
 * asked. ERR_NOTFOUND: there is none.
 */
enum err account_logout(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/*
 * Let unknown clients try passwords for the account of this name again
 * (ratelimit_unlock()). ERR_NOTFOUND: there is none.
 */
enum err account_unlock(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/* The account of this name. ERR_NOTFOUND: there is none. */
enum err account_show(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/*
 * When u's password was last changed, in UTC, and by whom: "owner" or
 * "operator". Both NULL: it is the one of the sign-up.
 */
enum err account_last_change(struct ctx *c, const struct user *u,
    const char **when, const char **reason) MUST_CHECK;

/*
 * Call show for every account in the order of their numbers. The arena is reset
 * meanwhile, so *u is valid only within show.
 */
enum err account_list(struct ctx *c,
    void (*show)(struct ctx *c, const struct user *u)) MUST_CHECK;

/*
 * The format of an account's hash: "yescrypt", "bcrypt", "argon2id" and so on;
 * "other": none that can be verified; "none": it has no hash; "locked": a ! or
 * a * begins it.
 */
const char *account_hash_kind(const struct user *u);

#endif
