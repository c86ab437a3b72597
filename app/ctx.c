/*
 * Process and request.
 */
#include "base.h"

#include "ctx.h"

void
ctx_init(struct ctx *c, const struct app *app, struct arena *arena)
{
	*c = (struct ctx){ .app = app, .arena = arena };
}

void
ctx_reset(struct ctx *c)
{
	arena_reset(c->arena);
	ctx_init(c, c->app, c->arena);
}
