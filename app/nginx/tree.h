/*
 * Search in a parsed configuration, and what a level inherits.
 */
#ifndef LATCHKEY_NGINX_TREE_H
#define LATCHKEY_NGINX_TREE_H

#include "nginx/parse.h"

/*
 * The directive behind d within root, in the order of the text; after root its
 * first one. NULL: none is left. Entries of map, geo, types and the like are
 * passed over.
 */
const struct nginx_directive *nginx_next(
    const struct nginx_directive *root, const struct nginx_directive *d);

/* Has d this name? */
bool nginx_is(const struct nginx_directive *d, const char *name);

/* Argument i of d, from 1 on; empty if there are not so many. */
const char *nginx_arg(const struct nginx_directive *d, size_t i);

/* Is one of d's arguments this word? */
bool nginx_has_arg(const struct nginx_directive *d, const char *word);

/* The first directive of this name on the level of a block itself, or NULL. */
const struct nginx_directive *nginx_first(
    const struct nginx_directive *block, const char *name);

/* The next one of d's name on its level, or NULL. */
const struct nginx_directive *nginx_same(const struct nginx_directive *d);

/*
 * The first directive of this name on the nearest level from a block on up that
 * has one, or NULL: what holds in the block, since nginx inherits a directive,
 * however often it is present, unless a level has it too.
 */
const struct nginx_directive *nginx_inherited(
    const struct nginx_directive *block, const char *name);

/* Does a directive with one argument, inherited or not, say this? */
bool nginx_says(
    const struct nginx_directive *block, const char *name, const char *word);

/* The innermost block of this name around d, d included, or NULL. */
const struct nginx_directive *nginx_around(
    const struct nginx_directive *d, const char *name);

#endif
