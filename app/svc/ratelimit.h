/*
 * Rate limits of attempts. An attempt is counted before the password is
 * verified, so that many at once cannot slip through, and refunded if it was
 * right: a client that knows the password is never limited.
 *
 * Of each limit half may be used at once, and the other half is refilled evenly
 * over an hour: no hour exceeds it.
 */
#ifndef LATCHKEY_SVC_RATELIMIT_H
#define LATCHKEY_SVC_RATELIMIT_H

#include "db/ratelimit.h"

/* How an endpoint's attempts are limited; a column of route.c. */
enum limit { LIMIT_NONE, LIMIT_LOGIN, LIMIT_SIGNUP, LIMIT_CHANGE };

#define LIMIT_BIT(limit) (1u << (limit))

/*
 * Count an attempt to log in: for the name, for the client's address, for both
 * together, of IPv6 for its site, and for the whole service. With a known
 * device (its id; "": none) for that device and for all known devices of the
 * name, so that attempts of unknown clients do not count for them; when these
 * limits are spent it falls back to the limits of unknown clients. The
 * service-wide limit has two shares, one for known networks only
 * (svc/service_limit.h). It makes no difference whether the account exists.
 * ERR_LIMIT: too many; c->retry_after_s says when to try again. ERR_BUSY: the
 * database does not answer. *out is for ratelimit_refund().
 */
enum err ratelimit_login(struct ctx *c, const char *username,
    const char *device_id, struct ratelimit_attempt *out) MUST_CHECK;

/* The same for an attempt to sign up, which counts for the address alone. */
enum err ratelimit_signup(
    struct ctx *c, struct ratelimit_attempt *out) MUST_CHECK;

/*
 * The same for a change that the account of this number makes of itself: 120 an
 * hour, whatever the result.
 */
enum err ratelimit_change(
    struct ctx *c, int64_t user_id, struct ratelimit_attempt *out) MUST_CHECK;

/* The state of a name: seconds until it is admitted again; 0: it is now. */
struct ratelimit_name {
	int64_t wait_s;        /* for every unknown client */
	int64_t client_wait_s; /* for the one that sent most for it */
};

/*
 * Is this name locked for unknown clients? client_wait_s is of an address that
 * is not stored; by chance it may be that of another name. Errors as db_run().
 */
enum err ratelimit_name_state(
    struct ctx *c, const char *username, struct ratelimit_name *out) MUST_CHECK;

/*
 * Forget the attempts of a name, and of it and each client together: these
 * limits start again. Counts of addresses, sites and the service stay. Errors
 * as db_run().
 */
enum err ratelimit_unlock(struct ctx *c, const char *username) MUST_CHECK;

/* The same as ratelimit_change() for a network that this account makes known
 * (svc/network.h). */
enum err ratelimit_network(
    struct ctx *c, int64_t user_id, struct ratelimit_attempt *out) MUST_CHECK;

/*
 * Refund an attempt: it was right, or not answered. It is on its way to the
 * database when this returns, and goes through even if this worker dies once
 * the client has its reply. If it dies before, or the database is away by now,
 * the attempt stays counted, which costs the client one.
 */
void ratelimit_refund(struct ctx *c, const struct ratelimit_attempt *t);

#endif
