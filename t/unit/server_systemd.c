/*
 * Tests of server/systemd.c: sockets passed as sd_listen_fds(3) describes, and
 * notification as sd_notify(3) does.
 */
#include "base.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/systemd.h"
#include "tap.h"

#define FIRST 3 /* the first descriptor of those handed over */
#define N 3

static const char *const names[N] = { "check", "api", "login" };
static int fds[N];
static char said[500];

/* What systemd_take_sockets() makes of this; *said is what it complains of. */
static enum systemd_sockets
take(const char *pid, const char *count, const char *fd_names)
{
	char path[] = "/tmp/latchkey-said-XXXXXX";
	int file = mkstemp(path), shown = dup(STDERR_FILENO);
	enum systemd_sockets got;
	ssize_t n;

	unlink(path);
	(void)(pid != NULL ? setenv("LISTEN_PID", pid, 1)
	                   : unsetenv("LISTEN_PID"));
	(void)(count != NULL ? setenv("LISTEN_FDS", count, 1)
	                     : unsetenv("LISTEN_FDS"));
	(void)(fd_names != NULL ? setenv("LISTEN_FDNAMES", fd_names, 1)
	                        : unsetenv("LISTEN_FDNAMES"));
	dup2(file, STDERR_FILENO);
	got = systemd_take_sockets(names, fds, N);
	dup2(shown, STDERR_FILENO);
	n = pread(file, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	close(shown);
	close(file);
	return got;
}

static void
test_take(const char *self)
{
	int i;

	/* three that a program which is started would get */
	for (i = 0; i < N; i++)
		if (dup2(STDIN_FILENO, FIRST + i) < 0)
			ok(false, "a descriptor is there");
	ok(take(self, "3", "login:check:api") == SYSTEMD_GOOD,
	    "sockets are taken by their names");
	ok(fds[0] == FIRST + 1 && fds[1] == FIRST + 2 && fds[2] == FIRST,
	    "each socket is where its name wants it");
	ok((fcntl(FIRST, F_GETFD) & FD_CLOEXEC) != 0 &&
	        (fcntl(FIRST + 2, F_GETFD) & FD_CLOEXEC) != 0,
	    "sockets are closed in other programs");
	is(said, "", "nothing is said of good sockets");

	ok(take(self, "3", "login:check:web") == SYSTEMD_WRONG,
	    "a socket of an unknown name is wrong");
	is(said,
	    "latchkey: systemd socket \"web\": unknown socket name (check "
	    "FileDescriptorName=)\n",
	    "the message of an unknown name says what to do");
	ok(take(self, "3", "logi:check:api") == SYSTEMD_WRONG &&
	        take(self, "3", "logins:check:api") == SYSTEMD_WRONG,
	    "the beginning of a name is not the name, nor is a longer one");
	ok(take(self, "3", "login:check:login") == SYSTEMD_WRONG &&
	        strstr(said, "\"login\": passed twice") != NULL,
	    "a name passed twice is wrong");
	ok(take(self, "2", "login:check") == SYSTEMD_WRONG &&
	        strstr(said, "\"api\": missing") != NULL,
	    "a missing name is wrong");
	ok(take(self, "3", "login:check") == SYSTEMD_WRONG &&
	        strstr(said, "\"unknown\": unknown socket name") != NULL,
	    "a socket without a name is wrong");
	ok(take(self, "1", NULL) == SYSTEMD_WRONG &&
	        strstr(said, "\"unknown\"") != NULL,
	    "sockets without any names are wrong");
}

static void
test_none(const char *self)
{
	ok(take(NULL, "3", "login:check:api") == SYSTEMD_NONE &&
	        take(self, NULL, "login:check:api") == SYSTEMD_NONE,
	    "no sockets are passed without the number of a process or of sockets");
	ok(take("1", "3", "login:check:api") == SYSTEMD_NONE,
	    "sockets of another process are not taken");
	is(said, "", "nothing is said of another process's sockets");
	ok(take(self, "x", "login:check:api") == SYSTEMD_WRONG &&
	        strstr(said, "LISTEN_FDS is not a number from 1 to ") != NULL,
	    "a number of sockets that is not one is wrong");
	ok(take(self, "0", "") == SYSTEMD_WRONG,
	    "a number of 0 sockets is wrong");
	unsetenv("LISTEN_PID");
}

/* A manager's socket at this path, or, where that begins with @, this name. */
static int
manager(const char *path)
{
	const struct timeval soon = { .tv_sec = 5 };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(a.sun_path, path, strlen(path));
	if (*path == '@')
		a.sun_path[0] = '\0';
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	if (bind(fd, (const struct sockaddr *)&a,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	                    strlen(path))) != 0)
		perror(path);
	return fd;
}

static void
is_told(const char *path, int fd, const char *title)
{
	char got[40] = "";
	ssize_t n;

	setenv("NOTIFY_SOCKET", path, 1);
	systemd_notify("READY=1");
	n = recv(fd, got, sizeof(got) - 1, 0);
	got[n > 0 ? n : 0] = '\0';
	is(got, "READY=1", title);
}

static void
test_notify(void)
{
	char folder[] = "/tmp/latchkey-notify-XXXXXX", path[120], longer[130];
	char name[60], got;
	int fd;

	if (mkdtemp(folder) == NULL)
		ok(false, "a folder is made");
	snprintf(path, sizeof(path), "%s/%079d", folder, 0);
	is_int((long long)strlen(path), 107,
	    "a socket's path has at most 107 bytes");
	fd = manager(path);
	is_told(path, fd, "the service manager hears at the longest path");
	snprintf(longer, sizeof(longer), "%s0", path);
	setenv("NOTIFY_SOCKET", longer, 1);
	systemd_notify("READY=1");
	setenv("NOTIFY_SOCKET", path + 1, 1);
	systemd_notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	systemd_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	systemd_notify("READY=1");
	ok(recv(fd, &got, 1, MSG_DONTWAIT) < 0,
	    "the service manager does not hear at a longer path, at one that is not a path, or at none");
	close(fd);
	setenv("NOTIFY_SOCKET", path, 1);
	systemd_notify("READY=1");
	ok(true, "a service manager that has gone does no harm");
	unlink(path);
	rmdir(folder);

	snprintf(name, sizeof(name), "@latchkey-test-%d", (int)getpid());
	fd = manager(name);
	is_told(name, fd, "the service manager hears at an abstract name");
	close(fd);
}

int
main(void)
{
	char self[20];

	if (chdir("/") != 0) /* where a path may lack its first byte */
		return 1;
	snprintf(self, sizeof(self), "%d", (int)getpid());
	test_take(self);
	test_none(self);
	test_notify();
	return done();
}
