/*
 * Address that a browser goes on to after a log-in.
 */
#include "base.h"

#include <string.h>

#include "http/next.h"

const char *
next_of(const char *asked)
{
	size_t n = 0;

	if (asked == NULL || asked[0] != '/' || asked[1] == '/')
		return "/";
	while (n <= NEXT_MAX_BYTES && asked[n] > ' ' && asked[n] <= '~' &&
	       asked[n] != '\\')
		n++;
	return n <= NEXT_MAX_BYTES && asked[n] == '\0' ? asked : "/";
}
