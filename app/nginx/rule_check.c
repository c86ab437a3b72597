/*
 * Rules about the location that a guard asks.
 */
#include "base.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "lib/text.h"
#include "nginx/rules.h"

#define BODY_DEFAULT_BYTES                                 \
	(INT64_C(1) << 20) /* nginx's client_max_body_size \
	                    */

/* Is this location's request passed on to Latchkey? */
static bool
asks_latchkey(const struct lint *l, const struct nginx_directive *check)
{
	const struct nginx_directive *pass = nginx_pass_in(check);

	return pass != NULL && lint_is_lane(l, nginx_backend(l->arena, pass));
}

void
lint_check_missing(struct lint *l)
{
	const struct nginx_directive *d, *server;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		server = nginx_around(d, "server");
		if (nginx_is(d, "auth_request") && server != NULL &&
		    *nginx_arg(d, 1) == '/' &&
		    nginx_check_of(d, server) == NULL)
			lint_wrong(l, d,
			    "no location of this server answers %s",
			    nginx_arg(d, 1));
	}
}

void
lint_check_open(struct lint *l)
{
	size_t i;

	for (i = 0; i < l->n_checks; i++)
		if (asks_latchkey(l, l->checks[i]) &&
		    !nginx_is_internal(l->checks[i]))
			lint_wrong(l, l->checks[i],
			    "clients may ask %s themselves",
			    nginx_location_path(l->checks[i]));
}

/* --- what answers in the place of a check --- */

/* Does something within a block make the answer, or is that not known? */
static bool
is_answered(const struct nginx_directive *block)
{
	static const char *const handlers[] = { "return", "js_content", "perl",
		"content_by_lua_file", "content_by_lua", "memcached_pass",
		"auth_request" };
	const struct nginx_directive *d;
	size_t i;

	for (d = nginx_next(block, block); d != NULL;
	     d = nginx_next(block, d)) {
		if (nginx_protocol_of(d) != NULL)
			return true;
		for (i = 0; i < ARRAY_LEN(handlers); i++)
			if (nginx_is(d, handlers[i]))
				return true;
	}
	return false;
}

/* Does this directive make a 2xx of something? */
static bool
makes_good(const struct nginx_directive *d)
{
	size_t i;

	if (nginx_is(d, "return"))
		return *nginx_arg(d, 1) == '2' && strlen(nginx_arg(d, 1)) == 3;
	for (i = 1; nginx_is(d, "error_page") && i < d->n; i++)
		if (strncmp(d->words[i], "=2", 2) == 0)
			return true;
	return false;
}

void
lint_check_opens(struct lint *l)
{
	const struct nginx_directive *d, *check;
	size_t i;

	for (i = 0; i < l->n_checks; i++) {
		check = l->checks[i];
		for (d = nginx_next(check, check); d != NULL;
		     d = nginx_next(check, d))
			if (makes_good(d))
				lint_wrong(l, d,
				    "the check at %s is good without being made",
				    nginx_location_path(check));
		if (!is_answered(check))
			lint_wrong(l, check,
			    "%s serves files: if there is one, the check is "
			    "good",
			    nginx_location_path(check));
	}
}

/* --- what a check gets --- */

static void
add_lack(struct buf *list, bool lacks, const char *text)
{
	if (lacks)
		buf_addf(list, "%s%s", list->len > 0 ? ", " : "", text);
}

/* The directive that sets a parameter of CGI, or NULL. */
static const struct nginx_directive *
parameter(const struct nginx_directive *pass, const char *name)
{
	const struct nginx_directive *d =
	    nginx_inherited(pass->parent, nginx_protocol_of(pass)->set);

	while (d != NULL && strcmp(nginx_arg(d, 1), name) != 0)
		d = nginx_same(d);
	return d;
}

/* Of HTTP: a length without a body would be waited for. */
static void
add_http_lacks(
    struct lint *l, const struct nginx_directive *pass, struct buf *list)
{
	add_lack(list,
	    !nginx_says(pass->parent, "proxy_pass_request_body", "off"),
	    "the body (proxy_pass_request_body off)");
	add_lack(list,
	    nginx_header_set(l->arena, pass, "Content-Length") == NULL,
	    "its length, and waits for that (proxy_set_header Content-Length "
	    "\"\")");
}

static void
add_cgi_lacks(
    struct lint *l, const struct nginx_directive *pass, struct buf *list)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(pass);
	const struct nginx_directive *method =
	    parameter(pass, "REQUEST_METHOD");
	bool is_lane = lint_is_lane(l, nginx_backend(l->arena, pass));

	add_lack(list, !nginx_says(pass->parent, protocol->request_body, "off"),
	    "the body (fastcgi_pass_request_body off)");
	add_lack(list,
	    is_lane &&
	        !nginx_says(pass->parent, protocol->request_headers, "off"),
	    "all headers (fastcgi_pass_request_headers off)");
	add_lack(list,
	    is_lane && method != NULL &&
	        strstr(nginx_arg(method, 2), "$request_method") != NULL,
	    "the request's method (fastcgi_param REQUEST_METHOD GET)");
}

void
lint_check_request(struct lint *l)
{
	const struct nginx_directive *pass;
	struct buf list;
	size_t i;

	for (i = 0; i < l->n_checks; i++) {
		pass = nginx_pass_in(l->checks[i]);
		if (pass == NULL || nginx_is(pass, "grpc_pass"))
			continue;
		buf_init(&list, l->arena);
		if (nginx_protocol_of(pass)->is_cgi)
			add_cgi_lacks(l, pass, &list);
		else
			add_http_lacks(l, pass, &list);
		if (list.len > 0)
			lint_wrong(l, pass, "the check gets %s", list.s);
	}
}

void
lint_check_lane(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_lane && !r->is_check &&
		    nginx_is(r->pass, "fastcgi_pass") &&
		    !nginx_says(
		        r->pass->parent, "fastcgi_pass_request_headers", "off"))
			lint_wrong(l, r->pass,
			    "Latchkey gets each header of "
			    "a request");
}

/* --- sizes --- */

/* A size as nginx writes it, in bytes; INT64_MAX: none. */
static int64_t
bytes_of(struct arena *a, const char *size)
{
	size_t digits = strspn(size, "0123456789");
	int64_t n;
	int shift = 0;

	if (!text_to_i64(
	        arena_strndup(a, size, digits), 0, INT64_MAX >> 31, &n))
		return INT64_MAX;
	switch (tolower((unsigned char)size[digits])) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	default:
		break;
	}
	return n << shift;
}

/* The largest body that a block takes; INT64_MAX: any. */
static int64_t
body_max(struct arena *a, const struct nginx_directive *block)
{
	const struct nginx_directive *d =
	    nginx_inherited(block, "client_max_body_size");
	int64_t n =
	    d != NULL ? bytes_of(a, nginx_arg(d, 1)) : BODY_DEFAULT_BYTES;

	return n == 0 ? INT64_MAX : n;
}

void
lint_check_body(struct lint *l)
{
	const struct nginx_directive *check;
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++) {
		if (r->guard == NULL ||
		    (check = nginx_check_of(r->guard, r->pass->parent)) == NULL)
			continue;
		if (body_max(l->arena, check) <
		    body_max(l->arena, r->pass->parent))
			lint_wrong(l, check,
			    "a body that %s takes is too large for the check: "
			    "its limit holds, too",
			    nginx_location_path(r->location));
	}
}

/* --- renewal --- */

/* Does an error_page that holds in a block name this status? */
static bool
has_error_page(const struct nginx_directive *block, const char *status)
{
	const struct nginx_directive *d;

	for (d = nginx_inherited(block, "error_page"); d != NULL;
	     d = nginx_same(d))
		if (nginx_has_arg(d, status))
			return true;
	return false;
}

void
lint_check_renewal(struct lint *l)
{
	const struct nginx_directive *check;
	size_t i;

	for (i = 0; i < l->n_checks; i++) {
		check = l->checks[i];
		if (!asks_latchkey(l, check) ||
		    !nginx_is(nginx_pass_in(check), "fastcgi_pass") ||
		    parameter(nginx_pass_in(check), "HTTP_COOKIE") == NULL)
			continue;
		if (!has_error_page(check, "409") ||
		    !nginx_says(check, "fastcgi_intercept_errors", "on"))
			lint_wrong(l, check,
			    "%s gets the cookie, and its 409, by which a "
			    "session is renewed, goes nowhere: a 503",
			    nginx_location_path(check));
	}
}

/* --- caches --- */

/* Does a block's auth_request_set fill a variable that the key has? */
static bool
has_variable_of_check(const struct nginx_directive *block, const char *key)
{
	const struct nginx_directive *d;

	for (d = nginx_inherited(block, "auth_request_set"); d != NULL;
	     d = nginx_same(d))
		if (strstr(key, nginx_arg(d, 1)) != NULL)
			return true;
	return false;
}

/* Does the key of a cache depend on the user? */
static bool
is_per_user(const struct nginx_directive *block, const char *key)
{
	return strstr(key, "$http_authorization") != NULL ||
	       strstr(key, "$http_cookie") != NULL ||
	       strstr(key, "$cookie_") != NULL ||
	       has_variable_of_check(block, key);
}

static void
find_cache(struct lint *l, const struct lint_route *r)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(r->pass);
	const struct nginx_directive *block = r->pass->parent, *cache, *key;

	cache = nginx_inherited(block, protocol->cache);
	key = nginx_inherited(block, protocol->key);
	if (cache != NULL && strcmp(nginx_arg(cache, 1), "off") != 0 &&
	    !is_per_user(block, key != NULL ? nginx_arg(key, 1) : ""))
		lint_wrong(l, cache,
		    "%s is kept, and the key does not distinguish users",
		    r->is_check ? "the answer of the check"
		                : "what is guarded");
}

void
lint_check_cache(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_guarded || r->is_check)
			find_cache(l, r);
}
