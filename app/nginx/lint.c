/*
 * The table of rules, and what they have in common.
 */
#include "base.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "nginx/rules.h"

/* clang-format off */
static const struct lint_rule {
	const char *name;
	const char *what; /* is wrong */
	const char *cure;
	void (*run)(struct lint *l);
} rules[] = {
	{ "request-uri",   "a rule by $request_uri, which is as the client wrote it: //x, /%78, /x?/y pass by it",
	  "use a location, or $uri, which nginx has decoded", lint_guard_request_uri },
	{ "satisfy-any",   "satisfy any: an allowed address passes without a check, and without a name",
	  "write \"satisfy all;\", or give that network a separate location without the application's names", lint_guard_satisfy },
	{ "auth-off",      "auth_request off below a guarded location",
	  "remove the line, or set X-Auth-User and the other names to \"\" in this location", lint_guard_off },
	{ "open-path",     "an unguarded location leads to a guarded application or folder",
	  "include latchkey-gate.conf in it, or set X-Auth-User and the other names to \"\" there", lint_guard_open },
	{ "regex-first",   "a location by an expression, which goes before a guarded prefix",
	  "write the guarded location with ^~ and put what it needs inside, or guard this one too", lint_guard_regex },
	{ "return",        "return in a guarded location: it is done before the check",
	  "serve a file, or pass the request on: what follows a check", lint_guard_return },
	{ "rewrite",       "rewrite from a guarded location to another that is not: the check is left behind",
	  "write break instead of last, or guard the other location too", lint_guard_rewrite },
	{ "try-files",     "try_files of a guarded location leads to one that anybody may ask",
	  "guard the other location too, or write \"internal;\" in it", lint_jump_files },
	{ "error-page",    "an error_page of refused requests leads to the application: everybody gets in",
	  "leave 401, 403, 413, 429, 500 and 503 to latchkey-gate.conf, or send them to a page", lint_jump_error },
	{ "scope-lost",    "a nested location does not demand the scope of the one around it",
	  "repeat \"set $latchkey_scope_needed ...;\" in it; \"\" is none", lint_guard_scope },
	{ "login-guarded", "Latchkey's own locations are guarded: nobody can log in",
	  "put the guard into the application's locations, not into the server", lint_guard_login },
	{ "nobody",        "the address of a guarded application does not end in $latchkey_nobody, or cannot",
	  "write \"proxy_pass http://127.0.0.1:9000$latchkey_nobody;\", an address or an upstream, without a path: rewrite with break changes that", lint_guard_nobody },
	{ "identity",      "a guarded application gets names that a client sends",
	  "include latchkey-gate.conf in this location; for other protocols than HTTP and FastCGI set each name", lint_header_identity },
	{ "header-dropped", "headers of a deeper level drop those of the guard",
	  "include latchkey-gate.conf in this location itself", lint_header_dropped },
	{ "identity-from-client", "a name that the application trusts comes from the client",
	  "set it to $latchkey_user_plain: for PHP-FPM behind this, where the last one counts; for others in the place of this", lint_header_client },
	{ "upgrade",       "a guarded application gets any upgrade: with h2c a client goes on past nginx, as anybody",
	  "write \"proxy_set_header Upgrade $latchkey_upgrade;\"", lint_header_upgrade },
	{ "underscores",   "underscores_in_headers on: X_Auth_User passes, which applications take for X-Auth-User",
	  "write \"underscores_in_headers off;\", also in the default server of the address", lint_header_underscores },
	{ "invalid-headers", "ignore_invalid_headers off: X.Auth.User passes, which applications take for X-Auth-User",
	  "write \"ignore_invalid_headers on;\", also in the default server of the address", lint_header_invalid },
	{ "add-header",    "add_header of a deeper level drops headers that protect",
	  "repeat them here", lint_header_add },
	{ "no-check",      "nothing answers the address that auth_request asks",
	  "include latchkey-paths.conf in the server", lint_check_missing },
	{ "check-open",    "clients may ask the location of the check",
	  "write \"internal;\" in it", lint_check_open },
	{ "check-opens",   "the check is answered without being asked",
	  "have the location pass each request on to Latchkey", lint_check_opens },
	{ "check-request", "the check gets what is not for it",
	  "use latchkey-paths.conf and \"auth_request /latchkey-check;\"", lint_check_request },
	{ "check-body-size", "the check refuses bodies that the application takes",
	  "write \"client_max_body_size 0;\" in the location of the check", lint_check_body },
	{ "no-409",        "a session that has to be renewed is refused: the check's 409 goes nowhere",
	  "write \"fastcgi_intercept_errors on;\" and \"error_page 409 = /latchkey-renew;\" in it, or use latchkey-paths.conf", lint_check_renewal },
	{ "lane-headers",  "Latchkey gets all headers of a request",
	  "write \"fastcgi_pass_request_headers off;\", and the parameters of latchkey-fastcgi.conf", lint_check_lane },
	{ "cache",         "an answer for one user is kept for others",
	  "write \"proxy_cache off;\" (fastcgi_cache off), or put the user into the key", lint_check_cache },
	{ "plain-http",    "passwords and tokens cross the network without TLS",
	  "listen with ssl, and have port 80 redirect; for a balancer that ends TLS name it by set_real_ip_from", lint_server_plain },
	{ "server-name",   "two servers of one name and address: nginx ignores the second",
	  "remove one of them, or merge them", lint_server_name },
	{ "realip",        "anybody may name the client's address",
	  "name the addresses of your own proxies in set_real_ip_from, and no others", lint_server_realip },
	{ "socket",        "a socket where nginx does not find it, or anybody can make one",
	  "have it in /run/latchkey: listen_check and the others of latchkey.conf(5)", lint_server_socket },
	{ "alias",         "alias ends in a slash, its location does not: /x../ is the folder above",
	  "end the location's path in a slash, too", lint_server_alias },
	{ "merge-slashes", "merge_slashes off: //x is not guarded as /x, and is the same to applications",
	  "remove the line", lint_server_slashes },
	{ "old-nginx",     "nginx of a version with known vulnerabilities",
	  "upgrade nginx, unless your distribution has fixed this version", lint_advisory },
};
/* clang-format on */

void
lint_print_rules(FILE *out)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		fprintf(out, "%s\t%s\n", rules[i].name, rules[i].what);
}

/* --- findings --- */

/* Does a comment behind the directive allow it? */
static bool
is_allowed(const struct nginx_directive *at, const char *rule)
{
	static const char word[] = "check-nginx: allow ";
	const char *s = at->comment != NULL ? strstr(at->comment, word) : NULL;
	size_t n = strlen(rule);

	return s != NULL && strncmp(s + sizeof(word) - 1, rule, n) == 0 &&
	       strchr(" \t\r", s[sizeof(word) - 1 + n]) != NULL;
}

/* Found already, at this place? */
static bool
is_found(const struct lint *l, const struct nginx_directive *at)
{
	const struct lint_finding *f;

	for (f = l->findings; f != NULL; f = f->next)
		if (f->rule == l->rule->name && f->line == at->line &&
		    f->file == at->file)
			return true;
	return false;
}

static void
add_finding(struct lint *l, const struct nginx_directive *at,
    enum lint_level level, const char *text)
{
	struct lint_finding *f;

	if (l->n_findings == LINT_FINDINGS_MAX ||
	    is_allowed(at, l->rule->name) || is_found(l, at))
		return;
	l->n_findings++;
	f = arena_alloc(l->arena, sizeof(*f));
	f->rule = l->rule->name;
	f->cure = l->rule->cure;
	f->level = level;
	f->file = at->file;
	f->line = at->line;
	f->text = text;
	*l->end = f;
	l->end = &f->next;
}

/* The text of a finding as printf(3) makes it, at most 1 KiB. */
static const char *__attribute__((format(printf, 2, 0)))
text_of(struct arena *a, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
	return arena_strndup(a, text, strlen(text));
}

void
lint_wrong(
    struct lint *l, const struct nginx_directive *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_finding(l, at, LINT_WRONG, text_of(l->arena, fmt, args));
	va_end(args);
}

void
lint_note(
    struct lint *l, const struct nginx_directive *at, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_finding(l, at, LINT_NOTE, text_of(l->arena, fmt, args));
	va_end(args);
}

/* --- what there is --- */

const struct nginx_directive *
lint_upstream(const struct lint *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->n_upstreams; i++)
		if (strcmp(l->upstreams[i].name, name) == 0)
			return l->upstreams[i].block;
	return NULL;
}

/* Is this socket in a folder "latchkey", by one of the names for it? */
static bool
is_lane_socket(const char *backend)
{
	static const char *const ends[] = { "/latchkey/check.sock",
		"/latchkey/api.sock", "/latchkey/login.sock",
		"/latchkey/latchkey.sock" /* of spawn-fcgi: all of it */ };
	size_t i, n, bytes = strlen(backend);

	for (i = 0; i < ARRAY_LEN(ends); i++) {
		n = strlen(ends[i]);
		if (strncmp(backend, "unix:", 5) == 0 && bytes > n &&
		    strcmp(backend + bytes - n, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Upstreams of latchkey-http.conf, and its choice between two of them. */
static bool
is_lane_name(const char *backend)
{
	static const char *const names[] = { "latchkey_check", "latchkey_api",
		"latchkey_login", "$latchkey_lane" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(backend, names[i]) == 0)
			return true;
	return false;
}

bool
lint_is_lane(const struct lint *l, const char *backend)
{
	const struct nginx_directive *upstream, *server;

	if (is_lane_name(backend) || is_lane_socket(backend))
		return true;
	upstream = lint_upstream(l, backend);
	if (upstream == NULL)
		return false;
	for (server = nginx_first(upstream, "server"); server != NULL;
	     server = nginx_same(server))
		if (is_lane_socket(nginx_arg(server, 1)))
			return true;
	return false;
}

/* Is this location what some auth_request asks? */
static bool
is_check(const struct lint *l, const struct nginx_directive *location)
{
	size_t i;

	for (i = 0; i < l->n_checks; i++)
		if (l->checks[i] == location)
			return true;
	return false;
}

/* The text behind the name of this machine, or NULL: it is another one. */
static const char *
behind_loopback(const char *address)
{
	static const char *const names[] = { "127.0.0.1", "localhost" };
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		n = strlen(names[i]);
		if (strncasecmp(address, names[i], n) == 0 &&
		    (address[n] == '\0' || address[n] == ':'))
			return address + n;
	}
	return NULL;
}

/* The length of an address without the port that http implies. */
static size_t
address_bytes(const char *s)
{
	size_t n = strlen(s);

	return n >= 3 && strcmp(s + n - 3, ":80") == 0 ? n - 3 : n;
}

static bool
is_same_address(const char *x, const char *y)
{
	const char *x_end = behind_loopback(x), *y_end = behind_loopback(y);
	size_t n;

	if (x_end != NULL && y_end != NULL) {
		x = x_end;
		y = y_end;
	}
	n = address_bytes(x);
	return n == address_bytes(y) && memcmp(x, y, n) == 0;
}

/* Does a route lead to this address, perhaps among others? */
static bool
has_address(const struct lint_route *r, const char *address)
{
	const struct nginx_directive *server;

	if (r->upstream == NULL)
		return is_same_address(r->backend, address);
	for (server = nginx_first(r->upstream, "server"); server != NULL;
	     server = nginx_same(server))
		if (is_same_address(nginx_arg(server, 1), address))
			return true;
	return false;
}

static bool
shares_server(const struct lint_route *x, const struct lint_route *y)
{
	const struct nginx_directive *server;

	if (strcmp(x->backend, y->backend) == 0)
		return true;
	if (x->upstream == NULL)
		return has_address(y, x->backend);
	for (server = nginx_first(x->upstream, "server"); server != NULL;
	     server = nginx_same(server))
		if (has_address(y, nginx_arg(server, 1)))
			return true;
	return false;
}

/* One that the path chooses may be any. */
bool
lint_is_same_application(const struct lint_route *x, const struct lint_route *y)
{
	const struct nginx_directive *d;
	const char *script[2] = { "", "" };
	const struct nginx_directive *passes[2] = { x->pass, y->pass };
	size_t i;

	if (!shares_server(x, y))
		return false;
	for (i = 0; i < 2; i++)
		for (d = nginx_inherited(passes[i]->parent, "fastcgi_param");
		     d != NULL; d = nginx_same(d))
			if (strcmp(nginx_arg(d, 1), "SCRIPT_FILENAME") == 0)
				script[i] = nginx_arg(d, 2);
	return strcmp(script[0], script[1]) == 0 &&
	       strchr(script[0], '$') == NULL;
}

bool
lint_has_guard(const struct lint *l, const struct nginx_directive *block)
{
	const struct nginx_directive *guard =
	                                 nginx_inherited(block, "auth_request"),
	                             *check, *pass;

	if (guard == NULL || (check = nginx_check_of(guard, block)) == NULL ||
	    (pass = nginx_pass_in(check)) == NULL)
		return false;
	return lint_is_lane(l, nginx_backend(l->arena, pass));
}

bool
lint_is_guarded(const struct lint *l, const struct nginx_directive *block)
{
	return nginx_guard(block) != NULL && lint_has_guard(l, block);
}

bool
lint_is_inner(const struct lint *l, const struct nginx_directive *location)
{
	size_t i;

	for (i = 0; i < l->n_inner; i++)
		if (l->inner[i] == location)
			return true;
	return false;
}

bool
lint_has_latchkey(const struct lint *l, const struct nginx_directive *server)
{
	size_t i;

	for (i = 0; i < l->n_servers; i++)
		if (l->servers[i].block == server)
			return l->servers[i].has_latchkey;
	return false;
}

/* How many directives of this kind there are, at most. */
static size_t
count(const struct lint *l, const char *name)
{
	const struct nginx_directive *d;
	size_t n = 0;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		n += name == NULL ? nginx_protocol_of(d) != NULL
		                  : nginx_is(d, name);
	return n;
}

/* Is this a server of HTTP, and none of an upstream, a stream or mail? */
static bool
is_server(const struct nginx_directive *d)
{
	return nginx_is(d, "server") && d->is_block &&
	       nginx_around(d, "stream") == NULL &&
	       nginx_around(d, "mail") == NULL;
}

static bool
is_server_around(const struct nginx_directive *d)
{
	const struct nginx_directive *server = nginx_around(d, "server");

	return server != NULL && is_server(server);
}

static void
add_check(struct lint *l, const struct nginx_directive *location)
{
	if (location != NULL && !is_check(l, location))
		l->checks[l->n_checks++] = location;
}

/* Keep a server with its addresses; nginx's own, if it has none. */
static void
add_server(struct lint *l, const struct nginx_directive *block)
{
	struct lint_server *server = &l->servers[l->n_servers++];
	const struct nginx_directive *listen = nginx_first(block, "listen"), *d;
	size_t n = 1;

	for (d = listen; d != NULL; d = nginx_same(d))
		n++;
	server->block = block;
	server->addresses = arena_alloc(l->arena, n * sizeof(void *));
	if (listen == NULL)
		server->addresses[server->n++] = lint_address(l->arena, NULL);
	for (d = listen; d != NULL; d = nginx_same(d))
		server->addresses[server->n++] = lint_address(l->arena, d);
}

/* All servers, and upstreams. */
static void
find_servers(struct lint *l)
{
	const struct nginx_directive *d;

	l->servers = arena_alloc(
	    l->arena, (count(l, "server") + 1) * sizeof(*l->servers));
	l->upstreams = arena_alloc(
	    l->arena, (count(l, "upstream") + 1) * sizeof(*l->upstreams));
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (is_server(d))
			add_server(l, d);
		if (nginx_is(d, "upstream"))
			l->upstreams[l->n_upstreams++] =
			    (struct lint_upstream){ nginx_arg(d, 1), d };
	}
}

/* The locations that auth_requests ask. */
static void
find_checks(struct lint *l)
{
	const struct nginx_directive *d, *server;
	size_t i;

	l->checks = arena_alloc(l->arena,
	    (l->n_servers + count(l, "auth_request") + 1) * sizeof(void *));
	for (i = 0; i < l->n_servers; i++) {
		server = l->servers[i].block;
		d = nginx_inherited(server, "auth_request");
		if (d != NULL)
			add_check(l, nginx_check_of(d, server));
	}
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "auth_request") &&
		    nginx_around(d, "server") != NULL)
			add_check(
			    l, nginx_check_of(d, nginx_around(d, "server")));
}

/* Add the locations for nginx alone to which this one leads after its check. */
static void
add_inner(struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_jump *jumps;
	size_t i, n;

	jumps = nginx_jumps(l->arena, location, &n);
	for (i = 0; i < n; i++)
		if (!jumps[i].is_refusal && nginx_is_internal(jumps[i].to) &&
		    !lint_is_inner(l, jumps[i].to))
			l->inner[l->n_inner++] = jumps[i].to;
}

/* Locations for nginx alone that are guarded, and those that they lead to. */
static void
find_inner(struct lint *l)
{
	const struct nginx_directive *d;
	size_t i, n = count(l, "location") + 1;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	l->inner = arena_alloc(l->arena, n * sizeof(*l->inner));
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (!nginx_is(d, "location") || !lint_has_guard(l, d) ||
		    is_check(l, d))
			continue;
		if (nginx_is_internal(d) && !lint_is_inner(l, d))
			l->inner[l->n_inner++] = d;
		add_inner(l, d);
	}
	for (i = 0; i < l->n_inner; i++)
		add_inner(l, l->inner[i]);
}

static void
fill_route(
    struct lint *l, const struct nginx_directive *pass, struct lint_route *r)
{
	r->pass = pass;
	r->server = nginx_around(pass, "server");
	r->location = nginx_around(pass, "location");
	r->backend = nginx_backend(l->arena, pass);
	r->upstream = lint_upstream(l, r->backend);
	r->is_check = is_check(l, r->location);
	r->is_lane = lint_is_lane(l, r->backend);
	r->guard = r->is_check ? NULL : nginx_guard(pass->parent);
	r->is_guarded =
	    lint_is_guarded(l, pass->parent) ||
	    (lint_is_inner(l, r->location) && !r->is_lane && !r->is_check);
}

/* Mark the server of a route; both come in the order of the text. */
static void
mark_server(struct lint *l, const struct lint_route *r, size_t *i)
{
	while (*i < l->n_servers && l->servers[*i].block != r->server)
		(*i)++;
	if (*i < l->n_servers && (r->is_guarded || r->is_lane))
		l->servers[*i].has_latchkey = true;
}

static void
find_routes(struct lint *l)
{
	const struct nginx_directive *d;
	size_t i = 0;

	l->routes =
	    arena_alloc(l->arena, (count(l, NULL) + 1) * sizeof(*l->routes));
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_protocol_of(d) != NULL &&
		    nginx_around(d, "location") != NULL &&
		    is_server_around(d)) {
			fill_route(l, d, &l->routes[l->n_routes]);
			mark_server(l, &l->routes[l->n_routes++], &i);
		}
}

static void
add_header(struct lint *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->n_headers; i++)
		if (strcasecmp(l->headers[i], name) == 0)
			return;
	l->headers[l->n_headers++] = name;
}

/* Latchkey's headers, and what else of X-Auth-* some location sets. */
static void
find_headers(struct lint *l)
{
	static const char *const known[] = { "X-Auth-User", "X-Auth-User-Plain",
		"X-Auth-User-Id", "X-Auth-Expires", "X-Auth-Scope",
		"X-Auth-Session", "Authorization", "Cookie" };
	const struct nginx_directive *d;
	size_t i;

	l->headers = arena_alloc(
	    l->arena, (count(l, "proxy_set_header") + ARRAY_LEN(known)) *
	                  sizeof(*l->headers));
	for (i = 0; i < ARRAY_LEN(known); i++)
		add_header(l, known[i]);
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "proxy_set_header") &&
		    strncasecmp(nginx_arg(d, 1), "X-Auth-", 7) == 0)
			add_header(l, nginx_arg(d, 1));
}

/* --- the run --- */

/* Merge two lists that are in order: files as they came, then lines. */
static bool
is_before(const struct lint_finding *a, const struct lint_finding *b)
{
	int order = strcmp(a->file, b->file);

	return order != 0 ? order < 0 : a->line < b->line;
}

/* Sort by insertion: there are few. */
static void
sort_findings(struct lint *l)
{
	struct lint_finding *sorted = NULL, *f, *next, **at;

	for (f = l->findings; f != NULL; f = next) {
		next = f->next;
		for (at = &sorted; *at != NULL && !is_before(f, *at);)
			at = &(*at)->next;
		f->next = *at;
		*at = f;
	}
	l->findings = sorted;
}

void
lint_run(struct arena *a, const struct nginx_directive *root,
    const char *version, struct lint *out)
{
	size_t i;

	*out = (struct lint){ .arena = a, .root = root, .version = version };
	out->end = &out->findings;
	find_servers(out);
	find_checks(out);
	find_inner(out);
	find_routes(out);
	find_headers(out);
	for (i = 0; i < ARRAY_LEN(rules); i++) {
		out->rule = &rules[i];
		rules[i].run(out);
	}
	sort_findings(out);
}
