/*
 * Memory of one request: a list of blocks that only grows until it is reset.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

#define BLOCK_BYTES 32768 /* holds a whole common request */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena_deferred {
	struct arena_deferred *next;
	void (*fn)(void *);
	void *arg;
};

static struct arena_block *
block_new(size_t size, struct arena_block *next)
{
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		abort();
	*b = (struct arena_block){ .next = next, .size = size };
	return b;
}

void
arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *b = a->blocks;
	void *p;

	if (n > SIZE_MAX / 2)
		abort();
	n = (n + align - 1) / align * align;
	if (b == NULL || b->size - b->used < n)
		b = a->blocks = block_new(n > BLOCK_BYTES ? n : BLOCK_BYTES, b);
	p = b->bytes + b->used;
	b->used += n;
	return memset(p, 0, n);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, s, n);
	return p;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct arena_deferred *d = arena_alloc(a, sizeof(*d));

	*d = (struct arena_deferred){ a->deferred, fn, arg };
	a->deferred = d;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b;

	while (a->deferred != NULL) {
		struct arena_deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->arg);
	}
	while ((b = a->blocks) != NULL) {
		explicit_bzero(b->bytes, b->used);
		b->used = 0;
		if (b->next == NULL && b->size == BLOCK_BYTES)
			return; /* kept for the next request */
		a->blocks = b->next;
		free(b);
	}
}

void
arena_free(struct arena *a)
{
	arena_reset(a);
	free(a->blocks);
	a->blocks = NULL;
}
