/*
 * Rate limits of attempts.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/mac.h"
#include "lib/address.h"
#include "stats/event.h"
#include "svc/network.h"
#include "svc/ratelimit.h"
#include "svc/service_limit.h"

/*
 * Subjects of limits, and their ranges of the table: so large that a flood of
 * unknown names and addresses, a hash each, keeps a few CPUs busy before it
 * fills the buckets of others; and known devices are out of reach of that
 * flood. (An attacker with 800 accounts with such devices fills their range
 * with 11 hashes a second; then a device falls back to the limits of unknown
 * clients.)
 */
enum kind {
	NAME,
	ADDRESS,
	BOTH,
	DEVICE,
	DEVICES,
	SIGNUP,
	SITE,
	SIGNUP_SITE,
	KNOWN,
	CHANGE,
	NETWORK
};

#define BOTH_TOGETHER 128 /* buckets of BOTH that a name's clients have */
#define SITE_NETWORKS 5   /* a site has the limit of so many networks */
#define KNOWN_PARTS 40 /* a known network: a twentieth of the half for them */
#define CHANGES 120    /* of an account by its owner, in an hour */
#define NETWORKS 2     /* that an account makes known: 25 in a day at most */

/* clang-format off */
#define AT(field) offsetof(struct conf, field)
#define CONSTANT ((size_t)-1)
static const struct {
	const char *name;
	unsigned first;  /* bucket */
	unsigned choice; /* of so many, and again of so many behind them */
	size_t limit;    /* in struct conf, or CONSTANT: 1 */
	int64_t times;   /* and how often that */
	int64_t parts;   /* of which one is the limit */
} kinds[] = {
	[NAME] =    { "name",    0,      32768, AT(login_failures_per_name), 1, 1 },
	[ADDRESS] = { "address", 65536,  16384, AT(login_failures_per_address), 1, 1 },
	[BOTH] =    { "both",    98304,  65536, AT(login_failures_per_client), 1, 1 },
	[DEVICE] =  { "device",  229376, 4096,  AT(login_failures_per_client), 1, 1 },
	[DEVICES] = { "devices", 237568, 4096,  AT(login_failures_per_name), 1, 1 },
	[SIGNUP] =  { "signup",  245760, 8192,  AT(signups_per_address), 1, 1 },
	[SITE] =    { "site",    262144, 8192,  AT(login_failures_per_address), SITE_NETWORKS, 1 },
	[SIGNUP_SITE] = { "signup site", 278528, 4096, AT(signups_per_address), SITE_NETWORKS, 1 },
	[KNOWN] =   { "known",   286722, 4096,  AT(login_failures_per_service), 1, KNOWN_PARTS },
	[CHANGE] =  { "change",  294914, 8192,  CONSTANT, CHANGES, 1 },
	[NETWORK] = { "network", 311298, 8192,  CONSTANT, NETWORKS, 1 },
};
#undef AT
/* clang-format on */

_Static_assert(278528 + 2 * 4096 == DB_RATELIMIT_SERVICE &&
                   286722 == DB_RATELIMIT_SERVICE + SERVICE_SHARES &&
                   311298 + 2 * 8192 == DB_RATELIMIT_BUCKETS,
    "all are in use");

/*
 * The cost of one attempt: half of the limit fills an hour's bucket; rounded
 * down, but at least one.
 */
static int64_t
cost_us(const struct conf *conf, enum kind kind)
{
	int64_t limit = 1, us = 2 * DB_RATELIMIT_FULL_US;

	if (kinds[kind].limit != CONSTANT)
		memcpy(&limit, (const char *)conf + kinds[kind].limit,
		    sizeof(limit));
	limit *= kinds[kind].times;
	us *= kinds[kind].parts;
	us = (us + limit - 1) / limit;
	return us < DB_RATELIMIT_FULL_US ? us : DB_RATELIMIT_FULL_US;
}

/*
 * Two numbers below 2^16 for these two texts. Without the key nobody can find
 * texts that share them.
 */
static enum err
hash(const struct ctx *c, enum kind kind, const char *what, const char *of,
    unsigned out[2])
{
	const char *const texts[] = { kinds[kind].name, what, of, NULL };
	unsigned char mac[MAC_BYTES];

	if (!mac_make(c->app->secrets, PURPOSE_RATELIMIT, texts, mac))
		return ERR_INTERNAL;
	out[0] = (unsigned)mac[0] << 8 | mac[1];
	out[1] = (unsigned)mac[2] << 8 | mac[3];
	return ERR_OK;
}

/* The buckets of BOTH of a name, for all of its clients. */
static enum err
find_together(
    const struct ctx *c, const char *username, struct ratelimit_range out[2])
{
	unsigned i, h[2], choice = kinds[BOTH].choice;
	enum err e = hash(c, BOTH, "", username, h);

	for (i = 0; e == ERR_OK && i < 2; i++)
		out[i] = (struct ratelimit_range){
			.first = kinds[BOTH].first + i * choice +
			         h[i] * BOTH_TOGETHER % choice,
			.count = BOTH_TOGETHER,
		};
	return e;
}

/* Add the subject of these two texts to an attempt. */
static enum err
add(struct ctx *c, struct ratelimit_attempt *t, enum kind kind,
    const char *what, const char *of)
{
	struct ratelimit_subject *s = &t->subject[t->count++];
	unsigned i, h[2], choice = kinds[kind].choice;
	enum err e;

	if ((e = hash(c, kind, what, of, h)) != ERR_OK)
		return e;
	for (i = 0; i < 2; i++)
		s->bucket[i] = kinds[kind].first + i * choice + h[i] % choice;
	s->cost_us = cost_us(c->app->conf, kind);
	return ERR_OK;
}

/*
 * The same for a name and a client together: the buckets of all clients of a
 * name are neighbours, found by the name alone, so that they can be emptied
 * for it.
 */
static enum err
add_both(struct ctx *c, struct ratelimit_attempt *t, const char *network,
    const char *username)
{
	struct ratelimit_subject *s = &t->subject[t->count];
	struct ratelimit_range r[2];
	unsigned i, h[2];
	enum err e;

	if ((e = add(c, t, BOTH, network, username)) != ERR_OK ||
	    (e = find_together(c, username, r)) != ERR_OK ||
	    (e = hash(c, BOTH, network, username, h)) != ERR_OK)
		return e;
	for (i = 0; i < 2; i++)
		s->bucket[i] = r[i].first + h[i] % r[i].count;
	return ERR_OK;
}

static enum err
reserve(struct ctx *c, const struct ratelimit_attempt *t)
{
	int64_t wait_s;
	enum err e = db_ratelimit_reserve(c, t, &wait_s);

	if (e != ERR_OK || wait_s == 0)
		return e;
	c->retry_after_s = wait_s;
	return ERR_LIMIT;
}

/*
 * The common share is spent: known networks have the other one, of which a
 * single network gets no more than its part.
 */
static enum err
reserve_known_share(struct ctx *c, struct ratelimit_attempt *t)
{
	int64_t wait_s = c->retry_after_s;
	char block[ADDRESS_BYTES];
	enum err e;

	if (!address_block(c->address, block) || !network_is_known(c))
		return ERR_LIMIT;
	if ((e = add(c, t, KNOWN, block, "")) != ERR_OK)
		return e;
	t->share = SERVICE_KNOWN;
	e = service_limit_reserve(c, SERVICE_KNOWN);
	/* whichever has room first */
	if (e == ERR_LIMIT && wait_s < c->retry_after_s)
		c->retry_after_s = wait_s;
	return e;
}

/*
 * An attempt of an unknown client: first the service-wide limit, which asks the
 * database for nothing while it is spent but whether the network is known.
 */
static enum err
reserve_of_service(struct ctx *c, struct ratelimit_attempt *t)
{
	enum err e = service_limit_reserve(c, SERVICE_COMMON);

	if (e == ERR_LIMIT)
		e = reserve_known_share(c, t);
	if (e == ERR_LIMIT)
		event(service_limit_refusal(t->share), NULL);
	if (e != ERR_OK)
		return e;
	t->in_service_limit = true;
	if ((e = reserve(c, t)) != ERR_OK)
		service_limit_refund(c, t->share);
	return e;
}

static enum err
reserve_as_device(struct ctx *c, const char *username, const char *device_id,
    struct ratelimit_attempt *out)
{
	enum err e;

	*out = (struct ratelimit_attempt){ .count = 0 };
	if ((e = add(c, out, DEVICE, device_id, username)) != ERR_OK ||
	    (e = add(c, out, DEVICES, username, "")) != ERR_OK)
		return e;
	return reserve(c, out);
}

static enum err
reserve_as_unknown(
    struct ctx *c, const char *username, struct ratelimit_attempt *out)
{
	char network[ADDRESS_BYTES], site[ADDRESS_BYTES];
	enum err e;

	*out = (struct ratelimit_attempt){ .count = 0 };
	address_network(c->address, network);
	if ((e = add(c, out, NAME, username, "")) != ERR_OK ||
	    (e = add(c, out, ADDRESS, network, "")) != ERR_OK ||
	    (e = add_both(c, out, network, username)) != ERR_OK)
		return e;
	if (address_site(c->address, site) &&
	    (e = add(c, out, SITE, site, "")) != ERR_OK)
		return e;
	return reserve_of_service(c, out);
}

enum err
ratelimit_login(struct ctx *c, const char *username, const char *device_id,
    struct ratelimit_attempt *out)
{
	int64_t wait_s = INT64_MAX;
	enum err e;

	c->counted |= LIMIT_BIT(LIMIT_LOGIN);
	if (device_id[0] != '\0') {
		e = reserve_as_device(c, username, device_id, out);
		if (e != ERR_LIMIT)
			return e;
		/* without the cookie it would be admitted now */
		wait_s = c->retry_after_s;
	}
	e = reserve_as_unknown(c, username, out);
	if (e == ERR_LIMIT && wait_s < c->retry_after_s)
		c->retry_after_s = wait_s;
	return e;
}

enum err
ratelimit_signup(struct ctx *c, struct ratelimit_attempt *out)
{
	char network[ADDRESS_BYTES], site[ADDRESS_BYTES];
	enum err e;

	c->counted |= LIMIT_BIT(LIMIT_SIGNUP);
	*out = (struct ratelimit_attempt){ .count = 0 };
	address_network(c->address, network);
	if ((e = add(c, out, SIGNUP, network, "")) != ERR_OK)
		return e;
	if (address_site(c->address, site) &&
	    (e = add(c, out, SIGNUP_SITE, site, "")) != ERR_OK)
		return e;
	return reserve(c, out);
}

enum err
ratelimit_name_state(
    struct ctx *c, const char *username, struct ratelimit_name *out)
{
	struct ratelimit_attempt name = { .count = 0 };
	int64_t level_us[2] = { 0 }, over_us;
	struct ratelimit_range r[2];
	enum err e;

	if ((e = add(c, &name, NAME, username, "")) != ERR_OK ||
	    (e = db_ratelimit_look(c, &name, &out->wait_s)) != ERR_OK ||
	    (e = find_together(c, username, r)) != ERR_OK ||
	    (e = db_ratelimit_fullest(c, &r[0], &level_us[0])) != ERR_OK ||
	    (e = db_ratelimit_fullest(c, &r[1], &level_us[1])) != ERR_OK)
		return e;
	over_us = level_us[level_us[1] < level_us[0]] +
	          cost_us(c->app->conf, BOTH) - DB_RATELIMIT_FULL_US;
	out->client_wait_s = over_us > 0 ? (over_us - 1) / 1000000 + 1 : 0;
	return ERR_OK;
}

enum err
ratelimit_unlock(struct ctx *c, const char *username)
{
	struct ratelimit_range r[4] = { [2] = { .count = 1 }, { .count = 1 } };
	struct ratelimit_attempt name = { .count = 0 };
	enum err e;

	if ((e = add(c, &name, NAME, username, "")) != ERR_OK ||
	    (e = find_together(c, username, r)) != ERR_OK)
		return e;
	r[2].first = name.subject[0].bucket[0];
	r[3].first = name.subject[0].bucket[1];
	return db_ratelimit_empty(c, r, ARRAY_LEN(r));
}

/* An attempt that counts only for an account. */
static enum err
reserve_for_account(struct ctx *c, enum kind kind, int64_t user_id,
    struct ratelimit_attempt *out)
{
	char number[24];
	enum err e;

	*out = (struct ratelimit_attempt){ .count = 0 };
	snprintf(number, sizeof(number), "%" PRId64, user_id);
	if ((e = add(c, out, kind, number, "")) != ERR_OK)
		return e;
	return reserve(c, out);
}

enum err
ratelimit_change(struct ctx *c, int64_t user_id, struct ratelimit_attempt *out)
{
	c->counted |= LIMIT_BIT(LIMIT_CHANGE);
	return reserve_for_account(c, CHANGE, user_id, out);
}

enum err
ratelimit_network(struct ctx *c, int64_t user_id, struct ratelimit_attempt *out)
{
	return reserve_for_account(c, NETWORK, user_id, out);
}

void
ratelimit_refund(struct ctx *c, const struct ratelimit_attempt *t)
{
	if (t->in_service_limit)
		service_limit_refund(c, t->share);
	if (db_ratelimit_refund(c, t) != ERR_OK) {
		/* db/db.c has logged why */
	}
}
