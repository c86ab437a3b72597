/*
 * An account as its owner changes it: password and full name.
 */
#ifndef LATCHKEY_SVC_PROFILE_H
#define LATCHKEY_SVC_PROFILE_H

#include "svc/password.h"
#include "svc/refresh.h"

struct password_change {
	const char *current, *wanted;
	const char *device;  /* svc/device.h's proof; NULL: none */
	const char *session; /* id of the one that asks, which goes on */
	bool is_repeat;      /* session_user_before() has found the account */
};

/*
 * Replace the current password of u, who asks for it, by how->wanted. The
 * current one takes the work of a login and counts as one: from a known device
 * apart from unknown clients. The row is changed only if the hash is still the
 * one that was verified, and the reason noted, in one statement, which raises
 * the epoch: all tokens of u end, and all sessions but how->session, for which
 * *out has new ones. out->token is NULL where it has ended meanwhile, or is
 * NULL. out: NULL for a browser, which has no tokens.
 * ERR_INVALID: the new one has the problem *why. ERR_DENIED: the current one is
 * wrong. ERR_LIMIT: too many attempts, as ratelimit_login() counts them.
 * ERR_CONFLICT: changed since u was read, so of two concurrent changes one
 * happens. ERR_BUSY: the database does not answer; either password may count.
 * Then the same request again, within five minutes, at any worker of this
 * machine, is ERR_OK if the change was made, though it has ended the token and
 * how->current is wrong now (svc/unsettled.h): the hash that the first one sent
 * is noted, the account has it, and how->wanted fits. ERR_UNAUTH: it does not.
 */
enum err profile_change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_problem *why,
    struct refreshed *out) MUST_CHECK;

/*
 * Delete the account of u, who asks for it and knows the current password
 * (how->wanted is not read), which counts as in profile_change_password().
 * Tokens and name: as account_delete().
 * ERR_DENIED: the password is wrong. ERR_LIMIT: too many attempts.
 * ERR_CONFLICT: other tables' rows refer to the account (*referred),
 * or the password was changed meanwhile; nothing is deleted. ERR_BUSY: the
 * database does not answer; it may or may not be done. Then the same request
 * again is ERR_OK if it was done, as at a change; ERR_UNAUTH: the password was
 * another one.
 */
enum err profile_delete(struct ctx *c, const struct user *u,
    const struct password_change *how, bool *referred) MUST_CHECK;

/*
 * Put a full name, or none (NULL), in the place of u's. ERR_INVALID: it cannot
 * be one (signup_judge_name()). ERR_NOTFOUND: the account is gone. ERR_LIMIT:
 * as ratelimit_change().
 */
enum err profile_change_fullname(
    struct ctx *c, struct user *u, const char *fullname) MUST_CHECK;

#endif
