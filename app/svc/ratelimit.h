/*
 * How often a password may be tried. An attempt is counted before the password
 * is looked at, so that many at once cannot all slip through, and uncounted if
 * it was the right one: whoever knows it never runs dry.
 *
 * Of each limit half may be used at once, and the other half comes back evenly
 * over an hour: in no hour is it exceeded.
 */
#ifndef LATCHKEY_SVC_RATELIMIT_H
#define LATCHKEY_SVC_RATELIMIT_H

#include "db/ratelimit.h"

/* How an endpoint's attempts are limited; a column of route.c. */
enum limit { LIMIT_NONE, LIMIT_LOGIN, LIMIT_SIGNUP, LIMIT_CHANGE };

#define LIMIT_BIT(limit) (1u << (limit))

/*
 * Count an attempt to log in: for the name, for the client's address, for
 * both together, of IPv6 for its site, and for the service as a whole. With a
 * known device (its id; "": none) for that device and for all known devices of
 * the name, so that no stranger's attempts count for them; where these are used
 * up it counts as a stranger's. Of the service's limit there are two shares,
 * one for known networks alone (svc/service_limit.h). Whether there is such an
 * account makes no difference. ERR_LIMIT: there were too many; c->retry_after_s
 * says when to come again. ERR_BUSY: the database does not answer. *out is for
 * ratelimit_refund().
 */
enum err ratelimit_login(struct ctx *c, const char *username,
    const char *device_id, struct ratelimit_attempt *out) MUST_CHECK;

/* The same for an attempt to sign up, which counts for the address alone. */
enum err ratelimit_signup(
    struct ctx *c, struct ratelimit_attempt *out) MUST_CHECK;

/*
 * The same for a change that the account of this number makes of itself: 120 in
 * an hour, whatever comes of it.
 */
enum err ratelimit_change(
    struct ctx *c, int64_t user_id, struct ratelimit_attempt *out) MUST_CHECK;

/* What is counted for a name, in seconds until it is let in again; 0: it is. */
struct ratelimit_name {
	int64_t wait_s;        /* for every unknown client */
	int64_t client_wait_s; /* for the one that sent most for it */
};

/*
 * Is this name locked for unknown clients? client_wait_s is of an address that
 * nobody knows; by chance it may be that of another name. Errors as db_run().
 */
enum err ratelimit_name_state(
    struct ctx *c, const char *username, struct ratelimit_name *out) MUST_CHECK;

/*
 * Forget what was counted for a name, and for it and each client together: it
 * has all of these limits anew. What was counted for an address or a site
 * stays, and so does the service's. Errors as db_run().
 */
enum err ratelimit_unlock(struct ctx *c, const char *username) MUST_CHECK;

/* The same as ratelimit_change() for a network that this account makes known
 * (svc/network.h). */
enum err ratelimit_network(
    struct ctx *c, int64_t user_id, struct ratelimit_attempt *out) MUST_CHECK;

/*
 * It was no guess, or it was not answered. If the database is away by now it
 * stays counted, which costs the client one attempt.
 */
void ratelimit_refund(struct ctx *c, const struct ratelimit_attempt *t);

#endif
