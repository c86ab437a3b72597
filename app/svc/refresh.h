/*
 * Renewal of a session by its refresh token.
 */
#ifndef LATCHKEY_SVC_REFRESH_H
#define LATCHKEY_SVC_REFRESH_H

#include "ctx.h"
#include "model.h"

/* Both tokens, which live until the request ends. */
struct refreshed {
	const char *token, *refresh_token;
	const char *scope;    /* of the access token; NULL: none */
	int64_t expires_in_s; /* of the access token */
};

/*
 * The first refresh token of a session, for the client of this id.
 * ERR_INTERNAL: OpenSSL failed.
 */
enum err refresh_begin(struct ctx *c, const char *sid, const char *client,
    const char **out) MUST_CHECK;

/*
 * Exchange a client's refresh token for a new one and an access token. Requests
 * at once, or again within refresh_grace_s, get the same successor; the time
 * that the database was just away for is added.
 * ERR_UNAUTH: it is not ours, it is another client's, or its session has ended.
 * One that was spent before that time counts as stolen: the session ends.
 * wanted: the scopes of the access token, of those that the session has (NULL,
 * or none by name: all). The session keeps its own.
 * ERR_DENIED: it has none of these, or it is no list; the token was not spent.
 * ERR_BUSY: the database does not answer; the same token is to be sent again.
 * Source: RFC 6749, section 6.
 */
enum err refresh(struct ctx *c, const char *token, const struct client *client,
    const char *wanted, struct refreshed *out) MUST_CHECK;

/*
 * New tokens for a session, after its user's epoch has risen and its own with
 * it. out->refresh_token is NULL if it had none before. ERR_NOTFOUND: the
 * session has ended.
 */
enum err refresh_continue(
    struct ctx *c, const char *sid, struct refreshed *out) MUST_CHECK;

/*
 * End the session of a token that this client was given, a refresh token or an
 * access token; of the client's own, the token. ERR_OK also where it is none,
 * is another client's, or has ended: nobody learns which. ERR_BUSY: the
 * database does not answer.
 */
enum err refresh_revoke(
    struct ctx *c, const char *token, const struct client *client) MUST_CHECK;

#endif
