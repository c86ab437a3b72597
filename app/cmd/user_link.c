/*
 * Links of the command `user`: to sign up, and to set a new password.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/operator.h"
#include "cmd/user_link.h"
#include "lib/text.h"
#include "svc/account.h"
#include "svc/link.h"

/* A number of hours, or none: then it is the usual one. */
static bool
read_hours(const char *text, int64_t usual, int64_t *out)
{
	*out = usual;
	if (text == NULL || text_to_i64(text, 1, LINK_HOURS_MAX, out))
		return true;
	fprintf(stderr, "latchkey: a link works for 1 to %d hours, not %s\n",
	    LINK_HOURS_MAX, text);
	return false;
}

/* The link alone, so that it can be piped into a mail. */
static void
print_link(const struct ctx *c, const char *path, const char *token)
{
	static const char here[] = "http://127.0.0.1";
	const char *site = c->app->conf->site_url;

	if (strncmp(site, here, sizeof(here) - 1) == 0)
		fprintf(stderr, "latchkey: this link works on this machine "
		                "alone: set site_url\n");
	printf("%s%s%s\n", site, path, token);
}

enum err
user_link_invite(
    struct ctx *c, char *const *names, struct applicant_problem *why)
{
	const char *token;
	int64_t hours;
	enum err e;

	(void)why;
	if (!read_hours(names[0], LINK_INVITE_HOURS, &hours))
		return ERR_DENIED;
	e = link_make(c, LINK_INVITE, NULL, hours, &token);
	operator_note("user invite", 0, NULL, e);
	if (e == ERR_OK && c->app->conf->signup == SIGNUP_CLOSED)
		fprintf(stderr, "latchkey: signup = closed refuses it; set "
		                "signup = invite\n");
	if (e == ERR_OK)
		print_link(c, "/signup?invite=", token);
	return e;
}

enum err
user_link_reset(
    struct ctx *c, char *const *names, struct applicant_problem *why)
{
	const char *token;
	struct user u;
	int64_t hours;
	enum err e;

	(void)why;
	if (!read_hours(names[1], LINK_RESET_HOURS, &hours))
		return ERR_DENIED;
	if ((e = account_show(c, names[0], &u)) != ERR_OK)
		return e;
	e = link_make(c, LINK_RESET, &u, hours, &token);
	operator_note("user reset", u.id, NULL, e);
	if (e == ERR_OK && !u.is_active)
		fprintf(stderr, "latchkey: the account is disabled: enable "
		                "it, or the link does not work\n");
	if (e == ERR_OK)
		print_link(c, "/reset?token=", token);
	return e;
}
