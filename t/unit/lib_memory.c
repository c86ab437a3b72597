/*
 * Tests of lib/memory.c: memory that a request lacked, and what it leaves.
 */
#include "base.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"
#include "tap.h"

/* More than there is; volatile, so that no compiler knows. */
static volatile size_t too_much = SIZE_MAX / 4;
static volatile size_t none = 0;

#ifndef MEMORY_ABSENT
static void
test_noted(void)
{
	void *p = malloc(16), *moved;

	memory_begin();
	ok(p != NULL && !memory_lacked(), "an allocation is no lack of memory");
	is_int(memory_err(ERR_UNAUTH), ERR_UNAUTH,
	    "with memory an error is what it is");

	free(malloc(too_much));
	ok(memory_lacked(), "malloc() without memory is noted");
	is_int(memory_err(ERR_UNAUTH), ERR_BUSY,
	    "without memory an error is ERR_BUSY");
	is_int(memory_err(ERR_OK), ERR_OK,
	    "without memory a success is a success");

	memory_begin();
	ok(!memory_lacked(), "the next request begins with nothing noted");
	free(calloc(too_much, 1));
	ok(memory_lacked(), "calloc() without memory is noted");

	memory_begin();
	moved = realloc(NULL, too_much);
	ok(moved == NULL && memory_lacked(),
	    "realloc() without memory is noted");
	free(moved);

	memory_begin();
	free(strdup("text"));
	ok(!memory_lacked(), "strdup() with memory notes nothing");
	free(realloc(p, 32));
	ok(!memory_lacked(), "realloc() with memory notes nothing");
}

/*
 * Where a block lay. It is looked at after it was freed, on purpose; volatile,
 * so that no compiler knows.
 */
static volatile uintptr_t at;

/* Is there a row of eight bytes 'x' in these n? */
static bool
has_mark(uintptr_t first, size_t n)
{
	const volatile char *p = (const volatile char *)first;
	size_t i, row = 0;

	for (i = 0; i < n && row < 8; i++)
		row = p[i] == 'x' ? row + 1 : 0;
	return row == 8;
}

/* A block full of the mark, and its address. */
static char *
marked(size_t n)
{
	char *p = malloc(n);
	volatile char *to = p; /* or a compiler leaves it out before free() */

	if (p == NULL)
		abort();
	at = (uintptr_t)p;
	while (n-- > 0)
		*to++ = 'x';
	return p;
}

/* Blocks that stay lie between those that are freed, or these are joined. */
static void
test_free(void)
{
	static const size_t sizes[] = { 24, 100, 1000, 8192, 100000 };
	char *p, *stays;
	bool left = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		p = marked(sizes[i]);
		stays = malloc(24);
		free(p);
		left = left || has_mark(at, sizes[i]);
		free(stays);
	}
	free(NULL);
	ok(!left, "a block of any size is wiped when it is freed");
}

static void
test_realloc(void)
{
	uintptr_t moved_to;
	char *p, *stays, *q;

	p = marked(1000);
	stays = malloc(24);
	q = realloc(p, 5000);
	moved_to = (uintptr_t)q;
	ok(q != NULL && has_mark(moved_to, 1000) && q[0] == 'x' &&
	        q[999] == 'x',
	    "a block that grows keeps its contents");
	ok(moved_to != at && !has_mark(at, 1000),
	    "nothing is left where a block was that has grown");
	/* NOLINTNEXTLINE(clang-analyzer-*): there is one */
	memset(q, 'x', 5000);
	q = realloc(q, 4000);
	ok(q != NULL && q[3999] == 'x' && !has_mark((uintptr_t)q + 4000, 1000),
	    "a block that is shortened is wiped behind its end");
	at = (uintptr_t)q;
	q = realloc(q, 10);
	/* NOLINTNEXTLINE(clang-analyzer-*): what is freed is looked at */
	ok(q != NULL && q[9] == 'x' && !has_mark(at + 16, 3900),
	    "a block that becomes much smaller leaves nothing behind");
	ok(malloc_usable_size(q) < 100,
	    "a block that becomes much smaller gives the rest back");
	free(q);
	free(stays);
	p = marked(1000);
	stays = malloc(24);
	q = realloc(p, none);
	ok(q == NULL && !has_mark(at, 1000),
	    "a block of which no bytes are kept is wiped");
	free(q);
	free(stays);
	q = realloc(NULL, 10);
	ok(q != NULL, "realloc() of no block allocates");
	free(q);
}

/* More than the limit up to which blocks are wiped: mapped, and unmapped. */
static void
test_large(void)
{
	char *p = marked(300000);

	free(p);
	p = marked(299000);
	p = realloc(p, 900000);
	ok(p != NULL && p[0] == 'x' && p[298999] == 'x',
	    "a large block that grows keeps its contents");
	free(p);
	p = marked(200000);
	ok(at < (uintptr_t)sbrk(0),
	    "blocks below 256 KiB come from the heap, whatever was freed");
	free(p);
}

/* What a request's function has on its stack, and where. */
static __attribute__((noinline)) uintptr_t
leave(size_t n)
{
	volatile char text[16384];
	uintptr_t place = (uintptr_t)text;
	size_t i;

	for (i = 0; i < n; i++)
		text[i] = 'x';
	return place;
}

static void
test_stack(void)
{
	at = leave(16384);
	memory_wipe_stack();
	ok(!has_mark(at, 16384), "the stack is wiped");
}
#endif

int
main(void)
{
#ifndef MEMORY_ABSENT
	test_noted();
	memory_wipe_freed();
	test_noted();
	test_free();
	test_realloc();
	test_large();
	test_stack();
#else
	memory_begin();
	ok(!memory_lacked() && too_much > 0,
	    "a sanitizer has its own malloc()");
#endif
	return done();
}
