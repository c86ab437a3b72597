/*
 * Rules about servers: addresses, names, sockets, folders.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "lib/text.h"
#include "nginx/rules.h"

#define PREFIX4_MIN_BITS 8 /* of a proxy's network: 10.0.0.0/8 */
#define PREFIX6_MIN_BITS 7 /* fc00::/7 */

/* --- addresses --- */

static bool
is_number(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* Has an address, IPv6 in brackets, a port? unix: is one for this. */
static bool
has_port(const char *address)
{
	const char *bracket = strchr(address, ']');

	return strchr(bracket != NULL ? bracket : address, ':') != NULL;
}

const char *
lint_address(struct arena *a, const struct nginx_directive *listen)
{
	const char *address = listen != NULL ? nginx_arg(listen, 1) : "80";
	struct buf key;

	buf_init(&key, a);
	if (is_number(address))
		buf_addf(&key, "*:%s", address);
	else if (strncmp(address, "0.0.0.0", 7) == 0)
		buf_addf(&key, "*%s", address + 7);
	else
		buf_adds(&key, address);
	if (!has_port(key.s))
		buf_adds(&key, ":80");
	return key.s;
}

/* Which address of a server this is; n: none. */
static size_t
index_of(const struct lint_server *server, const char *address)
{
	size_t i = 0;

	while (i < server->n && strcmp(server->addresses[i], address) != 0)
		i++;
	return i;
}

/* Is a server its address' default by what it says? */
static bool
is_default(const struct nginx_directive *block, size_t i)
{
	const struct nginx_directive *listen = nginx_first(block, "listen");

	while (listen != NULL && i-- > 0)
		listen = nginx_same(listen);
	return listen != NULL && (nginx_has_arg(listen, "default_server") ||
	                             nginx_has_arg(listen, "default"));
}

const struct nginx_directive *
lint_default_server(const struct lint *l, const char *address)
{
	const struct nginx_directive *first = NULL;
	const struct lint_server *server;
	size_t i;

	for (server = l->servers; server < l->servers + l->n_servers;
	     server++) {
		i = index_of(server, address);
		if (i == server->n)
			continue;
		if (is_default(server->block, i))
			return server->block;
		if (first == NULL)
			first = server->block;
	}
	return first;
}

/* --- TLS --- */

static bool
is_local(const char *address)
{
	return strncmp(address, "127.", 4) == 0 ||
	       strncmp(address, "[::1]", 5) == 0 ||
	       strncmp(address, "unix:", 5) == 0 ||
	       strncasecmp(address, "localhost:", 10) == 0;
}

/* Does a balancer, which may end TLS, come before this listen? */
static bool
is_behind_proxy(
    const struct nginx_directive *server, const struct nginx_directive *listen)
{
	return nginx_inherited(server, "set_real_ip_from") != NULL ||
	       (listen != NULL && nginx_has_arg(listen, "proxy_protocol"));
}

/* Does a return, or a rewrite of any path, lead to https? */
static bool
leads_to_tls(const struct nginx_directive *d)
{
	static const char *const any[] = { "^", "^(.*)", "^(.*)$", "^/(.*)",
		"^/(.*)$" };
	const char *to;
	size_t i;

	if (nginx_is(d, "return")) {
		to = nginx_arg(d, d->n - 1);
		return strncmp(to, "https://", 8) == 0 &&
		       (d->n == 2 || nginx_arg(d, 1)[0] == '3');
	}
	for (i = 0; nginx_is(d, "rewrite") && i < ARRAY_LEN(any); i++)
		if (strcmp(nginx_arg(d, 1), any[i]) == 0)
			return strncmp(nginx_arg(d, 2), "https://", 8) == 0;
	return false;
}

/* Does something on the level of a block lead all its requests to https? */
static bool
has_way_to_tls(const struct nginx_directive *block)
{
	const struct nginx_directive *d;

	for (d = block->first; d != NULL; d = d->next)
		if (leads_to_tls(d))
			return true;
	return false;
}

/* A condition as one word, without parentheses: $scheme=http. */
static const char *
condition_of(struct arena *a, const struct nginx_directive *d)
{
	struct buf b;
	size_t i, n;

	buf_init(&b, a);
	buf_adds(&b, "");
	for (i = 1; i < d->n; i++) {
		n = strcspn(d->words[i], ")");
		if (i == 1 && d->words[i][0] == '(')
			buf_add(&b, d->words[i] + 1, n - 1);
		else
			buf_add(&b, d->words[i], n);
	}
	return b.s;
}

/* Does a condition hold for all that comes without TLS, to this address? */
static bool
is_plain(struct arena *a, const struct nginx_directive *condition,
    const char *address)
{
	static const char *const all[] = { "$scheme=http", "$scheme!=https",
		"$https=", "$https!=on", "$ssl_protocol=" };
	static const char port[] = "$server_port=";
	const char *text = condition_of(a, condition);
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(text, all[i]) == 0)
			return true;
	return strncmp(text, port, sizeof(port) - 1) == 0 &&
	       strrchr(address, ':') != NULL &&
	       strcmp(text + sizeof(port) - 1, strrchr(address, ':') + 1) == 0;
}

/* Does a server answer all without TLS at this address by a way to it? */
static bool
redirects(
    struct arena *a, const struct nginx_directive *server, const char *address)
{
	const struct nginx_directive *d;

	if (has_way_to_tls(server))
		return true;
	for (d = nginx_first(server, "if"); d != NULL; d = nginx_same(d))
		if (is_plain(a, d, address) && has_way_to_tls(d))
			return true;
	return false;
}

static void
find_plain(struct lint *l, const struct nginx_directive *server)
{
	const struct nginx_directive *d = nginx_first(server, "listen");
	const char *address;

	do {
		address = lint_address(l->arena, d);
		if ((d == NULL || (!nginx_has_arg(d, "ssl") &&
		                      !nginx_has_arg(d, "quic"))) &&
		    !nginx_says(server, "ssl", "on") && !is_local(address) &&
		    !is_behind_proxy(server, d) &&
		    !redirects(l->arena, server, address))
			lint_wrong(l, d != NULL ? d : server,
			    "passwords, cookies and tokens cross the network "
			    "to %s without TLS",
			    address);
		d = d != NULL ? nginx_same(d) : NULL;
	} while (d != NULL);
}

void
lint_server_plain(struct lint *l)
{
	size_t i;

	for (i = 0; i < l->n_servers; i++)
		if (l->servers[i].has_latchkey)
			find_plain(l, l->servers[i].block);
}

/* --- names --- */

/* Name i of a server, all its server_names counted; NULL: it has no more. One
 * without any has the empty name. */
static const char *
name_at(const struct nginx_directive *server, size_t i,
    const struct nginx_directive **where)
{
	const struct nginx_directive *d = nginx_first(server, "server_name");

	*where = d != NULL ? d : server;
	if (d == NULL)
		return i == 0 ? "" : NULL;
	for (; d != NULL; d = nginx_same(d)) {
		*where = d;
		if (i + 1 < d->n)
			return nginx_arg(d, i + 1);
		i -= d->n - 1;
	}
	return NULL;
}

static bool
has_name(const struct nginx_directive *server, const char *name)
{
	const struct nginx_directive *where;
	const char *other;
	size_t i;

	for (i = 0; (other = name_at(server, i, &where)) != NULL; i++)
		if (strcasecmp(other, name) == 0)
			return true;
	return false;
}

static bool
shares_address(const struct lint_server *x, const struct lint_server *y)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		if (index_of(y, x->addresses[i]) < y->n)
			return true;
	return false;
}

/* A name of the second that the first has at an address of both. */
static void
find_conflict(struct lint *l, const struct lint_server *first,
    const struct lint_server *second)
{
	const struct nginx_directive *where;
	const char *name;
	size_t i;

	if (!shares_address(first, second))
		return;
	for (i = 0; (name = name_at(second->block, i, &where)) != NULL; i++)
		if (has_name(first->block, name))
			lint_wrong(l, where,
			    "nginx ignores the name \"%s\" here: the server "
			    "of line %u in %s has it too, at the same address",
			    name, first->block->line, first->block->file);
}

void
lint_server_name(struct lint *l)
{
	const struct lint_server *end = l->servers + l->n_servers, *x, *y;

	for (x = l->servers; x < end; x++)
		for (y = x + 1; y < end; y++)
			if (x->has_latchkey || y->has_latchkey)
				find_conflict(l, x, y);
}

/* --- proxies before nginx --- */

void
lint_server_realip(struct lint *l)
{
	const struct nginx_directive *d;
	const char *network, *slash;
	int64_t bits;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		network = nginx_arg(d, 1);
		slash = strchr(network, '/');
		if (nginx_is(d, "set_real_ip_from") && slash != NULL &&
		    text_to_i64(slash + 1, 0, 128, &bits) &&
		    bits < (strchr(network, ':') != NULL ? PREFIX6_MIN_BITS
		                                         : PREFIX4_MIN_BITS))
			lint_wrong(l, d,
			    "anybody in %s, which is not a network of yours, "
			    "may name the client's address",
			    network);
	}
}

/* --- sockets --- */

/* Folders that others can write to, or that nginx may not see. */
static bool
is_bad_folder(const char *backend)
{
	static const char *const folders[] = { "unix:/tmp/", "unix:/var/tmp/",
		"unix:/dev/shm/", "unix:/home/", "unix:/root/",
		"unix:/run/user/" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(folders); i++)
		if (strncmp(backend, folders[i], strlen(folders[i])) == 0)
			return true;
	return false;
}

static void
find_socket(struct lint *l, const struct nginx_directive *at, const char *name)
{
	if (is_bad_folder(name))
		lint_wrong(l, at,
		    "%s: others may put a socket there, and systemd may give "
		    "nginx another such folder or none",
		    name);
}

void
lint_server_socket(struct lint *l)
{
	const struct nginx_directive *upstream, *d;
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++) {
		if (!r->is_lane)
			continue;
		find_socket(l, r->pass, r->backend);
		upstream = lint_upstream(l, r->backend);
		d = upstream != NULL ? nginx_first(upstream, "server") : NULL;
		for (; d != NULL; d = nginx_same(d))
			find_socket(l, d, nginx_arg(d, 1));
	}
}

/* --- paths --- */

static bool
ends_in_slash(const char *s)
{
	return *s != '\0' && s[strlen(s) - 1] == '/';
}

void
lint_server_alias(struct lint *l)
{
	const struct nginx_directive *d, *location;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		location = d->parent;
		if (nginx_is(d, "alias") && nginx_is(location, "location") &&
		    nginx_location_match(location) <= NGINX_MATCH_FIRST &&
		    ends_in_slash(nginx_arg(d, 1)) &&
		    !ends_in_slash(nginx_location_path(location)) &&
		    !nginx_is_internal(location))
			lint_wrong(l, d, "%s../ is the folder above %s",
			    nginx_location_path(location), nginx_arg(d, 1));
	}
}

void
lint_server_slashes(struct lint *l)
{
	const struct nginx_directive *block;
	size_t i;

	for (i = 0; i < l->n_servers; i++) {
		block = l->servers[i].block;
		if (l->servers[i].has_latchkey &&
		    nginx_says(block, "merge_slashes", "off"))
			lint_wrong(l, nginx_inherited(block, "merge_slashes"),
			    "merge_slashes off: //x is another location than "
			    "/x, and often the same to an application");
	}
}
