/*
 * An account as its owner changes it: password and full name.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "db/user.h"
#include "stats/event.h"
#include "svc/device.h"
#include "svc/profile.h"
#include "svc/ratelimit.h"
#include "svc/session.h"
#include "svc/signup.h"
#include "svc/unsettled.h"

/* The connection was lost while it was written: is the hash there now? */
static enum err
settle(struct ctx *c, const struct user *u, const char *hash)
{
	struct user stored;

	if (password_settle(c, u->username, hash, &stored) != ERR_OK ||
	    stored.id != u->id)
		return ERR_BUSY;
	return ERR_OK;
}

/* Is this u's password? */
static enum err
check_password(struct ctx *c, const struct user *u, const char *password,
    const struct password_change *how)
{
	struct device device = device_read(c, how->device, u->username);

	return password_confirm(c, u, device.id, password);
}

/* Noted before, so that a repeat knows it by its hash. */
static enum err
write_hash(
    struct ctx *c, const struct user *u, const char *hash, const char *session)
{
	struct unsettled_entry *entry =
	    unsettled_begin(&(struct unsettled){ .kind = UNSETTLED_CHANGE,
	        .user_id = u->id,
	        .epoch = u->epoch,
	        .hash = hash });
	enum err e =
	    db_user_change_password(c, u, hash, PASSWORD_BY_OWNER, session);

	if (e == ERR_BUSY && db_is_in_doubt(c->app->db))
		e = settle(c, u, hash);
	else if (e == ERR_BUSY)
		unsettled_drop(entry);
	unsettled_end(c->arena, entry, e);
	return e;
}

/*
 * The token was ended by this very change, which was made a moment ago and got
 * no answer; or else it is an ended token.
 */
static enum err
repeat_change(
    struct ctx *c, const struct user *u, const struct password_change *how)
{
	enum err e = check_password(c, u, how->wanted, how);

	return e == ERR_DENIED ? ERR_UNAUTH : e;
}

static enum err
change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_problem *why)
{
	char hash[PASSWORD_HASH_BYTES];
	enum err e;

	/* first, as it is cheap and says nothing about the current one */
	if ((e = password_judge(c, u->username, how->wanted, why)) != ERR_OK)
		return e;
	if (*why != PASSWORD_GOOD)
		return ERR_INVALID;
	if (how->is_repeat)
		return repeat_change(c, u, how);
	if ((e = check_password(c, u, how->current, how)) != ERR_OK ||
	    (e = password_hash(c, how->wanted, hash)) != ERR_OK)
		return e;
	return write_hash(c, u, hash, how->session);
}

enum err
profile_change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_problem *why,
    struct refreshed *out)
{
	enum err e = change_password(c, u, how, why);

	/* it is changed, whatever becomes of the session */
	if (out != NULL) {
		out->token = NULL;
		if (e == ERR_OK && how->session != NULL &&
		    refresh_continue(c, how->session, out) != ERR_OK)
			out->token = NULL;
	}
	event(event_of(FAMILY_CHANGES, e), "user=%" PRId64, u->id);
	return e;
}

/* The connection was lost meanwhile: is the account gone? */
static enum err
settle_deletion(struct ctx *c, const struct user *u)
{
	struct user stored;

	return db_user_by_name(c, u->username, &stored) == ERR_NOTFOUND
	           ? ERR_OK
	           : ERR_BUSY;
}

static enum err
delete_account(struct ctx *c, const struct user *u, const char **tables)
{
	struct unsettled_entry *entry =
	    unsettled_begin(&(struct unsettled){ .kind = UNSETTLED_DELETION,
	        .user_id = u->id,
	        .epoch = u->epoch,
	        .username = u->username,
	        .fullname = u->fullname,
	        .hash = u->password_hash });
	enum err e = db_user_keep_name(c, u->id, session_life_s(c->app->conf));

	if (e == ERR_OK)
		e = db_user_delete(c, u->id, u->password_hash, tables);
	if (e == ERR_BUSY && db_is_in_doubt(c->app->db))
		e = settle_deletion(c, u);
	else if (e == ERR_BUSY)
		unsettled_drop(entry);
	unsettled_end(c->arena, entry, e);
	return e;
}

static enum err
check_and_delete(struct ctx *c, const struct user *u,
    const struct password_change *how, const char **tables)
{
	enum err e;

	*tables = NULL;
	e = check_password(c, u, how->current, how);
	if (how->is_repeat) /* it is gone */
		return e == ERR_DENIED ? ERR_UNAUTH : e;
	if (e == ERR_OK)
		e = delete_account(c, u, tables);
	/* there is no such account, or not with this hash, any more */
	return e == ERR_NOTFOUND ? ERR_CONFLICT : e;
}

enum err
profile_delete(struct ctx *c, const struct user *u,
    const struct password_change *how, bool *referred)
{
	const char *tables;
	enum err e = check_and_delete(c, u, how, &tables);

	*referred = tables != NULL;
	if (*referred)
		event(EVENT_DELETE_REFERRED, "user=%" PRId64 " tables=\"%s\"",
		    u->id, tables);
	else
		event(event_of(FAMILY_DELETIONS, e), "user=%" PRId64, u->id);
	return e;
}

enum err
profile_change_fullname(struct ctx *c, struct user *u, const char *fullname)
{
	struct ratelimit_attempt attempt;
	enum err e;

	if (fullname != NULL &&
	    signup_judge_name(c, NAME_FULL, fullname) != NAME_GOOD)
		return ERR_INVALID;
	if ((e = ratelimit_change(c, u->id, &attempt)) == ERR_OK)
		e = db_user_set_fullname(c, u->id, fullname);
	if (e == ERR_OK)
		u->fullname = fullname;
	return e;
}
