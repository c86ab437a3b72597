/*
 * Cookies: the Cookie header, and Set-Cookie.
 */
#ifndef LATCHKEY_COOKIE_H
#define LATCHKEY_COOKIE_H

#include "req.h"

#define COOKIE_HEADER_MAX_BYTES 8192 /* what nginx takes in a header line */

/*
 * The value of the first cookie of this name in a Cookie header, a copy in
 * arena a. NULL: no header, one that is too long, or no such cookie. A name is
 * compared byte by byte; a value is what stands there, quotes included, and may
 * be empty.
 * Source: RFC 6265, section 4.2.1; blanks around names and values are dropped
 * as in section 5.2.
 */
const char *cookie_find(const char *header, const char *name, struct arena *a);

/*
 * Have the browser keep a cookie for this host alone, over TLS (or on its own
 * machine) alone, out of reach of scripts and of requests that begin on other
 * sites. name: beginning with __Host-. value: characters that need no quoting.
 * Source: RFC 6265bis, sections 4.1.3.2 and 5.6.
 */
void cookie_set(
    struct req *r, const char *name, const char *value, int64_t max_age_s);

#endif
