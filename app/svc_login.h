/*
 * Password login.
 */
#ifndef LATCHKEY_SVC_LOGIN_H
#define LATCHKEY_SVC_LOGIN_H

#include "ctx.h"

/*
 * Exchange a name and a password for an access token, which lives until the
 * request ends. A stored hash weaker than today's setting is made anew, if
 * hash_upgrade says so.
 * ERR_UNAUTH: unknown name, wrong password, inactive account, no usable hash;
 * the work is the same for all, and only the log knows which.
 * ERR_BUSY: the database does not answer.
 */
enum err login(struct ctx *c, const char *username, const char *password,
    const char **token) MUST_CHECK;

#endif
