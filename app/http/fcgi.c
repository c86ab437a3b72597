/*
 * FastCGI: requests in, replies out. The only file that knows libfcgi, and what
 * has to be done around it:
 *
 * FCGX_Accept_r() blocks until a whole request has come, so a peer that is slow
 * or silent would hold the process. It is called only for a request that is
 * there whole, as http/fcgi_record.c sees without taking it from the socket;
 * of libfcgi's accepting nothing is used, it gets connections one by one.
 * It reads ahead, and drops what it has read at the end of a request.
 * Its closing of a connection waits for the peer.
 * Its signal handlers swallow SIGTERM.
 */
#include "base.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "http/fcgi.h"
#include "http/reply.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/text.h"
#include "stats/event.h"
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
#define WAITED_MAX_MS 300000 /* more is a clock that is wrong */

struct fcgi {
	FCGX_Request request;
	unsigned char
	    seen[REQUEST_MAX_BYTES]; /* of the one that is peeked at */
};

struct fcgi *
fcgi_open(void)
{
	static struct fcgi f; /* too large for the stack; one a process */
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (FCGX_Init() != 0 || FCGX_InitRequest(&f.request, -1, 0) != 0)
		return NULL;
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	return &f;
}

void
fcgi_prepare_listener(int listener)
{
	const int receive = REQUEST_MAX_BYTES; /* the kernel doubles it */
	const int on = 1;

	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	/* or the end of an answer waits until its beginning is acknowledged */
	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
fcgi_prepare_connection(int fd)
{
	const struct timeval limit = { PEER_TIMEOUT_MS / 1000,
		PEER_TIMEOUT_MS % 1000 * 1000L };

	/* nothing waits to read; should libfcgi ever, then not for long */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* Has the peer closed? What it sent before may still be unread. */
static bool
peer_closed(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

enum fcgi_record_state
fcgi_peek(struct fcgi *f, int fd, bool *alone)
{
	ssize_t n =
	    recv(fd, f->seen, REQUEST_MAX_BYTES, MSG_PEEK | MSG_DONTWAIT);
	enum fcgi_record_state found;
	size_t len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FCGI_RECORD_PART;
	if (n <= 0)
		return FCGI_RECORD_WRONG;
	found = fcgi_record_request(f->seen, (size_t)n, &len);
	explicit_bzero(f->seen, (size_t)n);
	*alone = found == FCGI_RECORD_WHOLE && len == (size_t)n;
	if (found == FCGI_RECORD_PART && n < REQUEST_MAX_BYTES &&
	    !peer_closed(fd))
		return FCGI_RECORD_PART;
	if (found != FCGI_RECORD_WHOLE) {
		event(EVENT_REQUEST_BROKEN, "what=%s",
		    found == FCGI_RECORD_WRONG ? "record" : "part");
		found = FCGI_RECORD_WRONG;
	}
	return found;
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

/* Have a request answered, and hand the reply to libfcgi. */
static void
answer(FCGX_Request *fcgi, struct ctx *c, void (*run)(struct req *r))
{
	struct req r = { .ctx = c };
	struct timespec now;
	struct buf out;

	clock_gettime(CLOCK_REALTIME, &now);
	c->now_s = now.tv_sec;
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
		event(EVENT_REQUEST_BROKEN, "what=%s",
		    r.uri == NULL ? "REQUEST_URI" : "CONTENT_LENGTH");
		reply_error(&r, ERR_MALFORMED);
		metrics_request(METRICS_NO_ROUTE, r.reply.status, 0);
	} else {
		r.gone = (c->app->needs & NEED_HASHING) != 0 &&
		         peer_closed(fcgi->ipcFd);
		run(&r);
	}
	buf_init(&out, c->arena);
	reply_write(&r, &out);
	FCGX_PutStr(out.s, (int)out.len, fcgi->out);
}

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
	event(error == EAGAIN || error == EWOULDBLOCK ? EVENT_REPLY_TIMEOUT
	                                              : EVENT_REPLY_GONE,
	    NULL);
}

bool
fcgi_answer(struct fcgi *f, int fd, bool alone, struct ctx *c,
    void (*run)(struct req *r))
{
	FCGX_Request *request = &f->request;
	int64_t start_us;
	bool kept;

	request->ipcFd = fd;
	/* or FCGX_Accept_r(), which begins by finishing, closes it */
	request->keepConnection = 1;
	/* or libfcgi, when it closes, waits for the peer to do so: 2 seconds
	 * for each byte of a peer that sends on and does not */
	FCGX_Detach(request);
	if (FCGX_Accept_r(request) == 0) {
		start_us = clock_us();
		answer(request, c, run);
		drain_body(request);
		/* what lies behind the request libfcgi has read and drops */
		if (!alone)
			request->keepConnection = 0;
		finish(request);
		metrics_busy(clock_us() - start_us);
	}
	kept = request->ipcFd >= 0;
	request->ipcFd = -1; /* libfcgi must not close it */
	ctx_reset(c);        /* it may log of the request */
	log_set_request(NULL);
	return kept;
}
