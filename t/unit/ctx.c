/*
 * ctx.c: what one request leaves for the next one: nothing.
 */
#include "base.h"

#include "ctx.h"
#include "tap.h"

static int released;

static void
release(void *arg)
{
	(void)arg;
	released++;
}

int
main(void)
{
	static const struct app app;
	struct arena arena;
	struct ctx c, fresh;

	arena_init(&arena);
	ctx_init(&c, &app, &arena);
	fresh = c;
	c.now_s = 1;
	c.address = "192.0.2.1";
	c.retry_after_s = 2;
	c.counted = 3;
	arena_defer(&arena, release, NULL);
	ctx_reset(&c);
	ok(c.app == &app && c.arena == &arena,
	    "a reset keeps the process and the arena");
	ok(same_bytes(&c, &fresh, sizeof(c)),
	    "a reset clears all that belongs to a request");
	is_int(released, 1, "a reset releases what the arena held");
	arena_free(&arena);
	return done();
}
