/*
 * Servers and locations: what answers a request, what guards it, and where it
 * is passed on to.
 */
#ifndef LATCHKEY_NGINX_SITE_H
#define LATCHKEY_NGINX_SITE_H

#include "nginx/tree.h"

/* The path of a location, without its modifier. */
const char *nginx_location_path(const struct nginx_directive *location);

enum nginx_match {
	NGINX_MATCH_PREFIX,
	NGINX_MATCH_FIRST, /* ^~: a prefix that goes before expressions */
	NGINX_MATCH_EXACT,
	NGINX_MATCH_REGEX,
	NGINX_MATCH_NAME /* @name: for nginx itself */
};

/* How a location matches. */
enum nginx_match nginx_location_match(const struct nginx_directive *location);

/*
 * The location of a server that answers a path, expressions left aside, or
 * NULL. A query behind the path is passed over.
 */
const struct nginx_directive *nginx_location_for(
    const struct nginx_directive *server, const char *path);

/*
 * The auth_request that holds in a block, or NULL: none, or it is off, or nginx
 * alone asks for the block (the location of a check, say).
 */
const struct nginx_directive *nginx_guard(const struct nginx_directive *block);

/* Does nginx alone ask for what is in this block: internal, or @name? */
bool nginx_is_internal(const struct nginx_directive *block);

/* The location that an auth_request of a block asks, or NULL. */
const struct nginx_directive *nginx_check_of(
    const struct nginx_directive *guard, const struct nginx_directive *block);

/* --- internal redirects --- */

/* From one location to another, without the client. */
struct nginx_jump {
	const struct nginx_directive *by; /* try_files, error_page, mirror */
	const struct nginx_directive *to; /* location */
	bool is_refusal; /* it may be taken in the place of a check that is
	                  * good: an error_page of 401, say */
};

/*
 * Where a location leads to as nginx itself decides, n of them, as far as that
 * is known: a name or a path without variables, of a location that exists.
 */
const struct nginx_jump *nginx_jumps(
    struct arena *a, const struct nginx_directive *location, size_t *n);

/* --- passing on --- */

/* A protocol by which nginx passes requests on: the names of its directives. */
struct nginx_protocol {
	const char *pass, *set, *request_headers, *request_body, *cache, *key;
	bool is_cgi; /* headers are parameters, HTTP_X for X */
};

/* The protocol of a directive that passes requests on; NULL: it does not. */
const struct nginx_protocol *nginx_protocol_of(const struct nginx_directive *d);

/* The directive on a block's own level that passes requests on, or NULL. */
const struct nginx_directive *nginx_pass_in(
    const struct nginx_directive *block);

/*
 * Where a directive passes requests to: host and port or the socket, or the
 * name of an upstream; without scheme, path, and variables at its end. A
 * variable that a set around it fills is replaced.
 */
const char *nginx_backend(struct arena *a, const struct nginx_directive *pass);

/*
 * A header or parameter that holds where this directive passes requests on: the
 * directive that sets it, or NULL. header: as in X-Auth-User.
 */
const struct nginx_directive *nginx_header_set(
    struct arena *a, const struct nginx_directive *pass, const char *header);

#endif
