/*
 * The web server's side: FastCGI requests in, replies out. The only file that
 * knows libfcgi.
 */
#ifndef LATCHKEY_FCGI_H
#define LATCHKEY_FCGI_H

#include "req.h"

/*
 * Answer requests on the socket listener, one at a time, until SIGTERM or
 * SIGINT; the request in hand is finished first. run builds each reply; the
 * arena in *c is emptied after each. Returns false if it could not begin.
 */
bool fcgi_serve(
    int listener, struct ctx *c, void (*run)(struct req *r)) MUST_CHECK;

#endif
