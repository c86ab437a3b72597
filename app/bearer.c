/*
 * The Authorization header.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "bearer.h"

const char *
bearer_token(const char *authorization)
{
	const char *token;

	if (authorization == NULL ||
	    strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7;
	token += strspn(token, " ");
	if (*token == '\0' || strpbrk(token, " \t,") != NULL)
		return NULL;
	return token;
}
