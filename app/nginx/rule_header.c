/*
 * Rules about headers: those that applications receive, and from whom.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "nginx/rules.h"

/* --- names of the user --- */

/* Do a client's headers pass at all? */
static bool
passes_headers(const struct nginx_directive *pass)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(pass);

	return !nginx_says(pass->parent, protocol->request_headers, "off");
}

/* Is this header for Latchkey alone, and no name of the user? */
static bool
is_secret(const char *header)
{
	return strcasecmp(header, "Authorization") == 0 ||
	       strcasecmp(header, "Cookie") == 0;
}

const char *
lint_foreign_header(
    const struct lint *l, const struct nginx_directive *pass, bool all)
{
	size_t i;

	if (!passes_headers(pass))
		return NULL;
	for (i = 0; i < l->n_headers; i++)
		if ((all || !is_secret(l->headers[i])) &&
		    nginx_header_set(l->arena, pass, l->headers[i]) == NULL)
			return l->headers[i];
	return NULL;
}

/* All of them, separated by commas. */
static const char *
list_foreign(struct lint *l, const struct nginx_directive *pass)
{
	struct buf list;
	size_t i;

	buf_init(&list, l->arena);
	for (i = 0; i < l->n_headers; i++)
		if (nginx_header_set(l->arena, pass, l->headers[i]) == NULL)
			buf_addf(&list, "%s%s", list.len > 0 ? ", " : "",
			    l->headers[i]);
	return list.s;
}

/* Does a level above the one that holds set the user's name? */
static bool
is_dropped(struct lint *l, const struct nginx_directive *pass)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(pass);
	const struct nginx_directive *d, *level;
	const char *name =
	    protocol->is_cgi ? "HTTP_X_AUTH_USER" : "X-Auth-User";

	(void)l;
	level = nginx_inherited(pass->parent, protocol->set);
	while (level != NULL && level->parent->parent != NULL) {
		level = nginx_inherited(level->parent->parent, protocol->set);
		for (d = level; d != NULL; d = nginx_same(d))
			if (strcasecmp(nginx_arg(d, 1), name) == 0)
				return true;
	}
	return false;
}

void
lint_header_identity(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_guarded &&
		    lint_foreign_header(l, r->pass, true) != NULL &&
		    !is_dropped(l, r->pass))
			lint_wrong(l, r->pass,
			    "%s gets these headers as a client sends them: %s",
			    r->backend, list_foreign(l, r->pass));
}

void
lint_header_dropped(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_guarded &&
		    lint_foreign_header(l, r->pass, true) != NULL &&
		    is_dropped(l, r->pass))
			lint_wrong(l,
			    nginx_inherited(r->pass->parent,
			        nginx_protocol_of(r->pass)->set),
			    "this drops all headers of the levels above, and "
			    "%s gets these as a client sends them: %s",
			    r->backend, list_foreign(l, r->pass));
}

/* --- names from the client --- */

/* May an application take this header or parameter for a name? */
static bool
is_identity(const char *name)
{
	static const char *const parts[] = { "user", "email", "group", "role",
		"x-auth", "x_auth" };
	static const char *const others[] = { "user-agent", "user_agent" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(others); i++)
		if (strcasestr(name, others[i]) != NULL)
			return false;
	for (i = 0; i < ARRAY_LEN(parts); i++)
		if (strcasestr(name, parts[i]) != NULL)
			return true;
	return false;
}

/* Does a value come from what the client wrote? */
static bool
is_from_client(const struct nginx_directive *set)
{
	static const char *const sources[] = { "$http_", "$arg_", "$cookie_",
		"${http_", "${arg_", "${cookie_" };
	const char *value = nginx_arg(set, 2);
	size_t i;

	for (i = 0; i < ARRAY_LEN(sources); i++)
		if (strstr(value, sources[i]) != NULL)
			return true;
	/* of Basic authentication, and not verified without that */
	return strstr(value, "$remote_user") != NULL &&
	       nginx_inherited(set->parent, "auth_basic") == NULL;
}

/*
 * Is the parameter of no effect, since one of its name comes behind it? So it
 * is for PHP; with libfcgi, of fcgiwrap for one, the first counts.
 */
static bool
is_overridden(const struct lint_route *r, const struct nginx_directive *set)
{
	const struct nginx_directive *d = set;

	if (strstr(r->backend, "php") == NULL)
		return false;
	while ((d = nginx_same(d)) != NULL)
		if (strcmp(nginx_arg(d, 1), nginx_arg(set, 1)) == 0)
			return true;
	return false;
}

/* Names from the client among what holds for a route. */
static void
find_from_client(struct lint *l, const struct lint_route *r)
{
	const struct nginx_protocol *protocol = nginx_protocol_of(r->pass);
	const struct nginx_directive *d;

	for (d = nginx_inherited(r->pass->parent, protocol->set); d != NULL;
	     d = nginx_same(d))
		if (is_identity(nginx_arg(d, 1)) && is_from_client(d) &&
		    !(protocol->is_cgi && is_overridden(r, d)))
			lint_wrong(l, d, "%s is %s, which the client sends",
			    nginx_arg(d, 1), nginx_arg(d, 2));
}

void
lint_header_client(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_guarded)
			find_from_client(l, r);
}

/* --- what opens a tunnel --- */

/*
 * Does a client choose the upgrade, to h2c for one? Without HTTP2-Settings a
 * server must not do that one (RFC 7540, section 3.2.1), but some do.
 */
static bool
is_any_upgrade(const struct nginx_directive *upgrade)
{
	return upgrade != NULL &&
	       (strstr(nginx_arg(upgrade, 2), "$http_upgrade") != NULL ||
	           strstr(nginx_arg(upgrade, 2), "${http_upgrade}") != NULL);
}

/* Where the names of the user are the client's anyway, that is said already. */
void
lint_header_upgrade(struct lint *l)
{
	const struct nginx_directive *upgrade;
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++) {
		if (!r->is_guarded || nginx_protocol_of(r->pass)->is_cgi ||
		    lint_foreign_header(l, r->pass, true) != NULL)
			continue;
		upgrade = nginx_header_set(l->arena, r->pass, "Upgrade");
		if (is_any_upgrade(upgrade))
			lint_wrong(l, upgrade,
			    "%s gets any upgrade that a client names",
			    r->backend);
	}
}

/* --- what nginx takes for a header --- */

/* Where a switch says this for a server, the default servers of its addresses
 * included, since they hold until the name is known. */
static void
find_switch(struct lint *l, const struct lint_server *server, const char *name,
    const char *word)
{
	const struct nginx_directive *other;
	size_t i;

	if (nginx_says(server->block, name, word))
		lint_wrong(l, nginx_inherited(server->block, name), "%s %s",
		    name, word);
	for (i = 0; i < server->n; i++) {
		other = lint_default_server(l, server->addresses[i]);
		if (other != NULL && nginx_says(other, name, word))
			lint_wrong(l, nginx_inherited(other, name),
			    "%s %s, which holds until the server's name is "
			    "known",
			    name, word);
	}
}

static void
find_switches(struct lint *l, const char *name, const char *word)
{
	size_t i;

	for (i = 0; i < l->n_servers; i++)
		if (l->servers[i].has_latchkey)
			find_switch(l, &l->servers[i], name, word);
}

void
lint_header_underscores(struct lint *l)
{
	find_switches(l, "underscores_in_headers", "on");
}

void
lint_header_invalid(struct lint *l)
{
	find_switches(l, "ignore_invalid_headers", "off");
}

/* --- headers of answers --- */

static const char *const protecting[] = { "Strict-Transport-Security",
	"X-Content-Type-Options", "X-Frame-Options", "Content-Security-Policy",
	"Referrer-Policy", "Set-Cookie" };

/* The add_header of this name on the level of a block itself, or NULL. */
static const struct nginx_directive *
added(const struct nginx_directive *block, const char *name)
{
	const struct nginx_directive *d = nginx_first(block, "add_header");

	while (d != NULL && strcasecmp(nginx_arg(d, 1), name) != 0)
		d = nginx_same(d);
	return d;
}

/* Where to show it: in the block's own file, if possible. */
static const struct nginx_directive *
shown_header(const struct nginx_directive *block)
{
	const struct nginx_directive *d = nginx_first(block, "add_header");

	while (d != NULL && d->file != block->file)
		d = nginx_same(d);
	return d != NULL ? d : block;
}

/* Latchkey's files have all that its answers need. */
static bool
is_own_file(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strncmp(slash != NULL ? slash + 1 : file, "latchkey-", 9) == 0;
}

/* The headers of the level above that a block's own add_header drops. */
static void
find_dropped(struct lint *l, const struct nginx_directive *block)
{
	const struct nginx_directive *outer;
	struct buf list;
	size_t i;

	outer = nginx_inherited(block->parent, "add_header");
	if (nginx_first(block, "add_header") == NULL || outer == NULL)
		return;
	buf_init(&list, l->arena);
	for (i = 0; i < ARRAY_LEN(protecting); i++)
		if (added(outer->parent, protecting[i]) != NULL &&
		    added(block, protecting[i]) == NULL)
			buf_addf(&list, "%s%s", list.len > 0 ? ", " : "",
			    protecting[i]);
	if (list.len > 0)
		lint_wrong(l, shown_header(block),
		    "this drops headers of the level above: %s", list.s);
}

void
lint_header_add(struct lint *l)
{
	const struct nginx_directive *d, *server;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		server = nginx_around(d, "server");
		if ((nginx_is(d, "location") || nginx_is(d, "if")) &&
		    server != NULL && !is_own_file(d->file) &&
		    lint_has_latchkey(l, server))
			find_dropped(l, d);
	}
}
