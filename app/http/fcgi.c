/*
 * The web server's side: FastCGI requests in, replies out.
 *
 * FCGX_Accept_r() on a kept connection blocks until the web server sends its
 * next request, and a worker would belong to a connection that is idle while
 * others time out. So a kept connection is parked: it waits in epoll beside
 * the listening socket, and libfcgi is called only for one whose next request
 * has come whole, as http/fcgi_record.c sees without taking it from the socket:
 * neither a slow peer nor half a request can hold a worker. (nginx sends only
 * whole ones.) We accept connections ourselves, to put a time limit on each
 * write.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "http/fcgi.h"
#include "http/fcgi_record.h"
#include "http/reply.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/text.h"
#include "stats/metrics.h"

/*
 * For a peer that does not read. It gets that twice: what went out in part
 * is written on.
 */
#define PEER_TIMEOUT_MS 2500
/*
 * A request with all its records: the largest body and as much again. It has to
 * fit into what the kernel holds of a connection for us: over a Unix socket
 * also in tens of writes, not in thousands. (nginx does one or two.)
 */
#define REQUEST_MAX_BYTES (2L * REQ_BODY_MAX_BYTES)
#define PARKED_MAX 512            /* connections that one worker keeps */
#define SILENT_MS 500             /* before one may lose its place */
#define FULL_MS 100               /* from one search for a place to the next */
#define ROUND_MAX 64              /* of them are served between two waits */
#define DRAIN_MAX_MS (10 * 1000L) /* after which a worker ends in any case */
#define WAITED_MAX_MS 300000      /* more is a clock that is wrong */

static volatile sig_atomic_t stopping;

static void
on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

/*
 * The signals that end the loop are blocked but while it waits, so none can
 * slip in between a look at the flag and the wait; nor before our handlers
 * stand in the place of libfcgi's, which would swallow SIGTERM. *waiting: the
 * mask to wait with.
 */
static bool
start_libfcgi(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	sigdelset(waiting, SIGTERM);
	sigdelset(waiting, SIGINT);
	if (FCGX_Init() != 0)
		return false;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	return true;
}

/* A new connection, with its time limits; -1: none after all. */
static int
accept_connection(int listener)
{
	const struct timeval limit = { PEER_TIMEOUT_MS / 1000,
		PEER_TIMEOUT_MS % 1000 * 1000L };
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0) {
		/* another worker was quicker, or the client has gone */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    errno == ENOBUFS)
			poll(NULL, 0, 100);
		return -1;
	}
	/* nothing waits to read; should libfcgi ever, then not for long */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

/* Has the peer gone? Whatever it sent before may still lie there unread. */
static bool
has_gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

static enum method
method_of(const char *name)
{
	if (name == NULL)
		return METHOD_OTHER;
	if (strcmp(name, "GET") == 0)
		return METHOD_GET;
	if (strcmp(name, "HEAD") == 0)
		return METHOD_HEAD;
	if (strcmp(name, "POST") == 0)
		return METHOD_POST;
	if (strcmp(name, "PATCH") == 0)
		return METHOD_PATCH;
	return METHOD_OTHER;
}

/* Read the body. False: it is not as long as was said. */
static bool
read_body(FCGX_Request *fcgi, struct req *r)
{
	const char *said = FCGX_GetParam("CONTENT_LENGTH", fcgi->envp);
	int64_t n;
	char *body;

	r->body = "";
	if (said == NULL || *said == '\0')
		return true;
	if (!text_to_i64(said, 0, INT64_MAX, &n))
		return false;
	r->body_too_big = n > REQ_BODY_MAX_BYTES;
	if (r->body_too_big)
		return true;
	body = arena_alloc(r->ctx->arena, (size_t)n + 1);
	r->body = body;
	r->body_len = (size_t)n;
	return FCGX_GetStr(body, (int)n, fcgi->in) == n;
}

static const char *
param(FCGX_Request *fcgi, const char *name)
{
	return FCGX_GetParam(name, fcgi->envp);
}

/*
 * How long ago the web server passed a request on, by its own clock: sent is
 * its "seconds.milliseconds". -1: it does not say, or our clock is another.
 */
static int64_t
waited_ms(const char *sent, const struct timespec *now)
{
	char seconds[24];
	int64_t s, ms, waited;
	size_t n;

	if (sent == NULL || (n = strcspn(sent, ".")) >= sizeof(seconds) ||
	    sent[n] == '\0' || strlen(sent + n + 1) != 3)
		return -1;
	memcpy(seconds, sent, n);
	seconds[n] = '\0';
	if (!text_to_i64(seconds, 0, INT64_MAX / 1000 - 1, &s) ||
	    !text_to_i64(sent + n + 1, 0, 999, &ms))
		return -1;
	waited =
	    ((int64_t)now->tv_sec - s) * 1000 + now->tv_nsec / 1000000 - ms;
	return waited >= 0 && waited <= WAITED_MAX_MS ? waited : -1;
}

static void
answer(FCGX_Request *fcgi, struct ctx *c, void (*run)(struct req *r))
{
	struct req r = { .ctx = c };
	struct timespec now;
	struct buf out;

	clock_gettime(CLOCK_REALTIME, &now);
	c->now_s = now.tv_sec;
	c->counted = 0;
	log_set_request(param(fcgi, "REQUEST_ID"));
	r.method = method_of(param(fcgi, "REQUEST_METHOD"));
	r.uri = param(fcgi, "REQUEST_URI");
	r.content_type = param(fcgi, "CONTENT_TYPE");
	r.authorization = param(fcgi, "HTTP_AUTHORIZATION");
	r.cookie = param(fcgi, "HTTP_COOKIE");
	r.from.sec_fetch_site = param(fcgi, "HTTP_SEC_FETCH_SITE");
	r.from.origin = param(fcgi, "HTTP_ORIGIN");
	r.from.host = param(fcgi, "HTTP_HOST");
	c->address = param(fcgi, "REMOTE_ADDR");
	r.waited_ms = waited_ms(param(fcgi, "REQUEST_MSEC"), &now);
	if (r.uri == NULL || !read_body(fcgi, &r)) {
		log_event(LOG_LEVEL_WARNING, EVENT_REQUEST_BROKEN, "what=%s",
		    r.uri == NULL ? "REQUEST_URI" : "CONTENT_LENGTH");
		reply_error(&r, ERR_MALFORMED);
		metrics_request(METRICS_NO_ROUTE, r.reply.status, 0);
	} else {
		r.gone = (c->lanes & LANE_BIT(LANE_LOGIN)) != 0 &&
		         has_gone(fcgi->ipcFd);
		run(&r);
	}
	buf_init(&out, c->arena);
	reply_write(&r, &out);
	FCGX_PutStr(out.s, (int)out.len, fcgi->out);
}

/* A kept connection between two requests. */
struct parked {
	int fd;          /* -1: the place is free */
	uint32_t serial; /* tells its events from those of another before */
	int64_t used_ms; /* of clock_ms(): accepted, or last answered */
};

/*
 * Read what is left of a body, or its end would be taken for the beginning of
 * the connection's next request.
 */
static void
drain_body(FCGX_Request *fcgi)
{
	char trash[4096];

	while (
	    FCGX_GetStr(trash, sizeof(trash), fcgi->in) == (int)sizeof(trash))
		;
}

/*
 * Write what libfcgi holds of the reply, and end the request. Of a peer that
 * does not take all of it in time, or has gone, the connection ends too.
 */
static void
finish(FCGX_Request *fcgi)
{
	/* in libfcgi's own order: the stream that is closed last tells the end
	 */
	bool cut = FCGX_FClose(fcgi->err) != 0;
	int error;

	cut = FCGX_FClose(fcgi->out) != 0 || cut;
	error = FCGX_GetError(fcgi->out);
	FCGX_Finish_r(fcgi);
	if (!cut)
		return;
	if (error == EAGAIN || error == EWOULDBLOCK) {
		metrics_add(METRIC_REPLY_CUT_TIMEOUT);
		log_event(LOG_LEVEL_WARNING, EVENT_REPLY_CUT, "reason=timeout");
	} else {
		metrics_add(METRIC_REPLY_CUT_GONE);
		log_event(LOG_LEVEL_INFO, EVENT_REPLY_CUT, "reason=gone");
	}
}

/* What a worker waits on, and works with. */
struct worker {
	const struct fcgi_service *service;
	FCGX_Request fcgi; /* of the request in hand */
	struct ctx *ctx;
	int epoll; /* the listener and the parked connections */
	int kept;  /* places that are taken */
	bool full; /* no place: nothing is accepted until there is one */
	uint32_t serial;
	uint64_t requests;
	struct parked parked[PARKED_MAX];
	unsigned char seen[REQUEST_MAX_BYTES]; /* of the request in hand */
};

/* What comes with the listener's events; with others: serial and index. */
#define LISTENER UINT64_MAX

static bool
watch(struct worker *w, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event e = { .events = events, .data = { .u64 = data } };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/*
 * What has come of a connection's next request? It stays in the socket. A peer
 * that has gone, or begins more than we take, is wrong. *alone: nothing lies
 * behind a whole one.
 */
static enum fcgi_record_state
look(struct worker *w, int fd, bool *alone)
{
	ssize_t n =
	    recv(fd, w->seen, REQUEST_MAX_BYTES, MSG_PEEK | MSG_DONTWAIT);
	enum fcgi_record_state found;
	size_t len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FCGI_RECORD_PART;
	if (n <= 0)
		return FCGI_RECORD_WRONG;
	found = fcgi_record_request(w->seen, (size_t)n, &len);
	explicit_bzero(w->seen, (size_t)n);
	*alone = found == FCGI_RECORD_WHOLE && len == (size_t)n;
	if (found == FCGI_RECORD_PART && n < REQUEST_MAX_BYTES && !has_gone(fd))
		return FCGI_RECORD_PART;
	if (found != FCGI_RECORD_WHOLE) {
		log_event(LOG_LEVEL_WARNING, EVENT_REQUEST_BROKEN, "what=%s",
		    found == FCGI_RECORD_WRONG ? "record" : "part");
		found = FCGI_RECORD_WRONG;
	}
	return found;
}

/*
 * Answer one request of a connection. True: it is to be kept; otherwise it is
 * closed, and epoll has forgotten it. What lies behind the request libfcgi has
 * read into its buffer and dropped, so then the connection ends with it. (What
 * comes between our look and libfcgi's is dropped unseen: no web server sends a
 * request before the last one's answer.)
 */
static bool
serve_one(struct worker *w, int fd, bool alone)
{
	int64_t start_us;
	bool kept;

	w->requests++;
	w->fcgi.ipcFd = fd;
	/* or FCGX_Accept_r(), which begins by finishing, closes it */
	w->fcgi.keepConnection = 1;
	/* or libfcgi, when it closes, waits for the peer to do so: 2 seconds
	 * for each byte that one sends who does not */
	FCGX_Detach(&w->fcgi);
	if (FCGX_Accept_r(&w->fcgi) == 0) {
		start_us = clock_us();
		answer(&w->fcgi, w->ctx, w->service->run);
		drain_body(&w->fcgi);
		if (!alone)
			w->fcgi.keepConnection = 0;
		finish(&w->fcgi);
		metrics_busy(clock_us() - start_us);
	}
	kept = w->fcgi.ipcFd >= 0;
	w->fcgi.ipcFd = -1; /* what is parked is no business of libfcgi's */
	log_set_request(NULL);
	arena_reset(w->ctx->arena);
	return kept;
}

/* Whoever has news. True: it is to be kept; otherwise it is closed. */
static bool
attend(struct worker *w, int fd)
{
	bool alone;

	switch (look(w, fd, &alone)) {
	case FCGI_RECORD_WHOLE:
		return serve_one(w, fd, alone);
	case FCGI_RECORD_PART:
		return true;
	default:
		close(fd);
		return false;
	}
}

/*
 * Of the workers that wait at the listener the kernel wakes the one that has
 * stood there for longest, and it keeps its place: an idle first one would get
 * every connection. False: not possible.
 */
static bool
queue_up(struct worker *w)
{
	return watch(
	    w, w->service->listener, EPOLLIN | EPOLLEXCLUSIVE, LISTENER);
}

static void
leave_queue(struct worker *w)
{
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->service->listener, NULL);
}

/*
 * A place for one more connection: a free one, or, closing it, that of the one
 * that has been silent for longest. A web server keeps far fewer silent ones,
 * and not for long; one with a whole request is never the one. NULL: there is
 * none.
 */
static struct parked *
make_place(struct worker *w)
{
	struct parked *oldest = NULL, *p;
	int64_t now_ms = clock_ms();
	bool alone;

	for (p = w->parked; p < w->parked + PARKED_MAX; p++) {
		if (p->fd < 0)
			return p;
		if (now_ms - p->used_ms >= SILENT_MS &&
		    (oldest == NULL || p->used_ms < oldest->used_ms) &&
		    look(w, p->fd, &alone) != FCGI_RECORD_WHOLE)
			oldest = p;
	}
	if (oldest != NULL) {
		close(oldest->fd);
		oldest->fd = -1;
		w->kept--;
	}
	return oldest;
}

/*
 * Park a connection. Of what comes epoll tells once, not of the part of a
 * request that is there already.
 */
static void
park(struct worker *w, struct parked *place, int fd)
{
	uint64_t index = (uint64_t)(place - w->parked);

	*place = (struct parked){ fd, ++w->serial, clock_ms() };
	if (watch(w, fd, EPOLLIN | EPOLLRDHUP | EPOLLET,
	        (uint64_t)w->serial << 32 | index)) {
		w->kept++;
	} else {
		close(fd);
		place->fd = -1;
	}
}

/* Wait at the listener again; stop if that is not possible. */
static void
rearm_listener(struct worker *w)
{
	if (!queue_up(w))
		stopping = 1; /* the supervisor starts another */
}

/*
 * A new connection: usually its request has come with it. Who keeps one goes to
 * the end of the queue for the next. Without a place for one it stays in the
 * socket's queue, for another worker or until those here have been served.
 */
static void
meet(struct worker *w)
{
	struct parked *place = make_place(w);
	int fd;

	if (place == NULL) {
		w->full = true;
		leave_queue(w);
		return;
	}
	fd = accept_connection(w->service->listener);
	if (fd < 0 || !attend(w, fd))
		return;
	park(w, place, fd);
	leave_queue(w);
	rearm_listener(w);
}

/*
 * A parked connection that has news, if it was not given up meanwhile. Whether
 * the peer will send no more is told but once, perhaps with its last request.
 */
static void
resume(struct worker *w, const struct epoll_event *e)
{
	struct parked *p = &w->parked[(uint32_t)e->data.u64];
	uint64_t before = w->requests;
	bool kept;

	if (p->fd < 0 || p->serial != e->data.u64 >> 32)
		return;
	kept = attend(w, p->fd);
	if (kept && (e->events & EPOLLRDHUP) != 0) {
		close(p->fd);
		kept = false;
	}
	if (!kept) {
		p->fd = -1;
		w->kept--;
	} else if (w->requests != before) {
		p->used_ms = clock_ms();
	}
}

/*
 * Wait for whoever has news and serve each once, so that none can keep the
 * others waiting. False: nobody had any within timeout_ms (-1: for ever), or a
 * signal ended the wait.
 */
static bool
serve_round(struct worker *w, int timeout_ms, const sigset_t *waiting)
{
	struct epoll_event events[ROUND_MAX];
	sigset_t blocked;
	int i, n;

	if (waiting != NULL) {
		/* epoll_pwait() lets a signal in only if it has to wait */
		sigprocmask(SIG_SETMASK, waiting, &blocked);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
		if (stopping)
			return false;
	}
	if (w->full && (timeout_ms < 0 || timeout_ms > FULL_MS))
		timeout_ms = FULL_MS;
	n = epoll_pwait(w->epoll, events, ROUND_MAX, timeout_ms, waiting);
	for (i = 0; i < n; i++) {
		if (events[i].data.u64 == LISTENER)
			meet(w);
		else
			resume(w, &events[i]);
	}
	if (w->full && make_place(w) != NULL) {
		w->full = false;
		rearm_listener(w);
	}
	return n > 0;
}

/* Serve until a signal says to end. */
static void
serve_until_told(struct worker *w, const sigset_t *waiting)
{
	const struct fcgi_service *service = w->service;
	bool idle = false;

	while (!stopping) {
		bool served = serve_round(w,
		    idle || service->idle == NULL ? -1 : (int)service->idle_ms,
		    waiting);

		if (!served && !stopping && !idle && service->idle != NULL)
			service->idle();
		idle = !served;
	}
}

/*
 * nginx may just be sending on a kept connection, and repeats no POST: they are
 * served until all of them are quiet, or a while has passed. Returns how many
 * are cut off then, though somebody may be sending on them.
 */
static int
drain(struct worker *w)
{
	int64_t drain_ms = w->service->drain_ms, left_ms;
	int64_t end_ms = clock_ms() + DRAIN_MAX_MS;

	/* nobody else may think that somebody still accepts here */
	leave_queue(w);
	w->full = false;
	close(w->service->listener);
	while (w->kept > 0 && (left_ms = end_ms - clock_ms()) > 0 &&
	       serve_round(
	           w, (int)(left_ms < drain_ms ? left_ms : drain_ms), NULL))
		;
	return w->kept > 0 && clock_ms() >= end_ms ? w->kept : 0;
}

bool
fcgi_serve(const struct fcgi_service *service, struct ctx *c)
{
	const int receive = REQUEST_MAX_BYTES; /* TCP's; the kernel doubles */
	const int on = 1;
	static struct worker w; /* too large for the stack */
	sigset_t waiting;
	size_t i;
	int cut;

	stopping = 0;
	w.service = service;
	w.ctx = c;
	w.kept = 0;
	w.full = false;
	for (i = 0; i < PARKED_MAX; i++)
		w.parked[i].fd = -1;
	w.epoll = epoll_create1(EPOLL_CLOEXEC);
	/* over TCP; each connection inherits them, whoever made the socket */
	setsockopt(service->listener, SOL_SOCKET, SO_RCVBUF, &receive,
	    sizeof(receive));
	/* or the end of an answer waits until its beginning is acknowledged */
	setsockopt(
	    service->listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!start_libfcgi(&waiting) || FCGX_InitRequest(&w.fcgi, -1, 0) != 0 ||
	    fcntl(service->listener, F_SETFL, O_NONBLOCK) != 0 || w.epoll < 0 ||
	    !queue_up(&w)) {
		fprintf(
		    stderr, "latchkey: cannot serve: %s\n", strerror(errno));
		return false;
	}
	log_event(LOG_LEVEL_INFO, EVENT_START, "pid=%d", (int)getpid());
	if (service->ready != NULL)
		service->ready(service->of);
	serve_until_told(&w, &waiting);
	cut = drain(&w);
	for (i = 0; i < PARKED_MAX; i++)
		if (w.parked[i].fd >= 0)
			close(w.parked[i].fd);
	close(w.epoll);
	log_event(cut > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, EVENT_STOP,
	    "pid=%d cut=%d", (int)getpid(), cut);
	return true;
}
