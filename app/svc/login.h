/*
 * Password login.
 */
#ifndef LATCHKEY_SVC_LOGIN_H
#define LATCHKEY_SVC_LOGIN_H

#include "ctx.h"

struct login {
	/* what the client sends */
	const char *username, *password;
	const char *device; /* svc/device.h's proof; NULL: none */
	/* what it gets, which lives until the request ends */
	const char *token;
	const char *new_device; /* for next time; NULL: it has a good one */
};

/*
 * Exchange a name and a password for an access token, unless there were too
 * many wrong ones (svc/ratelimit.h). A stored hash weaker than today's setting
 * is made anew, if hash_upgrade says so.
 * ERR_UNAUTH: unknown name, wrong password, inactive account, no usable hash;
 * for a name without a usable hash the work is that of an account that stands
 * in (svc/decoy.h), and only the log knows which.
 * ERR_LIMIT: c->retry_after_s says when to come again; nothing was looked at.
 * ERR_BUSY: the database does not answer.
 */
enum err login(struct ctx *c, struct login *l) MUST_CHECK;

#endif
