/*
 * Links that an operator gives to somebody: to sign up, or to set a new
 * password without the old one. Each works once, for hours; a token of 256
 * random bits is in it, of which only the hash is stored.
 */
#ifndef LATCHKEY_SVC_LINK_H
#define LATCHKEY_SVC_LINK_H

#include "svc/password.h"

#define LINK_TOKEN_CHARS 43
#define LINK_HOURS_MAX 720
#define LINK_INVITE_HOURS 72 /* unless the operator says another */
#define LINK_RESET_HOURS 24

enum link { LINK_INVITE, LINK_RESET };

/*
 * Make a link of this kind; *token lives until the request ends. u: of a reset,
 * the account, whose older link ends; NULL of an invitation. A reset works as
 * long as the account's epoch is that of u. hours: 1 to LINK_HOURS_MAX.
 * ERR_BUSY: the database does not answer; the link may be dead.
 */
enum err link_make(struct ctx *c, enum link kind, const struct user *u,
    int64_t hours, const char **token) MUST_CHECK;

/*
 * Does the link of this token (NULL: none) work? Of a reset *out is the
 * account. ERR_NOTFOUND: it is none, was used, has expired, or its account is
 * gone, disabled, or has had its tokens ended since.
 */
enum err link_find(struct ctx *c, enum link kind, const char *token,
    struct user *out) MUST_CHECK;

/*
 * Use up a link, as a step of a transaction that does what it is for. Errors as
 * link_find().
 */
enum err link_spend(
    struct ctx *c, enum link kind, const char *token) MUST_CHECK;

/*
 * Set a new password by the token of a reset, which is spent; the account's
 * sessions end, and earlier wrong passwords are forgotten. *out is the account
 * as it was. ERR_NOTFOUND: as link_find(). ERR_INVALID: *why says what is wrong
 * with the password. ERR_BUSY: the database does not answer; it may have
 * happened, and then the same token and password again within five minutes are
 * ERR_OK, though the link is spent.
 */
enum err link_reset(struct ctx *c, const char *token, const char *password,
    enum password_problem *why, struct user *out) MUST_CHECK;

#endif
