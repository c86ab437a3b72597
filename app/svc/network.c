/*
 * Known networks: those that users have logged in from.
 */
#include "base.h"

#include <string.h>

#include "crypto/mac.h"
#include "db/network.h"
#include "lib/address.h"
#include "svc/network.h"
#include "svc/ratelimit.h"

#define MEMO_S 60
#define DAY_S 86400

/* False: no address, or OpenSSL failed. */
static bool
identify(const struct ctx *c, struct network *out)
{
	char block[ADDRESS_BYTES];
	const char *const texts[] = { block, NULL };
	unsigned char mac[MAC_BYTES];

	if (!address_block(c->address, block) ||
	    !mac_make(c->app->secrets, PURPOSE_NETWORK, texts, mac))
		return false;
	out->place[0] = (unsigned)mac[0] << 8 | mac[1];
	out->place[1] = (unsigned)mac[2] << 8 | mac[3];
	memcpy(&out->digest, mac + 4, sizeof(out->digest));
	return true;
}

/* The cache entry of a network, emptied if it was another's. */
static struct network_memo *
find_memo(const struct ctx *c, const struct network *n)
{
	struct network_memo *m =
	    &c->app->networks->row[(uint64_t)n->digest % NETWORK_MEMO_ROWS];

	if (m->digest != n->digest)
		*m = (struct network_memo){ .digest = n->digest };
	return m;
}

bool
network_is_known(struct ctx *c)
{
	struct network_state state;
	struct network n;
	struct network_memo *m;

	if (!identify(c, &n))
		return false;
	m = find_memo(c, &n);
	if (c->now_s >= m->asked_s && c->now_s - m->asked_s < MEMO_S)
		return m->is_known;
	if (db_network_find(c, &n, 0, &state) != ERR_OK)
		return false;
	m->asked_s = c->now_s;
	m->is_known = state.is_known;
	return m->is_known;
}

/*
 * Was it, or one before it, too young a moment ago? Nothing is to be noted
 * then: today's number has been, and accounts are young in the order of theirs.
 */
static bool
is_young(const struct ctx *c, int64_t user_id)
{
	const struct network_memory *m = c->app->networks;

	return user_id >= m->young_id && c->now_s >= m->young_s &&
	       c->now_s - m->young_s < MEMO_S &&
	       c->now_s / DAY_S == m->young_s / DAY_S;
}

static void
note_young(const struct ctx *c, int64_t user_id)
{
	c->app->networks->young_id = user_id;
	c->app->networks->young_s = c->now_s;
}

/* A new network counts for the account; known ones are refreshed. */
static bool
may_note(struct ctx *c, const struct network_state *state, int64_t user_id)
{
	struct ratelimit_attempt attempt;

	if (!state->is_old)
		return false;
	return state->is_known ||
	       ratelimit_network(c, user_id, &attempt) == ERR_OK;
}

void
network_note(struct ctx *c, int64_t user_id)
{
	int64_t today = c->now_s / DAY_S;
	struct network_state state;
	struct network n;
	struct network_memo *m;

	if (!identify(c, &n))
		return;
	m = find_memo(c, &n);
	if (m->noted_day == today || is_young(c, user_id) ||
	    db_network_find(c, &n, user_id, &state) != ERR_OK ||
	    (!state.is_marked && db_network_mark(c) != ERR_OK))
		return;
	if (!state.is_old)
		note_young(c, user_id);
	if (!state.seen_today &&
	    (!may_note(c, &state, user_id) || db_network_note(c, &n) != ERR_OK))
		return;
	/* only the table knows whether there was room for it */
	*m = (struct network_memo){ .digest = n.digest, .noted_day = today };
}
