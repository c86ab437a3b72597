/*
 * Login by name and password.
 */
#ifndef LATCHKEY_SVC_LOGIN_H
#define LATCHKEY_SVC_LOGIN_H

#include "model.h"
#include "svc/browser.h"

struct login {
	/* from the client */
	const char *username, *password;
	const char *device;          /* svc/device.h's proof; NULL: none */
	bool offline;                /* a refresh token, too */
	bool browser;                /* a cookie, and neither token */
	bool keep;                   /* it outlasts the browser that has it */
	const char *old_cookie;      /* its session ends; NULL: none */
	const struct client *client; /* NULL: /token's, the built-in one */
	const char *wanted; /* scopes; NULL, or without any: all it has */
	/* the result, which lives until the request ends */
	const char *token;
	int64_t token_life_s;      /* from now */
	const char *session;       /* id of the session that began */
	const char *refresh_token; /* NULL: none */
	struct browser_cookie cookie;
	const char *scope;      /* of the tokens (lib/scope.h); NULL: none */
	const char *new_device; /* for next time; NULL: its own is recent */
};

/*
 * Exchange a name and a password for an access token, or for a cookie, unless
 * there were too many wrong ones (svc/ratelimit.h). A stored hash weaker than
 * the current setting is replaced, if hash_upgrade says so.
 * The session of the cookie that the browser has, whoever's, ends.
 * ERR_UNAUTH: unknown name, wrong password, inactive account, no usable hash;
 * for a name without a usable hash the work is that of a decoy (svc/decoy.h),
 * and only the log knows the reason.
 * ERR_DENIED: the password is right, but of the scopes that a client (not NULL)
 * asks for by name the account has none; no session has begun.
 * ERR_LIMIT: c->retry_after_s says when to try again; nothing was verified.
 * ERR_BUSY: the database does not answer.
 */
enum err login(struct ctx *c, struct login *l) MUST_CHECK;

#endif
