/*
 * Cross-origin resource sharing: the origins whose pages may read answers.
 * They send a token in Authorization, and never cookies: nothing here allows
 * credentials. Source: WHATWG, Fetch, section 3.2.
 */
#ifndef LATCHKEY_HTTP_CORS_H
#define LATCHKEY_HTTP_CORS_H

#include "http/req.h"

/*
 * Does a page of one of cors_origins ask what it may send? Each OPTIONS with
 * such an Origin is taken for that question: it has no other meaning here.
 */
bool cors_is_preflight(const struct req *r);

/* Answer that question: 204, and the methods of the path. */
void cors_answer(struct req *r, unsigned methods);

/*
 * Add to a reply that begins the headers by which a page of one of cors_origins
 * may read it, whatever its status. To others nothing is added.
 */
void cors_add(struct req *r);

/*
 * Would a page of one of cors_origins get other headers than this reply has? A
 * cache that keeps it has to know. Source: Fetch standard, section 3.3.5.
 */
bool cors_depends(const struct req *r);

#endif
