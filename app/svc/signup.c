/*
 * Making an account.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "db/user.h"
#include "stats/event.h"
#include "svc/password.h"
#include "svc/ratelimit.h"
#include "svc/signup.h"

/*
 * The connection was lost while an INSERT was under way. The salt is random,
 * so a stored hash equal to ours tells that the row is ours.
 */
static enum err
settle(struct ctx *c, struct user *u)
{
	struct user stored;

	if (db_user_by_name(c, u->username, &stored) != ERR_OK)
		return ERR_BUSY;
	if (stored.password_hash == NULL ||
	    strcmp(stored.password_hash, u->password_hash) != 0)
		return ERR_CONFLICT;
	*u = stored;
	return ERR_OK;
}

/* Not what decides, but it spares a taken name the hashing. */
static enum err
find_taken(struct ctx *c, const char *username)
{
	struct user taken;
	enum err e = db_user_by_name(c, username, &taken);

	if (e == ERR_NOTFOUND)
		return ERR_OK;
	return e == ERR_OK ? ERR_CONFLICT : e;
}

static enum err
make_account(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out)
{
	char hash[PASSWORD_HASH_BYTES];
	enum err e;

	e = password_judge(c, who->username, who->password, why);
	if (e != ERR_OK || *why != PASSWORD_GOOD)
		return e != ERR_OK ? e : ERR_INVALID;
	e = password_hash(c, who->password, hash);
	if (e != ERR_OK)
		return e;
	*out = (struct user){
		.username = who->username,
		.fullname = who->fullname,
		.password_hash = arena_strndup(c->arena, hash, strlen(hash)),
	};
	e = db_user_insert(c, out);
	if (e == ERR_BUSY)
		e = settle(c, out);
	return e;
}

enum err
signup_unlimited(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out)
{
	enum err e;

	*why = PASSWORD_GOOD;
	if ((e = find_taken(c, who->username)) != ERR_OK)
		return e;
	return make_account(c, who, why, out);
}

enum err
signup(struct ctx *c, const struct applicant *who, enum password_problem *why,
    struct user *out)
{
	struct ratelimit_attempt attempt;
	enum err e;

	*why = PASSWORD_GOOD;
	if ((e = ratelimit_signup(c, &attempt)) == ERR_OK) {
		e = find_taken(c, who->username);
		/* whatever comes then tells whether the name was taken */
		if (e == ERR_OK)
			e = make_account(c, who, why, out);
		else if (e != ERR_CONFLICT)
			ratelimit_refund(c, &attempt);
	}
	event(event_of(FAMILY_SIGNUPS, e), "user=%" PRId64,
	    e == ERR_OK ? out->id : 0);
	return e;
}
