/*
 * Page of the user's own account.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "api/page.h"
#include "http/header.h"
#include "http/params.h"
#include "http/reply.h"
#include "svc/browser.h"
#include "svc/profile.h"
#include "svc/session.h"
#include "svc/signup.h"

/* --- sessions --- */

struct word {
	const char *in, *shown;
};

/* The first that is in a User-Agent, or NULL. */
static const char *
find_word(const char *agent, const struct word *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strstr(agent, words[i].in) != NULL)
			return words[i].shown;
	return NULL;
}

#define WORD_MAX_BYTES 40 /* of another client, as it is on the page */

/* The first word of a User-Agent, as far as there is room for it. */
static void
add_word(struct buf *b, const char *agent)
{
	size_t n = strcspn(agent, " (");
	char *word = arena_strndup(b->arena, agent, n);

	while (template_value_bytes(word) > WORD_MAX_BYTES) {
		do
			n--;
		while (((unsigned char)word[n] & 0xc0) == 0x80);
		word[n] = '\0';
	}
	buf_add(b, word, n);
}

/*
 * A client by the two words that people know it by, "Firefox · Linux"; of
 * another one the first word of its User-Agent. Those that name others for
 * compatibility come first.
 */
static const char *
client_of(struct page *p, const char *agent)
{
	static const struct word browsers[] = { { "Edg", "Edge" },
		{ "OPR/", "Opera" }, { "SamsungBrowser", "Samsung Internet" },
		{ "Firefox/", "Firefox" }, { "FxiOS", "Firefox" },
		{ "CriOS", "Chrome" }, { "Chrome/", "Chrome" },
		{ "Safari/", "Safari" } };
	static const struct word systems[] = { { "Android", "Android" },
		{ "iPhone", "iPhone" }, { "iPad", "iPad" },
		{ "Windows", "Windows" }, { "Mac OS X", "macOS" },
		{ "CrOS", "ChromeOS" }, { "Linux", "Linux" } };
	const char *browser, *system;
	struct buf b;

	if (agent == NULL || *agent == '\0')
		return sentences_find(p->language, "session_unknown");
	buf_init(&b, p->r->ctx->arena);
	browser = find_word(agent, browsers, ARRAY_LEN(browsers));
	system = find_word(agent, systems, ARRAY_LEN(systems));
	if (browser != NULL)
		buf_adds(&b, browser);
	else
		add_word(&b, agent);
	if (system != NULL)
		buf_addf(&b, " \xc2\xb7 %s", system);
	return b.s;
}

/* A time as RFC 3339 has it, to the minute: "2026-11-29 00:15 UTC". */
static const char *
minute_of(struct page *p, const char *time)
{
	struct buf b;

	buf_init(&b, p->r->ctx->arena);
	if (strlen(time) < 16)
		return time;
	buf_addf(&b, "%.10s %.5s UTC", time, time + 11);
	return b.s;
}

#define ROW_VALUES 6
#define ROW_BYTES 896     /* of a session on the page, in each language */
#define FORMS_BYTES 12288 /* of the page but for these and the names */
#define USERNAMES 6       /* how often it has the user name */

/* How many sessions a page with these names has room for. */
static size_t
rows_max(const struct user *u, const char *fullname)
{
	size_t used = FORMS_BYTES + template_value_bytes(fullname) +
	              USERNAMES * template_value_bytes(u->username);

	return used < REPLY_MAX_BYTES ? (REPLY_MAX_BYTES - used) / ROW_BYTES
	                              : 0;
}

static struct template_scope
row_of(struct page *p, const struct session *s, bool current)
{
	struct template_value *v =
	    arena_alloc(p->r->ctx->arena, ROW_VALUES * sizeof(*v));

	v[0] = (struct template_value){ "id", s->id };
	v[1] = (struct template_value){ "agent", client_of(p, s->agent) };
	v[2] = (struct template_value){ "address", s->address };
	v[3] = (struct template_value){ "used_at", minute_of(p, s->used_at) };
	v[4] = (struct template_value){ "created_at",
		minute_of(p, s->created_at) };
	v[5] = (struct template_value){ "current", current ? "yes" : NULL };
	return (
	    struct template_scope){ .values = v, .value_count = ROW_VALUES };
}

/*
 * This one first, and of the others the newest. With the longest of names not
 * all have room; the others are ended all at once, or one after the other.
 */
static enum err
add_sessions(struct page *p, const char *fullname)
{
	struct req *r = p->r;
	const struct session *all;
	struct template_scope *rows;
	size_t max = rows_max(r->user, fullname), i, n, at = 1;
	bool has_own = false; /* a token without a session has none */
	enum err e;

	if ((e = session_list(r->ctx, r->user, &all, &n)) != ERR_OK)
		return e;
	rows = arena_alloc(r->ctx->arena, (n + 1) * sizeof(*rows));
	for (i = 0; i < n; i++) {
		bool current = r->claims.sid != NULL &&
		               strcmp(r->claims.sid, all[i].id) == 0;

		has_own |= current;
		if (current || at < max)
			rows[current ? 0 : at++] = row_of(p, &all[i], current);
	}
	page_add_list(
	    p, "sessions", has_own ? rows : rows + 1, has_own ? at : at - 1);
	page_set(p, "others", at > 1 ? "yes" : NULL);
	return ERR_OK;
}

/* --- the page --- */

/* The page's state: what has just been done, and what is wrong with a form. */
struct account_page {
	int status;
	const char *notice;  /* key, or NULL */
	const char *problem; /* key, or NULL */
	const char *field;   /* that it is about: the name of a value */
	const char *fullname;
	bool typed; /* into the form */
};

static enum err
send_account(struct req *r, const struct account_page *a)
{
	struct page p;
	enum err e;

	page_begin(r, &p, "account");
	page_set(&p, "wide", "yes");
	page_set(&p, "script", "yes");
	page_set(&p, "username", r->user->username);
	if (a->typed)
		page_set_typed(&p, "fullname", a->fullname);
	else
		page_set(&p, "fullname", a->fullname);
	page_set_number(&p, "fullname_max", signup_name_max(r->ctx, NAME_FULL));
	if ((e = add_sessions(&p, a->fullname)) != ERR_OK)
		return e;
	if (a->notice != NULL)
		page_say(&p, "notice", a->notice);
	if (a->problem != NULL) {
		page_say(&p, "problem", a->problem);
		page_set(&p, a->field, "yes");
	}
	page_send(&p, a->status, "account", "account_title");
	return ERR_OK;
}

static const char *
notice_of(const char *did)
{
	static const struct word notices[] = { { "saved", "account_saved" },
		{ "ended", "account_session_ended" },
		{ "others", "account_others_ended" } };
	size_t i;

	for (i = 0; did != NULL && i < ARRAY_LEN(notices); i++)
		if (strcmp(notices[i].in, did) == 0)
			return notices[i].shown;
	return NULL;
}

enum err
api_account_show(struct req *r)
{
	static const struct field want = { .name = "did",
		.source = SOURCE_QUERY };
	struct param did;
	enum err e;

	if ((e = params_read(r, &want, 1, &did)) != ERR_OK)
		return e;
	return send_account(
	    r, &(struct account_page){ .status = 200,
	           .notice = page_is_from_here(r) ? notice_of(did.text) : NULL,
	           .fullname = r->user->fullname });
}

/* A form's own address is asked for by a reload of what it answered. */
enum err
api_account_back(struct req *r)
{
	page_go(r, "account", NULL);
	return ERR_OK;
}

/* The page again, with a problem in one of its forms. */
static enum err
send_problem(struct req *r, int status, const char *field, const char *problem)
{
	return send_account(r, &(struct account_page){ .status = status,
	                           .problem = problem,
	                           .field = field,
	                           .fullname = r->user->fullname });
}

enum err
api_account_name(struct req *r)
{
	static const struct field want = { .name = "fullname" };
	struct user u = *r->user;
	struct param fullname;
	enum err e;

	if ((e = params_read(r, &want, 1, &fullname)) != ERR_OK)
		return e;
	e = profile_change_fullname(r->ctx, &u, fullname.text);
	if (e == ERR_INVALID)
		return send_account(r, &(struct account_page){ .status = 422,
		                           .problem = "fullname_long",
		                           .field = "fullname_problem",
		                           .fullname = fullname.text,
		                           .typed = true });
	if (e == ERR_OK)
		page_go(r, "account?did=saved", NULL);
	return e == ERR_NOTFOUND ? ERR_UNAUTH : e;
}

enum err
api_account_sessions(struct req *r)
{
	static const struct field want = { .name = "id" };
	struct param id;
	enum err e;

	if ((e = params_read(r, &want, 1, &id)) != ERR_OK)
		return e;
	if (id.text == NULL && r->claims.sid == NULL)
		return ERR_INVALID;
	e = id.text != NULL
	        ? session_end(r->ctx, r->user, id.text)
	        : session_end_others(r->ctx, r->user, r->claims.sid);
	/* it has ended, here or elsewhere */
	if (e == ERR_OK || e == ERR_NOTFOUND)
		page_go(r,
		    id.text != NULL ? "account?did=ended"
		                    : "account?did=others",
		    NULL);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

/*
 * The change has ended all sessions but this one, which has another epoch now.
 * If the cookie of that cannot be made, somebody logs in again.
 */
static void
go_on(struct req *r)
{
	struct browser_cookie cookie;

	if (r->session == NULL) { /* a token, which has ended */
		page_go(r, "login?did=changed", NULL);
		return;
	}
	if (browser_go_on(r->ctx, r->session, &cookie) != ERR_OK) {
		page_go(r, "login?did=changed", NULL);
		header_remove_session(r);
		return;
	}
	page_go(r, "account?did=saved", NULL);
	header_set_session(r, cookie.value, cookie.max_age_s);
}

enum err
api_account_password(struct req *r)
{
	enum { CURRENT, NEW, FIELDS };
	static const struct field want[FIELDS] = {
		[CURRENT] = { .name = "current", .secret = true },
		[NEW] = { .name = "new", .secret = true, .normal = true },
	};
	struct param v[FIELDS];
	enum password_problem why = PASSWORD_GOOD;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	if (v[CURRENT].text == NULL || v[NEW].text == NULL)
		return send_problem(r, 422,
		    v[CURRENT].text == NULL ? "current_problem"
		                            : "password_problem",
		    "password_empty");
	e = profile_change_password(r->ctx, r->user,
	    &(struct password_change){ .current = v[CURRENT].text,
	        .wanted = v[NEW].text,
	        .device = api_device_cookie(r),
	        .session = r->claims.sid },
	    &why, NULL);
	switch (e) {
	case ERR_OK:
		go_on(r);
		return ERR_OK;
	case ERR_DENIED:
		return send_problem(
		    r, 403, "current_problem", "password_wrong");
	case ERR_CONFLICT:
		return send_problem(
		    r, 409, "current_problem", "password_conflict");
	case ERR_INVALID:
		return send_problem(
		    r, 422, "password_problem", page_password_key(why));
	default:
		return e;
	}
}

enum err
api_account_delete(struct req *r)
{
	static const struct field want = { .name = "current", .secret = true };
	struct param current;
	bool referred = false;
	enum err e;

	if ((e = params_read(r, &want, 1, &current)) != ERR_OK)
		return e;
	if (current.text == NULL)
		return send_problem(r, 422, "delete_problem", "password_empty");
	e = profile_delete(r->ctx, r->user,
	    &(struct password_change){
	        .current = current.text, .device = api_device_cookie(r) },
	    &referred);
	switch (e) {
	case ERR_OK:
		page_go(r, "login?did=deleted", NULL);
		header_remove_session(r);
		return ERR_OK;
	case ERR_DENIED:
		return send_problem(r, 403, "delete_problem", "password_wrong");
	case ERR_CONFLICT:
		return send_problem(r, 409, "delete_problem",
		    referred ? "delete_referred" : "password_conflict");
	default:
		return e;
	}
}
