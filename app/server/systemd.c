/*
 * Socket activation and notification of systemd. Both protocols are small and
 * frozen, environment variables and a datagram, so libsystemd is not needed.
 */
#include "base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"
#include "server/systemd.h"

#define FIRST_FD 3
#define FDS_MAX 16

/* The number of descriptors passed to this process; -1: invalid. */
static int
handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int64_t n;

	if (pid == NULL || fds == NULL ||
	    !text_to_i64(pid, getpid(), getpid(), &n))
		return 0;
	if (text_to_i64(fds, 1, FDS_MAX, &n))
		return (int)n;
	log_say("LISTEN_FDS is not a number from 1 to %d: %s", FDS_MAX, fds);
	return -1;
}

static bool
socket_error(const char *name, size_t len, const char *what)
{
	log_say("systemd socket \"%.*s\": %s", (int)len, name, what);
	return false;
}

/* Store a descriptor by its name. */
static bool
place(int fd, const char *name, const char *const *names, int *fds, size_t n)
{
	size_t i, len = strcspn(name, ":");

	for (i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			break;
	if (i == n)
		return socket_error(name, len,
		    "unknown socket name (check FileDescriptorName=)");
	if (fds[i] >= 0)
		return socket_error(name, len, "passed twice");
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fds[i] = fd;
	return true;
}

enum systemd_sockets
systemd_take_sockets(const char *const *names, int *fds, size_t n)
{
	const char *name = getenv("LISTEN_FDNAMES");
	int i, count = handed_over();
	size_t k;

	if (count <= 0)
		return count == 0 ? SYSTEMD_NONE : SYSTEMD_WRONG;
	for (k = 0; k < n; k++)
		fds[k] = -1;
	for (i = 0; i < count; i++) {
		if (name == NULL)
			name = "unknown";
		if (!place(FIRST_FD + i, name, names, fds, n))
			return SYSTEMD_WRONG;
		name = strchr(name, ':');
		if (name != NULL)
			name++;
	}
	for (k = 0; k < n; k++)
		if (fds[k] < 0) {
			socket_error(names[k], strlen(names[k]), "missing");
			return SYSTEMD_WRONG;
		}
	return SYSTEMD_GOOD;
}

void
systemd_notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path != NULL ? strlen(path) : 0;
	int fd;

	if (n == 0 || n >= sizeof(address.sun_path) ||
	    (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, n);
	if (*path == '@') /* an abstract socket */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	        (const struct sockaddr *)&address,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0) {
		/* no service manager */
	}
	close(fd);
}
