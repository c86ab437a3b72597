/*
 * Table of endpoints, and the gates before each. Policy is data here: a handler
 * runs only when its row's demands are met.
 */
#include "base.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/auth.h"
#include "api/page.h"
#include "http/cors.h"
#include "http/gate.h"
#include "http/header.h"
#include "http/params.h"
#include "http/redirect.h"
#include "http/reply.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "route.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "svc/ratelimit.h"
#include "svc/share.h"

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): rows read so */
struct route {
	unsigned methods; /* bits of enum method */
	const char *path;
	enum role lane;
	enum auth who;
	enum origin origin;
	enum limit limit; /* of attempts; its service counts them */
	enum face face;
	enum body body;
	unsigned bytes; /* of the body, at most */
	enum err (*handler)(struct req *r);
};

#define GET METHOD_GET
#define GET_HEAD (METHOD_GET | METHOD_HEAD)
#define POST METHOD_POST
#define PATCH METHOD_PATCH
#define DELETE METHOD_DELETE
#define METHOD_ANY (~0u)
#define ANYONE AUTH_NONE
#define CLIENT AUTH_CLIENT
#define CONFIDENTIAL AUTH_CONFIDENTIAL
#define CHECKED AUTH_CHECKED
#define RENEWED AUTH_RENEWED
#define SIGNED_IN AUTH_USER
#define REPEATABLE AUTH_REPEATABLE
#define ANY ORIGIN_ANY
#define NOT_CROSS_SITE ORIGIN_NOT_CROSS_SITE
#define SAME_ORIGIN ORIGIN_SAME
#define OWN_PAGES ORIGIN_OWN
#define FASTAPI FACE_FASTAPI
#define BEARER FACE_BEARER
#define OAUTH FACE_OAUTH
#define LOGIN FACE_LOGIN
#define PAGE FACE_PAGE

/* clang-format off */
static const struct route routes[] = {
	/* methods  path                    lane        who        origin          limit         face     body       bytes  handler */
	{ GET,      "/",                    ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_root },
	{ POST,     "/users/add_user/",     ROLE_LOGIN, ANYONE,    NOT_CROSS_SITE, LIMIT_SIGNUP, FASTAPI, BODY_JSON, 65536, api_users_add },
	{ POST,     "/token",               ROLE_LOGIN, ANYONE,    NOT_CROSS_SITE, LIMIT_LOGIN,  LOGIN,   BODY_FORM, 65536, api_token_create },
	{ GET,      "/users/me",            ROLE_API,   SIGNED_IN, ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_users_me },
	{ PATCH,    "/users/me",            ROLE_API,   SIGNED_IN, SAME_ORIGIN,    LIMIT_CHANGE, BEARER,  BODY_JSON, 65536, api_users_change },
	{ POST,     "/users/me/password",   ROLE_LOGIN, REPEATABLE,SAME_ORIGIN,    LIMIT_LOGIN,  BEARER,  BODY_JSON, 65536, api_users_change_password },
	{ POST,     "/users/me/delete",     ROLE_LOGIN, REPEATABLE,SAME_ORIGIN,    LIMIT_LOGIN,  BEARER,  BODY_JSON, 65536, api_users_delete },
	{ GET,      "/users/me/sessions",   ROLE_API,   SIGNED_IN, ANY,            LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_sessions_list },
	{ DELETE,   "/users/me/sessions",   ROLE_API,   SIGNED_IN, SAME_ORIGIN,    LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_sessions_delete_others },
	{ DELETE,   "/users/me/sessions/{id}", ROLE_API, SIGNED_IN, SAME_ORIGIN,   LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_sessions_delete },
	{ POST,     "/session",             ROLE_LOGIN, ANYONE,    OWN_PAGES,      LIMIT_LOGIN,  FASTAPI, BODY_EITHER, 65536, api_session_create },
	{ GET,      "/session",             ROLE_API,   SIGNED_IN, ANY,            LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_session_read },
	{ DELETE,   "/session",             ROLE_API,   SIGNED_IN, SAME_ORIGIN,    LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_session_delete },
	{ POST,     "/oauth2/token",        ROLE_API,   CLIENT,    NOT_CROSS_SITE, LIMIT_NONE,   OAUTH,   BODY_FORM, 65536, api_oauth2_token },
	{ POST,     "/oauth2/token",        ROLE_LOGIN, CLIENT,    NOT_CROSS_SITE, LIMIT_LOGIN,  OAUTH,   BODY_FORM, 65536, api_oauth2_password },
	{ POST,     "/oauth2/introspect",   ROLE_API,   CONFIDENTIAL,NOT_CROSS_SITE, LIMIT_NONE,   OAUTH,   BODY_FORM, 65536, api_oauth2_introspect },
	{ POST,     "/oauth2/revoke",       ROLE_API,   CLIENT,    NOT_CROSS_SITE, LIMIT_NONE,   OAUTH,   BODY_FORM, 65536, api_oauth2_revoke },
	{ GET,      "/check",               ROLE_CHECK, CHECKED,   ANY,            LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_check },
	{ GET,      "/check/renew",         ROLE_API,   RENEWED,   ANY,            LIMIT_NONE,   BEARER,  BODY_NONE, 0,     api_check },
	{ GET_HEAD, "/.well-known/jwks.json",ROLE_CHECK,ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_keys },
	{ GET_HEAD, "/.well-known/oauth-authorization-server", ROLE_CHECK, ANYONE, ANY, LIMIT_NONE, FASTAPI, BODY_NONE, 0, api_metadata },
	{ GET_HEAD, "/.well-known/oauth-authorization-server/{path}", ROLE_CHECK, ANYONE, ANY, LIMIT_NONE, FASTAPI, BODY_NONE, 0, api_metadata_below },
	{ GET_HEAD, "/openapi.json",        ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_docs_openapi },
	{ GET_HEAD, "/docs",                ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_docs_swagger },
	{ GET_HEAD, "/docs/oauth2-redirect",ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_docs_oauth2_redirect },
	{ GET_HEAD, "/redoc",               ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_docs_redoc },
	{ GET_HEAD, "/login",               ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_login_show },
	{ POST,     "/login",               ROLE_LOGIN, ANYONE,    OWN_PAGES,      LIMIT_LOGIN,  PAGE,    BODY_FORM, 65536, api_login_submit },
	{ GET_HEAD, "/login/style.css",     ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_login_style },
	{ GET_HEAD, "/login/show.js",       ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_login_script },
	{ GET_HEAD, "/login/logo",          ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_login_logo },
	{ GET_HEAD, "/login/clear",         ROLE_API,   ANYONE,    NOT_CROSS_SITE, LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_login_clear },
	{ GET_HEAD, "/logout",              ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_logout_show },
	{ POST,     "/logout",              ROLE_API,   ANYONE,    OWN_PAGES,      LIMIT_NONE,   PAGE,    BODY_FORM, 65536, api_logout_submit },
	{ GET_HEAD, "/signup",              ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_signup_show },
	{ POST,     "/signup",              ROLE_LOGIN, ANYONE,    OWN_PAGES,      LIMIT_SIGNUP, PAGE,    BODY_FORM, 65536, api_signup_submit },
	{ GET_HEAD, "/reset",               ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_reset_show },
	{ POST,     "/reset",               ROLE_LOGIN, ANYONE,    OWN_PAGES,      LIMIT_NONE,   PAGE,    BODY_FORM, 65536, api_reset_submit },
	{ GET_HEAD, "/account",             ROLE_API,   SIGNED_IN, ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_account_show },
	{ GET_HEAD, "/account/name",        ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_account_back },
	{ POST,     "/account/name",        ROLE_API,   SIGNED_IN, OWN_PAGES,      LIMIT_CHANGE, PAGE,    BODY_FORM, 65536, api_account_name },
	{ GET_HEAD, "/account/password",    ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_account_back },
	{ POST,     "/account/password",    ROLE_LOGIN, SIGNED_IN, OWN_PAGES,      LIMIT_LOGIN,  PAGE,    BODY_FORM, 65536, api_account_password },
	{ GET_HEAD, "/account/sessions",    ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_account_back },
	{ POST,     "/account/sessions",    ROLE_API,   SIGNED_IN, OWN_PAGES,      LIMIT_NONE,   PAGE,    BODY_FORM, 65536, api_account_sessions },
	{ GET_HEAD, "/account/delete",      ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   PAGE,    BODY_NONE, 0,     api_account_back },
	{ POST,     "/account/delete",      ROLE_LOGIN, SIGNED_IN, OWN_PAGES,      LIMIT_LOGIN,  PAGE,    BODY_FORM, 65536, api_account_delete },
	{ GET,      "/healthz",             ROLE_CHECK, ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_health_alive },
	{ GET,      "/readyz",              ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_health_ready },
	{ GET,      "/metrics",             ROLE_API,   ANYONE,    ANY,            LIMIT_NONE,   FASTAPI, BODY_NONE, 0,     api_metrics },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(routes) <= METRICS_ROUTES, "each row is counted");

/*
 * The first row whose path this one of n bytes fits, and that takes one of
 * these methods, or NULL. The path's parameters are kept in *r.
 */
static const struct route *
find(struct req *r, const char *path, size_t n, unsigned methods)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(routes); i++)
		if ((routes[i].methods & methods) != 0 &&
		    path_fits(routes[i].path, path, n, &r->path))
			return &routes[i];
	return NULL;
}

/*
 * The path that differs from this one by a slash at the end, if it is one of
 * the table: all its slashes taken off, or one put on. NULL: it is not.
 */
static const char *
find_other_slash(struct req *r, const char *path, size_t n)
{
	char *other = arena_strndup(r->ctx->arena, path, n + 1);

	if (n == 0 || path[n - 1] != '/') {
		other[n++] = '/';
	} else {
		while (n > 0 && path[n - 1] == '/')
			n--;
	}
	other[n] = '\0';
	return find(r, other, n, METHOD_ANY) != NULL ? other : NULL;
}

/* The methods of all rows of this row's path. */
static unsigned
methods_of(const struct route *row)
{
	unsigned methods = 0;
	size_t i;

	assert(row != NULL);
	for (i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(routes[i].path, row->path) == 0)
			methods |= routes[i].methods;
	return methods;
}

static void
refuse_method(struct req *r, unsigned methods)
{
	struct buf allow;

	buf_init(&allow, r->ctx->arena);
	method_list(&allow, methods);
	reply_detail(r, 405, "Method Not Allowed");
	reply_header(r, "Allow", allow.s);
}

/*
 * A row with a limit whose service did not count is a way around it: better
 * that the worker ends.
 */
static void
assert_counted(const struct req *r, const struct route *row)
{
	assert(row->limit == LIMIT_NONE || r->reply.status >= 300 ||
	       (r->ctx->counted & LIMIT_BIT(row->limit)) != 0);
}

static bool
serves(const struct req *r, const struct route *row)
{
	return (r->ctx->app->lanes & ROLE_BIT(row->lane)) != 0;
}

/* A row for the same requests, but of another lane; NULL: there is none. */
static const struct route *
next_lane(const struct route *row)
{
	return row + 1 < routes + ARRAY_LEN(routes) &&
	               strcmp(row[1].path, row->path) == 0 &&
	               row[1].methods == row->methods
	           ? row + 1
	           : NULL;
}

/*
 * Of the rows for a request, which differ by the lane, the one that this
 * process serves; or the first, which refuses it.
 */
static const struct route *
row_here(const struct req *r, const struct route *first)
{
	const struct route *row = first;

	while (row != NULL && !serves(r, row))
		row = next_lane(row);
	return row != NULL ? row : first;
}

static void run_row(struct req *r, const struct route *row);

/*
 * By its body the request costs what another lane is for: its row runs
 * here, or where nginx passes the request on to. Other web servers pass the 421
 * on to the client. The other lane authenticates the client again: nothing that
 * a request brings along may stand for it. Source: nginx's X-Accel-Redirect;
 * RFC 9110, 15.5.20.
 */
static void
hand_over(struct req *r, const struct route *row)
{
	const struct route *next = next_lane(row);
	struct buf location;

	r->other_lane = false;
	if (next != NULL && serves(r, next)) {
		run_row(r, next);
		return;
	}
	reply_detail(
	    r, 421, "Misdirected request: wrong socket for this request");
	if (next == NULL) /* the first lane has not seen it */
		return;
	buf_init(&location, r->ctx->arena);
	buf_addf(&location, "@latchkey_%s", roles[next->lane].name);
	reply_header(r, "X-Accel-Redirect", location.s);
	r->reply.handed_over = true;
}

/* Does it guess at a password, with nothing but that? */
static bool
is_login(const struct route *row)
{
	return row->limit == LIMIT_LOGIN && row->who < CHECKED;
}

/*
 * May a row keep logins waiting that this process has to serve, for as long as
 * a trigger of the table of accounts takes? Rows of the api lane that write
 * there do so on a single socket.
 */
static bool
is_shared(const struct req *r, const struct route *row)
{
	return ((roles[row->lane].needs & NEED_HASHING) != 0 ||
	           row->limit != LIMIT_NONE) &&
	       !is_login(row) &&
	       (role_needs(r->ctx->app->lanes) & NEED_HASHING) != 0;
}

/* The gates that need the body or the database, and the handler. */
static void
answer_row(struct req *r, const struct route *row, bool is_check)
{
	enum err e;

	e = gate_body(r, row->body, row->bytes);
	if (e == ERR_OK && row->who >= CHECKED)
		e = auth_user(r, row->who);
	r->body_kind = row->body;
	if (e == ERR_OK)
		e = params_parse(r);
	if (e == ERR_OK && auth_is_client(row->who))
		e = auth_client(r, row->who);
	if (e == ERR_OK && (e = row->handler(r)) == ERR_OK && r->other_lane) {
		hand_over(r, row);
		return;
	}
	if (e == ERR_OK)
		assert_counted(r, row);
	e = memory_err(e);
	if (e == ERR_MALFORMED && r->malformed != NULL)
		reply_detail(r, 400, r->malformed);
	else if (e == ERR_UNAUTH && is_check)
		gate_refuse_check(r); /* the web server alone reads it */
	else if (e != ERR_OK)
		reply_error(r, e);
}

/* The gates behind path and method, in order, and the handler. */
static void
run_row(struct req *r, const struct route *row)
{
	const struct conf *conf = r->ctx->app->conf;
	bool is_check = row->who == CHECKED || row->who == RENEWED;
	bool shared = is_shared(r, row);

	if (!gate_origin(r, row->origin) ||
	    !gate_lane(r, row->lane, row->path,
	        shared ? share_wait_ms(conf) : conf->login_wait_ms) ||
	    (is_check && !gate_guarded_path(r)) ||
	    (row->who >= CHECKED && !gate_session(r, is_check)) ||
	    (row->face == FACE_PAGE && !page_gate(r)))
		return;
	if (shared && !share_begin(r->ctx)) {
		event(EVENT_SHED_SHARE, "waited_ms=%" PRId64, r->waited_ms);
		reply_error(r, ERR_BUSY);
		return;
	}
	answer_row(r, row, is_check);
	if (shared)
		share_end(r->ctx);
}

/* A row of the path, or NULL after a reply to a method that is not its own. */
static const struct route *
take_row(struct req *r, const struct route *row)
{
	r->face = row->face;
	if ((row->methods & r->method) != 0)
		return row_here(r, row);
	if (cors_is_preflight(r))
		cors_answer(r, methods_of(row));
	else
		refuse_method(r, methods_of(row));
	return NULL;
}

/* The row that answers, or NULL after a reply that needs none. */
static const struct route *
find_row(struct req *r)
{
	size_t n = strcspn(r->uri, "?");
	char *path = arena_strndup(r->ctx->arena, r->uri, n);
	const struct route *row;
	const char *other;

	r->query = r->uri + n + (r->uri[n] == '?');
	n = text_percent_decode(path, n, false);
	if ((row = find(r, path, n, r->method)) != NULL ||
	    (row = find(r, path, n, METHOD_ANY)) != NULL)
		return take_row(r, row);
	other = find_other_slash(r, path, n);
	if (other == NULL)
		reply_error(r, ERR_NOTFOUND);
	else if (cors_is_preflight(r)) /* which may not be redirected */
		cors_answer(
		    r, methods_of(find(r, other, strlen(other), METHOD_ANY)));
	else
		redirect(r, other);
	return NULL;
}

/* The rows of one path stand together, and are counted as one: the first. */
static unsigned
counter_of(const struct route *row)
{
	if (row == NULL)
		return METRICS_NO_ROUTE;
	while (row > routes && strcmp(row[-1].path, row->path) == 0)
		row--;
	return (unsigned)(row - routes);
}

/*
 * Whatever a handler made of it: a refusal may have no other reason than that
 * a library had no memory. A page has done what it was asked for where it sends
 * the browser on with another cookie; without one that may be a refusal, too.
 */
static void
refuse_without_memory(struct req *r)
{
	int status = r->reply.status;

	event(EVENT_NO_MEMORY, "what=request");
	if (status < 300 || status == 503 ||
	    (status == 303 && r->new_session.value != NULL))
		return;
	r->new_session.value = NULL;
	reply_error(r, ERR_BUSY);
}

void
route_run(struct req *r)
{
	int64_t us, start_us = clock_us();
	const struct route *row;

	memory_begin();
	row = find_row(r);
	if (row != NULL)
		run_row(r, row);
	if (memory_lacked())
		refuse_without_memory(r);
	/* a lane without a database renews no session, so it sets no cookie */
	assert(row == NULL || r->new_session.value == NULL ||
	       (roles[row->lane].needs & NEED_DATABASE) != 0);
	if (r->face == FACE_PAGE)
		page_settle(r);
	header_add_session(r);
	reply_settle(r);
	us = clock_us() - start_us;
	metrics_request(counter_of(row), r->reply.status, us);
	if (row != NULL && !roles[row->lane].is_logged && r->reply.status < 500)
		return;
	event(EVENT_REQUEST, "method=%s route=%s status=%d us=%lld",
	    method_name(r->method), row != NULL ? row->path : "-",
	    r->reply.status, (long long)us);
}

void
route_name_rows(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(routes); i++)
		if (counter_of(&routes[i]) == i)
			metrics_route(
			    (unsigned)i, routes[i].path, routes[i].lane);
}

void
route_print(void)
{
	static const char *const body[] = { "none", "JSON", "form",
		"JSON or form" };
	static const char *const who[] = { "anyone", "client",
		"client, by secret", "token or cookie", "old cookie",
		"signed in", "signed in" };
	static const char *const origin[] = { "any", "not cross-site",
		"same origin", "own pages" };
	static const char *const limit[] = { "none", "login", "sign-up",
		"change" };
	static const char *const face[] = { "FastAPI", "bearer", "login",
		"OAuth", "page" };
	struct arena a;
	struct buf b;
	size_t i;

	arena_init(&a);
	for (i = 0; i < ARRAY_LEN(routes); i++) {
		buf_init(&b, &a);
		method_list(&b, routes[i].methods);
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%u\t%s\n", b.s,
		    routes[i].path, roles[routes[i].lane].name,
		    who[routes[i].who], origin[routes[i].origin],
		    limit[routes[i].limit], body[routes[i].body],
		    routes[i].bytes, face[routes[i].face]);
	}
	arena_free(&a);
}
