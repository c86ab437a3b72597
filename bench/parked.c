/*
 * A minimal FastCGI program behind a web server that keeps its connections:
 * single-threaded processes that park them in epoll, as server/loop.c does, and
 * answer without reading the request. No program on libfcgi can be much
 * quicker; what Latchkey takes beyond it is its own work.
 *
 *	parked SOCKET PROCESSES
 *
 * For a bench: a peer that stops in the middle of a request is waited for.
 */
#include "base.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "lib/text.h"

#define BACKLOG 1024
#define EVENTS 64

static const char reply[] = "Content-Type: text/plain\r\n\r\n";

static bool
watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data = { .fd = fd } };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* Answer what the connection has sent. True: it stays open. */
static bool
answer(FCGX_Request *r, int fd)
{
	bool kept;

	r->ipcFd = fd;
	r->keepConnection = 1; /* or FCGX_Accept_r() closes it first */
	if (FCGX_Accept_r(r) == 0) {
		FCGX_PutStr(reply, sizeof(reply) - 1, r->out);
		FCGX_Finish_r(r);
	}
	kept = r->ipcFd >= 0;
	r->ipcFd = -1;
	return kept;
}

static bool
has_news(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* A new connection, whose request has usually come with it. */
static void
meet(FCGX_Request *r, int epoll, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 || (has_news(fd) && !answer(r, fd)))
		return;
	if (!watch(epoll, fd, EPOLLIN))
		close(fd);
}

static void
serve(int listener)
{
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(EPOLL_CLOEXEC), i, n;
	FCGX_Request r;

	if (FCGX_InitRequest(&r, -1, 0) != 0 ||
	    !watch(epoll, listener, EPOLLIN | EPOLLEXCLUSIVE))
		exit(EXIT_FAILURE);
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (i = 0; i < n; i++)
			if (events[i].data.fd == listener)
				meet(&r, epoll, listener);
			else
				(void)answer(&r, events[i].data.fd);
	}
}

int
main(int argc, char **argv)
{
	int64_t processes;
	int listener;

	if (argc != 3 || !text_to_i64(argv[2], 1, 64, &processes) ||
	    FCGX_Init() != 0 ||
	    (listener = FCGX_OpenSocket(argv[1], BACKLOG)) < 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
		return EXIT_FAILURE;
	while (--processes > 0)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			break;
		}
	serve(listener);
}
