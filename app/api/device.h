/*
 * Known devices (svc/device.h): the cookie that has their proof.
 */
#ifndef LATCHKEY_API_DEVICE_H
#define LATCHKEY_API_DEVICE_H

#include "http/req.h"
#include "svc/login.h"

/* The proof that a request came with; NULL: none. It lives in the request. */
const char *api_device_cookie(const struct req *r);

/*
 * Behind the reply to a login: let the browser keep the new proof, if there is
 * one. Not for a page of another site, which may log in, but must not replace
 * the existing cookie.
 */
void api_device_remember(struct req *r, const struct login *l);

#endif
