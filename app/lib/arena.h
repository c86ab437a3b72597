/*
 * Memory of one request: allocated piece by piece, released and wiped at once.
 * Everything that lives until the request ends is here, and nothing else.
 */
#ifndef LATCHKEY_LIB_ARENA_H
#define LATCHKEY_LIB_ARENA_H

#include "base.h"

struct arena_block;
struct arena_deferred;

struct arena {
	struct arena_block *blocks; /* newest first; the oldest is kept */
	struct arena_deferred *deferred;
};

/* An empty arena. Allocates nothing yet. */
void arena_init(struct arena *a);

/*
 * n zeroed bytes, aligned for any type. Never NULL: input is bounded before it
 * is read, so running out of memory is a bug and ends the process.
 */
void *arena_alloc(struct arena *a, size_t n);

/* A NUL-terminated copy of the n bytes at s. */
char *arena_strndup(struct arena *a, const char *s, size_t n);

/*
 * Call fn(arg) at arena_reset(), last deferred first: for what a library
 * allocated. fn must accept the value that arg has by then.
 */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

/* Run what was deferred, wipe every allocated byte, and start again. */
void arena_reset(struct arena *a);

/* arena_reset(), and free the memory. */
void arena_free(struct arena *a);

#endif
