/*
 * Credential headers: Authorization, Cookie and Set-Cookie.
 */
#ifndef LATCHKEY_HTTP_HEADER_H
#define LATCHKEY_HTTP_HEADER_H

#include "http/req.h"

#define HEADER_COOKIE_MAX_BYTES 8192 /* what nginx takes in a header line */

/*
 * The token in "Bearer TOKEN" (the scheme in any case, blanks between), a
 * pointer into the header; NULL: no header, another scheme, no token, or more
 * than one word. The token itself is not verified. Source: RFC 6750, section
 * 2.1; RFC 9110, section 11.4.
 */
const char *header_bearer(const char *authorization);

/*
 * The value of the first cookie of this name in a Cookie header, a copy in
 * arena a. NULL: no header, one that is too long, or no such cookie. A name is
 * compared byte by byte; a value includes its quotes, and may be empty.
 * Source: RFC 6265, section 4.2.1; blanks around names and values are dropped
 * as in section 5.2.
 */
const char *header_cookie(
    const char *header, const char *name, struct arena *a);

/*
 * Set a cookie that is Secure, HttpOnly, SameSite=Strict and for this host
 * only. name: beginning with __Host-. value: characters that need no quoting.
 * Source: RFC 6265bis, sections 4.1.3.2 and 5.6.
 */
void header_set_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s);

#endif
