/*
 * The worker process: what it needs before it can answer, in order.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "db_user.h"
#include "fcgi.h"
#include "hashmem.h"
#include "route.h"
#include "serve.h"

#define BACKLOG 1024

/* The key and passwords must not be left in a core file. */
static void
forbid_core_files(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
	/* the limit does not hold for a core_pattern that is a pipe */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 &&
	       listening != 0;
}

static int
socket_error(const char *path, const char *what)
{
	fprintf(stderr, "latchkey: listen: %s: %s\n", path, what);
	return -1;
}

/*
 * A Unix socket that the owner and the group may connect to, in the place of
 * one that nobody answers on. -1: no.
 */
static int
open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *a = (const struct sockaddr *)&address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	mode_t mask;
	int bound;

	if (fd < 0)
		return socket_error(path, strerror(errno));
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return socket_error(path, "is there, and not a socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, a, sizeof(address)) == 0)
		return socket_error(path, "another process answers there");
	if (errno == ECONNREFUSED && unlink(path) != 0)
		return socket_error(path, strerror(errno));
	mask = umask(0117);
	bound = bind(fd, a, sizeof(address));
	umask(mask);
	if (bound != 0 || listen(fd, BACKLOG) != 0)
		return socket_error(path, strerror(errno));
	return fd;
}

int
serve(const struct conf *conf)
{
	static const struct db_sql *const statements[] = { db_user_sql, NULL };
	static struct token_key key;
	struct arena arena;
	struct ctx c = { .conf = conf, .key = &key, .arena = &arena };
	bool done = false;
	int fd;

	if (geteuid() == 0) {
		fprintf(stderr,
		    "latchkey: serve does not run as root; start it as a user "
		    "of its own\n");
		return EXIT_FAILURE;
	}
	forbid_core_files();
	hashmem_keep(conf->hash_memory_kept);
	arena_init(&arena);
	if (token_key_load(conf->key_file, &key) &&
	    (c.db = db_new(conf->database, conf->db_timeout_ms, statements)) !=
	        NULL &&
	    (fd = is_listening(0) ? 0 : open_socket(conf->listen)) >= 0) {
		done = fcgi_serve(fd, &c, route_run);
		if (fd != 0)
			unlink(conf->listen);
	}
	db_free(c.db);
	arena_free(&arena);
	hashmem_release();
	explicit_bzero(&key, sizeof(key));
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
