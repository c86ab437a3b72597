/*
 * What login endpoints share: the device cookie.
 */
#ifndef LATCHKEY_API_TOKEN_H
#define LATCHKEY_API_TOKEN_H

#include "http/req.h"
#include "svc/login.h"

/* The device that a request says it is from; NULL: none. */
const char *token_device(const struct req *r);

/*
 * Behind the reply to a login: remember the device. Not for a page of another
 * site, which may log in, but must not replace the existing cookie.
 */
void token_remember_device(struct req *r, const struct login *l);

#endif
