/*
 * Rules about guards: what goes past one.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "lib/text.h"
#include "nginx/rules.h"

/* --- conditions on the raw address --- */

/* The status of a return, or 0: it redirects. */
static int
status_of(const struct nginx_directive *d)
{
	int64_t status;

	return text_to_i64(nginx_arg(d, 1), 100, 999, &status) ? (int)status
	                                                       : 0;
}

/* Is this variable what a condition tests? Its words are ($x, ~ and so on. */
static bool
tests(const struct nginx_directive *condition, const char *variable)
{
	const char *word = nginx_arg(condition, 1);
	size_t n = strlen(variable);

	return *word == '(' && strncmp(word + 1, variable, n) == 0 &&
	       (word[1 + n] == '\0' || word[1 + n] == ')');
}

/* Does the body of a condition decide more than a redirect? */
static bool
decides(const struct nginx_directive *condition)
{
	const struct nginx_directive *d;
	int status;

	for (d = condition->first; d != NULL; d = d->next) {
		status = nginx_is(d, "return") ? status_of(d) : 0;
		if ((status != 0 && status / 100 != 3) ||
		    nginx_is(d, "rewrite") || nginx_protocol_of(d) != NULL)
			return true;
	}
	return false;
}

/* Does a condition on this variable decide something beside Latchkey? */
static bool
variable_decides(const struct lint *l, const char *variable)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "if") && tests(d, variable) && decides(d) &&
		    lint_has_latchkey(l, nginx_around(d, "server")))
			return true;
	return false;
}

/* Does a condition set a variable that decides? */
static bool
sets_decision(const struct lint *l, const struct nginx_directive *condition)
{
	const struct nginx_directive *d;

	for (d = nginx_first(condition, "set"); d != NULL; d = nginx_same(d))
		if (variable_decides(l, nginx_arg(d, 1)))
			return true;
	return false;
}

void
lint_guard_request_uri(struct lint *l)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (nginx_is(d, "if") && tests(d, "$request_uri") &&
		    lint_has_latchkey(l, nginx_around(d, "server")) &&
		    (decides(d) || sets_decision(l, d)))
			lint_wrong(l, d,
			    "a condition on $request_uri, which "
			    "//x, /%%78 and /x?/y pass by");
		if (nginx_is(d, "map") &&
		    strstr(nginx_arg(d, 1), "$request_uri") != NULL &&
		    variable_decides(l, nginx_arg(d, 2)))
			lint_wrong(l, d,
			    "%s decides by $request_uri, which //x, /%%78 and "
			    "/x?/y pass by",
			    nginx_arg(d, 2));
	}
}

/* --- satisfy --- */

void
lint_guard_satisfy(struct lint *l)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "location") &&
		    nginx_says(d, "satisfy", "any") && lint_is_guarded(l, d))
			lint_wrong(l, nginx_inherited(d, "satisfy"),
			    "satisfy any: an allowed address gets to %s "
			    "without a check",
			    nginx_location_path(d));
}

/* --- the same application, without a guard --- */

/* A guarded route to the application that r leads to without a guard, or NULL.
 */
static const struct lint_route *
guarded_twin(const struct lint *l, const struct lint_route *r)
{
	size_t i;

	if (r->is_lane || r->is_check || r->guard != NULL ||
	    nginx_is_internal(r->pass->parent))
		return NULL;
	for (i = 0; i < l->n_routes; i++)
		if (l->routes[i].is_guarded &&
		    lint_is_same_application(&l->routes[i], r))
			return lint_foreign_header(l, r->pass, false) != NULL
			           ? &l->routes[i]
			           : NULL;
	return NULL;
}

/* The auth_request off that a location has itself, or NULL. */
static const struct nginx_directive *
own_off(const struct nginx_directive *location)
{
	const struct nginx_directive *d = nginx_first(location, "auth_request");

	return d != NULL && strcmp(nginx_arg(d, 1), "off") == 0 ? d : NULL;
}

static bool
has_own(const struct nginx_directive *location)
{
	return nginx_first(location, "root") != NULL ||
	       nginx_first(location, "alias") != NULL ||
	       nginx_first(location, "return") != NULL ||
	       nginx_pass_in(location) != NULL;
}

/* Files of a guarded level that a location below it does not guard. */
static void
find_files_off(struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_directive *off = own_off(location);

	if (off != NULL && !has_own(location) && !nginx_is_internal(location) &&
	    lint_is_guarded(l, location->parent))
		lint_wrong(l, off, "auth_request off: the files at %s are open",
		    nginx_location_path(location));
}

void
lint_guard_off(struct lint *l)
{
	const struct nginx_directive *d;
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if ((d = own_off(r->location)) != NULL &&
		    guarded_twin(l, r) != NULL)
			lint_wrong(l, d,
			    "auth_request off: %s leads to the guarded "
			    "application %s, with the names that a client "
			    "sends",
			    nginx_location_path(r->location), r->backend);
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "location"))
			find_files_off(l, d);
}

/* Does x lie below y, as prefixes? */
static bool
is_below(const struct nginx_directive *x, const struct nginx_directive *y)
{
	const char *path = nginx_location_path(y);
	size_t n = strlen(path);

	return nginx_location_match(y) <= NGINX_MATCH_FIRST &&
	       nginx_location_match(x) <= NGINX_MATCH_EXACT && n > 1 &&
	       strlen(nginx_location_path(x)) > n &&
	       strncmp(nginx_location_path(x), path, n) == 0;
}

/* Do two locations serve files of one folder? */
static bool
shares_files(const struct nginx_directive *x, const struct nginx_directive *y)
{
	const struct nginx_directive *a = nginx_inherited(x, "root"),
	                             *b = nginx_inherited(y, "root");

	return nginx_first(x, "alias") == NULL &&
	       nginx_first(y, "alias") == NULL &&
	       (a == b || (a != NULL && b != NULL &&
	                      strcmp(nginx_arg(a, 1), nginx_arg(b, 1)) == 0));
}

/* A location beside a guarded one, with files of the same folder below it. */
static void
find_open_files(struct lint *l, const struct nginx_directive *location)
{
	const struct nginx_directive *other;

	if (has_own(location) || own_off(location) != NULL ||
	    nginx_guard(location) != NULL || nginx_is_internal(location))
		return;
	for (other = nginx_first(location->parent, "location"); other != NULL;
	     other = nginx_same(other))
		if (is_below(location, other) && lint_is_guarded(l, other) &&
		    nginx_pass_in(other) == NULL &&
		    shares_files(location, other))
			lint_wrong(l, location,
			    "the guard of %s does not hold at %s: of two "
			    "locations nginx takes the longer alone",
			    nginx_location_path(other),
			    nginx_location_path(location));
}

void
lint_guard_open(struct lint *l)
{
	const struct nginx_directive *d;
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (own_off(r->location) == NULL && guarded_twin(l, r) != NULL)
			lint_wrong(l, r->pass,
			    "%s leads to the guarded application %s without "
			    "a guard, with the names that a client sends",
			    nginx_location_path(r->location), r->backend);
	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (nginx_is(d, "location"))
			find_open_files(l, d);
}

/* --- expressions that go first --- */

/* The ] that ends a class of an expression, whose [ is at s, or its end. */
static const char *
class_end(const char *s)
{
	const char *name_end; /* of [:alpha:], which has a ] itself */

	s += s[1] == '^' ? 2 : 1;
	s += *s == ']'; /* as the first it is one of the class */
	while (*s != '\0' && *s != ']')
		if (s[0] == '[' && s[1] == ':' &&
		    (name_end = strstr(s + 2, ":]")) != NULL)
			s = name_end + 2;
		else
			s += *s == '\\' && s[1] != '\0' ? 2 : 1;
	return s;
}

/*
 * Has an expression branches that begin differently, as ^/a|^/b?
 * Those in parentheses have what is before them.
 */
static bool
has_branches(const char *s)
{
	int depth = 0;

	while (*s != '\0' && (*s != '|' || depth > 0)) {
		depth += (*s == '(') - (*s == ')');
		if (*s == '[')
			s = class_end(s);
		else
			s += *s == '\\' && s[1] != '\0' ? 2 : 1;
	}
	return *s == '|';
}

/* Can no path below the prefix match the expression, by how both begin? */
static bool
is_disjoint(const struct nginx_directive *regex, const char *prefix)
{
	const char *expression = nginx_location_path(regex);
	int (*compare)(const char *, const char *, size_t) =
	    strncmp(nginx_arg(regex, 1), "~*", 2) == 0 ? strncasecmp : strncmp;
	size_t i;

	if (*expression != '^' || has_branches(expression))
		return false;
	for (expression++, i = 0; prefix[i] != '\0'; i++) {
		/* or the end, which strchr() finds as well */
		if (strchr("\\.[({?*+$", expression[i]) != NULL)
			return false;
		if (compare(expression + i, prefix + i, 1) != 0)
			return strchr("?*{", expression[i + 1]) == NULL ||
			       expression[i + 1] == '\0';
	}
	return false;
}

/* Does the location answer from files, or by scripts that the path names? */
static bool
answers_from_files(const struct nginx_directive *location)
{
	const struct nginx_directive *pass = nginx_pass_in(location);

	return nginx_first(location, "return") == NULL &&
	       (pass == NULL || nginx_is(pass, "fastcgi_pass"));
}

/* May an expression take what a guarded prefix was to guard? */
static bool
goes_before(
    const struct nginx_directive *regex, const struct nginx_directive *prefix)
{
	return nginx_location_match(prefix) == NGINX_MATCH_PREFIX &&
	       answers_from_files(prefix) && answers_from_files(regex) &&
	       shares_files(regex, prefix) &&
	       !is_disjoint(regex, nginx_location_path(prefix));
}

void
lint_guard_regex(struct lint *l)
{
	const struct nginx_directive *d, *other;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (!nginx_is(d, "location") ||
		    nginx_location_match(d) != NGINX_MATCH_REGEX ||
		    nginx_guard(d) != NULL || nginx_is_internal(d))
			continue;
		for (other = nginx_first(d->parent, "location"); other != NULL;
		     other = nginx_same(other))
			if (goes_before(d, other) && lint_is_guarded(l, other))
				lint_wrong(l, d,
				    "the expression %s goes before the "
				    "guarded %s",
				    nginx_location_path(d),
				    nginx_location_path(other));
	}
}

/* --- what is done before a check --- */

void
lint_guard_return(struct lint *l)
{
	const struct nginx_directive *d;
	int status;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		status = nginx_is(d, "return") ? status_of(d) : 0;
		if (status / 100 == 2 && status != 204 &&
		    lint_is_guarded(l, d->parent))
			lint_wrong(l, d,
			    "return %d is done before the check: everybody "
			    "gets it",
			    status);
	}
}

/* The location that a rewrite leads to, if that is known, or NULL. */
static const struct nginx_directive *
rewrite_target(struct arena *a, const struct nginx_directive *d)
{
	const char *to = nginx_arg(d, 2), *flag = nginx_arg(d, 3);
	const struct nginx_directive *server = nginx_around(d, "server");

	if (*to != '/' || server == NULL ||
	    (*flag != '\0' && strcmp(flag, "last") != 0))
		return NULL;
	return nginx_location_for(
	    server, arena_strndup(a, to, strcspn(to, "$?")));
}

void
lint_guard_rewrite(struct lint *l)
{
	const struct nginx_directive *d, *target, *guard;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (!nginx_is(d, "rewrite") ||
		    nginx_around(d, "location") == NULL ||
		    !lint_is_guarded(l, d->parent) ||
		    (target = rewrite_target(l->arena, d)) == NULL)
			continue;
		guard = nginx_inherited(target, "auth_request");
		if (guard == NULL || strcmp(nginx_arg(guard, 1), "off") == 0)
			lint_wrong(l, d,
			    "this leads to %s before the check is made, and "
			    "that is not guarded",
			    nginx_location_path(target));
	}
}

/* --- scopes --- */

/* Does a location itself say which scope is needed? */
static bool
demands(const struct nginx_directive *location)
{
	const struct nginx_directive *d;

	for (d = nginx_first(location, "set"); d != NULL; d = nginx_same(d))
		if (strcmp(nginx_arg(d, 1), "$latchkey_scope_needed") == 0)
			return true;
	return false;
}

/* The innermost location around this one, or NULL. */
static const struct nginx_directive *
outer_of(const struct nginx_directive *location)
{
	return nginx_around(location->parent, "location");
}

/* nginx runs the set of the location that it has found, and no other. */
void
lint_guard_scope(struct lint *l)
{
	const struct nginx_directive *d, *outer;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (!nginx_is(d, "location") || !lint_is_guarded(l, d) ||
		    demands(d))
			continue;
		outer = outer_of(d);
		while (outer != NULL && !demands(outer))
			outer = outer_of(outer);
		if (outer != NULL)
			lint_wrong(l, d,
			    "the scope that %s demands is not needed at %s",
			    nginx_location_path(outer), nginx_location_path(d));
	}
}

void
lint_guard_login(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++)
		if (r->is_lane && r->guard != NULL)
			lint_wrong(l, r->guard,
			    "the guard holds for Latchkey's own %s, too: "
			    "nobody can log in",
			    nginx_location_path(r->location));
}

/* --- a check that names nobody --- */

#define NOBODY "$latchkey_nobody"

/* Does a location have latchkey-gate.conf, or its line for this? */
static bool
has_barrier(const struct nginx_directive *location)
{
	const struct nginx_directive *d;

	for (d = nginx_first(location, "auth_request_set"); d != NULL;
	     d = nginx_same(d))
		if (strcmp(nginx_arg(d, 1), NOBODY) == 0)
			return true;
	return false;
}

/* Where requests are passed on to, without the scheme. */
static const char *
target_of(const struct nginx_directive *pass)
{
	const char *target = nginx_arg(pass, 1),
	           *scheme = strstr(target, "://");

	return scheme != NULL ? scheme + 3 : target;
}

/* Is the barrier what a host, or a socket's name, ends in? */
static bool
ends_in_barrier(const char *target)
{
	const char *barrier = strstr(target, NOBODY);
	bool is_socket = strncmp(target, "unix:", 5) == 0;
	size_t n =
	    is_socket ? 5 + strcspn(target + 5, ":") : strcspn(target, "/");

	return barrier != NULL && barrier[strlen(NOBODY)] == '\0' &&
	       target[n] == '\0';
}

/* Is the host a name, which nginx has to look up for each request? */
static bool
is_name(const char *target)
{
	size_t n = strcspn(target, ":$/");

	return *target != '[' && strncmp(target, "unix:", 5) != 0 &&
	       strspn(target, "0123456789.") < n;
}

/*
 * A variable in an address has nginx take it as it stands. Where the names of
 * the user are the client's anyway, that is said already.
 */
void
lint_guard_nobody(struct lint *l)
{
	const struct lint_route *r;

	for (r = l->routes; r < l->routes + l->n_routes; r++) {
		if (!r->is_guarded || !has_barrier(r->location) ||
		    lint_foreign_header(l, r->pass, true) != NULL)
			continue;
		if (!ends_in_barrier(target_of(r->pass)))
			lint_wrong(l, r->pass,
			    "%s is reached though the check names nobody: its "
			    "address does not end in " NOBODY,
			    r->backend);
		else if (is_name(target_of(r->pass)) && r->upstream == NULL &&
		         nginx_inherited(r->location, "resolver") == NULL)
			lint_wrong(l, r->pass,
			    "%s is never reached: behind a variable nginx "
			    "does not know the name, and answers 503",
			    r->backend);
	}
}
