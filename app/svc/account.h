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
 * End the tokens that the account of this name has, and its sessions: *ended of
 * them. ERR_NOTFOUND: there is none.
 */
enum err account_logout(struct ctx *c, const char *username, struct user *out,
    int64_t *ended) MUST_CHECK;

/*
 * The sessions of the account of this name, the newest first; in arena memory.
 * ERR_NOTFOUND: there is none.
 */
enum err account_sessions(struct ctx *c, const char *username,
    const struct session **out, size_t *n) MUST_CHECK;

/*
 * Give the account of this name these scopes and no others: NULL, or so many
 * texts and a NULL. Where that is a change its tokens end, as by
 * account_logout(). *out is the account as it is now. ERR_NOTFOUND: there is
 * none. ERR_INVALID: they are more than SCOPE_USER_MAX, or *bad is no name of a
 * scope.
 */
enum err account_set_scope(struct ctx *c, const char *username,
    char *const *scopes, struct user *out, const char **bad) MUST_CHECK;

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
 * Delete the account of this name. Its tokens end at once where the database is
 * asked, and its name is free for others when the last of them has ended.
 * *out is the account as it was. ERR_NOTFOUND: there is none. ERR_CONFLICT:
 * rows of *tables ("todos, notes") refer to it, and nothing is deleted.
 */
enum err account_delete(struct ctx *c, const char *username, struct user *out,
    const char **tables) MUST_CHECK;

/*
 * Give the account of this name another one, by the rules of a sign-up. Its
 * tokens end, and the name that it had is kept, as by account_delete().
 * *out is the account as it is now. ERR_NOTFOUND: there is none. ERR_INVALID:
 * *why says what is wrong with the name that is wanted. ERR_CONFLICT: that is
 * taken, or kept from another account.
 */
enum err account_rename(struct ctx *c, const char *username, const char *wanted,
    enum name_problem *why, struct user *out) MUST_CHECK;

/*
 * Until when a name without an account is kept, in UTC; NULL: it is free.
 */
enum err account_name_free_at(
    struct ctx *c, const char *username, const char **when) MUST_CHECK;

/* Which accounts account_list() lists. */
struct account_page {
	const char *part; /* of the name or full name; "": all */
	int64_t after;    /* numbers greater than this */
	int64_t max;      /* so many at most */
};

/*
 * Call show for the accounts of a page in the order of their numbers. The arena
 * is reset meanwhile, so *u is valid only within show. *more: the last number
 * that was shown if there may be further ones behind it; 0: there are none.
 */
enum err account_list(struct ctx *c, const struct account_page *page,
    void (*show)(struct ctx *c, const struct user *u),
    int64_t *more) MUST_CHECK;

/*
 * The format of an account's hash: "yescrypt", "bcrypt", "argon2id" and so on;
 * "other": none that can be verified; "none": it has no hash; "locked": a ! or
 * a * begins it.
 */
const char *account_hash_kind(const struct user *u);

#endif
