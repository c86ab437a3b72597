/*
 * Credential headers: Authorization, Cookie and Set-Cookie.
 */
#ifndef LATCHKEY_HTTP_HEADER_H
#define LATCHKEY_HTTP_HEADER_H

#include "http/req.h"

#define HEADER_COOKIE_MAX_BYTES 8192 /* nginx's limit of a header line */

/*
 * The token in "Bearer TOKEN" (the scheme in any case, blanks between), a
 * pointer into the header; NULL: no header, another scheme, no token, or more
 * than one word. The token itself is not verified. Source: RFC 6750, section
 * 2.1; RFC 9110, section 11.4.
 */
const char *header_bearer(const char *authorization);

/*
 * The user-id and password in "Basic BASE64", a client's id and secret, both
 * decoded as a form has them; copies in arena a. ERR_NOTFOUND: no header, or
 * another scheme. ERR_UNAUTH: it cannot be read: characters or padding that are
 * not base64's, no colon, or a part that is not UTF-8 or holds a NUL. Source:
 * RFC 7617, section 2; RFC 6749, section 2.3.1 and appendix B.
 */
enum err header_basic(const char *authorization, struct arena *a,
    const char **id, const char **secret) MUST_CHECK;

/*
 * Does a client authenticate by a bearer token, good or not? Then nothing else
 * that it sent counts.
 */
bool header_has_bearer(const char *authorization);

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
 * The values of all cookies of this name, the first max of them; returns how
 * many there are. Copies in arena a; 0 as header_cookie()'s NULL.
 */
size_t header_cookies(const char *header, const char *name, struct arena *a,
    const char **out, size_t max);

/*
 * The same of a cookie that came once. NULL also where it came more than once:
 * one of these is another's, and nothing says which.
 */
const char *header_cookie_once(
    const char *header, const char *name, struct arena *a);

/*
 * Set a cookie that is Secure, HttpOnly, SameSite=Strict and for this host
 * only. name: beginning with __Host-. value: characters that need no quoting.
 * Source: RFC 6265bis, sections 4.1.3.2 and 5.6.
 */
void header_set_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s);

#define HEADER_NO_MAX_AGE (-1) /* until the browser is closed */

/*
 * The same, but SameSite=Lax: it is sent where somebody follows a link from
 * another site. max_age_s may be HEADER_NO_MAX_AGE; 0 removes the cookie.
 */
void header_set_lax_cookie(
    struct req *r, const char *name, const char *value, int64_t max_age_s);

/* --- the session cookie --- */

#define HEADER_SESSION "__Host-latchkey"

/* The session cookie of a request, by header_cookie_once(). */
const char *header_session(const struct req *r);

/*
 * Have the reply set the session cookie; of several calls, and of those of
 * header_remove_session(), the last counts. value: of svc/browser.h's cookie,
 * which lives as long as the request.
 */
void header_set_session(struct req *r, const char *value, int64_t max_age_s);

/* Have the reply remove the session cookie. */
void header_remove_session(struct req *r);

/* Add what that asked for to a reply that is complete. */
void header_add_session(struct req *r);

#endif
