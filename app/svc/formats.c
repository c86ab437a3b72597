/*
 * Accounts by the format of their password hash.
 */
#include "base.h"

#include <string.h>

#include "db/user.h"
#include "svc/formats.h"
#include "svc/password.h"

void
formats_begin(const struct conf *conf, struct formats *out)
{
	*out = (struct formats){
		.policy = password_policy(conf),
		.after = INT64_MIN,
		.mib = conf->hash_memory_max_mib,
	};
}

/* Count an account in the row of its like, or in a new one. */
static void
add(struct formats *f, const struct pwformat_info *info,
    enum pwformat_state state)
{
	size_t i;

	for (i = 0; i < f->rows; i++)
		if (f->row[i].state == state && f->row[i].mib == info->mib &&
		    strcmp(f->row[i].name, info->name) == 0)
			break;
	if (i == FORMATS_MAX)
		i--;
	else if (i == f->rows)
		f->rows++;
	f->row[i].name = info->name;
	f->row[i].state = state;
	f->row[i].mib = info->mib;
	f->row[i].accounts++;
}

static void
count(struct formats *f, const struct user_hash *u)
{
	struct pwformat_info info;
	enum pwformat_state state = pwformat_state(&f->policy, u->hash, &info);

	f->after = u->id;
	if (!u->is_active)
		return;
	/* how much memory it takes matters where it is too much */
	if (state != PWFORMAT_MEMORY)
		info.mib = 1;
	add(f, &info, state);
	f->accounts++;
	if (state != PWFORMAT_GOOD && state != PWFORMAT_LOCKED)
		f->lost++;
	if (state == PWFORMAT_MEMORY && info.mib > f->mib)
		f->mib = info.mib;
}

enum err
formats_count(struct ctx *c, int64_t page, struct formats *f)
{
	struct user_hash *u;
	size_t n, i;
	enum err e;

	if ((e = db_user_hashes_after(c, f->after, page, &u, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		count(f, &u[i]);
	f->done = n < (size_t)page;
	return ERR_OK;
}
