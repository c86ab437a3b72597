/*
 * CGI parameters of a request.
 */
#include "base.h"

#include <string.h>

#include "http/cgi.h"

#define HEADER "HTTP_"

#define NAME(name) { #name, sizeof(#name) - 1 },

static const struct {
	const char *name;
	size_t len;
} names[] = { CGI_TABLE(NAME) };

_Static_assert(CGI_COUNT <= 32, "each has a bit");

/* A parameter that is read: name is that of one in names. */
static void
add(struct cgi *out, size_t i, const char *value)
{
	const char **old = &out->value[i];

	if (*old != NULL && strcmp(*old, value) != 0)
		out->doubled |= 1U << i;
	if (*old == NULL ||
	    strncmp(names[i].name, HEADER, sizeof(HEADER) - 1) != 0)
		*old = value;
}

void
cgi_read(char *const *environment, struct cgi *out)
{
	const char *value;
	size_t i, len;

	*out = (struct cgi){ 0 };
	for (; *environment != NULL; environment++) {
		if ((value = strchr(*environment, '=')) == NULL)
			continue;
		len = (size_t)(value - *environment);
		for (i = 0; i < CGI_COUNT; i++)
			if (names[i].len == len &&
			    memcmp(names[i].name, *environment, len) == 0)
				add(out, i, value + 1);
	}
}

const char *
cgi_name(enum cgi_name name)
{
	return names[name].name;
}
