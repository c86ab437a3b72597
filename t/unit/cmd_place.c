/*
 * Tests of cmd/place.c: what `latchkey check` says of sockets, ports and the
 * status file.
 */
#include "base.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cmd/place.h"
#include "lib/buf.h"
#include "said.h"
#include "tap.h"

static char folder[] = "/tmp/latchkey-place-XXXXXX";
static struct arena arena;

/* A path in the folder. */
static char *
in_folder(const char *name)
{
	struct buf b;

	buf_init(&b, &arena);
	buf_addf(&b, "%s/%s", folder, name);
	return b.s;
}

/*
 * Check with this place for the check lane, and good ones for the others. What
 * is said is kept, and what could not be judged.
 */
static bool
checks(char *place, const char **unseen)
{
	struct conf conf = { .status_file = in_folder("status") };
	bool good;

	conf.listen[ROLE_CHECK] = place;
	conf.listen[ROLE_API] = in_folder("api.sock");
	conf.listen[ROLE_LOGIN] = in_folder("login.sock");
	listen_to_stderr();
	good = place_check(&conf, &arena, unseen);
	said();
	if (*unseen == NULL)
		*unseen = "";
	return good;
}

/* A Unix socket at a path. */
static int
bound(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		abort();
	return fd;
}

/* The descriptor that is taken next. */
static int
next_descriptor(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}

static void
test_unix(void)
{
	char *path = in_folder("check.sock");
	const char *unseen;
	int fd, other, next = next_descriptor();

	ok(checks(path, &unseen) && *said_text == '\0' &&
	        strstr(unseen, "listens") == NULL,
	    "nothing is said of a socket that can be made");
	is_int(
	    next_descriptor(), next, "a check of sockets leaves no file open");
	fd = bound(path);
	ok(checks(path, &unseen) && strstr(unseen, "listens") == NULL,
	    "a socket on which nobody listens is no service's");
	listen(fd, 1);
	ok(checks(path, &unseen) && *said_text == '\0' &&
	        strstr(unseen, "which process listens on ") != NULL &&
	        strstr(unseen, path) != NULL,
	    "a socket on which somebody listens is named");
	is_int(strncmp(unseen, "which process listens on /tmp/", 30), 0,
	    "what could not be judged begins with the first place");
	other = bound(in_folder("api.sock"));
	listen(other, 1);
	ok(checks(path, &unseen) &&
	        strstr(unseen, "/check.sock; which process listens on /tmp/") !=
	            NULL &&
	        strstr(unseen, "/api.sock") != NULL,
	    "two sockets on which somebody listens are both named");
	close(other);
	unlink(in_folder("api.sock"));
	ok(checks(in_folder("check.soc"), &unseen) &&
	        strstr(unseen, "listens") == NULL,
	    "the beginning of a socket's path is another place");
	close(fd);
	unlink(path);
	fclose(fopen(path, "w"));
	ok(!checks(path, &unseen) &&
	        strstr(said_text, "listen_check: /tmp/") != NULL &&
	        strstr(said_text, "exists and is not a socket") != NULL,
	    "a file in the place of a socket is an error");
	unlink(path);
	ok(checks(in_folder("no/check.sock"), &unseen) &&
	        strstr(said_text, "no does not exist; ") != NULL &&
	        strstr(said_text, "install -d -m 2750") != NULL,
	    "a folder that is missing is a warning that says how to make it");
}

/* Below a file not even root can make one. */
static void
test_folder(void)
{
	char *path = in_folder("a");
	const char *unseen;

	fclose(fopen(path, "w"));
	ok(checks(in_folder("a/no/check.sock"), &unseen) &&
	        strstr(said_text, "warning: listen_check: this user cannot "
	                          "make a file in /tmp/") != NULL &&
	        strstr(said_text, "/a/no: Not a directory; do: chown "
	                          "latchkey /tmp/") != NULL,
	    "a folder in which no file can be made is a warning that says "
	    "why");
	unlink(path);
}

/* A port of the loopback address on which this process listens. */
static int
taken_port(int *fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(address);

	*fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(*fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(*fd, 1) != 0 ||
	    getsockname(*fd, (struct sockaddr *)&address, &n) != 0)
		abort();
	return ntohs(address.sin_port);
}

static void
test_ports(void)
{
	static const char *const wrong[] = { "localhost:9001", "127.0.0.1",
		"127.0.0.1:", ":9001", "127.0.0.1:65536", "check.sock" };
	const char *unseen;
	char place[100];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		snprintf(place, sizeof(place), "%s", wrong[i]);
		ok(!checks(place, &unseen) &&
		        strstr(said_text, "neither an absolute path nor") !=
		            NULL,
		    tap_with("what is no place is an error", wrong[i]));
	}
	snprintf(place, sizeof(place), "127.0.0.1:%d", taken_port(&fd));
	ok(checks(place, &unseen) &&
	        strstr(said_text, "another process listens there") != NULL,
	    "a port that is taken is a warning");
	close(fd);
	ok(checks(place, &unseen) && *said_text == '\0',
	    "nothing is said of a port that is free");
	snprintf(place, sizeof(place), "192.0.2.1:9001");
	ok(checks(place, &unseen) &&
	        strstr(said_text, strerror(EADDRNOTAVAIL)) != NULL,
	    "an address of another machine is a warning");
}

static void
test_status(void)
{
	struct conf conf = { .status_file = in_folder("no/status") };
	const char *unseen;
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		conf.listen[lane] = in_folder("x.sock");
	listen_to_stderr();
	ok(place_check(&conf, &arena, &unseen) &&
	        strstr(said(), "status_file: the folder ") != NULL,
	    "the status file's folder is looked at");
	ok((geteuid() == 0) ==
	        (unseen != NULL && strstr(unseen, "run as root") != NULL),
	    "root is told that the service's user may do less");
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	arena_init(&arena);
	test_unix();
	test_folder();
	test_ports();
	test_status();
	arena_free(&arena);
	rmdir(folder);
	return done();
}
