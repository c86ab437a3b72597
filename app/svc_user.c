/*
 * Accounts, once they exist or by their operator's hand.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "buf.h"
#include "log.h"
#include "metrics.h"
#include "svc_device.h"
#include "svc_throttle.h"
#include "svc_user.h"
#include "text.h"

#define LIST_ROWS 1000 /* of a table that may have millions, at a time */

/* A limit or rule that a name breaks, into *why. */
static bool
name_is_good(struct ctx *c, const char *what, const char *name,
    int64_t max_chars, const char **why)
{
	struct buf b;

	buf_init(&b, c->arena);
	if (!text_is_utf8(name, strlen(name)))
		buf_addf(&b, "%s is not UTF-8", what);
	else if ((int64_t)text_chars(name) > max_chars)
		buf_addf(
		    &b, "%s has over %" PRId64 " characters", what, max_chars);
	*why = b.s;
	return b.len == 0;
}

/* What is wrong with a password, as a sentence, or NULL. */
static const char *
complaint(struct ctx *c, enum password_fault fault)
{
	struct buf b;

	buf_init(&b, c->arena);
	switch (fault) {
	case PASSWORD_GOOD:
		return NULL;
	case PASSWORD_TOO_SHORT:
		buf_addf(&b,
		    "the password has fewer than %" PRId64 " characters",
		    c->conf->password_min_chars);
		return b.s;
	case PASSWORD_TOO_LONG:
		buf_addf(
		    &b, "the password has over %d bytes", PASSWORD_MAX_BYTES);
		return b.s;
	case PASSWORD_COMMON:
		return "the password is one of those that are tried first";
	default:
		return "the password is the user name";
	}
}

static bool
is_text(const char *password, const char **why)
{
	if (text_is_utf8(password, strlen(password)))
		return true;
	*why = "the password is not UTF-8";
	return false;
}

enum err
user_add(struct ctx *c, const struct applicant *who, const char **why,
    struct user *out)
{
	enum password_fault fault;
	enum err e;

	/* a sign-up may leave it empty, as the application has it, and makes
	 * an account that no token counts for */
	if (*who->username == '\0') {
		*why = "the name is empty";
		return ERR_INVALID;
	}
	if (!name_is_good(c, "the name", who->username,
	        c->conf->username_max_chars, why) ||
	    (who->fullname != NULL &&
	        !name_is_good(c, "the full name", who->fullname,
	            c->conf->fullname_max_chars, why)) ||
	    !is_text(who->password, why))
		return ERR_INVALID;
	e = signup_unlimited(c, who, &fault, out);
	*why = complaint(c, fault);
	return e;
}

enum err
user_set_password(struct ctx *c, const struct applicant *who, const char **why,
    struct user *out)
{
	char hash[PASSWORD_HASH_BYTES];
	enum password_fault fault;
	enum err e;

	if (!is_text(who->password, why))
		return ERR_INVALID;
	if ((e = user_show(c, who->username, out)) != ERR_OK ||
	    (e = password_judge(c, who->username, who->password, &fault)) !=
	        ERR_OK)
		return e;
	*why = complaint(c, fault);
	if (fault != PASSWORD_GOOD)
		return ERR_INVALID;
	if ((e = password_hash(c, who->password, hash)) != ERR_OK)
		return e;
	return db_user_change_password(c, out, hash, PASSWORD_BY_OPERATOR);
}

/* The connection was lost while it was written: which hash is there now? */
static enum err
settle(struct ctx *c, const struct user *u, const char *hash)
{
	struct user stored;

	if (db_user_by_name(c, u->username, &stored) != ERR_OK ||
	    stored.id != u->id || stored.password == NULL ||
	    strcmp(stored.password, hash) != 0)
		return ERR_BUSY;
	return ERR_OK;
}

/* Is this u's password? An attempt, as it is at a login from there. */
static enum err
check_current(
    struct ctx *c, const struct user *u, const struct password_change *how)
{
	struct device device = device_read(c, how->device, u->username);
	struct throttle_attempt attempt;
	bool matches, stale;
	enum err e;

	e = throttle_login(c, u->username, device.id, &attempt);
	if (e == ERR_LIMIT)
		log_event(LOG_INFO, LOG_PASSWORD_REFUSED,
		    "user=%" PRId64 " reason=throttled", u->id);
	if (e != ERR_OK)
		return e;
	e = password_check(c, how->current, u, &matches, &stale);
	if (e == ERR_OK && !matches) {
		log_event(
		    LOG_INFO, LOG_PASSWORD_REFUSED, "user=%" PRId64, u->id);
		return ERR_DENIED;
	}
	throttle_give_back(c, &attempt);
	return e;
}

static enum err
change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_fault *why)
{
	char hash[PASSWORD_HASH_BYTES];
	enum err e;

	/* first, as it costs nothing and tells nothing of the current one */
	if ((e = password_judge(c, u->username, how->wanted, why)) != ERR_OK)
		return e;
	if (*why != PASSWORD_GOOD)
		return ERR_INVALID;
	if ((e = check_current(c, u, how)) != ERR_OK ||
	    (e = password_hash(c, how->wanted, hash)) != ERR_OK)
		return e;
	e = db_user_change_password(c, u, hash, PASSWORD_BY_OWNER);
	if (e == ERR_BUSY)
		e = settle(c, u, hash);
	if (e == ERR_OK)
		log_event(
		    LOG_INFO, LOG_PASSWORD_CHANGED, "user=%" PRId64, u->id);
	return e;
}

static enum metric
outcome(enum err e)
{
	switch (e) {
	case ERR_OK:
		return METRIC_CHANGE_OK;
	case ERR_DENIED:
		return METRIC_CHANGE_PASSWORD;
	case ERR_INVALID:
		return METRIC_CHANGE_INVALID;
	case ERR_CONFLICT:
		return METRIC_CHANGE_CONFLICT;
	case ERR_LIMIT:
		return METRIC_CHANGE_THROTTLED;
	case ERR_BUSY:
		return METRIC_CHANGE_BUSY;
	default:
		return METRIC_CHANGE_FAILED;
	}
}

enum err
user_change_password(struct ctx *c, const struct user *u,
    const struct password_change *how, enum password_fault *why)
{
	enum err e = change_password(c, u, how, why);

	metrics_add(outcome(e));
	return e;
}

enum err
user_change_fullname(struct ctx *c, struct user *u, const char *fullname)
{
	struct throttle_attempt attempt;
	enum err e;

	if ((e = throttle_change(c, u->id, &attempt)) == ERR_OK)
		e = db_user_set_fullname(c, u->id, fullname);
	if (e == ERR_OK)
		u->fullname = fullname;
	return e;
}

enum err
user_set_active(
    struct ctx *c, const char *username, bool active, struct user *out)
{
	enum err e = user_show(c, username, out);

	if (e == ERR_OK)
		e = db_user_set_active(c, out->id, active);
	if (e == ERR_OK)
		out->is_active = active;
	return e;
}

enum err
user_logout(struct ctx *c, const char *username, struct user *out)
{
	enum err e = user_show(c, username, out);

	return e == ERR_OK ? db_user_logout(c, out->id) : e;
}

enum err
user_unlock(struct ctx *c, const char *username, struct user *out)
{
	enum err e = user_show(c, username, out);

	return e == ERR_OK ? throttle_unlock(c, username) : e;
}

enum err
user_show(struct ctx *c, const char *username, struct user *out)
{
	/* PostgreSQL would say that this is no text, which is no help */
	if (!text_is_utf8(username, strlen(username)))
		return ERR_NOTFOUND;
	return db_user_by_name(c, username, out);
}

enum err
user_last_change(
    struct ctx *c, const struct user *u, const char **when, const char **reason)
{
	enum err e = db_user_last_change(c, u->id, when, reason);

	if (e != ERR_NOTFOUND)
		return e;
	*when = *reason = NULL;
	return ERR_OK;
}

enum err
user_list(struct ctx *c, void (*show)(struct ctx *c, const struct user *u))
{
	int64_t after = INT64_MIN;
	struct user *u;
	size_t i, n;
	enum err e;

	do {
		u = arena_alloc(c->arena, LIST_ROWS * sizeof(*u));
		e = db_user_after(c, after, LIST_ROWS, u, &n);
		if (e != ERR_OK)
			return e;
		for (i = 0; i < n; i++)
			show(c, &u[i]);
		if (n > 0)
			after = u[n - 1].id;
		arena_reset(c->arena);
	} while (n == LIST_ROWS);
	return ERR_OK;
}

const char *
user_hash_kind(const struct user *u)
{
	if (u->password == NULL)
		return "none";
	if (strncmp(u->password, "$y$", 3) == 0)
		return "yescrypt";
	if (strncmp(u->password, "$2", 2) == 0)
		return "bcrypt";
	return "other";
}
