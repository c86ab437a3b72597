/*
 * Making an account.
 */
#ifndef LATCHKEY_SVC_SIGNUP_H
#define LATCHKEY_SVC_SIGNUP_H

#include "svc/password.h"

/* Who wants an account; the names are within the configuration's limits. */
struct applicant {
	const char *username;
	const char *fullname; /* NULL: none */
	const char *password;
};

/*
 * Make an active account. *out lives until the request ends.
 * ERR_CONFLICT: the name is taken. ERR_INVALID: if *why is not PASSWORD_GOOD,
 * that is wrong with the password. ERR_LIMIT: too many from this address (see
 * svc/ratelimit.h). ERR_BUSY: the database does not answer; no
 * account was made, or one that its owner can log in to.
 */
enum err signup(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out) MUST_CHECK;

/* The same for an operator, who has no address: it counts nowhere. */
enum err signup_unlimited(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out) MUST_CHECK;

#endif
