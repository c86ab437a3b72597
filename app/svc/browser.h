/*
 * Browser sessions: the cookie that proves one, and its renewal.
 *
 * A cookie holds a proof (crypto/proof.h) that counts for session_proof_minutes
 * without the database. After that the session's row is asked, and the browser
 * gets a new proof of the same session.
 */
#ifndef LATCHKEY_SVC_BROWSER_H
#define LATCHKEY_SVC_BROWSER_H

#include "crypto/token.h"
#include "ctx.h"
#include "model.h"

#define BROWSER_UNTIL_CLOSED (-1)

/* The cookie that a browser gets; it lives until the request ends. */
struct browser_cookie {
	const char *value;
	int64_t max_age_s; /* or BROWSER_UNTIL_CLOSED */
};

/* A session for which a cookie is made. */
struct browser_session {
	const char *sid;
	const struct user *user; /* id, username, epoch and scope */
	int64_t expires_s;       /* of the session, since 1970 */
	bool keep;               /* when the browser is closed */
};

/*
 * The cookie of a session, good until that ends, but for session_proof_minutes
 * at most. ERR_INTERNAL: OpenSSL failed.
 */
enum err browser_cookie(struct ctx *c, const struct browser_session *s,
    struct browser_cookie *out) MUST_CHECK;

/*
 * Begin a session of this user in the browser that asks, until that is closed,
 * or session_days have passed. Errors as session_start().
 */
enum err browser_start(
    struct ctx *c, const struct user *u, struct browser_cookie *out) MUST_CHECK;

/*
 * The claims of a cookie, if it is good now. The database is not asked.
 * ERR_CONFLICT: it was good, and browser_renew() may know that it is; or its
 * name is too long for it, or it was made before cookies had scopes.
 * ERR_UNAUTH: it is none, or its session has ended. ERR_BUSY: as
 * session_check_revoked().
 */
enum err browser_claims(
    struct ctx *c, const char *cookie, struct token_claims *out) MUST_CHECK;

/*
 * Renew a cookie, good or old: the same session, whose last use is written once
 * in five minutes at most, with the scopes that the user has now. ERR_UNAUTH:
 * it is none, of an epoch before, or its session has ended. ERR_BUSY: the
 * database does not answer.
 */
enum err browser_renew(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct browser_cookie *out) MUST_CHECK;

/*
 * End the session of a cookie, good or old, as its browser asks. ERR_OK: also
 * without a cookie (NULL), or if it is none, or if its session had ended.
 * ERR_BUSY: the database does not answer; the session may go on.
 */
enum err browser_end(struct ctx *c, const char *cookie) MUST_CHECK;

/*
 * The cookie of the same session when the account's epoch has been raised, and
 * the session's with it, by a request with this cookie. Errors as
 * browser_renew().
 */
enum err browser_go_on(
    struct ctx *c, const char *cookie, struct browser_cookie *out) MUST_CHECK;

/*
 * The account of a cookie, and its claims: the session's row is asked, also of
 * a cookie that is good, which so needs more than the key of proofs to be made.
 * out->value is NULL unless it was renewed. Errors as session_user().
 */
enum err browser_user(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct user *u,
    struct browser_cookie *out) MUST_CHECK;

/* As session_user_before(), of a cookie that need not be renewed yet. */
enum err browser_user_before(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct user *out) MUST_CHECK;

#endif
