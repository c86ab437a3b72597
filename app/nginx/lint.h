/*
 * Mistakes in a configuration of nginx that has Latchkey or a guarded
 * application: the table of rules, and what they find.
 */
#ifndef LATCHKEY_NGINX_LINT_H
#define LATCHKEY_NGINX_LINT_H

#include <stdio.h>

#include "nginx/site.h"

enum lint_level {
	LINT_WRONG, /* a mistake */
	LINT_NOTE   /* to be checked by a person; perhaps all is well */
};

struct lint_finding {
	const char *rule, *cure;
	enum lint_level level;
	const char *file;
	unsigned line;
	const char *text; /* the mistake, untrusted words included */
	struct lint_finding *next;
};

/* A directive that passes requests on, and what guards it. */
struct lint_route {
	const struct nginx_directive *pass, *server, *location;
	const struct nginx_directive *guard; /* NULL: nobody is asked */
	const char *backend;
	const struct nginx_directive *upstream; /* of that name, or NULL */
	bool is_guarded;                        /* by Latchkey */
	bool is_lane;                           /* to Latchkey itself */
	bool is_check;                          /* an auth_request asks it */
};

/* A server of HTTP. */
struct lint_server {
	const struct nginx_directive *block;
	const char **addresses; /* n of them, as lint_address() has them */
	size_t n;
	bool has_latchkey; /* or something that it guards */
};

/* An upstream. */
struct lint_upstream {
	const char *name;
	const struct nginx_directive *block;
};

#define LINT_FINDINGS_MAX 1000 /* more are left out */

struct lint_rule;

struct lint {
	struct arena *arena;
	const struct nginx_directive *root;
	const char *version; /* NULL: not known */
	struct lint_route *routes;
	size_t n_routes;
	struct lint_server *servers;
	struct lint_upstream *upstreams;
	const struct nginx_directive **checks;
	const struct nginx_directive **inner; /* locations for nginx alone, to
	                                       * which guarded ones lead */
	size_t n_servers, n_upstreams, n_checks, n_inner;
	const char **headers; /* that name the user to applications */
	size_t n_headers;
	const struct lint_rule *rule; /* that runs */
	struct lint_finding *findings, **end;
	size_t n_findings;
};

/*
 * Run all rules over a parsed configuration, and sort what they find by the
 * order of the text. version: of nginx, or NULL. A directive with a comment
 * "check-nginx: allow RULE" behind it is right for that rule. All of it lives
 * as long as the arena and the configuration.
 */
void lint_run(struct arena *a, const struct nginx_directive *root,
    const char *version, struct lint *out);

/* Print the rules, one a line: name, a tab, what is wrong. */
void lint_print_rules(FILE *out);

/* --- for the rules --- */

/* The running rule finds something wrong at a directive. */
void lint_wrong(struct lint *l, const struct nginx_directive *at,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same as a note. */
void lint_note(struct lint *l, const struct nginx_directive *at,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The block upstream of this name, or NULL. */
const struct nginx_directive *lint_upstream(
    const struct lint *l, const char *name);

/*
 * Does a backend, as nginx_backend() has it, belong to Latchkey: by the name of
 * the upstream, latchkey_api, or the socket, unix:/run/latchkey/api.sock? Those
 * in an upstream of another name count, too.
 */
bool lint_is_lane(const struct lint *l, const char *backend) MUST_CHECK;

/* Is a location's check Latchkey's? */
bool lint_is_guarded(
    const struct lint *l, const struct nginx_directive *block) MUST_CHECK;

/*
 * Is a location for nginx alone guarded by Latchkey: by its own check, which
 * nginx makes after an internal redirect, too, or by that of a location
 * that leads to it?
 */
bool lint_is_inner(
    const struct lint *l, const struct nginx_directive *location) MUST_CHECK;

/* Does an auth_request that holds in a block, internal or not, ask Latchkey? */
bool lint_has_guard(
    const struct lint *l, const struct nginx_directive *block) MUST_CHECK;

/*
 * Do two routes lead to one application: by the same name, or by a server that
 * both have, of upstreams, too? Of FastCGI, the script counts.
 */
bool lint_is_same_application(
    const struct lint_route *x, const struct lint_route *y) MUST_CHECK;

/* Has a server Latchkey, or something that Latchkey guards? */
bool lint_has_latchkey(
    const struct lint *l, const struct nginx_directive *server) MUST_CHECK;

/*
 * The first of the headers that name the user, and that do not come from nginx
 * where a directive passes requests on; NULL: all do. all: also those that are
 * for Latchkey alone, Authorization and Cookie.
 */
const char *lint_foreign_header(
    const struct lint *l, const struct nginx_directive *pass, bool all);

/* The key of a directive listen, or of a server without any (NULL): "*:80". */
const char *lint_address(struct arena *a, const struct nginx_directive *listen);

/* The server that nginx takes for an address until it knows a name. */
const struct nginx_directive *lint_default_server(
    const struct lint *l, const char *address);

#endif
