/*
 * Search in a parsed configuration.
 */
#include "base.h"

#include <string.h>

#include "nginx/tree.h"

bool
nginx_is(const struct nginx_directive *d, const char *name)
{
	return d->n > 0 && strcmp(d->words[0], name) == 0;
}

/* Blocks whose entries are no directives. */
static bool
is_data(const struct nginx_directive *d)
{
	static const char *const names[] = { "map", "geo", "types",
		"split_clients", "charset_map", "geoip2", "match" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (nginx_is(d, names[i]))
			return true;
	return false;
}

const struct nginx_directive *
nginx_next(const struct nginx_directive *root, const struct nginx_directive *d)
{
	if (d->first != NULL && !is_data(d))
		return d->first;
	while (d != root && d->next == NULL)
		d = d->parent;
	return d != root ? d->next : NULL;
}

const char *
nginx_arg(const struct nginx_directive *d, size_t i)
{
	return i < d->n ? d->words[i] : "";
}

bool
nginx_has_arg(const struct nginx_directive *d, const char *word)
{
	size_t i;

	for (i = 1; i < d->n; i++)
		if (strcmp(d->words[i], word) == 0)
			return true;
	return false;
}

static const struct nginx_directive *
find(const struct nginx_directive *d, const char *name)
{
	while (d != NULL && !nginx_is(d, name))
		d = d->next;
	return d;
}

const struct nginx_directive *
nginx_first(const struct nginx_directive *block, const char *name)
{
	return find(block->first, name);
}

const struct nginx_directive *
nginx_same(const struct nginx_directive *d)
{
	return find(d->next, d->words[0]);
}

const struct nginx_directive *
nginx_inherited(const struct nginx_directive *block, const char *name)
{
	const struct nginx_directive *d = NULL;

	while (block != NULL && (d = nginx_first(block, name)) == NULL)
		block = block->parent;
	return d;
}

bool
nginx_says(
    const struct nginx_directive *block, const char *name, const char *word)
{
	const struct nginx_directive *d = nginx_inherited(block, name);

	return d != NULL && strcmp(nginx_arg(d, 1), word) == 0;
}

const struct nginx_directive *
nginx_around(const struct nginx_directive *d, const char *name)
{
	while (d != NULL && !nginx_is(d, name))
		d = d->parent;
	return d;
}
