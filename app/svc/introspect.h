/*
 * Introspection: what a token is, for a client that was sent it.
 */
#ifndef LATCHKEY_SVC_INTROSPECT_H
#define LATCHKEY_SVC_INTROSPECT_H

#include "ctx.h"
#include "model.h"

/* Texts live until the request ends; NULL: not said. */
struct introspected {
	bool is_active; /* false: nothing else is said */
	bool is_refresh;
	int64_t exp_s;
	const char *sub;
	const char *username; /* of a user's */
	const char *client_id;
	const char *scope;
	const char *audience, *issuer;
};

/*
 * Look a token up. A caller learns of access tokens for its audience, its own
 * or that of the settings, whoever got them, and of its own refresh tokens; any
 * other token is as inactive as a text that is none. Of an access token the
 * database is not asked, as at /check: an account that was removed by SQL still
 * counts. ERR_BUSY: the database does not answer, or revocation_stale is refuse
 * and ended sessions are not known. Source: RFC 7662.
 */
enum err introspect(struct ctx *c, const char *token,
    const struct client *caller, struct introspected *out) MUST_CHECK;

#endif
