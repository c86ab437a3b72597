/*
 * The command `check-nginx`: mistakes in nginx's configuration.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check_nginx.h"
#include "cmd/nginx_live.h"
#include "lib/log.h"
#include "nginx/lint.h"

#define EXIT_UNCHECKED 2

/* The arguments, parsed. */
struct request {
	const char *file; /* NULL: nginx of this machine */
	bool ask, rules;
};

void
check_nginx_usage(FILE *out)
{
	fprintf(out,
	    "usage: latchkey check-nginx [--ask|--no-ask] [FILE]\n"
	    "       latchkey check-nginx --rules\n"
	    "FILE has what \"nginx -T\" prints; - is standard input. Without "
	    "it nginx is asked\nfor its configuration, and each guarded "
	    "location once without a token.\n"
	    "Exit status: 0 no mistakes, 1 mistakes, 2 it could not be "
	    "checked.\n");
}

static bool
read_arguments(char *const *arguments, struct request *out)
{
	int asks = -1;

	*out = (struct request){ 0 };
	for (; *arguments != NULL; arguments++) {
		if (strcmp(*arguments, "--ask") == 0)
			asks = 1;
		else if (strcmp(*arguments, "--no-ask") == 0)
			asks = 0;
		else if (strcmp(*arguments, "--rules") == 0)
			out->rules = true;
		else if (out->file == NULL &&
		         ((*arguments)[0] != '-' || (*arguments)[1] == '\0'))
			out->file = *arguments;
		else
			return false;
	}
	out->ask = asks != -1 ? asks != 0 : out->file == NULL;
	return true;
}

/* --- input --- */

static enum err
read_file(const char *name, struct buf *out)
{
	bool is_input = strcmp(name, "-") == 0;
	int fd = is_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	enum err e;

	if (fd < 0)
		return ERR_INTERNAL;
	e = nginx_live_read(fd, out);
	if (!is_input)
		close(fd);
	return e;
}

/* Say why there is nothing to check. */
static void
complain(enum err e, const char *file, const struct buf *said)
{
	switch (e) {
	case ERR_NOTFOUND:
		log_say("there is no nginx here; give what \"nginx -T\" prints "
		        "as a file");
		break;
	case ERR_DENIED:
		fwrite(said->s, 1, said->len, stderr);
		log_say("nginx refuses its configuration, or may not read it "
		        "as this user (see above)");
		break;
	case ERR_TOOBIG:
		log_say("more than %zu bytes of configuration",
		    NGINX_INPUT_MAX_BYTES);
		break;
	default:
		log_say(
		    "%s: %s", file != NULL ? file : "nginx", strerror(errno));
		break;
	}
}

/* --- output --- */

/* Untrusted text on a line. */
static void
print_visible(struct arena *a, const char *s)
{
	struct buf b;

	buf_init(&b, a);
	buf_add_visible(&b, s);
	fputs(b.len > 0 ? b.s : "", stdout);
}

static void
print_finding(struct arena *a, const struct lint_finding *f)
{
	print_visible(a, f->file);
	printf(":%u: %s%s: ", f->line, f->level == LINT_NOTE ? "note: " : "",
	    f->rule);
	print_visible(a, f->text);
	printf("\n\tto do: %s\n", f->cure);
}

/* Print all, and return the number of mistakes. */
static size_t
print_findings(const struct lint *l)
{
	const struct lint_finding *f;
	size_t wrong = 0;

	for (f = l->findings; f != NULL; f = f->next) {
		print_finding(l->arena, f);
		wrong += f->level == LINT_WRONG;
	}
	return wrong;
}

/* --- sockets --- */

/* The user of nginx's workers, as the configuration says; NULL: it does not. */
static const char *
user_of(const struct nginx_directive *root)
{
	const struct nginx_directive *d = nginx_first(root, "user");

	return d != NULL ? nginx_arg(d, 1) : NULL;
}

static size_t
print_socket(const struct lint *l, const struct nginx_directive *at,
    const char *name, const char *user)
{
	const char *problem =
	    strncmp(name, "unix:", 5) == 0
	        ? nginx_live_socket_problem(l->arena, user, name + 5)
	        : NULL;

	if (problem == NULL)
		return 0;
	print_visible(l->arena, at->file);
	printf(":%u: socket: ", at->line);
	print_visible(l->arena, problem);
	printf("\n\tto do: start latchkey, and see doc/install.md for who may "
	       "use its sockets\n");
	return 1;
}

/* Latchkey's sockets that nginx cannot use: how many. */
static size_t
print_sockets(const struct lint *l)
{
	const char *user = user_of(l->root);
	const struct nginx_directive *upstream, *d;
	size_t n = 0;

	for (upstream = nginx_next(l->root, l->root);
	     upstream != NULL && user != NULL;
	     upstream = nginx_next(l->root, upstream)) {
		if (!nginx_is(upstream, "upstream") ||
		    !lint_is_lane(l, nginx_arg(upstream, 1)))
			continue;
		for (d = nginx_first(upstream, "server"); d != NULL;
		     d = nginx_same(d))
			n += print_socket(l, d, nginx_arg(d, 1), user);
	}
	return n;
}

/* --- questions --- */

/* A path that this location answers, or NULL: none is known. */
static const char *
path_of(struct arena *a, const struct nginx_directive *location)
{
	const char *path = nginx_location_path(location);
	size_t n;

	switch (nginx_location_match(location)) {
	case NGINX_MATCH_NAME:
		return NULL;
	case NGINX_MATCH_REGEX:
		n = strcspn(path + (*path == '^'), "\\.[]({})?*+|$^");
		if (*path != '^' || path[n] != '/')
			return NULL;
		return strcmp(path + 1 + n, "") == 0 ||
		               strcmp(path + 1 + n, ".*") == 0
		           ? arena_strndup(a, path + 1, n)
		           : NULL;
	default:
		return path;
	}
}

/* Can this name be part of an address? */
static bool
is_host(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	return *name != '\0' && *name != '.' && *name != '-' &&
	       name[strspn(name, letters)] == '\0';
}

/* A name that the server answers to, or "localhost". */
static const char *
host_of(const struct nginx_directive *server)
{
	const struct nginx_directive *d = nginx_first(server, "server_name");
	size_t i;

	for (; d != NULL; d = nginx_same(d))
		for (i = 1; i < d->n; i++)
			if (is_host(d->words[i]))
				return d->words[i];
	return "localhost";
}

static void
add_path(struct buf *b, const char *path)
{
	const char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		buf_add_percent(
		    b, arena_strndup(b->arena, path, (size_t)(slash - path)));
		buf_adds(b, "/");
		path = slash + 1;
	}
	buf_add_percent(b, path);
}

/* Is this the answer of a guard to a request without a token? */
static bool
is_refusal(int status)
{
	return status == 401 || status == 403 || status == 303;
}

/* The address that a server is asked at: one with TLS, if it has any. */
static const struct nginx_directive *
listen_of(const struct nginx_directive *server)
{
	const struct nginx_directive *first = nginx_first(server, "listen"),
	                             *d = first;

	while (d != NULL && !nginx_has_arg(d, "ssl"))
		d = nginx_same(d);
	return d != NULL ? d : first;
}

/* Does a block answer all its requests before a check is made? */
static bool
answers_first(const struct nginx_directive *block)
{
	const struct nginx_directive *d = nginx_first(block, "rewrite");

	while (d != NULL && !nginx_has_arg(d, "redirect") &&
	       !nginx_has_arg(d, "permanent"))
		d = nginx_same(d);
	return d != NULL || nginx_first(block, "return") != NULL;
}

/* Ask a guarded path. Returns whether the answer is a mistake. */
static bool
ask(const struct lint *l, const struct nginx_directive *location,
    const char *path)
{
	const struct nginx_directive *server = nginx_around(location, "server");
	const struct nginx_directive *listen = listen_of(server);
	const char *address = lint_address(l->arena, listen);
	const char *port = strrchr(address, ':');
	struct buf url;
	int status;

	if (strncmp(address, "unix:", 5) == 0 || port == NULL)
		return false;
	buf_init(&url, l->arena);
	buf_addf(&url, "%s://%s%s",
	    listen != NULL && nginx_has_arg(listen, "ssl") ? "https" : "http",
	    host_of(server), port);
	add_path(&url, path);
	status = nginx_live_ask(address, url.s);
	if (is_refusal(status))
		return false;
	print_visible(l->arena, location->file);
	if (status == 0)
		printf(":%u: note: asked: no answer from %s (is nginx running, "
		       "and curl installed?)\n",
		    location->line, url.s);
	else
		printf(":%u: asked: %s answers %d without a token, "
		       "instead of 401, 403 or 303\n\tto do: find out why "
		       "before anybody else does\n",
		    location->line, url.s, status);
	return status != 0;
}

static void
print_unasked(const struct lint *l, const struct nginx_directive *location,
    const char *why)
{
	print_visible(l->arena, location->file);
	printf(":%u: note: not asked: %s\n", location->line, why);
}

/* Ask each guarded location once; how many answer wrongly. */
static size_t
ask_all(const struct lint *l)
{
	const struct nginx_directive *d;
	const char *path;
	size_t wrong = 0;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d)) {
		if (!nginx_is(d, "location") || !lint_is_guarded(l, d))
			continue;
		path = path_of(l->arena, d);
		if (answers_first(d) ||
		    answers_first(nginx_around(d, "server")))
			print_unasked(l, d, "it answers before the check");
		else if (path == NULL)
			print_unasked(l, d,
			    "no path is known that the expression matches");
		else
			wrong += ask(l, d, path);
	}
	return wrong;
}

/* --- the command --- */

/* Check what has been read. */
static int
check_text(struct arena *a, const struct buf *text, const struct request *r)
{
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;
	struct lint l;
	size_t wrong;

	nginx_dump_read(
	    a, text->s, text->len, r->file != NULL ? r->file : "nginx", &dump);
	if (!nginx_parse(a, &dump, &root, &problem)) {
		log_say("%s, line %u: %s", problem.file, problem.line,
		    problem.text);
		return EXIT_UNCHECKED;
	}
	if (root->first == NULL) {
		/* as of an nginx -T that failed, at the other end of a pipe */
		log_say("%s: no configuration", dump.files[0].name);
		return EXIT_UNCHECKED;
	}
	lint_run(a, root, dump.version, &l);
	wrong = print_findings(&l);
	if (r->file == NULL)
		wrong += print_sockets(&l);
	if (r->ask)
		wrong += ask_all(&l);
	printf("mistakes: %zu (servers: %zu, locations that pass requests on: "
	       "%zu)\n",
	    wrong, l.n_servers, l.n_routes);
	return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
check_nginx(const struct conf *conf, char *const *arguments)
{
	struct request r;
	struct arena a;
	struct buf text;
	enum err e;
	int status;

	(void)conf;
	if (!read_arguments(arguments, &r)) {
		check_nginx_usage(stderr);
		return EXIT_UNCHECKED;
	}
	if (r.rules) {
		lint_print_rules(stdout);
		return EXIT_SUCCESS;
	}
	arena_init(&a);
	buf_init(&text, &a);
	e = r.file != NULL ? read_file(r.file, &text) : nginx_live_dump(&text);
	if (e == ERR_OK)
		status = check_text(&a, &text, &r);
	else {
		complain(e, r.file, &text);
		status = EXIT_UNCHECKED;
	}
	arena_free(&a);
	return status;
}
