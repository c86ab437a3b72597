/*
 * Tests of lib/arena.c, lib/buf.c and crypto/random.c.
 */
#include "base.h"

#include "lib/arena.h"
#include "lib/buf.h"
#include "crypto/random.h"
#include "tap.h"

static char order[8], first[] = "1", second[] = "2";

static void
remember(void *arg)
{
	order[strlen(order)] = *(const char *)arg;
}

static void
test_arena(void)
{
	struct arena a;
	char *p, *big, *again;
	size_t i, set = 0;

	arena_init(&a);
	p = arena_alloc(&a, 100);
	for (i = 0; i < 100; i++)
		set += p[i] != 0;
	is_int((long long)set, 0, "allocated memory is zeroed");
	again = arena_alloc(&a, 1);
	big = arena_alloc(&a, 1);
	ok((uintptr_t)again % _Alignof(max_align_t) == 0 &&
	        (uintptr_t)big % _Alignof(max_align_t) == 0,
	    "allocated memory is aligned");
	is(arena_strndup(&a, "secret", 3), "sec",
	    "a copy of three bytes ends with a NUL");
	memset(p, 'x', 100);
	big = arena_alloc(&a, 1000000);
	memset(big, 'x', 1000000);
	arena_defer(&a, remember, first);
	arena_defer(&a, remember, second);
	arena_reset(&a);
	is(order, "21", "deferred functions run last first");
	/* the first block is kept, so it may be looked at */
	for (set = i = 0; i < 100; i++)
		set += p[i] != 0;
	is_int((long long)set, 0, "a reset leaves nothing of a request");
	again = arena_alloc(&a, 100);
	ok(again == p, "a reset keeps the first block for the next request");
	arena_reset(&a);
	is(order, "21", "deferred functions run once");
	arena_free(&a);
	arena_free(&a);
	ok(true, "an arena can be freed twice");
}

static void
test_buf(void)
{
	struct arena a;
	struct buf b;
	char big[5000];
	int i;

	arena_init(&a);
	buf_init(&b, &a);
	is(b.s, "", "a text begins empty");
	buf_addf(&b, "%d-%s", 7, "x");
	buf_add(&b, "\0y", 2);
	ok(b.len == 5 && memcmp(b.s, "7-x\0y", 6) == 0,
	    "pieces are put together, with a NUL in them");
	memset(big, 'z', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	for (i = 0; i < 20; i++)
		buf_adds(&b, big);
	ok(b.len == 5 + 20 * 4999 && b.s[b.len] == '\0',
	    "a text grows to 100,000 bytes");
	buf_init(&b, &a);
	buf_addf(&b, "%s", big);
	is(b.s, big, "a long formatted piece is appended whole");

	buf_init(&b, &a);
	buf_add_json(&b, "\x01\x1f\t\n\r\b\f\"\\/<>&'\x7f\xc2\x80", 17);
	is(b.s, "\"\\u0001\\u001f\\t\\n\\r\\b\\f\\\"\\\\/<>&'\x7f\xc2\x80\"",
	    "JSON strings escape what RFC 8259 asks for, and no more");
	buf_init(&b, &a);
	buf_add_json(&b, "a\0b", 3);
	is(b.s, "\"a\\u0000b\"", "a NUL in a JSON string is escaped");
	buf_init(&b, &a);
	buf_add_json(&b, "\xc0\x80\xed\xa0\x80\xed\xbf\xbf\xed\x9f\xbf", 11);
	is(b.s, "\"\\u0000\\ud800\\udfff\xed\x9f\xbf\"",
	    "the forms that http/json.c gives NUL and lone surrogates are escaped in a JSON string");
	buf_init(&b, &a);
	buf_add_json(&b, "", 0);
	is(b.s, "\"\"", "NULL is an empty JSON string");
	arena_free(&a);
}

int
main(void)
{
	char one[33], two[33];

	test_arena();
	test_buf();
	random_id(one);
	random_id(two);
	ok(strlen(one) == 32 && strspn(one, "0123456789abcdef") == 32,
	    "an identifier is 32 hexadecimal digits");
	ok(strcmp(one, two) != 0, "each identifier is another");
	return done();
}
