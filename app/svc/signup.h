/*
 * Sign-up: creation of an account.
 */
#ifndef LATCHKEY_SVC_SIGNUP_H
#define LATCHKEY_SVC_SIGNUP_H

#include "svc/password.h"

/* The two names of an account. */
enum name { NAME_USER, NAME_FULL };

enum name_problem {
	NAME_GOOD,
	NAME_EMPTY, /* an operator's applicant; a sign-up may be without */
	NAME_NOT_UTF8,
	NAME_TOO_SHORT, /* a user name under username_min_chars */
	NAME_TOO_LONG,  /* over signup_name_max() characters */
	NAME_PATTERN    /* a user name that username_pattern does not match */
};

struct applicant {
	const char *username;
	const char *fullname; /* NULL: none */
	const char *password;
	const char *invite; /* token of an invitation; NULL: none */
};

/* Problems of an applicant. */
struct applicant_problem {
	enum name_problem username, fullname;
	enum password_problem password;
};

/* The most characters that a name may have. */
int64_t signup_name_max(const struct ctx *c, enum name which);

/* May this be such a name of an account? It may be empty. */
enum name_problem signup_judge_name(
    const struct ctx *c, enum name which, const char *name);

/*
 * Create an active account. *out lives until the request ends.
 * ERR_CONFLICT: the name is taken. ERR_INVALID: *why says what is wrong; if it
 * says nothing, a table constraint refused it. ERR_DENIED: the setting
 * signup accepts none, or none without an invitation, which is spent with the
 * account. ERR_LIMIT: too many from this address (see svc/ratelimit.h).
 * ERR_BUSY: the database does not answer; no account was made, or one that its
 * owner can log in to. Then the same request again, with the same name and
 * password and within five minutes, at any worker of this machine, is ERR_OK if
 * the account was made (svc/unsettled.h), and its invitation spent: the hash
 * that the first one sent is noted, the account has it, and the password fits.
 */
enum err signup(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out) MUST_CHECK;

/*
 * The same for an operator, without an address: it is not counted, and needs no
 * invitation.
 */
enum err signup_unlimited(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out) MUST_CHECK;

#endif
