/*
 * Tests of lib/memory.c: memory that a request lacked.
 */
#include "base.h"

#include <stdint.h>
#include <stdlib.h>

#include "lib/memory.h"
#include "tap.h"

/* More than there is; volatile, so that no compiler knows. */
static volatile size_t too_much = SIZE_MAX / 4;

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
#endif

int
main(void)
{
#ifndef MEMORY_ABSENT
	test_noted();
#else
	memory_begin();
	ok(!memory_lacked() && too_much > 0,
	    "a sanitizer has its own malloc()");
#endif
	return done();
}
