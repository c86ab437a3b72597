/*
 * Event loop of a worker: the listening socket, kept connections and signals.
 *
 * A worker has one request at a time, and belongs to no connection: one that
 * the web server keeps is parked in epoll beside the listening socket, and
 * served when its next request has come whole. So neither a slow peer nor half
 * a request, of which the connection keeps what has come, can hold a worker.
 * Signals come through epoll as well (signalfd):
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
#define SWEEP_MS 500   /* between two looks for parts that are overdue */
#define DRAIN_MAX_MS (10 * 1000L) /* after which a worker ends in any case */

/* A kept connection between two requests. */
struct parked {
	int fd; /* -1: the slot is free */
	uint32_t
	    serial; /* distinguishes its events from an earlier connection's */
	int64_t used_ms;        /* of clock_ms(): accepted, or last answered */
	struct fcgi_part *part; /* of its next request; NULL: none */
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
	int64_t
	    sweep_ms; /* the next look for overdue parts; 0: there is none */
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
 * Serve a connection that can be read. True: it is to be kept, with its part;
 * otherwise it is closed, and epoll has forgotten it.
 */
static bool
on_readable(struct loop *l, int fd, struct fcgi_part **part)
{
	switch (fcgi_look(l->fcgi, fd, part)) {
	case FCGI_RECORD_WHOLE:
	case FCGI_RECORD_LARGE:
		l->requests++;
		return fcgi_answer(l->fcgi, fd, part, l->ctx, l->service->run);
	case FCGI_RECORD_PART:
		return true;
	default:
		fcgi_part_free(l->fcgi, part);
		close(fd);
		return false;
	}
}

/* The slot's connection is closed. */
static void
free_slot(struct loop *l, struct parked *p)
{
	p->fd = -1;
	l->kept--;
}

/* End a slot's connection. */
static void
close_slot(struct loop *l, struct parked *p)
{
	fcgi_part_free(l->fcgi, &p->part);
	close(p->fd);
	free_slot(l, p);
}

/*
 * A slot for one more connection: a free one, or, closing it, that of the one
 * that has been silent for longest. A web server keeps far fewer silent ones,
 * and not for long; one with something to read is never closed. It is not read
 * here: epoll would not report it again. NULL: there is none.
 */
static struct parked *
find_slot(struct loop *l)
{
	struct parked *oldest = NULL, *p;
	int64_t now_ms = clock_ms();

	for (p = l->parked; p < l->parked + PARKED_MAX; p++) {
		if (p->fd < 0)
			return p;
		if (now_ms - p->used_ms >= SILENT_MS &&
		    (oldest == NULL || p->used_ms < oldest->used_ms) &&
		    !fcgi_is_readable(p->fd))
			oldest = p;
	}
	if (oldest != NULL)
		close_slot(l, oldest);
	return oldest;
}

/* epoll reports bytes of a connection once, and not those that were read. */
static bool
watch_slot(struct loop *l, const struct parked *p, int how)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data = { .u64 = (uint64_t)p->serial << 32 |
		                 (uint64_t)(p - l->parked) },
	};

	return epoll_ctl(l->epoll, how, p->fd, &e) == 0;
}

/*
 * All parts take more memory than they may: the oldest goes, since the others
 * are more likely to become whole.
 */
static void
close_oldest_part(struct loop *l)
{
	struct parked *oldest = NULL, *p;

	for (p = l->parked; p < l->parked + PARKED_MAX; p++)
		if (p->fd >= 0 && p->part != NULL &&
		    (oldest == NULL ||
		        fcgi_part_is_older(p->part, oldest->part)))
			oldest = p;
	if (oldest == NULL)
		return;
	fcgi_part_log(oldest->part, "memory");
	close_slot(l, oldest);
}

/*
 * Keep the part of a request that came over a parked connection. The rest,
 * still in the socket, is reported again.
 */
static void
keep_part(struct loop *l, struct parked *p)
{
	if (l->sweep_ms == 0)
		l->sweep_ms = clock_ms() + SWEEP_MS;
	if (!watch_slot(l, p, EPOLL_CTL_MOD))
		close_slot(l, p);
	while (fcgi_parts_are_full(l->fcgi))
		close_oldest_part(l);
}

/* Close connections whose requests do not go on. */
static void
close_overdue(struct loop *l)
{
	int64_t now_ms = clock_ms();
	struct parked *p;

	if (now_ms < l->sweep_ms)
		return;
	l->sweep_ms = 0;
	for (p = l->parked; p < l->parked + PARKED_MAX; p++) {
		if (p->fd < 0 || p->part == NULL)
			continue;
		if (!fcgi_part_is_overdue(p->part, now_ms)) {
			l->sweep_ms = now_ms + SWEEP_MS;
			continue;
		}
		fcgi_part_log(p->part, "slow");
		close_slot(l, p);
	}
}

/* Park a connection. */
static void
park(struct loop *l, struct parked *slot, int fd, struct fcgi_part *part)
{
	*slot = (struct parked){ fd, ++l->serial, clock_ms(), part };
	l->kept++;
	if (!watch_slot(l, slot, EPOLL_CTL_ADD))
		close_slot(l, slot);
	else if (part != NULL)
		keep_part(l, slot);
}

/*
 * A new connection: usually its request has come with it. A worker that keeps
 * one goes to the end of the queue for the next.
 */
static void
on_listener(struct loop *l)
{
	struct parked *slot = find_slot(l);
	struct fcgi_part *part = NULL;
	int fd;

	if (slot == NULL) {
		pause_accepting(l, 0);
		return;
	}
	fd = accept_connection(l);
	if (fd < 0 || !on_readable(l, fd, &part))
		return;
	park(l, slot, fd, part);
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

	if (p->fd < 0 || p->serial != e->data.u64 >> 32)
		return;
	if (!on_readable(l, p->fd, &p->part)) {
		free_slot(l, p);
		return;
	}
	if (l->requests != before)
		p->used_ms = clock_ms();
	if ((e->events & EPOLLRDHUP) != 0)
		close_slot(l, p);
	else if (p->part != NULL)
		keep_part(l, p);
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
	if (l->sweep_ms != 0)
		close_overdue(l);
	if (l->paused && clock_ms() >= l->retry_ms && find_slot(l) != NULL) {
		l->paused = false;
		rearm_listener(l);
	}
	return n > 0 || paused;
}

/* Work beside requests; in how many milliseconds again, or -1. */
static int64_t
work_beside(struct loop *l)
{
	int64_t again_ms = -1;

	if (l->service->beside != NULL) {
		again_ms = l->service->beside(l->ctx);
		ctx_reset(l->ctx);
	}
	return again_ms;
}

/* The shorter of two waits; -1: for ever. */
static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* How long to wait for events; -1: for ever. */
static int64_t
wait_ms(const struct loop *l, bool told, int64_t quiet_ms, int64_t beside_ms)
{
	int64_t ms = told ? -1 : l->service->idle_ms - quiet_ms;

	ms = sooner(ms, l->sweep_ms != 0 ? SWEEP_MS : -1);
	return sooner(ms, beside_ms);
}

/* Serve until a signal says to end. */
static void
serve_until_told(struct loop *l)
{
	const struct loop_service *service = l->service;
	bool told = service->idle == NULL; /* that it is idle */
	int64_t quiet_ms = 0;              /* nothing has come for so long */
	int64_t beside_ms = -1;

	while (!l->stopping) {
		int64_t ms = wait_ms(l, told, quiet_ms, beside_ms);

		if (serve_round(l, (int)ms)) {
			quiet_ms = 0;
			told = service->idle == NULL;
		} else {
			quiet_ms += ms;
		}
		if (!told && quiet_ms >= service->idle_ms) {
			service->idle();
			told = true;
		}
		beside_ms = work_beside(l);
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
			close_slot(l, &l->parked[i]);
	close(l->epoll);
}

bool
loop_serve(const struct loop_service *service, struct ctx *c)
{
	struct loop l = { .service = service, .ctx = c };
	int cut;

	if (!begin(&l)) {
		log_say("cannot serve: %s", strerror(errno));
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
