/*
 * Authentication of requests: by token, by session cookie, or as a client.
 */
#ifndef LATCHKEY_API_AUTH_H
#define LATCHKEY_API_AUTH_H

#include "http/req.h"

/*
 * Authentication of a request; a column of route.c. AUTH_CLIENT: a client; a
 * request that names none is the built-in one's. AUTH_CONFIDENTIAL: one that
 * has sent its secret. AUTH_CHECKED: a valid token, or a browser's cookie, for
 * a request that the web server asks about. AUTH_RENEWED: that cookie, good or
 * old, whose session goes on. AUTH_USER: either, and the account is active.
 * AUTH_REPEATABLE: or it was so before the same request, whose outcome nobody
 * knows.
 */
enum auth {
	AUTH_NONE,
	AUTH_CLIENT,
	AUTH_CONFIDENTIAL,
	AUTH_CHECKED,
	AUTH_RENEWED,
	AUTH_USER,
	AUTH_REPEATABLE
};

/* Is it by a client? Else, but for AUTH_NONE, by a token or a cookie. */
bool auth_is_client(enum auth auth) MUST_CHECK;

/*
 * By the token of the request, or r->session; into r->claims, and for AUTH_USER
 * and AUTH_REPEATABLE r->user. A cookie that was old is renewed. ERR_UNAUTH: it
 * is not good. ERR_BUSY: the database does not answer. Source: RFC 6750.
 */
enum err auth_user(struct req *r, enum auth auth) MUST_CHECK;

/*
 * The client of a request whose body is parsed, by Basic or by two fields of
 * the body; into r->client. ERR_UNAUTH: client_authenticate() refuses it, Basic
 * cannot be read, or it is the built-in one where auth asks for a secret.
 * ERR_MALFORMED: by both. ERR_INVALID: as params_read(), of these two fields.
 * Other errors as client_authenticate(). Source: RFC 6749, section 2.3.
 */
enum err auth_client(struct req *r, enum auth auth) MUST_CHECK;

#endif
