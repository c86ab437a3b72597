/*
 * Event loop of a worker: the listening socket, kept connections and signals.
 *
 * A worker has one request at a time, and belongs to no connection: one that
 * the web server keeps is parked in epoll beside the listening socket, and
 * served when its next request has come whole. So neither a slow peer nor half
 * a request can hold a worker. Signals come through epoll as well (signalfd):
 * none can slip in between a look at a flag and the wait.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/fcgi.h"
#include "lib/clock.h"
#include "server/loop.h"
#include "server/signals.h"
#include "stats/event.h"

#define PARKED_MAX 512 /* connections that one worker keeps */
#define SILENT_MS 500  /* before one may lose its slot */
#define PAUSE_MS 100   /* before another attempt to accept */
#define ROUND_MAX 64   /* events that are handled between two waits */
#define DRAIN_MAX_MS (10 * 1000L) /* after which a worker ends in any case */

/* A kept connection between two requests. */
struct parked {
	int fd; /* -1: the slot is free */
	uint32_t
	    serial; /* distinguishes its events from an earlier connection's */
	int64_t used_ms; /* of clock_ms(): accepted, or last answered */
};

/* State of the loop. */
struct loop {
	const struct loop_service *service;
	struct fcgi *fcgi;
	struct ctx *ctx;
	int epoll;        /* the listener, the signals and the connections */
	int signals;      /* SIGTERM, SIGINT, SIGQUIT, to be read */
	bool stopping;    /* one of them has come */
	bool paused;      /* nothing is accepted: */
	int64_t retry_ms; /* not before this of clock_ms() */
	int kept;         /* slots that are taken */
	uint32_t serial;
	uint64_t requests;
	struct parked parked[PARKED_MAX];
};

/* The data of an event; of a connection: serial and index. */
#define LISTENER UINT64_MAX
#define SIGNALS (UINT64_MAX - 1)

static bool
watch(struct loop *l, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data = { .u64 = data } };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* Block the signals that end the loop; they are read from then on. */
static bool
watch_signals(struct loop *l)
{
	sigset_t set;

	signals_block_stop(&set);
	l->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return l->signals >= 0 && watch(l, l->signals, EPOLLIN, SIGNALS);
}

static void
on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->signals, &info, sizeof(info)) == sizeof(info))
		l->stopping = true;
}

/*
 * Of the workers that wait at the listener the kernel wakes the one that has
 * waited there for longest, and it keeps its place: an idle first one would get
 * every connection. False: not possible.
 */
static bool
watch_listener(struct loop *l)
{
	return watch(
	    l, l->service->listener, EPOLLIN | EPOLLEXCLUSIVE, LISTENER);
}

static void
unwatch_listener(struct loop *l)
{
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->service->listener, NULL);
}

/* Wait at the listener again, as the last one; stop if that is not possible. */
static void
rearm_listener(struct loop *l)
{
	if (!watch_listener(l))
		l->stopping = true; /* the supervisor starts another */
}

/*
 * Accept nothing for at least so long, nor before there is a slot. Connections
 * stay in the socket's queue, for another worker or until then.
 */
static void
pause_accepting(struct loop *l, int64_t pause_ms)
{
	unwatch_listener(l);
	l->paused = true;
	l->retry_ms = clock_ms() + pause_ms;
}

/* A new connection, with its time limits; -1: none after all. */
static int
accept_connection(struct loop *l)
{
	int fd = accept4(l->service->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		fcgi_prepare_connection(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	         errno == ENOBUFS)
		pause_accepting(l, PAUSE_MS);
	/* otherwise another worker was quicker, or the client has gone */
	return fd;
}

/*
 * Serve a connection that can be read. True: it is to be kept; otherwise it is
 * closed, and epoll has forgotten it.
 */
static bool
on_readable(struct loop *l, int fd)
{
	bool alone;

	switch (fcgi_peek(l->fcgi, fd, &alone)) {
	case FCGI_RECORD_WHOLE:
		l->requests++;
		return fcgi_answer(l->fcgi, fd, alone, l->ctx, l->service->run);
	case FCGI_RECORD_PART:
		return true;
	default:
		close(fd);
		return false;
	}
}

/* The slot's connection is closed, or about to be. */
static void
free_slot(struct loop *l, struct parked *p)
{
	p->fd = -1;
	l->kept--;
}

/*
 * A slot for one more connection: a free one, or, closing it, that of the one
 * that has been silent for longest. A web server keeps far fewer silent ones,
 * and not for long; one with a whole request is never closed. NULL: there is
 * none.
 */
static struct parked *
find_slot(struct loop *l)
{
	struct parked *oldest = NULL, *p;
	int64_t now_ms = clock_ms();
	bool alone;

	for (p = l->parked; p < l->parked + PARKED_MAX; p++) {
		if (p->fd < 0)
			return p;
		if (now_ms - p->used_ms >= SILENT_MS &&
		    (oldest == NULL || p->used_ms < oldest->used_ms) &&
		    fcgi_peek(l->fcgi, p->fd, &alone) != FCGI_RECORD_WHOLE)
			oldest = p;
	}
	if (oldest != NULL) {
		close(oldest->fd);
		free_slot(l, oldest);
	}
	return oldest;
}

/*
 * Park a connection. epoll reports new bytes once, and not the part of a
 * request that has been received already.
 */
static void
park(struct loop *l, struct parked *slot, int fd)
{
	uint64_t index = (uint64_t)(slot - l->parked);

	*slot = (struct parked){ fd, ++l->serial, clock_ms() };
	l->kept++;
	if (!watch(l, fd, EPOLLIN | EPOLLRDHUP | EPOLLET,
	        (uint64_t)l->serial << 32 | index)) {
		close(fd);
		free_slot(l, slot);
	}
}

/*
 * A new connection: usually its request has come with it. A worker that keeps
 * one goes to the end of the queue for the next.
 */
static void
on_listener(struct loop *l)
{
	struct parked *slot = find_slot(l);
	int fd;

	if (slot == NULL) {
		pause_accepting(l, 0);
		return;
	}
	fd = accept_connection(l);
	if (fd < 0 || !on_readable(l, fd))
		return;
	park(l, slot, fd);
	unwatch_listener(l);
	rearm_listener(l);
}

/*
 * A parked connection that can be read, if it was not closed meanwhile. The end
 * of the peer's data is reported once, perhaps with its last request.
 */
static void
on_parked(struct loop *l, const struct epoll_event *e)
{
	struct parked *p = &l->parked[(uint32_t)e->data.u64];
	uint64_t before = l->requests;
	bool kept;

	if (p->fd < 0 || p->serial != e->data.u64 >> 32)
		return;
	kept = on_readable(l, p->fd);
	if (kept && (e->events & EPOLLRDHUP) != 0) {
		close(p->fd);
		kept = false;
	}
	if (!kept)
		free_slot(l, p);
	else if (l->requests != before)
		p->used_ms = clock_ms();
}

static void
on_event(struct loop *l, const struct epoll_event *e)
{
	if (e->data.u64 == LISTENER)
		on_listener(l);
	else if (e->data.u64 == SIGNALS)
		on_signal(l);
	else
		on_parked(l, e);
}

/*
 * Wait for events and handle each once, so that no connection can keep the
 * others waiting. False: there was none within timeout_ms (-1: for ever).
 */
static bool
serve_round(struct loop *l, int timeout_ms)
{
	struct epoll_event events[ROUND_MAX];
	bool paused = l->paused;
	int i, n;

	if (paused && (timeout_ms < 0 || timeout_ms > PAUSE_MS))
		timeout_ms = PAUSE_MS;
	n = epoll_wait(l->epoll, events, ROUND_MAX, timeout_ms);
	for (i = 0; i < n; i++)
		on_event(l, &events[i]);
	if (l->paused && clock_ms() >= l->retry_ms && find_slot(l) != NULL) {
		l->paused = false;
		rearm_listener(l);
	}
	return n > 0 || paused;
}

/* Serve until a signal says to end. */
static void
serve_until_told(struct loop *l)
{
	const struct loop_service *service = l->service;
	bool quiet = false; /* and told so */

	while (!l->stopping) {
		int timeout_ms =
		    quiet || service->idle == NULL ? -1 : (int)service->idle_ms;
		bool served = serve_round(l, timeout_ms);

		if (!served && timeout_ms >= 0)
			service->idle();
		quiet = !served;
	}
}

/*
 * The web server may just be sending on a kept connection, and repeats no POST:
 * they are served until all of them are quiet, or a while has passed. Returns
 * how many are cut off then, though a request may be on its way.
 */
static int
drain(struct loop *l)
{
	int64_t drain_ms = l->service->drain_ms, left_ms;
	int64_t end_ms = clock_ms() + DRAIN_MAX_MS;

	/* or connections to it would wait for a process that accepts none */
	unwatch_listener(l);
	close(l->service->listener);
	close(l->signals); /* another one says nothing new */
	l->paused = false;
	while (l->kept > 0 && (left_ms = end_ms - clock_ms()) > 0 &&
	       serve_round(l, (int)(left_ms < drain_ms ? left_ms : drain_ms)))
		;
	return l->kept > 0 && clock_ms() >= end_ms ? l->kept : 0;
}

static bool
begin(struct loop *l)
{
	size_t i;

	for (i = 0; i < PARKED_MAX; i++)
		l->parked[i].fd = -1;
	fcgi_prepare_listener(l->service->listener);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll >= 0 && watch_signals(l) &&
	       (l->fcgi = fcgi_open()) != NULL &&
	       fcntl(l->service->listener, F_SETFL, O_NONBLOCK) == 0 &&
	       watch_listener(l);
}

static void
end(struct loop *l)
{
	size_t i;

	for (i = 0; i < PARKED_MAX; i++)
		if (l->parked[i].fd >= 0)
			close(l->parked[i].fd);
	close(l->epoll);
}

bool
loop_serve(const struct loop_service *service, struct ctx *c)
{
	struct loop l = { .service = service, .ctx = c };
	int cut;

	if (!begin(&l)) {
		fprintf(
		    stderr, "latchkey: cannot serve: %s\n", strerror(errno));
		return false;
	}
	event(EVENT_START, "pid=%d", (int)getpid());
	if (service->ready != NULL)
		service->ready(service->of);
	serve_until_told(&l);
	cut = drain(&l);
	end(&l);
	event(cut > 0 ? EVENT_STOP_CUT : EVENT_STOP, "pid=%d cut=%d",
	    (int)getpid(), cut);
	return true;
}
