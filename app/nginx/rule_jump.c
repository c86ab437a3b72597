/*
 * Rules about internal redirects: what they lead past a guard.
 */
#include "base.h"

#include <string.h>

#include "nginx/rules.h"

/* The route of a location's own level, or NULL: it passes nothing on. */
static const struct lint_route *
route_of(const struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_directive *pass = nginx_pass_in(location);
	size_t i;

	for (i = 0; pass != NULL && i < l->n_routes; i++)
		if (l->routes[i].pass == pass)
			return &l->routes[i];
	return NULL;
}

/* May anybody ask this location, which leads to an application? */
static bool
is_open(const struct lint *l, const struct nginx_directive *location)
{
	const struct lint_route *r = route_of(l, location);

	return r != NULL && !r->is_lane && !r->is_guarded &&
	       !nginx_is_internal(location) &&
	       lint_foreign_header(l, r->pass, false) != NULL;
}

static void
find_files(struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_jump *jumps;
	size_t i, n;

	jumps = nginx_jumps(l->arena, location, &n);
	for (i = 0; i < n; i++)
		if (nginx_is(jumps[i].by, "try_files") &&
		    is_open(l, jumps[i].to))
			lint_wrong(l, jumps[i].by,
			    "this leads to %s after the check, and anybody "
			    "may ask that without one",
			    nginx_location_path(jumps[i].to));
}

void
lint_jump_files(struct lint *l)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "location") &&
		    (lint_is_guarded(l, d) || lint_is_inner(l, d)))
			find_files(l, d);
}

/*
 * Does a route show the application that nobody is logged in, by each name?
 * Names that come from a check are empty, too, but written for those who pass.
 */
static bool
is_for_nobody(const struct lint *l, const struct lint_route *r)
{
	const struct nginx_directive *set;
	size_t i;

	for (i = 0; i < l->n_headers; i++) {
		if (strncmp(l->headers[i], "X-Auth-", 7) != 0)
			continue;
		set = nginx_header_set(l->arena, r->pass, l->headers[i]);
		if (set == NULL || *nginx_arg(set, 2) != '\0')
			return false;
	}
	return true;
}

/* Does a route without a check lead to an application that is guarded? */
static bool
lets_in(const struct lint *l, const struct lint_route *r)
{
	size_t i;

	if (r->is_lane || lint_has_guard(l, r->location) || is_for_nobody(l, r))
		return false;
	for (i = 0; i < l->n_routes; i++)
		if (l->routes[i].is_guarded &&
		    lint_is_same_application(&l->routes[i], r))
			return true;
	return false;
}

static void
find_errors(struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_jump *jumps;
	const struct lint_route *r;
	size_t i, n;

	jumps = nginx_jumps(l->arena, location, &n);
	for (i = 0; i < n; i++) {
		r = jumps[i].is_refusal ? route_of(l, jumps[i].to) : NULL;
		if (r != NULL && lets_in(l, r))
			lint_wrong(l, jumps[i].by,
			    "what is refused at %s goes to the guarded "
			    "application %s by this",
			    nginx_location_path(location), r->backend);
	}
}

void
lint_jump_error(struct lint *l)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "location") && lint_is_guarded(l, d))
			find_errors(l, d);
}
