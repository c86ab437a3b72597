/*
 * HTTP methods.
 */
#include "base.h"

#include <string.h>

#include "http/method.h"

#define NAME(name) #name,

static const char *const names[] = { METHODS(NAME) };

enum method
method_of(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < METHOD_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum method)(1 << i);
	return METHOD_OTHER;
}

const char *
method_name(enum method method)
{
	size_t i;

	for (i = 0; i < METHOD_COUNT; i++)
		if (method == 1U << i)
			return names[i];
	return "-";
}

void
method_list(struct buf *b, unsigned methods)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < METHOD_COUNT; i++)
		if ((methods & 1U << i) != 0) {
			buf_adds(b, comma);
			buf_adds(b, names[i]);
			comma = ", ";
		}
}
