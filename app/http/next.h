/*
 * Address that a browser goes on to after a log-in.
 */
#ifndef LATCHKEY_HTTP_NEXT_H
#define LATCHKEY_HTTP_NEXT_H

#include "base.h"

#define NEXT_MAX_BYTES 2048

/*
 * The address that was asked for, if a browser stays on this host with it, as
 * the value of Location; otherwise "/", also for NULL. It begins with one
 * slash, and has of all characters only those that ASCII shows, without a
 * backslash: browsers take that for a slash, and drop tabs and line breaks, so
 * that "/\\evil.example" and "/<TAB>/evil.example" lead elsewhere.
 * Source: WHATWG, URL, section 4.4 (relative slash state).
 */
const char *next_of(const char *asked);

#endif
