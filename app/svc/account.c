/*
 * Accounts, as their operator manages them.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwformat.h"
#include "db/user.h"
#include "lib/scope.h"
#include "lib/text.h"
#include "svc/account.h"
#include "svc/ratelimit.h"
#include "svc/session.h"

#define LIST_ROWS 1000 /* at a time, of a table that may have millions */

enum err
account_add(struct ctx *c, const struct applicant *who,
    struct applicant_problem *why, struct user *out)
{
	*why = (struct applicant_problem){ .username = NAME_EMPTY };
	/* a sign-up may leave it empty, as the application has it, and makes
	 * an account that no token counts for */
	if (*who->username == '\0')
		return ERR_INVALID;
	return signup_unlimited(c, who, why, out);
}

enum err
account_set_password(struct ctx *c, const struct applicant *who,
    enum password_problem *why, struct user *out)
{
	char hash[PASSWORD_HASH_BYTES];
	enum err e;

	*why = PASSWORD_GOOD;
	if ((e = account_show(c, who->username, out)) != ERR_OK ||
	    (e = password_judge(c, who->username, who->password, why)) !=
	        ERR_OK)
		return e;
	if (*why != PASSWORD_GOOD)
		return ERR_INVALID;
	if ((e = password_hash(c, who->password, hash)) != ERR_OK)
		return e;
	return db_user_change_password(
	    c, out, hash, PASSWORD_BY_OPERATOR, NULL);
}

enum err
account_set_active(
    struct ctx *c, const char *username, bool active, struct user *out)
{
	enum err e = account_show(c, username, out);

	if (e == ERR_OK)
		e = db_user_set_active(c, out->id, active);
	if (e == ERR_OK)
		out->is_active = active;
	return e;
}

enum err
account_logout(
    struct ctx *c, const char *username, struct user *out, int64_t *ended)
{
	enum err e = account_show(c, username, out);

	return e == ERR_OK ? db_user_logout(c, out->id, ended) : e;
}

enum err
account_sessions(
    struct ctx *c, const char *username, const struct session **out, size_t *n)
{
	struct user u;
	enum err e = account_show(c, username, &u);

	return e == ERR_OK ? session_list(c, &u, out, n) : e;
}

/* A list of these, each once, in their order; NULL: of none. */
static enum err
join(struct ctx *c, char *const *scopes, const char **out, const char **bad)
{
	struct buf b;
	int n = 0;

	buf_init(&b, c->arena);
	for (; *scopes != NULL; scopes++) {
		*bad = *scopes;
		if (!scope_is_name(*scopes) ||
		    strcmp(*scopes, SCOPE_OFFLINE) == 0)
			return ERR_INVALID;
		if (scope_has(b.s, *scopes))
			continue;
		*bad = NULL;
		if (++n > SCOPE_USER_MAX)
			return ERR_INVALID;
		buf_addf(&b, "%s%s", b.len > 0 ? " " : "", *scopes);
	}
	*out = b.len > 0 ? b.s : NULL;
	return ERR_OK;
}

enum err
account_set_scope(struct ctx *c, const char *username, char *const *scopes,
    struct user *out, const char **bad)
{
	const char *scope;
	enum err e;

	if ((e = join(c, scopes, &scope, bad)) != ERR_OK ||
	    (e = account_show(c, username, out)) != ERR_OK)
		return e;
	/* the same ones in another order are no change */
	if (scope_has_all(scope, out->scope) &&
	    scope_has_all(out->scope, scope))
		return ERR_OK;
	out->scope = scope;
	return db_user_set_scope(c, out->id, scope);
}

enum err
account_unlock(struct ctx *c, const char *username, struct user *out)
{
	enum err e = account_show(c, username, out);

	return e == ERR_OK ? ratelimit_unlock(c, username) : e;
}

enum err
account_show(struct ctx *c, const char *username, struct user *out)
{
	/* PostgreSQL's message about invalid text would not help */
	if (!text_is_utf8(username, strlen(username)))
		return ERR_NOTFOUND;
	return db_user_by_name(c, username, out);
}

enum err
account_last_change(
    struct ctx *c, const struct user *u, const char **when, const char **reason)
{
	enum err e = db_user_last_change(c, u->id, when, reason);

	if (e != ERR_NOTFOUND)
		return e;
	*when = *reason = NULL;
	return ERR_OK;
}

/* Before an account loses its name: the lifetime of a token. */
static enum err
keep_name(struct ctx *c, int64_t id)
{
	return db_user_keep_name(c, id, session_life_s(c->app->conf));
}

enum err
account_delete(
    struct ctx *c, const char *username, struct user *out, const char **tables)
{
	enum err e;

	*tables = NULL;
	if ((e = account_show(c, username, out)) != ERR_OK ||
	    (e = keep_name(c, out->id)) != ERR_OK)
		return e;
	return db_user_delete(c, out->id, NULL, tables);
}

enum err
account_rename(struct ctx *c, const char *username, const char *wanted,
    enum name_problem *why, struct user *out)
{
	enum err e;

	*why = *wanted == '\0' ? NAME_EMPTY
	                       : signup_judge_name(c, NAME_USER, wanted);
	if ((e = account_show(c, username, out)) != ERR_OK)
		return e;
	if (*why != NAME_GOOD)
		return ERR_INVALID;
	if ((e = keep_name(c, out->id)) != ERR_OK ||
	    (e = db_user_rename(c, out->id, wanted)) != ERR_OK)
		return e;
	out->username = wanted;
	return ERR_OK;
}

enum err
account_name_free_at(struct ctx *c, const char *username, const char **when)
{
	enum err e = ERR_NOTFOUND;

	*when = NULL;
	if (text_is_utf8(username, strlen(username)))
		e = db_user_name_free_at(c, username, when);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

enum err
account_list(struct ctx *c, const struct account_page *page,
    void (*show)(struct ctx *c, const struct user *u), int64_t *more)
{
	struct db_user_page rows = { page->after, page->part, LIST_ROWS };
	int64_t left = page->max;
	struct user *u;
	size_t i, n;
	enum err e;

	*more = 0;
	do {
		if (left < LIST_ROWS)
			rows.max = (size_t)left;
		u = arena_alloc(c->arena, LIST_ROWS * sizeof(*u));
		if ((e = db_user_after(c, &rows, u, &n)) != ERR_OK)
			return e;
		for (i = 0; i < n; i++)
			show(c, &u[i]);
		if (n > 0)
			rows.after = u[n - 1].id;
		left -= (int64_t)n;
		arena_reset(c->arena);
	} while (n == rows.max && left > 0);
	if (left == 0)
		*more = rows.after;
	return ERR_OK;
}

const char *
account_hash_kind(const struct user *u)
{
	static const struct pwformat_policy any = { .weak = true };
	struct pwformat_info info;

	if (pwformat_state(&any, u->password_hash, &info) == PWFORMAT_UNKNOWN)
		return "other";
	return info.name;
}
