/*
 * cmd/nginx_live.c: what is read, and who may use a socket.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/nginx_live.h"
#include "tap.h"

#define USER "nobody" /* is in no group but its own */
#define OTHERS 65534  /* its group */

static struct arena arena;

static bool
says(const char *path, const char *text)
{
	const char *problem = nginx_live_socket_problem(&arena, USER, path);

	if (text == NULL)
		return problem == NULL;
	return problem != NULL && strstr(problem, text) != NULL;
}

/* A socket at a path. */
static bool
make_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool made;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	made = fd >= 0 && bind(fd, (const struct sockaddr *)&address,
	                      sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return made;
}

static void
test_permissions(const char *folder, const char *socket_name)
{
	chmod(folder, 0755);
	chmod(socket_name, 0666);
	ok(says(socket_name, NULL), "a socket for all is for nginx, too");
	chmod(socket_name, 0660);
	ok(says(socket_name, "may not be used by nobody"),
	    "a socket of another group is not for nginx");
	if (chown(socket_name, 0, OTHERS) == 0) {
		ok(says(socket_name, NULL),
		    "a socket of nginx's group is for nginx");
		chmod(socket_name, 0606);
		ok(says(socket_name, "may not be used"),
		    "what is for others is not for the group");
	}
	chmod(socket_name, 0666);
	chmod(folder, 0700);
	ok(says(socket_name, "may not be entered"),
	    "a closed folder keeps nginx from a socket");
	chmod(folder, 0711);
	ok(says(socket_name, NULL), "a folder has to be searched, not read");
	chmod(folder, 0700);
	if (chown(folder, OTHERS, 0) == 0)
		ok(says(socket_name, NULL), "an owner may enter");
	ok(nginx_live_socket_problem(&arena, "root", socket_name) == NULL,
	    "root may do all");
}

static void
test_sockets(void)
{
	char folder[] = "/tmp/nginx_live.XXXXXX", name[64], file[64];
	int fd;

	if (mkdtemp(folder) == NULL)
		return;
	snprintf(name, sizeof(name), "%s/s", folder);
	snprintf(file, sizeof(file), "%s/f", folder);
	chmod(folder, 0755);
	ok(says(name, "is not there"), "a socket that is missing is told");
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
	if (fd >= 0)
		close(fd);
	ok(says(file, "is no socket"), "a file is no socket");
	ok(make_socket(name), "a socket is made");
	if (geteuid() == 0)
		test_permissions(folder, name);
	ok(nginx_live_socket_problem(&arena, "no such user", name) == NULL,
	    "of a user that is unknown nothing is known");
	ok(says("relative", NULL), "of a relative name nothing is known");
	unlink(name);
	unlink(file);
	rmdir(folder);
}

static void
test_reading(void)
{
	FILE *file = tmpfile();
	struct buf b;

	if (file == NULL)
		return;
	buf_init(&b, &arena);
	ok(nginx_live_read(fileno(file), &b) == ERR_OK && b.len == 0 &&
	        b.s != NULL,
	    "an empty file is an empty text");
	ok(ftruncate(fileno(file), NGINX_INPUT_MAX_BYTES) == 0 &&
	        nginx_live_read(fileno(file), &b) == ERR_OK &&
	        b.len == NGINX_INPUT_MAX_BYTES,
	    "16 MiB are read");
	buf_init(&b, &arena);
	rewind(file);
	ok(ftruncate(fileno(file), NGINX_INPUT_MAX_BYTES + 1) == 0 &&
	        lseek(fileno(file), 0, SEEK_SET) == 0 &&
	        nginx_live_read(fileno(file), &b) == ERR_TOOBIG,
	    "a byte more is refused");
	fclose(file);
	ok(nginx_live_read(-1, &b) == ERR_INTERNAL && errno == EBADF,
	    "what cannot be read is told");
}

int
main(void)
{
	arena_init(&arena);
	test_sockets();
	test_reading();
	arena_free(&arena);
	return done();
}
