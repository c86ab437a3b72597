/*
 * Origin of a request: the site whose page sent it, as the browser says.
 * Source: W3C, Fetch Metadata Request Headers; RFC 6454; OWASP, Cross-Site
 * Request Forgery Prevention.
 */
#ifndef LATCHKEY_LIB_ORIGIN_H
#define LATCHKEY_LIB_ORIGIN_H

#include "base.h"

/*
 * Pages from which a request is accepted. A request with neither Sec-Fetch-Site
 * nor Origin is not a browser's, and is accepted by all but the last.
 */
enum origin {
	ORIGIN_ANY,
	ORIGIN_NOT_CROSS_SITE, /* not with Sec-Fetch-Site: cross-site */
	ORIGIN_SAME, /* of this host alone; by Origin where that is all there
	              * is */
	ORIGIN_OWN   /* the same, and the browser has to say it; no other
	              * origin is allowed: where a cookie counts */
};

/* Headers of a request, as they came; NULL: not sent. */
struct origin_headers {
	const char *sec_fetch_site, *origin, *host;
	bool is_https; /* as the web server knows */
};

#define ORIGIN_MAX_BYTES 267 /* https://, a name of DNS, a port */

/*
 * Is this origin, as a browser sent it, one of a list that is valid by
 * origin_list_is_good()? Compared byte by byte: "null" is none.
 */
bool origin_is_listed(const char *list, const char *origin) MUST_CHECK;

/*
 * Is a request with these headers accepted under this rule? allowed: a list of
 * origins that are always accepted, valid by origin_list_is_good().
 */
bool origin_is_accepted(enum origin rule, const struct origin_headers *h,
    const char *allowed) MUST_CHECK;

/*
 * Is this a list of origins as browsers write them (https://app.example.org,
 * http://localhost:3000), each of at most ORIGIN_MAX_BYTES, separated by single
 * spaces? "" is an empty one.
 */
bool origin_list_is_good(const char *list) MUST_CHECK;

#endif
