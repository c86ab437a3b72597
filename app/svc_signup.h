/*
 * Making an account.
 */
#ifndef LATCHKEY_SVC_SIGNUP_H
#define LATCHKEY_SVC_SIGNUP_H

#include "db_user.h"

/*
 * Make an active account of a name, a full name (or NULL) and a password, all
 * within the limits of the configuration. *out lives until the request ends.
 * ERR_CONFLICT: the name is taken. ERR_TOOBIG: the password has over
 * PASSWORD_MAX_BYTES. ERR_BUSY: the database does not answer; no
 * account was made, or one that its owner can log in to.
 */
enum err signup(struct ctx *c, const char *username, const char *fullname,
    const char *password, struct user *out) MUST_CHECK;

#endif
