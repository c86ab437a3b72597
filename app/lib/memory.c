/*
 * Memory that a request lacked, and what it leaves in it, whichever library
 * asked for it.
 *
 * Of the libraries here only some take an allocator, none reports to each
 * caller why it failed, and libfcgi, json-c and libpq free memory without
 * wiping a password in it. So calls are met where all of them pass: a
 * definition in the program precedes that of the C library, or of another
 * allocator that somebody has preloaded.
 */
#include "base.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define STACK_BYTES 65536 /* more than the functions of a request take */

/*
 * A block of so many bytes is mapped alone, and goes back to the system when it
 * is freed.
 */
#define MAPPED_BYTES 262144

static bool lacked, wiping;

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

void
memory_wipe_freed(void)
{
	wiping = true;
#ifdef __GLIBC__
	/* fixed: glibc raises its own to the largest that was freed */
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
#endif
}

/* Not inlined: its frame lies where those of the request's functions lay. */
static __attribute__((noinline)) void
wipe_stack(void)
{
	char stack[STACK_BYTES];

	explicit_bzero(stack, sizeof(stack));
}

void
memory_wipe_stack(void)
{
	if (wiping)
		wipe_stack();
}

#ifndef MEMORY_ABSENT
#define EXPORTED __attribute__((visibility("default")))

/* Of the next object that has one; asked once, before there is a request. */
static struct {
	void *(*malloc)(size_t n);
	void *(*calloc)(size_t n, size_t size);
	void *(*realloc)(void *p, size_t n);
	void (*free)(void *p);
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
	*(void **)&next.free = dlsym(RTLD_NEXT, "free");
	*(void **)&next.malloc = dlsym(RTLD_NEXT, "malloc");
	finding = false;
	if (next.malloc == NULL || next.calloc == NULL ||
	    next.realloc == NULL || next.free == NULL)
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

EXPORTED void
free(void *p)
{
	size_t n;

	if (wiping && p != NULL && (n = malloc_usable_size(p)) < MAPPED_BYTES)
		explicit_bzero(p, n);
	if (next.free == NULL)
		find_next();
	if (next.free != NULL) /* or dlsym() frees what it was not given */
		next.free(p);
}

/*
 * realloc() that leaves nothing behind: neither where the block was, nor in
 * what it is shortened by.
 */
static void *
move(void *p, size_t n)
{
	size_t had = malloc_usable_size(p);
	void *q;

	if (n == 0) { /* of no bytes there is none, and p is released */
		free(p);
		return NULL;
	}
	if (had >= MAPPED_BYTES)
		return next.realloc(p, n);
	if (n <= had && n >= had / 2) {
		explicit_bzero((char *)p + n, had - n);
		return p;
	}
	if ((q = next.malloc(n)) == NULL)
		return NULL;
	memcpy(q, p, n < had ? n : had);
	free(p);
	return q;
}

EXPORTED void *
realloc(void *p, size_t n)
{
	void *moved;

	if (next.malloc == NULL)
		find_next();
	moved = wiping && p != NULL ? move(p, n) : next.realloc(p, n);
	if (moved == NULL && n > 0)
		lacked = true;
	return moved;
}
#endif
