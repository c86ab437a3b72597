/*
 * Name resolution with a time limit.
 */
#ifndef LATCHKEY_LIB_RESOLVE_H
#define LATCHKEY_LIB_RESOLVE_H

#include "base.h"

#define RESOLVE_MAX 8    /* addresses of a name; the rest is left out */
#define RESOLVE_BYTES 80 /* of one, with the name of an interface behind % */

struct resolved {
	unsigned count;
	char address[RESOLVE_MAX][RESOLVE_BYTES];
};

enum resolve_result { RESOLVE_DONE, RESOLVE_UNKNOWN, RESOLVE_LATE };

/*
 * The addresses of a name in figures, in the order in which getaddrinfo(3) has
 * them. limit_ms: how long it may take; -1: for ever. RESOLVE_UNKNOWN: there is
 * none, or no process can be made. RESOLVE_LATE: no answer in time.
 *
 * getaddrinfo() has no limit that holds for all of its sources, so it is called
 * in a process of its own, which ends with this one.
 */
enum resolve_result resolve(
    const char *name, int64_t limit_ms, struct resolved *out) MUST_CHECK;

#endif
