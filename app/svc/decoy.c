/*
 * Decoy hashes: equal login time for unknown names.
 */
#include "base.h"

#include <string.h>

#include "crypto/mac.h"
#include "crypto/pwformat.h"
#include "db/user.h"
#include "svc/decoy.h"
#include "svc/password.h"

#define FRESH_S 10 /* after which the range of accounts is read again */

int64_t
decoy_number(uint64_t seed, int64_t count)
{
	const double scale = (double)(INT64_C(1) << 31);
	int64_t number = 0;
	double next = 0;

	while (next < (double)count) {
		number = (int64_t)next;
		seed = seed * UINT64_C(2862933555777941757) + 1;
		next =
		    (double)(number + 1) * (scale / (double)((seed >> 33) + 1));
	}
	return number;
}

/* Not at each login: a few missing accounts are harmless. */
static enum err
look_at_accounts(struct ctx *c)
{
	struct decoy_range *r = c->app->decoys;
	int64_t age_s = c->now_s - r->read_s;
	enum err e;

	if (r->read_s != 0 && age_s >= 0 && age_s < FRESH_S)
		return ERR_OK;
	if ((e = db_user_range(c, &r->first, &r->count)) == ERR_OK)
		r->read_s = c->now_s;
	return e;
}

enum err
decoy_choose(struct ctx *c, const char *username, int64_t *id)
{
	const char *const texts[] = { username, NULL };
	unsigned char mac[MAC_BYTES];
	uint64_t seed;
	enum err e;

	if ((e = look_at_accounts(c)) != ERR_OK)
		return e;
	if (!mac_make(c->app->secrets, PURPOSE_DECOY, texts, mac))
		return ERR_INTERNAL;
	memcpy(&seed, mac, sizeof(seed));
	*id = c->app->decoys->first + decoy_number(seed, c->app->decoys->count);
	return ERR_OK;
}

enum err
decoy_find(struct ctx *c, int64_t id, const char **hash)
{
	const struct pwformat_policy policy = password_policy(c->app->conf);
	const char *near[DB_USER_HASHES];
	size_t n, i;
	enum err e;

	if (pwformat_state(&policy, *hash, NULL) == PWFORMAT_GOOD)
		return ERR_OK;
	*hash = NULL;
	if ((e = db_user_hashes(c, id, near, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n && *hash == NULL; i++)
		if (pwformat_state(&policy, near[i], NULL) == PWFORMAT_GOOD)
			*hash = near[i];
	return ERR_OK;
}
