/*
 * Redirects.
 */
#ifndef LATCHKEY_HTTP_REDIRECT_H
#define LATCHKEY_HTTP_REDIRECT_H

#include "http/req.h"

/*
 * Reply with 307 to the same query at another path, decoded and below
 * r->prefix, by a reference that names no host: path begins with one slash. 414
 * for a longer one than the web server would take in a reply's header.
 */
void redirect(struct req *r, const char *path);

#endif
