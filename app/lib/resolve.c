/*
 * Name resolution with a time limit.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/resolve.h"

/* The addresses of a name, each as a whole row of struct resolved. */
static void
look_up(const char *name, int out)
{
	const struct addrinfo hint = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *a;
	int n = 0;

	if (getaddrinfo(name, NULL, &hint, &list) != 0)
		return;
	for (a = list; a != NULL && n < RESOLVE_MAX; a = a->ai_next, n++) {
		char row[RESOLVE_BYTES] = "";

		if (getnameinfo(a->ai_addr, a->ai_addrlen, row, sizeof(row),
		        NULL, 0, NI_NUMERICHOST) != 0 ||
		    write(out, row, sizeof(row)) != (ssize_t)sizeof(row))
			break;
	}
	freeaddrinfo(list);
}

/*
 * The resolver's process. It must not hold a connection open when its parent
 * closes it, nor outlive its parent.
 */
static _Noreturn void
be_resolver(const char *name, int out, pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(EXIT_FAILURE);
	look_up(name, STDOUT_FILENO);
	_exit(EXIT_SUCCESS);
}

/* Read until the resolver has ended. False: the time is up. */
static bool
read_rows(int in, int64_t until_ms, struct resolved *out)
{
	struct pollfd p = { .fd = in, .events = POLLIN };
	size_t got = 0, size = sizeof(out->address);
	int64_t left_ms;
	ssize_t n;

	while (got < size) {
		left_ms = until_ms < 0 ? -1 : until_ms - clock_ms();
		if (until_ms >= 0 && left_ms <= 0)
			return false;
		if (poll(&p, 1, (int)left_ms) != 1)
			continue; /* a signal, or the time is up */
		n = read(in, (char *)out->address + got, size - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	out->count = (unsigned)(got / RESOLVE_BYTES);
	return true;
}

enum resolve_result
resolve(const char *name, int64_t limit_ms, struct resolved *out)
{
	int64_t until_ms = limit_ms < 0 ? -1 : clock_ms() + limit_ms;
	pid_t parent = getpid(), child;
	bool in_time;
	int ends[2];

	*out = (struct resolved){ .count = 0 };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return RESOLVE_UNKNOWN;
	if ((child = fork()) == 0)
		be_resolver(name, ends[1], parent);
	close(ends[1]);
	in_time = child > 0 && read_rows(ends[0], until_ms, out);
	close(ends[0]);
	if (child < 0)
		return RESOLVE_UNKNOWN;
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (!in_time)
		return RESOLVE_LATE;
	return out->count > 0 ? RESOLVE_DONE : RESOLVE_UNKNOWN;
}
