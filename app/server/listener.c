/*
 * Listening sockets. The kernel's queue of connections that wait on each is
 * Latchkey's only queue.
 */
#include "base.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"
#include "server/listener.h"
#include "server/systemd.h"

#define BACKLOG 1024

static int
socket_error(enum role lane, const char *address, const char *what)
{
	log_say("listen_%s: %s: %s", roles[lane].name, address, what);
	return -1;
}

/* As socket_error(), closing a descriptor. */
static int
give_up(int fd, enum role lane, const char *address, const char *what)
{
	close(fd);
	return socket_error(lane, address, what);
}

static int
open_unix(enum role lane, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *a = (const struct sockaddr *)&address;
	/* must not wait while the queue of another listener is full */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	mode_t mask;
	int bound;

	if (fd < 0)
		return socket_error(lane, path, strerror(errno));
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return give_up(fd, lane, path, "exists and is not a socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, a, sizeof(address)) == 0 || errno == EAGAIN)
		return give_up(fd, lane, path, "in use by another process");
	if (errno == ECONNREFUSED && unlink(path) != 0)
		return give_up(fd, lane, path, strerror(errno));
	mask = umask(0117);
	bound = bind(fd, a, sizeof(address));
	umask(mask);
	if (bound != 0 || listen(fd, BACKLOG) != 0)
		return give_up(fd, lane, path, strerror(errno));
	return fd;
}

/* A numeric ADDRESS:PORT, an IPv6 address in brackets. NULL: it is not. */
static struct addrinfo *
parse_address(const char *text)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	const char *colon = strrchr(text, ':');
	struct addrinfo *found = NULL;
	char host[64];
	int64_t port;
	size_t n;

	/* getaddrinfo() would take 65537 for 1 */
	if (colon == NULL || colon == text ||
	    !text_to_i64(colon + 1, 1, 65535, &port))
		return NULL;
	n = (size_t)(colon - text);
	if (text[0] == '[' && colon[-1] == ']') {
		text++;
		n -= 2;
	} else if (memchr(text, ':', n) != NULL) {
		return NULL;
	}
	if (n == 0 || n >= sizeof(host))
		return NULL;
	memcpy(host, text, n);
	host[n] = '\0';
	return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

/* A socket bound to an address, which is released; -1 with errno. */
static int
bind_tcp(struct addrinfo *a)
{
	static const int on = 1;
	int error, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (bind(fd, a->ai_addr, a->ai_addrlen) != 0) {
			error = errno;
			close(fd);
			errno = error;
			fd = -1;
		}
	}
	freeaddrinfo(a);
	return fd;
}

static int
open_tcp(enum role lane, const char *text)
{
	struct addrinfo *a = parse_address(text);
	int fd;

	if (a == NULL)
		return socket_error(lane, text,
		    "is neither an absolute path nor a numeric ADDRESS:PORT");
	if ((fd = bind_tcp(a)) < 0)
		return socket_error(lane, text, strerror(errno));
	if (listen(fd, BACKLOG) != 0)
		return give_up(fd, lane, text, strerror(errno));
	return fd;
}

int
listener_try(const char *address)
{
	struct addrinfo *a = parse_address(address);
	int fd, error = 0;

	if (a == NULL)
		return EINVAL;
	if ((fd = bind_tcp(a)) < 0)
		return errno;
	/* two sockets that do not listen may be bound to one port */
	if (listen(fd, 0) != 0)
		error = errno;
	close(fd);
	return error;
}

static int
open_lane(enum role lane, const char *address)
{
	return *address == '/' ? open_unix(lane, address)
	                       : open_tcp(lane, address);
}

static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 &&
	       listening != 0;
}

bool
listeners_are_good(const struct listeners *l)
{
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane && !is_listening(l->fd[lane])) {
			socket_error(
			    lane, "the socket handed over", "is not listening");
			return false;
		}
	return true;
}

static enum systemd_sockets
take_over(struct listeners *l)
{
	const char *names[ROLE_COUNT];
	enum role lane, at[ROLE_COUNT] = { 0 };
	enum systemd_sockets result;
	int fds[ROLE_COUNT];
	size_t i, n = 0;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane) {
			names[n] = roles[lane].name;
			at[n++] = lane;
		}
	result = systemd_take_sockets(names, fds, n);
	for (i = 0; result == SYSTEMD_GOOD && i < n; i++)
		l->fd[at[i]] = fds[i];
	return result;
}

static bool
open_lanes(const struct conf *conf, struct listeners *l)
{
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++) {
		if (!roles[lane].is_lane)
			continue;
		l->fd[lane] = l->single ? STDIN_FILENO
		                        : open_lane(lane, conf->listen[lane]);
		if (l->fd[lane] < 0)
			return false;
	}
	return true;
}

bool
listeners_open(const struct conf *conf, struct listeners *out)
{
	size_t i;

	for (i = 0; i < ROLE_COUNT; i++) {
		out->fd[i] = -1;
		out->address[i] = conf->listen[i];
	}
	out->single = false;
	switch (take_over(out)) {
	case SYSTEMD_GOOD:
		return listeners_are_good(out);
	case SYSTEMD_WRONG:
		return false;
	default:
		out->single = is_listening(STDIN_FILENO);
		return open_lanes(conf, out);
	}
}

void
listeners_set_backlog(const struct listeners *l, enum role lane, int n)
{
	if (listen(l->fd[lane], n) != 0)
		log_say("listen_%s: %s", roles[lane].name, strerror(errno));
}
