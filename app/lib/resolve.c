/*
 * Name resolution with a time limit.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
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

/* A process that looks names up, and what it is asked and answers. */
struct question {
	uint32_t number;
	int64_t limit_ms;
	char name[RESOLVE_NAME_BYTES];
};

struct reply {
	uint32_t number;
	enum resolve_result result;
	struct resolved found;
};

/* The socket to the resolver, and the number of the last question to it. */
static int resolver_fd = -1;
static uint32_t last_question;

/*
 * Kill this process when the time is up, wherever it waits: nobody else needs
 * the right to.
 */
static bool
end_in(int64_t ms)
{
	const struct itimerspec end = { .it_value = {
		                            ms / 1000, ms % 1000 * 1000000 } };
	struct sigevent kill_it = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL };
	timer_t timer;

	return ms < 0 ||
	       (timer_create(CLOCK_MONOTONIC, &kill_it, &timer) == 0 &&
	           timer_settime(timer, 0, &end, NULL) == 0);
}

/*
 * The process of one look-up. It must not hold a connection open when its
 * parent closes it, nor outlive its parent.
 */
static _Noreturn void
be_lookup(const struct question *q, int out, bool (*narrow)(void), pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
	    dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0)
		_exit(EXIT_FAILURE);
	if (end_in(q->limit_ms) && (narrow == NULL || narrow()))
		look_up(q->name, STDOUT_FILENO);
	_exit(EXIT_SUCCESS);
}

/* Read until that process has ended. False: the time is up. */
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

/*
 * Wait for the process of a look-up to end, which it does by itself when its
 * time is up. True: by itself, or killed by its timer.
 */
static bool
reap(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return !WIFSIGNALED(status) || WTERMSIG(status) == SIGKILL;
}

/* Look a name up by a separate process. */
static enum resolve_result
resolve_by_child(
    const struct question *q, bool (*narrow)(void), struct resolved *out)
{
	int64_t until_ms = q->limit_ms < 0 ? -1 : clock_ms() + q->limit_ms;
	pid_t parent = getpid(), child;
	bool in_time;
	int ends[2];

	*out = (struct resolved){ .count = 0 };
	if (q->limit_ms == 0)
		return RESOLVE_LATE;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return RESOLVE_UNKNOWN;
	if ((child = fork()) == 0)
		be_lookup(q, ends[1], narrow, parent);
	close(ends[1]);
	in_time = child > 0 && read_rows(ends[0], until_ms, out);
	close(ends[0]);
	if (child < 0)
		return RESOLVE_UNKNOWN;
	if (!reap(child))
		log_say("the process that looks up a host's name was killed");
	if (!in_time ||
	    (out->count == 0 && until_ms >= 0 && clock_ms() >= until_ms))
		return RESOLVE_LATE;
	return out->count > 0 ? RESOLVE_DONE : RESOLVE_UNKNOWN;
}

/* --- a resolver for a process that makes no others --- */

struct known {
	unsigned count;
	char name[RESOLVE_NAMES_MAX][RESOLVE_NAME_BYTES];
};

static void
learn(const struct resolver *r, struct known *k)
{
	unsigned i;

	for (i = 0; i < r->count && k->count < RESOLVE_NAMES_MAX; i++)
		if (strlen(r->names[i]) < RESOLVE_NAME_BYTES)
			snprintf(k->name[k->count++], RESOLVE_NAME_BYTES, "%s",
			    r->names[i]);
}

/* Is it a name of the list, and not some text to be sent to a name server? */
static bool
knows(const struct known *k, const struct question *q)
{
	unsigned i;

	for (i = 0; i < k->count; i++)
		if (memcmp(k->name[i], q->name, strlen(k->name[i]) + 1) == 0)
			return true;
	return false;
}

/* Answer until the process that asks has ended. */
static void
answer_all(const struct known *k, int in, bool (*narrow)(void))
{
	struct question q;
	ssize_t n;

	for (;;) {
		struct reply reply = { .result = RESOLVE_UNKNOWN };

		n = recv(in, &q, sizeof(q), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(q))
			return;
		reply.number = q.number;
		if (knows(k, &q))
			reply.result =
			    resolve_by_child(&q, narrow, &reply.found);
		if (send(in, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			return;
	}
}

/* It ends when nobody asks any longer, not at a signal for many. */
static void
ignore_stops(void)
{
	static const int stops[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	size_t i;

	for (i = 0; i < ARRAY_LEN(stops); i++)
		sigaction(stops[i], &ignored, NULL);
}

static _Noreturn void
be_resolver(const struct resolver *r, int in, pid_t parent)
{
	bool (*narrow)(void) = r->narrow;
	struct known known = { .count = 0 };

	learn(r, &known);
	ignore_stops();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    dup2(in, STDIN_FILENO) == STDIN_FILENO &&
	    close_range(STDERR_FILENO + 1, ~0U, 0) == 0 && r->begin(r->of))
		answer_all(&known, STDIN_FILENO, narrow);
	_exit(EXIT_SUCCESS);
}

bool
resolver_start(const struct resolver *r)
{
	pid_t parent = getpid(), child;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	if ((child = fork()) == 0)
		be_resolver(r, ends[1], parent);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return false;
	}
	resolver_fd = ends[0];
	return true;
}

/* Read the answer to the last question. False: the time is up. */
static bool
read_reply(int64_t until_ms, struct reply *out)
{
	struct pollfd p = { .fd = resolver_fd, .events = POLLIN };
	int64_t left_ms;
	ssize_t n;

	for (;;) {
		left_ms = until_ms < 0 ? -1 : until_ms - clock_ms();
		if (until_ms >= 0 && left_ms <= 0)
			return false;
		if (poll(&p, 1, (int)left_ms) != 1)
			continue; /* a signal, or the time is up */
		n = recv(resolver_fd, out, sizeof(*out), MSG_DONTWAIT);
		if (n == (ssize_t)sizeof(*out) && out->number == last_question)
			return true;
		if (n == (ssize_t)sizeof(*out) || (n < 0 && errno == EAGAIN))
			continue; /* the answer to one before */
		raise(SIGTERM);
		/* cppcheck-suppress unreachableCode */
		*out = (struct reply){ .result = RESOLVE_UNKNOWN };
		return true;
	}
}

static enum resolve_result
resolve_by_other(const struct question *q, struct resolved *out)
{
	int64_t until_ms = q->limit_ms < 0 ? -1 : clock_ms() + q->limit_ms;
	struct reply reply;
	unsigned i;

	*out = (struct resolved){ .count = 0 };
	if (send(resolver_fd, q, sizeof(*q), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EPIPE)
		return RESOLVE_LATE; /* it is still at those before */
	if (!read_reply(until_ms, &reply))
		return RESOLVE_LATE;
	if (reply.found.count > RESOLVE_MAX)
		return RESOLVE_UNKNOWN;
	*out = reply.found;
	/* it reads what comes from a network, so it may say anything */
	for (i = 0; i < RESOLVE_MAX; i++)
		out->address[i][RESOLVE_BYTES - 1] = '\0';
	return reply.result;
}

enum resolve_result
resolve(const char *name, int64_t limit_ms, struct resolved *out)
{
	struct question q = { .limit_ms = limit_ms };

	*out = (struct resolved){ .count = 0 };
	if (strlen(name) >= sizeof(q.name))
		return RESOLVE_UNKNOWN;
	snprintf(q.name, sizeof(q.name), "%s", name);
	if (resolver_fd < 0)
		return resolve_by_child(&q, NULL, out);
	q.number = ++last_question;
	return resolve_by_other(&q, out);
}
