/*
 * Entity tags of public documents, which clients ask for again and again.
 */
#ifndef LATCHKEY_HTTP_ETAG_H
#define LATCHKEY_HTTP_ETAG_H

#include "http/req.h"

/*
 * Give the reply, whose body is complete, the digest of that as its tag, and
 * let anybody keep it for max_age_s seconds; make it a 304 if the request names
 * the tag. ERR_INTERNAL: OpenSSL failed. Source: RFC 9110, section 13.1.2.
 */
enum err etag_settle(struct req *r, int64_t max_age_s) MUST_CHECK;

#endif
