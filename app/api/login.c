/*
 * Pages of log-in and log-out.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "api/page.h"
#include "http/header.h"
#include "http/next.h"
#include "http/params.h"
#include "http/reply.h"
#include "svc/browser.h"
#include "svc/login.h"

/* The notice of what has just been done, by the word in the query. */
static const char *
notice_of(const char *did)
{
	static const struct {
		const char *did, *key;
	} notices[] = { { "signup", "login_after_signup" },
		{ "reset", "login_after_reset" },
		{ "changed", "login_after_change" },
		{ "deleted", "login_deleted" } };
	size_t i;

	for (i = 0; did != NULL && i < ARRAY_LEN(notices); i++)
		if (strcmp(notices[i].did, did) == 0)
			return notices[i].key;
	return NULL;
}

/* The form, with what was typed into it; keys of sentences, or NULL. */
struct form_page {
	int status;
	const char *username, *next, *problem, *notice;
	bool keep;
};

static void
send_form(struct req *r, const struct form_page *f)
{
	bool open = r->ctx->app->conf->signup == SIGNUP_OPEN;
	struct page p;

	page_begin(r, &p, "login");
	page_set(&p, "next", next_of(f->next));
	page_set_typed(&p, "username", f->username);
	page_set(&p, "keep", f->keep ? "yes" : NULL);
	page_set(&p, "may_sign_up", open ? "yes" : NULL);
	page_set(&p, "script", "yes");
	if (f->problem != NULL)
		page_say(&p, "problem", f->problem);
	if (f->notice != NULL)
		page_say(&p, "notice", f->notice);
	page_send(&p, f->status, "login", "login_title");
}

static void
send_already(struct req *r, const struct user *u, const char *next)
{
	struct page p;

	page_begin(r, &p, "login");
	page_set(&p, "next", next_of(next));
	page_set(&p, "username", u->username);
	page_set(&p, "script", "yes");
	page_send(&p, 200, "already", "already_title");
}

/*
 * After log-out. The image of this page empties the browser's cache and the
 * pages that its Back button would show: the answer to the log-out itself comes
 * too early for that.
 */
static void
send_logged_out(struct req *r, const char *next)
{
	struct page p;

	page_begin(r, &p, "login");
	page_set(&p, "next", next_of(next));
	page_send(&p, 200, "logged-out", "logged_out_title");
}

/* After a login: has the browser kept the cookie? */
static enum err
arrive(struct req *r, const char *next)
{
	struct user u;
	struct page p;
	enum err e = page_user(r, &u);

	if (e == ERR_OK)
		page_go_to(r, next);
	if (e != ERR_UNAUTH)
		return e;
	page_begin(r, &p, "login");
	page_set(&p, "next", next_of(next));
	page_send_message(&p, 400, "cookie", "cookie_again", p.values[1].text);
	return ERR_OK;
}

enum err
api_login_show(struct req *r)
{
	enum { NEXT, DID, ARRIVED, OUT, FIELDS };
	static const struct field want[FIELDS] = {
		[NEXT] = { .name = "next", .source = SOURCE_QUERY },
		[DID] = { .name = "did", .source = SOURCE_QUERY },
		[ARRIVED] = { .name = "arrived", .source = SOURCE_QUERY },
		[OUT] = { .name = "out", .source = SOURCE_QUERY },
	};
	struct param v[FIELDS];
	struct user u;
	bool here;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	here = page_is_from_here(r);
	if (v[ARRIVED].given && here)
		return arrive(r, v[NEXT].text);
	e = page_user(r, &u);
	if (e == ERR_OK)
		send_already(r, &u, v[NEXT].text);
	else if (e == ERR_UNAUTH && v[OUT].given)
		send_logged_out(r, v[NEXT].text);
	else if (e == ERR_UNAUTH)
		send_form(
		    r, &(struct form_page){ .status = 200,
		           .next = v[NEXT].text,
		           .notice = here ? notice_of(v[DID].text) : NULL });
	return e == ERR_UNAUTH ? ERR_OK : e;
}

/* The cookies of a login, and the way on. */
static void
finish_login(struct req *r, const struct login *l, const char *next)
{
	page_go(r, "login?arrived=1", next_of(next));
	api_device_remember(r, l);
	header_set_session(r, l->cookie.value, l->cookie.max_age_s);
}

enum err
api_login_submit(struct req *r)
{
	enum { USERNAME, PASSWORD, KEEP, NEXT, FIELDS };
	static const struct field want[FIELDS] = {
		[USERNAME] = { .name = "username" },
		[PASSWORD] = { .name = "password", .secret = true },
		[KEEP] = { .name = "keep" },
		[NEXT] = { .name = "next" },
	};
	struct form_page again;
	struct param v[FIELDS];
	struct login l;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	l = (struct login){
		.username = v[USERNAME].text,
		.password = v[PASSWORD].text,
		.device = api_device_cookie(r),
		.browser = true,
		.old_cookie = header_session(r),
		.keep = v[KEEP].given,
	};
	again = (struct form_page){ .status = 422,
		.username = l.username,
		.next = v[NEXT].text,
		.keep = l.keep,
		.problem = "login_empty" };
	if (l.username == NULL || l.password == NULL) {
		send_form(r, &again);
		return ERR_OK;
	}
	e = login(r->ctx, &l);
	if (e == ERR_OK)
		finish_login(r, &l, v[NEXT].text);
	if (e != ERR_UNAUTH)
		return e;
	again.status = 401;
	again.problem = "login_wrong";
	send_form(r, &again);
	reply_header(r, "WWW-Authenticate", "Bearer");
	return ERR_OK;
}

enum err
api_logout_show(struct req *r)
{
	static const struct field want = { .name = "next",
		.source = SOURCE_QUERY };
	struct param next;
	struct page p;
	struct user u;
	enum err e;

	if ((e = params_read(r, &want, 1, &next)) != ERR_OK)
		return e;
	e = page_user(r, &u);
	if (e == ERR_UNAUTH) {
		page_go(r, "login?out=1", next.text);
		return ERR_OK;
	}
	if (e != ERR_OK)
		return e;
	page_begin(r, &p, "logout");
	page_set(&p, "next", next_of(next.text));
	page_set(&p, "username", u.username);
	page_send(&p, 200, "logout", "logout_title");
	return ERR_OK;
}

#define SESSIONS_MAX 8 /* that one request ends; a browser sends one cookie */

/* Of a cookie that came more than once each session: one of them is this. */
static enum err
end_sessions(struct req *r)
{
	const char *cookies[SESSIONS_MAX];
	size_t i, n = header_cookies(r->cookie, HEADER_SESSION, r->ctx->arena,
	              cookies, SESSIONS_MAX);
	enum err e = n <= SESSIONS_MAX ? ERR_OK : ERR_INVALID;

	for (i = 0; i < n && e == ERR_OK; i++)
		e = browser_end(r->ctx, cookies[i]);
	return e;
}

/* The cookie goes whatever it was; not while its session may still count. */
enum err
api_logout_submit(struct req *r)
{
	static const struct field want = { .name = "next" };
	struct param next;
	enum err e;

	if ((e = params_read(r, &want, 1, &next)) != ERR_OK ||
	    (e = end_sessions(r)) != ERR_OK)
		return e;
	page_go(r, "login?out=1", next.text);
	header_remove_session(r);
	return ERR_OK;
}

/* --- files --- */

#define FILE_LIFE_S 31536000 /* of an address with the file's version */

static enum err
send_file(struct req *r, const struct page_file *f)
{
	const char *version = page_query(r, "v");

	buf_add(reply_begin(r, 200, f->type), f->bytes, f->n);
	r->reply.may_be_cached = true;
	/* another version's, during a reload, must not stay there */
	if (version != NULL &&
	    strcmp(version, r->ctx->app->pages->version) == 0)
		r->reply.max_age_s = FILE_LIFE_S;
	return ERR_OK;
}

enum err
api_login_style(struct req *r)
{
	return send_file(r, &r->ctx->app->pages->style);
}

enum err
api_login_script(struct req *r)
{
	return send_file(r, &r->ctx->app->pages->script);
}

enum err
api_login_logo(struct req *r)
{
	return send_file(r, &r->ctx->app->pages->logo);
}

/* Source: W3C, Clear Site Data, section 3.1. */
enum err
api_login_clear(struct req *r)
{
	static const char empty[] =
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" "
	    "height=\"1\"/>";

	buf_adds(reply_begin(r, 200, "image/svg+xml"), empty);
	reply_header(r, "Clear-Site-Data", "\"cache\"");
	return ERR_OK;
}
