/*
 * Reply construction: one for each request, built in memory, sent last.
 */
#ifndef LATCHKEY_HTTP_REPLY_H
#define LATCHKEY_HTTP_REPLY_H

#include "http/req.h"

/*
 * No reply is larger, head and body, except the documents (may_be_cached):
 * nginx takes as much at once for a client that does not read, and no worker
 * waits for it. The largest is an account's: six bytes for each character of
 * the longest full name, and the longest user name that fits into a token.
 * fastcgi_buffers of conf/nginx are larger (t/00-docs.t).
 */
#define REPLY_MAX_BYTES 114688

/*
 * Start the reply over, with this status and media type (NULL: no body) and the
 * headers of http/cors.h, and return the body to be filled.
 */
struct buf *reply_begin(struct req *r, int status, const char *type);

/*
 * Add a header. A control character in a value could begin another header: it
 * makes the reply a 500, and a line in the log.
 */
void reply_header(struct req *r, const char *name, const char *value);

/*
 * An error in the form of r->face. FACE_FASTAPI, FACE_BEARER: {"detail":"…"}.
 * FACE_OAUTH: {"error":"…","error_description":"…"} of a token endpoint, the
 * code by the status. FACE_LOGIN: all three. detail: ASCII that can be seen,
 * and blanks, without " and \. Source: RFC 6749, section 5.2; of 429 and 5xx,
 * 4.1.2.1.
 */
void reply_detail(struct req *r, int status, const char *detail);

/*
 * As reply_detail() with 401, and WWW-Authenticate: Bearer, or to a client of
 * OAuth, Basic. FACE_BEARER: to a request with a bearer token also that this is
 * what was wrong. NULL: no body. Source: RFC 6750, section 3.
 */
void reply_unauthorized(struct req *r, const char *detail);

/*
 * The reply to an error for which no handler has its own text. ERR_INVALID
 * lists r->problems, in OAuth's members the first, or that grant_type is of
 * another kind; without any, it was the database that refused.
 */
void reply_error(struct req *r, enum err e);

/*
 * Make a reply that cannot be sent, for a header that is broken or more than
 * REPLY_MAX_BYTES, the 500 that it will be.
 */
void reply_settle(struct req *r);

/* Append the whole reply, head and body, in CGI's form. Source: RFC 3875. */
void reply_write(struct req *r, struct buf *out);

#endif
