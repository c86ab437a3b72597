/*
 * Memory that a request lacked, whichever library asked for it.
 *
 * Of the libraries here only some take an allocator, and none tells each
 * caller why it failed. So calls are met where all of them pass: a definition
 * in the program precedes that of the C library, or of another allocator that
 * somebody has preloaded.
 */
#include "base.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "lib/memory.h"

static bool lacked;

void
memory_begin(void)
{
	lacked = false;
}

bool
memory_lacked(void)
{
	return lacked;
}

enum err
memory_err(enum err e)
{
	return e != ERR_OK && lacked ? ERR_BUSY : e;
}

#ifndef MEMORY_ABSENT
#define EXPORTED __attribute__((visibility("default")))

/* Of the next object that has one; asked once, before there is a request. */
static struct {
	void *(*malloc)(size_t n);
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *p, size_t n);
} next;

static void
find_next(void)
{
	static bool finding;

	if (finding)
		return;
	finding = true;
	*(void **)&next.calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
	finding = false;
	if (next.malloc == NULL || next.calloc == NULL || next.realloc == NULL)
		abort();
}

static void *
note(void *p)
{
	if (p == NULL)
		lacked = true;
	return p;
}

EXPORTED void *
malloc(size_t n)
{
	if (next.malloc == NULL)
		find_next();
	return note(next.malloc(n));
}

EXPORTED void *
calloc(size_t n, size_t size)
{
	if (next.calloc == NULL)
		find_next();
	if (next.calloc == NULL)
		return NULL; /* dlsym()'s own, which does without */
	return note(next.calloc(n, size));
}

EXPORTED void *
realloc(void *p, size_t n)
{
	void *moved;

	if (next.realloc == NULL)
		find_next();
	moved = next.realloc(p, n);
	/* of no bytes there is none, and p is released */
	if (moved == NULL && n > 0)
		lacked = true;
	return moved;
}
#endif
