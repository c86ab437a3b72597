/*
 * CGI parameters of a request: those that are read, of whatever the web server
 * sends.
 */
#ifndef LATCHKEY_HTTP_CGI_H
#define LATCHKEY_HTTP_CGI_H

#include "base.h"

/* The names of those that are read. Source: RFC 3875, section 4.1, and our own.
 */
#define CGI_TABLE(ROW)            \
	ROW(REQUEST_METHOD)       \
	ROW(REQUEST_URI)          \
	ROW(CONTENT_TYPE)         \
	ROW(CONTENT_LENGTH)       \
	ROW(REMOTE_ADDR)          \
	ROW(REQUEST_ID)           \
	ROW(REQUEST_MSEC)         \
	ROW(HTTPS)                \
	ROW(LATCHKEY_PREFIX)      \
	ROW(LATCHKEY_METHOD)      \
	ROW(LATCHKEY_URI)         \
	ROW(HTTP_ACCEPT)          \
	ROW(LATCHKEY_SCOPE)       \
	ROW(HTTP_ACCEPT_LANGUAGE) \
	ROW(HTTP_AUTHORIZATION)   \
	ROW(HTTP_COOKIE)          \
	ROW(HTTP_HOST)            \
	ROW(HTTP_ORIGIN)          \
	ROW(HTTP_SEC_FETCH_MODE)  \
	ROW(HTTP_SEC_FETCH_SITE)  \
	ROW(HTTP_UPGRADE)         \
	ROW(HTTP_IF_NONE_MATCH)   \
	ROW(HTTP_USER_AGENT)

#define CGI_ID(name) CGI_##name,
enum cgi_name { CGI_TABLE(CGI_ID) CGI_COUNT };

struct cgi {
	const char *value[CGI_COUNT]; /* in the environment; NULL: not sent */
	unsigned doubled; /* bits of those that came with different values */
};

/*
 * Read an environment: "NAME=value" each, and NULL. Of a name that comes twice
 * the last value counts, since a web server's configuration sets it again after
 * a file that it includes; of a header, HTTP_..., the first, since the second
 * may be a client's.
 */
void cgi_read(char *const *environment, struct cgi *out);

/* As it is sent. */
const char *cgi_name(enum cgi_name name);

#endif
