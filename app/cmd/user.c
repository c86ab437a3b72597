/*
 * The command `user`: account management.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "cmd/operator.h"
#include "cmd/prompt.h"
#include "cmd/user.h"
#include "cmd/user_link.h"
#include "cmd/user_list.h"
#include "db/ratelimit.h"
#include "db/user.h"
#include "lib/buf.h"
#include "lib/scope.h"
#include "svc/account.h"
#include "svc/ratelimit.h"
#include "svc/schema.h"

/* A name that is safe in a message. */
static const char *
visible(struct ctx *c, const char *name)
{
	struct buf b;

	buf_init(&b, c->arena);
	buf_add_visible(&b, name);
	return b.s;
}

/* A password in the arena, which wipes it; NULL: none. */
static const char *
get_password(struct ctx *c)
{
	char typed[PROMPT_BYTES];
	const char *password = NULL;

	if (prompt_new_password(typed))
		password = arena_strndup(c->arena, typed, strlen(typed));
	explicit_bzero(typed, sizeof(typed));
	return password;
}

/* Report a problem of a name. False: there is none. */
static bool
complain_of_name(
    const struct ctx *c, enum name which, enum name_problem problem)
{
	const char *what = which == NAME_USER ? "name" : "full name";

	switch (problem) {
	case NAME_GOOD:
		return false;
	case NAME_EMPTY:
		fprintf(stderr, "latchkey: %s is empty\n", what);
		return true;
	case NAME_NOT_UTF8:
		fprintf(stderr, "latchkey: %s is not UTF-8\n", what);
		return true;
	case NAME_TOO_SHORT:
		fprintf(stderr,
		    "latchkey: %s has fewer than %" PRId64 " characters\n",
		    what, c->app->conf->username_min_chars);
		return true;
	case NAME_PATTERN:
		fprintf(stderr,
		    "latchkey: %s does not match username_pattern: %s\n", what,
		    c->app->conf->username_pattern);
		return true;
	default:
		fprintf(stderr,
		    "latchkey: %s has more than %" PRId64 " characters\n", what,
		    signup_name_max(c, which));
		return true;
	}
}

/* Report a problem of a password. False: there is none. */
static bool
complain_of_password(const struct ctx *c, enum password_problem problem)
{
	static const char *const text[] = {
		[PASSWORD_COMMON] = "is too common",
		[PASSWORD_IS_NAME] = "is the user name",
		[PASSWORD_NOT_UTF8] = "is not UTF-8",
	};

	if (problem == PASSWORD_GOOD)
		return false;
	fprintf(stderr, "latchkey: password ");
	if (problem == PASSWORD_TOO_SHORT)
		fprintf(stderr, "has fewer than %" PRId64 " characters\n",
		    c->app->conf->password_min_chars);
	else if (problem == PASSWORD_TOO_LONG)
		fprintf(stderr, "has more than %d bytes\n", PASSWORD_MAX_BYTES);
	else
		fprintf(stderr, "%s\n", text[problem]);
	return true;
}

/* Somebody has a name, or had it and may be named by a token yet. */
static void
complain_of_taken(struct ctx *c, const char *name)
{
	const char *when;

	if (account_name_free_at(c, name, &when) == ERR_OK && when != NULL)
		fprintf(stderr,
		    "latchkey: the name %s was another account's, and is free "
		    "when the last token of that has ended: %s\n",
		    visible(c, name), when);
	else
		fprintf(stderr, "latchkey: account already exists: %s\n",
		    visible(c, name));
}

/* Report a failure. */
static void
complain(struct ctx *c, const char *name, const struct applicant_problem *why,
    enum err e)
{
	switch (e) {
	case ERR_UNAUTH: /* no password: cmd/prompt.c has said so */
	case ERR_DENIED: /* the action has said why */
		break;
	case ERR_NOTFOUND:
		fprintf(stderr, "latchkey: no such account: %s\n",
		    visible(c, name));
		break;
	case ERR_CONFLICT:
		complain_of_taken(c, name);
		break;
	case ERR_INVALID:
		if (!complain_of_name(c, NAME_USER, why->username) &&
		    !complain_of_name(c, NAME_FULL, why->fullname) &&
		    !complain_of_password(c, why->password))
			fprintf(stderr, "latchkey: a value violates a database "
			                "constraint\n");
		break;
	case ERR_BUSY:
		fprintf(stderr, "latchkey: database unavailable (see above)\n");
		break;
	default:
		fprintf(stderr, "latchkey: internal error (see above)\n");
	}
}

/* After an act: record it in the system's log, and on success show the account
 * as it is now. */
static enum err
finish(struct ctx *c, const char *act, const struct user *u, enum err e)
{
	operator_note(act, u->id, NULL, e);
	if (e == ERR_OK)
		user_list_line(c, u);
	return e;
}

static enum err
add(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	struct applicant who = { names[0], names[1], get_password(c), NULL };
	struct user u = { 0 };
	enum err e;

	if (who.password == NULL)
		return ERR_UNAUTH;
	e = account_add(c, &who, why, &u);
	return finish(c, "user add", &u, e);
}

static enum err
change_password(
    struct ctx *c, char *const *names, struct applicant_problem *why)
{
	struct applicant who = { .username = names[0] };
	struct user u;
	enum err e;

	/* before a password is typed for nothing */
	if ((e = account_show(c, names[0], &u)) != ERR_OK)
		return e;
	if ((who.password = get_password(c)) == NULL)
		return ERR_UNAUTH;
	e = account_set_password(c, &who, &why->password, &u);
	if ((e = finish(c, "user passwd", &u, e)) != ERR_OK)
		return e;
	/* with a new password earlier wrong ones must not lock the name */
	if ((e = account_unlock(c, names[0], &u)) != ERR_OK)
		fprintf(stderr, "latchkey: password changed, but the name "
		                "may still be locked\n");
	return e;
}

/* Until when a name is locked, if it is, and for which clients. */
static void
show_lock(struct ctx *c, const char *whom, int64_t wait_s)
{
	time_t until_s = (time_t)(c->now_s + wait_s);
	char text[32];
	struct tm tm;

	if (wait_s == 0 || gmtime_r(&until_s, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	printf(
	    "locked for %s until %s: too many wrong passwords\n", whom, text);
}

static enum err
show(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	const char *when, *reason;
	struct ratelimit_name name;
	struct user u;
	enum err e;

	(void)why;
	if ((e = account_show(c, names[0], &u)) != ERR_OK ||
	    (e = account_last_change(c, &u, &when, &reason)) != ERR_OK ||
	    (e = ratelimit_name_state(c, names[0], &name)) != ERR_OK)
		return e;
	user_list_line(c, &u);
	if (name.wait_s == 0)
		show_lock(c, "an address", name.client_wait_s);
	show_lock(c, "unknown clients", name.wait_s);
	if (u.scope != NULL)
		printf("scopes: %s\n", u.scope);
	if (when != NULL)
		printf("password changed %s by %s\n", when, reason);
	return ERR_OK;
}

static enum err
set_active(struct ctx *c, const char *name, bool active)
{
	struct user u = { 0 };
	enum err e = account_set_active(c, name, active, &u);

	return finish(c, active ? "user enable" : "user disable", &u, e);
}

static enum err
disable(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	(void)why;
	return set_active(c, names[0], false);
}

static enum err
enable(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	(void)why;
	return set_active(c, names[0], true);
}

static enum err
log_out(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	struct user u = { 0 };
	int64_t ended = 0;
	enum err e = account_logout(c, names[0], &u, &ended);

	(void)why;
	e = finish(c, "user logout", &u, e);
	if (e == ERR_OK)
		printf("%" PRId64 " session%s ended\n", ended,
		    ended == 1 ? "" : "s");
	return e;
}

/* id, times of the login, of the last renewal and of the end, address, agent;
 * separated by tabs. */
static void
show_session(struct ctx *c, const struct session *s)
{
	struct buf b;

	buf_init(&b, c->arena);
	buf_addf(&b, "%s\t%s\t%s\t%s\t%s\t", s->id, s->created_at, s->used_at,
	    s->expires_at, s->address != NULL ? s->address : "-");
	buf_add_visible(&b, s->agent != NULL ? s->agent : "-");
	puts(b.s);
}

static enum err
list_sessions(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	const struct session *all;
	size_t i, n;
	enum err e;

	(void)why;
	if ((e = account_sessions(c, names[0], &all, &n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		show_session(c, &all[i]);
	return ERR_OK;
}

/* Report scopes that an account cannot have. */
static void
complain_of_scope(struct ctx *c, const char *bad)
{
	if (bad == NULL)
		fprintf(stderr, "latchkey: an account has %d scopes at most\n",
		    SCOPE_USER_MAX);
	else if (strcmp(bad, SCOPE_OFFLINE) == 0)
		fprintf(stderr, "latchkey: every account may have "
		                "offline_access, by which a client asks for a "
		                "refresh token\n");
	else
		fprintf(stderr,
		    "latchkey: the name of a scope is 1 to %d characters of "
		    "ASCII without blanks, \" and \\, not: %s\n",
		    SCOPE_MAX_CHARS, visible(c, bad));
}

static enum err
show_scope(struct ctx *c, const char *name)
{
	struct user u;
	enum err e;

	if ((e = account_show(c, name, &u)) == ERR_OK && u.scope != NULL)
		printf("%s\n", u.scope);
	return e;
}

/* Without scopes it shows them; the empty text alone takes all away. */
static enum err
set_scope(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	char *const *scopes = names + 1;
	const char *bad = NULL;
	struct user u = { 0 };
	enum err e;

	(void)why;
	if (*scopes == NULL)
		return show_scope(c, names[0]);
	if (**scopes == '\0' && scopes[1] == NULL)
		scopes++;
	e = account_set_scope(c, names[0], scopes, &u, &bad);
	if (e == ERR_INVALID) {
		complain_of_scope(c, bad);
		return ERR_DENIED;
	}
	return finish(c, "user scope", &u, e);
}

static enum err
unlock(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	struct user u = { 0 };
	enum err e = account_unlock(c, names[0], &u);

	(void)why;
	return finish(c, "user unlock", &u, e);
}

static enum err
delete_account(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	const char *tables;
	struct user u = { 0 };
	enum err e = account_delete(c, names[0], &u, &tables);

	(void)why;
	if (tables == NULL)
		return finish(c, "user delete", &u, e);
	fprintf(stderr,
	    "latchkey: nothing was deleted, since rows refer to the account: "
	    "%s; delete or change these first, or do: latchkey user disable\n",
	    tables);
	return ERR_DENIED;
}

static enum err
rename_account(struct ctx *c, char *const *names, struct applicant_problem *why)
{
	struct user u = { 0 };
	enum err e = account_rename(c, names[0], names[1], &why->username, &u);

	e = finish(c, "user rename", &u, e);
	if (e != ERR_CONFLICT)
		return e;
	complain_of_taken(c, names[1]);
	return ERR_DENIED;
}

static const struct action {
	const char *name;
	int min, max;   /* how many names */
	unsigned needs; /* beside the database; attempts are found by a MAC */
	enum err (*run)(
	    struct ctx *c, char *const *names, struct applicant_problem *why);
} actions[] = {
	{ "add", 1, 2, NEED_HASHING, add },
	{ "list", 0, 6, 0, user_list },
	{ "show", 1, 1, NEED_SECRETS, show },
	{ "disable", 1, 1, 0, disable },
	{ "enable", 1, 1, 0, enable },
	{ "passwd", 1, 1, NEED_SECRETS | NEED_HASHING, change_password },
	{ "logout", 1, 1, 0, log_out },
	{ "sessions", 1, 1, 0, list_sessions },
	{ "scope", 1, 1 + SCOPE_USER_MAX + 1, 0, set_scope },
	{ "unlock", 1, 1, NEED_SECRETS, unlock },
	{ "rename", 2, 2, 0, rename_account },
	{ "delete", 1, 1, 0, delete_account },
	{ "invite", 0, 1, 0, user_link_invite },
	{ "reset", 1, 2, 0, user_link_reset },
};

void
user_usage(FILE *out)
{
	fprintf(out,
	    "usage: latchkey user add NAME [FULLNAME]\n"
	    "       latchkey user list [-s PART] [-a NUMBER] [-n MAX]\n"
	    "       latchkey user show|sessions|disable|enable|logout|passwd|"
	    "unlock|delete NAME\n"
	    "       latchkey user rename NAME NEWNAME\n"
	    "       latchkey user scope NAME [SCOPE...]\n"
	    "       latchkey user invite [HOURS]\n"
	    "       latchkey user reset NAME [HOURS]\n"
	    "invite and reset print a link that works once: to sign up, "
	    "or to set a new password.\n"
	    "list shows the accounts with PART in name or full name, behind "
	    "the one of NUMBER,\nand MAX at most.\n"
	    "The password is read from the terminal, or from the first "
	    "line of standard input.\n");
}

/* The action of these arguments, or NULL after a usage message. */
static const struct action *
find_action(char *const *arguments)
{
	int given = 0;
	size_t i;

	while (arguments[1 + given] != NULL)
		given++;
	for (i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, arguments[0]) == 0 &&
		    given >= actions[i].min && given <= actions[i].max &&
		    (actions[i].run != user_list ||
		        user_list_is_good(arguments + 1)))
			return &actions[i];
	user_usage(stderr);
	return NULL;
}

static int
run(const struct action *action, struct ctx *c, char *const *names)
{
	struct applicant_problem why = { 0 };
	enum err e = schema_ready(c);

	if (e == ERR_NOTFOUND || e == ERR_DENIED) {
		fprintf(stderr, "latchkey: database not ready; latchkey "
		                "check says why\n");
		return EXIT_FAILURE;
	}
	if (e == ERR_OK)
		e = action->run(c, names, &why);
	if (e != ERR_OK)
		complain(c, names[0] != NULL ? names[0] : "", &why, e);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
user_command(const struct conf *conf, char *const *arguments)
{
	const struct action *action = find_action(arguments);
	struct arena arena;
	struct app *app;
	struct ctx c;
	int status;

	if (action == NULL)
		return 2;
	app = app_open(conf, NEED_DATABASE | action->needs, DB_COMMAND);
	if (app == NULL)
		return EXIT_FAILURE;
	arena_init(&arena);
	ctx_init(&c, app, &arena);
	c.now_s = (int64_t)time(NULL);
	status = run(action, &c, arguments + 1);
	arena_free(&arena);
	app_close(app);
	return status;
}
