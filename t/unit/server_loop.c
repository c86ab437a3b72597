/*
 * Tests of server/loop.c, in child processes: behaviour when
 * connections cannot be accepted, and the end by a signal.
 *
 * It once slept for 100 ms whenever it had no descriptor left, and everyone on
 * its kept connections with it.
 */
#include "base.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "http/reply.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "server/loop.h"
#include "server/signals.h"
#include "tap.h"

#define REQUESTS 300

/* What both processes see. */
static struct {
	atomic_int error;   /* of accept4(): 0: none */
	atomic_int refused; /* calls that failed so */
} * shared;

int stand_in(int fd, __SOCKADDR_ARG address, socklen_t *n, int flags) __asm__(
    "accept4");

int
stand_in(int fd, __SOCKADDR_ARG address, socklen_t *n, int flags)
{
	if (shared->error == 0)
		return REAL(accept4)(fd, address, n, flags);
	shared->refused++;
	errno = shared->error;
	return -1;
}

/* GET / over a connection that is kept. */
static const char request[] = "\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0"
                              "\1\4\0\1\0\41\0\0"
                              "\16\3REQUEST_METHODGET"
                              "\13\1REQUEST_URI/"
                              "\1\4\0\1\0\0\0\0"
                              "\1\5\0\1\0\0\0\0";

static void
run(struct req *r)
{
	reply_begin(r, 204, NULL);
}

static pid_t
start(int listener)
{
	static const struct conf conf;
	struct loop_service service = {
		.listener = listener, .run = run, .drain_ms = 0
	};
	static const struct app app = { .conf = &conf };
	struct arena arena;
	pid_t pid = fork();
	sigset_t waiting;
	struct ctx c;

	if (pid != 0)
		return pid;
	/* as the supervisor leaves them to a worker */
	signals_catch(&waiting);
	signals_reset(&waiting);
	signal(SIGALRM, SIG_DFL);
	alarm(60);
	log_set_level(LOG_LEVEL_ERROR);
	arena_init(&arena);
	ctx_init(&c, &app, &arena);
	_exit(loop_serve(&service, &c) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static int
open_listener(struct sockaddr_un *address, socklen_t *n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*n = sizeof(address->sun_family); /* the kernel chooses a name */
	if (bind(fd, (struct sockaddr *)address, *n) != 0 || listen(fd, 8) != 0)
		abort();
	*n = sizeof(*address);
	if (getsockname(fd, (struct sockaddr *)address, n) != 0)
		abort();
	return fd;
}

/* A connection, its request sent. */
static int
ask(const struct sockaddr_un *address, socklen_t n)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)address, n) != 0 ||
	    write(fd, request, sizeof(request) - 1) != sizeof(request) - 1)
		abort();
	return fd;
}

static bool
answered(int fd)
{
	char answer[1024];

	return recv(fd, answer, sizeof(answer), 0) > 8;
}

/* The milliseconds that so many requests on a kept connection take; -1: one
 * was not answered. */
static int64_t
time_of(int fd, int requests)
{
	int64_t start_ms = clock_ms();

	while (requests-- > 0)
		if (write(fd, request, sizeof(request) - 1) < 0 ||
		    !answered(fd))
			return -1;
	return clock_ms() - start_ms;
}

/* Without descriptors: the kept one is served, the new one when there is one.
 */
static void
test_want(const struct sockaddr_un *address, socklen_t n, int kept, int error)
{
	char title[96];
	int64_t ms;
	int fd;

	snprintf(title, sizeof(title),
	    "kept connections are served while accept4() fails: %s",
	    strerror(error));
	shared->refused = 0;
	shared->error = error;
	fd = ask(address, n);
	ms = time_of(kept, REQUESTS);
	ok(ms >= 0 && ms < INT64_C(10) * REQUESTS, title);
	/* one attempt at once, and one for each pause */
	ok(shared->refused >= 1 && shared->refused <= 2 + ms / 100,
	    "accept4() is tried again after a pause, not all the time");
	shared->error = 0;
	ok(answered(fd), "a connection that had to wait is answered");
	close(fd);
}

static void
test_end(pid_t pid, int signal, const char *title)
{
	int status = 0;

	kill(pid, signal);
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, title);
}

int
main(void)
{
	struct sockaddr_un address;
	socklen_t n;
	int listener = open_listener(&address, &n), kept;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	pid = start(listener);
	kept = ask(&address, n);
	ok(answered(kept), "a worker's loop answers a request");
	test_want(&address, n, kept, EMFILE);
	test_want(&address, n, kept, ENFILE);
	test_want(&address, n, kept, ENOBUFS);
	test_want(&address, n, kept, ENOMEM);
	kill(pid, SIGHUP);
	kill(pid, SIGUSR1);
	kill(pid, SIGPIPE);
	ok(time_of(kept, 1) >= 0,
	    "SIGHUP, SIGUSR1 and SIGPIPE do nothing to a worker's loop");
	test_end(pid, SIGTERM, "SIGTERM ends a worker's loop");
	ok(!answered(kept), "SIGTERM ends the loop's kept connections");
	close(kept);
	pid = start(listener);
	kept = ask(&address, n);
	ok(answered(kept), "another loop answers on the same socket");
	close(kept);
	test_end(pid, SIGINT, "SIGINT ends a worker's loop");
	pid = start(listener);
	kept = ask(&address, n);
	ok(answered(kept), "a third loop answers on the same socket");
	close(kept);
	test_end(pid, SIGQUIT, "SIGQUIT ends a worker's loop");
	close(listener);
	return done();
}
