/*
 * Pages of sign-up, and of a new password by a link of the operator's.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "api/page.h"
#include "http/header.h"
#include "http/next.h"
#include "http/params.h"
#include "svc/browser.h"
#include "svc/link.h"
#include "svc/signup.h"

/* The form of a sign-up, as it was filled in. */
struct form_page {
	struct applicant who;
	const char *next;
};

static void
begin(struct req *r, struct page *p, const struct form_page *f)
{
	page_begin(r, p, "signup");
	page_set_number(
	    p, "username_min", r->ctx->app->conf->username_min_chars);
	page_set_number(p, "username_max", signup_name_max(r->ctx, NAME_USER));
	page_set_number(p, "fullname_max", signup_name_max(r->ctx, NAME_FULL));
	page_set(p, "next", next_of(f->next));
	page_set_typed(p, "username", f->who.username);
	page_set_typed(p, "fullname", f->who.fullname);
	page_set_typed(p, "invite", f->who.invite);
	page_set(p, "script", "yes");
	p->has_secret_address = f->who.invite != NULL;
}

/* The sentence about a problem; *field: the field that it is about. */
static const char *
key_of(const struct applicant_problem *why, const char **field)
{
	static const char *const names[] = {
		[NAME_EMPTY] = "username_empty",
		[NAME_NOT_UTF8] = "username_refused",
		[NAME_TOO_SHORT] = "username_short",
		[NAME_TOO_LONG] = "username_long",
		[NAME_PATTERN] = "username_pattern",
	};

	*field = "username_problem";
	if (why->username != NAME_GOOD)
		return names[why->username];
	*field = "fullname_problem";
	if (why->fullname != NAME_GOOD)
		return "fullname_long";
	*field = "password_problem";
	if (why->password != PASSWORD_GOOD)
		return page_password_key(why->password);
	*field = "username_problem";
	return "username_refused"; /* by a rule of the table's */
}

static void
send_form(struct req *r, int status, const struct form_page *f,
    const char *field, const char *problem)
{
	struct page p;

	begin(r, &p, f);
	if (problem != NULL) {
		page_set(&p, field, "yes");
		page_say(&p, "problem", problem);
	}
	page_send(&p, status, "signup", "signup_title");
}

/* Sign-up is closed, or not by this invitation. */
static void
send_refusal(struct req *r, const char *invite)
{
	bool closed = r->ctx->app->conf->signup == SIGNUP_CLOSED;
	const char *keys = closed           ? "signup_closed"
	                   : invite == NULL ? "signup_invite"
	                                    : "invite_dead";
	struct page p;

	page_begin(r, &p, "signup");
	p.has_secret_address = invite != NULL;
	page_send_message(&p, 403, keys, NULL, NULL);
}

/* May somebody with this invitation, or NULL, sign up? */
static enum err
check_admitted(struct req *r, const char *invite)
{
	struct user nobody;
	enum err e;

	if (r->ctx->app->conf->signup == SIGNUP_OPEN)
		return ERR_OK;
	if (r->ctx->app->conf->signup == SIGNUP_CLOSED)
		return ERR_DENIED;
	e = link_find(r->ctx, LINK_INVITE, invite, &nobody);
	return e == ERR_NOTFOUND ? ERR_DENIED : e;
}

enum err
api_signup_show(struct req *r)
{
	enum { NEXT, INVITE, FIELDS };
	static const struct field want[FIELDS] = {
		[NEXT] = { .name = "next", .source = SOURCE_QUERY },
		[INVITE] = { .name = "invite", .source = SOURCE_QUERY },
	};
	struct param v[FIELDS];
	struct form_page f = { .next = NULL };
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	f.next = v[NEXT].text;
	f.who.invite = v[INVITE].text;
	e = check_admitted(r, f.who.invite);
	if (e == ERR_OK)
		send_form(r, 200, &f, NULL, NULL);
	else if (e == ERR_DENIED)
		send_refusal(r, f.who.invite);
	return e == ERR_DENIED ? ERR_OK : e;
}

/*
 * A session of the new account, and the way on. The account is made: without a
 * session its owner logs in, and is not asked to sign up again.
 */
static void
welcome(struct req *r, const struct user *u, const char *next)
{
	const char *old = header_session(r);
	struct browser_cookie cookie;

	/* the browser's old session ends, too */
	if (browser_end(r->ctx, old) != ERR_OK ||
	    browser_start(r->ctx, u, &cookie) != ERR_OK) {
		page_go(r, "login?did=signup", next_of(next));
		return;
	}
	page_go(r, "login?arrived=1", next_of(next));
	header_set_session(r, cookie.value, cookie.max_age_s);
}

/* Answer by the outcome of a sign-up. */
static enum err
answer(struct req *r, const struct form_page *f,
    const struct applicant_problem *why, enum err e)
{
	const char *field, *problem;

	switch (e) {
	case ERR_CONFLICT:
		send_form(r, 409, f, "username_problem", "username_taken");
		return ERR_OK;
	case ERR_INVALID:
		problem = key_of(why, &field);
		send_form(r, 422, f, field, problem);
		return ERR_OK;
	case ERR_DENIED:
		send_refusal(r, f->who.invite);
		return ERR_OK;
	default:
		return e;
	}
}

enum err
api_signup_submit(struct req *r)
{
	enum { USERNAME, FULLNAME, PASSWORD, INVITE, NEXT, FIELDS };
	static const struct field want[FIELDS] = {
		[USERNAME] = { .name = "username" },
		[FULLNAME] = { .name = "fullname" },
		[PASSWORD] = { .name = "password",
		    .secret = true,
		    .normal = true },
		[INVITE] = { .name = "invite", .secret = true },
		[NEXT] = { .name = "next" },
	};
	struct applicant_problem why = { .username = NAME_EMPTY };
	struct param v[FIELDS];
	struct form_page f;
	struct user u;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	f = (struct form_page){ .who = { .username = v[USERNAME].text,
		                    .fullname = v[FULLNAME].text,
		                    .password = v[PASSWORD].text,
		                    .invite = v[INVITE].text },
		.next = v[NEXT].text };
	if (f.who.username == NULL)
		return answer(r, &f, &why, ERR_INVALID);
	if (f.who.password == NULL)
		f.who.password = "";
	if ((e = signup(r->ctx, &f.who, &why, &u)) != ERR_OK)
		return answer(r, &f, &why, e);
	welcome(r, &u, f.next);
	return ERR_OK;
}

/* --- a new password --- */

static void
send_reset(
    struct req *r, const struct user *u, const char *token, const char *problem)
{
	struct page p;

	page_begin(r, &p, "reset");
	p.has_secret_address = true;
	page_set(&p, "token", token);
	page_set(&p, "username", u->username);
	page_set(&p, "script", "yes");
	if (problem != NULL)
		page_say(&p, "problem", problem);
	page_send(&p, problem != NULL ? 422 : 200, "reset", "reset_title");
}

static void
send_dead(struct req *r)
{
	struct page p;

	page_begin(r, &p, "reset");
	p.has_secret_address = true;
	page_send_message(&p, 404, "reset_dead", NULL, NULL);
}

enum err
api_reset_show(struct req *r)
{
	static const struct field want = { .name = "token",
		.source = SOURCE_QUERY };
	struct param token;
	struct user u;
	enum err e;

	if ((e = params_read(r, &want, 1, &token)) != ERR_OK)
		return e;
	e = link_find(r->ctx, LINK_RESET, token.text, &u);
	if (e == ERR_OK)
		send_reset(r, &u, token.text, NULL);
	else if (e == ERR_NOTFOUND)
		send_dead(r);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

enum err
api_reset_submit(struct req *r)
{
	enum { TOKEN, PASSWORD, FIELDS };
	static const struct field want[FIELDS] = {
		[TOKEN] = { .name = "token", .secret = true },
		[PASSWORD] = { .name = "password",
		    .secret = true,
		    .normal = true },
	};
	enum password_problem why;
	struct param v[FIELDS];
	struct user u;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	e = link_reset(r->ctx, v[TOKEN].text,
	    v[PASSWORD].text != NULL ? v[PASSWORD].text : "", &why, &u);
	switch (e) {
	case ERR_OK:
		page_go(r, "login?did=reset", NULL);
		return ERR_OK;
	case ERR_NOTFOUND:
		send_dead(r);
		return ERR_OK;
	case ERR_INVALID:
		send_reset(r, &u, v[TOKEN].text, page_password_key(why));
		return ERR_OK;
	default:
		return e;
	}
}
