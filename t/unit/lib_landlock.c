/*
 * lib/landlock.c: what may be opened and connected to.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/landlock.h"
#include "tap.h"

static int
connect_to(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	errno = 0;
	return connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

/* What a process sees that may read /usr and /etc/group, and connect to
 * port 1. */
static int
try(void)
{
	int rules = landlock_new(false), seen = 0;

	if (rules < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    !landlock_read(rules, "/usr") || !landlock_read(rules, "/none") ||
	    !landlock_read(rules, "/etc/group") ||
	    !landlock_connect(rules, 1) || !landlock_enforce(rules))
		return 0;
	if (open("/usr/bin/env", O_RDONLY | O_CLOEXEC) >= 0)
		seen |= 1;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES)
		seen |= 2;
	if (open("/tmp/landlock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 &&
	    errno == EACCES)
		seen |= 4;
	if (connect_to(1) < 0 && errno == ECONNREFUSED)
		seen |= 8;
	if (connect_to(2) < 0 && errno == EACCES)
		seen |= 16;
	if (kill(getppid(), 0) < 0 && errno == EPERM)
		seen |= 32;
	if (open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 &&
	    open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0)
		seen |= 64;
	if (open("/etc/group", O_RDONLY | O_CLOEXEC) >= 0)
		seen |= 128;
	return seen;
}

int
main(void)
{
	int version = landlock_version(), status = 0;
	pid_t child;

	if (version == 0) {
		ok(landlock_new(false) < 0, "no rules without Landlock");
		return done();
	}
	if ((child = fork()) == 0)
		_exit(try());
	waitpid(child, &status, 0);
	status = WEXITSTATUS(status);
	ok((status & 1) != 0, "a file below a folder of the rules is read");
	ok((status & 2) != 0, "another file is refused");
	ok((status & 64) != 0,
	    "a folder of the rules is listed, and no other is");
	ok((status & 128) != 0, "a file of the rules is read");
	ok((status & 4) != 0, "no file is made");
	ok((status & 8) != 0, "the port of the rules is connected to");
	ok(version < 4 || (status & 16) != 0, "another port is refused");
	ok(version < 6 || (status & 32) != 0,
	    "a process outside is not signalled");
	return done();
}
