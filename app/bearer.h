/*
 * The Authorization header.
 */
#ifndef LATCHKEY_BEARER_H
#define LATCHKEY_BEARER_H

#include "base.h"

/*
 * The token in "Bearer TOKEN" (the scheme in any case, blanks between), a
 * pointer into the header; NULL: no header, another scheme, no token, or more
 * than one word. The token itself is not looked at.
 * Source: RFC 6750, section 2.1; RFC 9110, section 11.4.
 */
const char *bearer_token(const char *authorization);

#endif
