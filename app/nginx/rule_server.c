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

/* Has an address, IPv6 in brackets, a port? */
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
	if (strncmp(address, "unix:", 5) != 0 && !has_port(key.s))
		buf_adds(&key, ":80");
	return key.s;
}

/* The listen of a server for an address; the server itself, if it has none and
 * the address is what nginx takes then; or NULL. */
static const struct nginx_directive *
listens_on(
    struct arena *a, const struct nginx_directive *server, const char *address)
{
	const struct nginx_directive *d = nginx_first(server, "listen");

	if (d == NULL)
		return strcmp(address, lint_address(a, NULL)) == 0 ? server
		                                                   : NULL;
	while (d != NULL && strcmp(address, lint_address(a, d)) != 0)
		d = nginx_same(d);
	return d;
}

const struct nginx_directive *
lint_default_server(const struct lint *l, const char *address)
{
	const struct nginx_directive *first = NULL, *listen;
	size_t i;

	for (i = 0; i < l->n_servers; i++) {
		listen = listens_on(l->arena, l->servers[i], address);
		if (listen == NULL)
			continue;
		if (nginx_has_arg(listen, "default_server") ||
		    nginx_has_arg(listen, "default"))
			return l->servers[i];
		if (first == NULL)
			first = l->servers[i];
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
		    !is_behind_proxy(server, d))
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
		if (lint_has_latchkey(l, l->servers[i]))
			find_plain(l, l->servers[i]);
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
shares_address(struct arena *a, const struct nginx_directive *x,
    const struct nginx_directive *y)
{
	const struct nginx_directive *d = nginx_first(x, "listen");

	if (d == NULL)
		return listens_on(a, y, lint_address(a, NULL)) != NULL;
	while (d != NULL && listens_on(a, y, lint_address(a, d)) == NULL)
		d = nginx_same(d);
	return d != NULL;
}

/* A name of the second that the first has at an address of both. */
static void
find_conflict(struct lint *l, const struct nginx_directive *first,
    const struct nginx_directive *second)
{
	const struct nginx_directive *where;
	const char *name;
	size_t i;

	if (!shares_address(l->arena, first, second))
		return;
	for (i = 0; (name = name_at(second, i, &where)) != NULL; i++)
		if (has_name(first, name))
			lint_wrong(l, where,
			    "nginx ignores the name \"%s\" here: the server "
			    "of line %u in %s has it too, at the same address",
			    name, first->line, first->file);
}

void
lint_server_name(struct lint *l)
{
	bool has;
	size_t i, j;

	for (i = 0; i < l->n_servers; i++) {
		has = lint_has_latchkey(l, l->servers[i]);
		for (j = i + 1; j < l->n_servers; j++)
			if (has || lint_has_latchkey(l, l->servers[j]))
				find_conflict(l, l->servers[i], l->servers[j]);
	}
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
		upstream = nginx_upstream(l->root, r->backend);
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
	size_t i;

	for (i = 0; i < l->n_servers; i++)
		if (lint_has_latchkey(l, l->servers[i]) &&
		    nginx_says(l->servers[i], "merge_slashes", "off"))
			lint_wrong(l,
			    nginx_inherited(l->servers[i], "merge_slashes"),
			    "merge_slashes off: //x is another location than "
			    "/x, and often the same to an application");
}
