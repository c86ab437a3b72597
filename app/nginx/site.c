/*
 * Servers and locations.
 */
#include "base.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "nginx/site.h"

/* --- locations --- */

/* clang-format off */
static const struct modifier {
	const char *text;
	enum nginx_match match;
} modifiers[] = { /* the longer first */
	{ "~*", NGINX_MATCH_REGEX },
	{ "^~", NGINX_MATCH_FIRST },
	{ "~",  NGINX_MATCH_REGEX },
	{ "=",  NGINX_MATCH_EXACT },
	{ "@",  NGINX_MATCH_NAME },
};
/* clang-format on */

/* The modifier that begins a location's first argument, or NULL: a prefix. */
static const struct modifier *
modifier_of(const struct nginx_directive *location)
{
	const char *word = nginx_arg(location, 1);
	size_t i;

	for (i = 0; i < ARRAY_LEN(modifiers); i++)
		if (strncmp(word, modifiers[i].text,
		        strlen(modifiers[i].text)) == 0)
			return &modifiers[i];
	return NULL;
}

/* nginx takes "= /x" and "=/x" for the same. */
const char *
nginx_location_path(const struct nginx_directive *location)
{
	const struct modifier *modifier = modifier_of(location);

	if (location->n > 2)
		return nginx_arg(location, 2);
	if (modifier == NULL || modifier->match == NGINX_MATCH_NAME)
		return nginx_arg(location, 1);
	return nginx_arg(location, 1) + strlen(modifier->text);
}

enum nginx_match
nginx_location_match(const struct nginx_directive *location)
{
	const struct modifier *modifier = modifier_of(location);

	return modifier != NULL ? modifier->match : NGINX_MATCH_PREFIX;
}

/* Does it match the n bytes of a path, expressions aside? */
static bool
matches(const struct nginx_directive *location, const char *path, size_t n)
{
	const char *own = nginx_location_path(location);
	size_t own_n = strlen(own);

	switch (nginx_location_match(location)) {
	case NGINX_MATCH_EXACT:
		return own_n == n && memcmp(own, path, n) == 0;
	case NGINX_MATCH_PREFIX:
	case NGINX_MATCH_FIRST:
		return own_n <= n && memcmp(own, path, own_n) == 0;
	default:
		return false;
	}
}

/* Does nginx prefer a to b, both of which match? b may be NULL. */
static bool
is_better(const struct nginx_directive *a, const struct nginx_directive *b)
{
	if (b == NULL || nginx_location_match(a) == NGINX_MATCH_EXACT)
		return true;
	return nginx_location_match(b) != NGINX_MATCH_EXACT &&
	       strlen(nginx_location_path(a)) > strlen(nginx_location_path(b));
}

/* The best location on this level of a block, or NULL. */
static const struct nginx_directive *
best_in(const struct nginx_directive *block, const char *path, size_t n)
{
	const struct nginx_directive *l, *best = NULL;

	for (l = nginx_first(block, "location"); l != NULL; l = nginx_same(l))
		if (matches(l, path, n) && is_better(l, best))
			best = l;
	return best;
}

const struct nginx_directive *
nginx_location_for(const struct nginx_directive *server, const char *path)
{
	const struct nginx_directive *best = NULL, *inner;
	size_t n = strcspn(path, "?");

	for (inner = best_in(server, path, n); inner != NULL;
	     inner = best_in(inner, path, n))
		best = inner;
	return best;
}

/* --- guards --- */

bool
nginx_is_internal(const struct nginx_directive *block)
{
	const struct nginx_directive *location =
	    nginx_around(block, "location");

	return location != NULL &&
	       (nginx_inherited(location, "internal") != NULL ||
	           nginx_location_match(location) == NGINX_MATCH_NAME);
}

const struct nginx_directive *
nginx_guard(const struct nginx_directive *block)
{
	const struct nginx_directive *guard =
	    nginx_inherited(block, "auth_request");

	if (guard == NULL || strcmp(nginx_arg(guard, 1), "off") == 0 ||
	    nginx_is_internal(block))
		return NULL;
	return guard;
}

const struct nginx_directive *
nginx_check_of(
    const struct nginx_directive *guard, const struct nginx_directive *block)
{
	const struct nginx_directive *server = nginx_around(block, "server");

	return server != NULL ? nginx_location_for(server, nginx_arg(guard, 1))
	                      : NULL;
}

/* --- internal redirects --- */

/* Where a target leads to, or NULL: another host, a status, a variable. */
static const struct nginx_directive *
target_of(const struct nginx_directive *by, const char *target)
{
	const struct nginx_directive *server = nginx_around(by, "server"), *l;

	if (server == NULL)
		return NULL;
	if (*target == '/')
		return strncmp(target, "/$", 2) != 0
		           ? nginx_location_for(server, target)
		           : NULL;
	for (l = nginx_first(server, "location"); l != NULL; l = nginx_same(l))
		if (*target == '@' &&
		    strcmp(nginx_location_path(l), target) == 0)
			return l;
	return NULL;
}

/*
 * Statuses that come from a check, the last one of a check that failed; and of
 * limits, which nginx looks at before it asks.
 */
static bool
is_refusal(const char *status)
{
	static const char *const all[] = { "401", "403", "500", "413", "429",
		"503" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(status, all[i]) == 0)
			return true;
	return false;
}

/* Does an error_page before this one, which nginx takes, have the status? */
static bool
is_taken(const struct nginx_directive *error_page, const char *status)
{
	const struct nginx_directive *d;

	for (d = nginx_first(error_page->parent, "error_page"); d != error_page;
	     d = nginx_same(d))
		if (nginx_has_arg(d, status))
			return true;
	return false;
}

/* Add the one or two jumps of an error_page: of refusals, and of others. */
static size_t
add_error_page(const struct nginx_directive *by, struct nginx_jump *out)
{
	const struct nginx_directive *to =
	    target_of(by, nginx_arg(by, by->n - 1));
	bool has[2] = { false, false };
	size_t i, n = 0;

	for (i = 1; to != NULL && i + 1 < by->n; i++)
		if (by->words[i][0] != '=' && !is_taken(by, by->words[i]))
			has[is_refusal(by->words[i])] = true;
	for (i = 0; i < ARRAY_LEN(has); i++)
		if (has[i])
			out[n++] = (struct nginx_jump){
				.by = by, .to = to, .is_refusal = i == 1
			};
	return n;
}

/* How many directives of d's name are on its level, from d on. */
static size_t
count_same(const struct nginx_directive *d)
{
	size_t n = 0;

	for (; d != NULL; d = nginx_same(d))
		n++;
	return n;
}

const struct nginx_jump *
nginx_jumps(struct arena *a, const struct nginx_directive *location, size_t *n)
{
	const struct nginx_directive *files =
	                                 nginx_first(location, "try_files"),
	                             *mirrors =
	                                 nginx_inherited(location, "mirror"),
	                             *pages = nginx_inherited(
	                                 location, "error_page"),
	                             *d;
	struct nginx_jump *all;

	all = arena_alloc(a,
	    (1 + count_same(mirrors) + 2 * count_same(pages)) * sizeof(*all));
	*n = 0;
	if (files != NULL) {
		all[*n] = (struct nginx_jump){ .by = files,
			.to =
			    target_of(files, nginx_arg(files, files->n - 1)) };
		*n += all[*n].to != NULL;
	}
	for (d = mirrors; d != NULL; d = nginx_same(d)) {
		all[*n] = (struct nginx_jump){ .by = d,
			.to = target_of(d, nginx_arg(d, 1)) };
		*n += all[*n].to != NULL;
	}
	for (d = pages; d != NULL; d = nginx_same(d))
		*n += add_error_page(d, all + *n);
	return all;
}

/* --- passing on --- */

/* clang-format off */
static const struct nginx_protocol protocols[] = {
	{ "proxy_pass",   "proxy_set_header", "proxy_pass_request_headers",   "proxy_pass_request_body",   "proxy_cache",   "proxy_cache_key",   false },
	{ "fastcgi_pass", "fastcgi_param",    "fastcgi_pass_request_headers", "fastcgi_pass_request_body", "fastcgi_cache", "fastcgi_cache_key", true },
	{ "uwsgi_pass",   "uwsgi_param",      "uwsgi_pass_request_headers",   "uwsgi_pass_request_body",   "uwsgi_cache",   "uwsgi_cache_key",   true },
	{ "scgi_pass",    "scgi_param",       "scgi_pass_request_headers",    "scgi_pass_request_body",    "scgi_cache",    "scgi_cache_key",    true },
	{ "grpc_pass",    "grpc_set_header",  "",                             "",                          "",              "",                  false },
};
/* clang-format on */

const struct nginx_protocol *
nginx_protocol_of(const struct nginx_directive *d)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(protocols); i++)
		if (nginx_is(d, protocols[i].pass))
			return &protocols[i];
	return NULL;
}

const struct nginx_directive *
nginx_pass_in(const struct nginx_directive *block)
{
	const struct nginx_directive *d = block->first;

	while (d != NULL && nginx_protocol_of(d) == NULL)
		d = d->next;
	return d;
}

/* The value that the nearest set gives a variable, or NULL. */
static const char *
value_of(const struct nginx_directive *block, const char *variable)
{
	const struct nginx_directive *d;

	for (; block != NULL; block = block->parent)
		for (d = nginx_first(block, "set"); d != NULL;
		     d = nginx_same(d))
			if (strcmp(nginx_arg(d, 1), variable) == 0)
				return nginx_arg(d, 2);
	return NULL;
}

/* The length of host and port, or of a socket's name, at s. */
static size_t
host_bytes(const char *s)
{
	return strncmp(s, "unix:", 5) == 0 ? 5 + strcspn(s + 5, ":$")
	                                   : strcspn(s, "/$");
}

const char *
nginx_backend(struct arena *a, const struct nginx_directive *pass)
{
	const char *target = nginx_arg(pass, 1), *value;
	const char *scheme;

	if (*target == '$' && (value = value_of(pass->parent, target)) != NULL)
		target = value;
	scheme = strstr(target, "://");
	if (scheme != NULL)
		target = scheme + 3;
	return arena_strndup(
	    a, target, *target == '$' ? strlen(target) : host_bytes(target));
}

/* The parameter of a header: HTTP_X_AUTH_USER for X-Auth-User. */
static const char *
parameter_of(struct arena *a, const char *header)
{
	struct buf name;
	char c;

	buf_init(&name, a);
	buf_adds(&name, "HTTP_");
	for (; *header != '\0'; header++) {
		c = *header == '-' ? '_'
		                   : (char)toupper((unsigned char)*header);
		buf_add(&name, &c, 1);
	}
	return name.s;
}

const struct nginx_directive *
nginx_header_set(
    struct arena *a, const struct nginx_directive *pass, const char *header)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(pass);
	const struct nginx_directive *d;

	if (protocol == NULL)
		return NULL;
	if (protocol->is_cgi)
		header = parameter_of(a, header);
	for (d = nginx_inherited(pass->parent, protocol->set); d != NULL;
	     d = nginx_same(d))
		if (strcasecmp(nginx_arg(d, 1), header) == 0)
			return d;
	return NULL;
}
