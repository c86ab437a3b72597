/*
 * Sign-up: creation of an account.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "db/user.h"
#include "lib/pattern.h"
#include "lib/text.h"
#include "stats/event.h"
#include "svc/link.h"
#include "svc/password.h"
#include "svc/ratelimit.h"
#include "svc/signup.h"
#include "svc/unsettled.h"

int64_t
signup_name_max(const struct ctx *c, enum name which)
{
	const struct conf *conf = c->app->conf;

	return which == NAME_USER ? conf->username_max_chars
	                          : conf->fullname_max_chars;
}

/* Rules for a user name alone. */
static enum name_problem
judge_username(const struct conf *conf, const char *name)
{
	if ((int64_t)text_chars(name) < conf->username_min_chars)
		return NAME_TOO_SHORT;
	if (*conf->username_pattern != '\0' &&
	    !pattern_matches(conf->username_pattern, name))
		return NAME_PATTERN;
	return NAME_GOOD;
}

enum name_problem
signup_judge_name(const struct ctx *c, enum name which, const char *name)
{
	if (!text_is_utf8(name, strlen(name)))
		return NAME_NOT_UTF8;
	if ((int64_t)text_chars(name) > signup_name_max(c, which))
		return NAME_TOO_LONG;
	return which == NAME_USER ? judge_username(c->app->conf, name)
	                          : NAME_GOOD;
}

static enum err
judge_names(const struct ctx *c, const struct applicant *who,
    struct applicant_problem *why)
{
	*why = (struct applicant_problem){
		.username = signup_judge_name(c, NAME_USER, who->username),
		.fullname = who->fullname != NULL
		                ? signup_judge_name(c, NAME_FULL, who->fullname)
		                : NAME_GOOD,
		.password = PASSWORD_GOOD,
	};
	return why->username == NAME_GOOD && why->fullname == NAME_GOOD
	           ? ERR_OK
	           : ERR_INVALID;
}

/*
 * The name is taken. ERR_OK: by this very sign-up, which was made a moment ago
 * and got no answer; *out is its account. One that was disabled meanwhile is
 * not shown, nor does it get a session.
 */
static enum err
find_repeated(struct ctx *c, const struct applicant *who,
    const struct user *taken, struct user *out)
{
	enum err e;

	if (!taken->is_active || taken->password_hash == NULL ||
	    !unsettled_find(c->arena,
	        &(struct unsettled){ .kind = UNSETTLED_SIGNUP,
	            .username = who->username,
	            .hash = taken->password_hash },
	        NULL))
		return ERR_CONFLICT;
	if ((e = password_confirm(c, taken, "", who->password)) == ERR_OK)
		*out = *taken;
	return e == ERR_DENIED ? ERR_CONFLICT : e;
}

/*
 * Not decisive, but it spares a taken name the hashing. out->id is not 0 where
 * the account exists already, as find_repeated() has it.
 */
static enum err
find_taken(struct ctx *c, const struct applicant *who, struct user *out)
{
	struct user taken;
	enum err e = db_user_by_name(c, who->username, &taken);

	*out = (struct user){ 0 };
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	return e == ERR_OK ? find_repeated(c, who, &taken, out) : e;
}

/* A step of a transaction: an invitation makes one account, or none. */
struct guest {
	struct ctx *c;
	const char *invite;
	struct user *u;
};

static enum err
spend_and_insert(void *of)
{
	const struct guest *g = of;
	enum err e = link_spend(g->c, LINK_INVITE, g->invite);

	if (e != ERR_OK) /* another one was quicker */
		return e == ERR_NOTFOUND ? ERR_DENIED : e;
	return db_user_insert(g->c, g->u);
}

static enum err
spend_or_insert(struct ctx *c, const char *invite, struct user *u)
{
	struct guest guest = { c, invite, u };

	if (invite == NULL)
		return db_user_insert(c, u);
	return db_transaction(c->app->db, c->arena, spend_and_insert, &guest);
}

/* Noted before, so that a repeat knows it by its hash. */
static enum err
insert(struct ctx *c, const char *hash, const char *invite, struct user *out)
{
	const char *username = out->username;
	struct unsettled_entry *entry = unsettled_begin(&(struct unsettled){
	    .kind = UNSETTLED_SIGNUP, .username = username, .hash = hash });
	enum err e = spend_or_insert(c, invite, out);

	if (e == ERR_BUSY && db_is_in_doubt(c->app->db))
		e = password_settle(c, username, hash, out);
	else if (e == ERR_BUSY)
		unsettled_drop(entry);
	unsettled_end(c->arena, entry, e);
	return e;
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
	e = insert(c, hash, who->invite, out);
	/* the one before it may have been late */
	if (e == ERR_CONFLICT)
		e = find_taken(c, who, out);
	return e == ERR_OK && out->id == 0 ? ERR_CONFLICT : e;
}

enum err
signup_unlimited(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out)
{
	enum err e;

	if ((e = judge_names(c, who, why)) != ERR_OK ||
	    (e = find_taken(c, who, out)) != ERR_OK || out->id != 0)
		return e;
	return make_account(c, who, &why->password, out);
}

/* Whether sign-ups like this one are accepted now. */
static enum err
check_admitted(struct ctx *c, const char *invite)
{
	struct user nobody;
	enum err e;

	if (c->app->conf->signup == SIGNUP_OPEN)
		return ERR_OK;
	if (c->app->conf->signup == SIGNUP_CLOSED)
		return ERR_DENIED;
	e = link_find(c, LINK_INVITE, invite, &nobody);
	return e == ERR_NOTFOUND ? ERR_DENIED : e;
}

static enum err
sign_up(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out)
{
	struct ratelimit_attempt attempt;
	enum err e;

	if ((e = judge_names(c, who, why)) != ERR_OK ||
	    (e = ratelimit_signup(c, &attempt)) != ERR_OK)
		return e;
	e = find_taken(c, who, out);
	/* from here on each result shows whether the name was taken */
	if (e == ERR_OK && out->id == 0)
		return make_account(c, who, &why->password, out);
	if (e != ERR_OK && e != ERR_CONFLICT)
		ratelimit_refund(c, &attempt);
	return e;
}

/* Refused, perhaps since it has spent its invitation itself before. */
static enum err
find_admitted(struct ctx *c, const struct applicant *who, struct user *out)
{
	const struct unsettled like = { .kind = UNSETTLED_SIGNUP,
		.username = who->username };
	struct ratelimit_attempt attempt;
	enum err e;

	if (who->invite == NULL || !unsettled_find(c->arena, &like, NULL))
		return ERR_DENIED;
	if ((e = ratelimit_signup(c, &attempt)) != ERR_OK)
		return e;
	e = find_taken(c, who, out);
	if (e == ERR_CONFLICT || (e == ERR_OK && out->id == 0))
		return ERR_DENIED;
	if (e != ERR_OK)
		ratelimit_refund(c, &attempt);
	return e;
}

enum err
signup(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out)
{
	struct applicant admitted = *who;
	enum err e = check_admitted(c, who->invite);

	/* an open door spends no invitation */
	if (c->app->conf->signup == SIGNUP_OPEN)
		admitted.invite = NULL;
	*why = (struct applicant_problem){ 0 };
	if (e == ERR_OK)
		e = sign_up(c, &admitted, why, out);
	else if (e == ERR_DENIED)
		e = find_admitted(c, who, out);
	event(event_of(FAMILY_SIGNUPS, e), "user=%" PRId64,
	    e == ERR_OK ? out->id : 0);
	return e;
}
