/*
 * http/method.c: names and bits of methods.
 */
#include "base.h"

#include "http/method.h"
#include "tap.h"

static struct arena arena;

static const char *
list(unsigned methods)
{
	struct buf b;

	buf_init(&b, &arena);
	method_list(&b, methods);
	return b.s;
}

int
main(void)
{
	int i, wrong = 0;

	arena_init(&arena);
	for (i = 0; i < METHOD_COUNT; i++)
		wrong +=
		    method_of(method_name((enum method)(1U << i))) != 1U << i;
	is_int(wrong, 0, "each method is found by its name");
	ok(method_of("GET") == METHOD_GET && method_of("PUT") == METHOD_PUT &&
	        method_of("DELETE") == METHOD_DELETE &&
	        method_of("OPTIONS") == METHOD_OPTIONS,
	    "GET, PUT, DELETE and OPTIONS are methods");
	ok(method_of("get") == METHOD_OTHER &&
	        method_of("GETS") == METHOD_OTHER &&
	        method_of("") == METHOD_OTHER &&
	        method_of("TRACE") == METHOD_OTHER &&
	        method_of(NULL) == METHOD_OTHER,
	    "other names are not methods");
	is(method_name(METHOD_OTHER), "-",
	    "the name of an unknown method is \"-\"");
	is(list(METHOD_GET), "GET", "a list of one method has its name");
	is(list(METHOD_PATCH | METHOD_GET | METHOD_HEAD), "GET, HEAD, PATCH",
	    "several are listed in the table's order");
	is(list(METHOD_OTHER), "", "a list of no method is empty");
	arena_free(&arena);
	return done();
}
