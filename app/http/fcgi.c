/*
 * FastCGI: requests in, replies out. The only file that knows libfcgi, and what
 * has to be done around it:
 *
 * FCGX_Accept_r() blocks until a whole request has come, so a peer that is slow
 * or silent would hold the process. It is called only for a request that is
 * there whole, as http/fcgi_record.c sees: usually in the socket, without
 * taking it from there; if it comes in parts, in memory, from where libfcgi
 * reads it by a descriptor. Of libfcgi's accepting nothing is used, it gets
 * connections one by one. It reads ahead, and drops what it has read at the end
 * of a request. Its closing of a connection waits for the peer. Its signal
 * handlers swallow SIGTERM.
 */
#include "base.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "http/cgi.h"
#include "http/fcgi.h"
#include "http/path.h"
#include "http/reply.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "stats/event.h"
#include "stats/metrics.h"

/*
 * For a peer that does not read. It gets that twice: what went out in part
 * is written on.
 */
#define PEER_TIMEOUT_MS 2500
/* A request: the largest body and as much again. */
#define REQUEST_MAX_BYTES (2L * REQ_BODY_MAX_BYTES)
#define PAGE_BYTES 4096
#define WAITED_MAX_MS 300000 /* more is a clock that is wrong */

/* Time limits of a part, and of one whose rest is dropped. */
#define PART_SILENT_MS 5000 /* as nginx.conf.sample has it of clients */
#define PART_MAX_MS 60000
#define DROP_SILENT_MS 2000
#define DROP_MAX_MS 10000

struct fcgi {
	FCGX_Request request;
	struct fcgi_record record; /* of the one that is in the socket */
	bool alone;                /* nothing lies behind the peeked one */
	unsigned doubled;   /* bits of http/cgi.h's names that were logged */
	size_t parts_bytes; /* that all parts take */
	unsigned char seen[REQUEST_MAX_BYTES]; /* of the peeked one */
};

struct fcgi_part {
	struct fcgi_record record;
	enum fcgi_record_state state;
	bool alone;    /* nothing came behind it */
	bool answered; /* before it was whole: the rest is dropped */
	int64_t began_ms, heard_ms; /* of clock_ms(): its first and last byte */
	size_t bytes;               /* that it takes */
	unsigned char content[REQUEST_MAX_BYTES];
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

/* Has the peer closed? Bytes that it sent before may still be unread. */
static bool
peer_closed(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1;
}

bool
fcgi_is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* No web server sends such a request: the log says why. */
static enum fcgi_record_state
broken(const char *what)
{
	event(EVENT_REQUEST_BROKEN, "what=%s", what);
	return FCGI_RECORD_WRONG;
}

/* The first look, which leaves the request in the socket. */
static enum fcgi_record_state
peek(struct fcgi *f, int fd, bool *nothing)
{
	ssize_t n =
	    recv(fd, f->seen, REQUEST_MAX_BYTES, MSG_PEEK | MSG_DONTWAIT);
	enum fcgi_record_state found;
	size_t taken;

	*nothing = n < 0 && (errno == EAGAIN || errno == EINTR);
	if (*nothing)
		return FCGI_RECORD_PART;
	if (n <= 0)
		return FCGI_RECORD_WRONG;
	fcgi_record_begin(&f->record, f->seen, sizeof(f->seen));
	found = fcgi_record_take(&f->record, f->seen, (size_t)n, &taken);
	explicit_bzero(f->seen, (size_t)n);
	f->alone = taken == (size_t)n;
	return found == FCGI_RECORD_WRONG ? broken("record") : found;
}

/* Memory that the kernel gives and gets back by pages, and with zeros. */
static struct fcgi_part *
part_new(void)
{
	struct fcgi_part *part = mmap(NULL, sizeof(*part),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (part == MAP_FAILED) {
		event(EVENT_NO_MEMORY, "what=part");
		return NULL;
	}
	fcgi_record_begin(&part->record, part->content, sizeof(part->content));
	part->began_ms = part->heard_ms = clock_ms();
	return part;
}

void
fcgi_part_free(struct fcgi *f, struct fcgi_part **part)
{
	if (*part == NULL)
		return;
	f->parts_bytes -= (*part)->bytes;
	munmap(*part, sizeof(**part));
	*part = NULL;
}

bool
fcgi_part_is_overdue(const struct fcgi_part *part, int64_t now_ms)
{
	int64_t silent = part->answered ? DROP_SILENT_MS : PART_SILENT_MS;
	int64_t most = part->answered ? DROP_MAX_MS : PART_MAX_MS;

	return now_ms - part->heard_ms >= silent ||
	       now_ms - part->began_ms >= most;
}

void
fcgi_part_log(const struct fcgi_part *part, const char *what)
{
	if (!part->answered)
		event(EVENT_REQUEST_BROKEN, "what=%s", what);
}

bool
fcgi_part_is_older(const struct fcgi_part *part, const struct fcgi_part *other)
{
	return part->began_ms < other->began_ms;
}

bool
fcgi_parts_are_full(const struct fcgi *f)
{
	return f->parts_bytes > FCGI_PARTS_MAX_BYTES;
}

/* Count the pages that a part has touched. */
static void
count_pages(struct fcgi *f, struct fcgi_part *part)
{
	size_t used = offsetof(struct fcgi_part, content) +
	              part->record.params + part->record.body;
	size_t bytes = (used + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	f->parts_bytes += bytes - part->bytes;
	part->bytes = bytes;
}

/* Take what has come of a request into its part. */
static enum fcgi_record_state
read_on(struct fcgi *f, int fd, struct fcgi_part *part)
{
	ssize_t n = recv(fd, f->seen, REQUEST_MAX_BYTES, MSG_DONTWAIT);
	size_t taken;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return FCGI_RECORD_PART;
	part->heard_ms = clock_ms();
	if (part->answered) { /* drop the rest */
		explicit_bzero(f->seen, n > 0 ? (size_t)n : 0);
		return n > 0 ? FCGI_RECORD_PART : FCGI_RECORD_WRONG;
	}
	if (n <= 0)
		return broken("part");
	part->state =
	    fcgi_record_take(&part->record, f->seen, (size_t)n, &taken);
	explicit_bzero(f->seen, (size_t)n);
	part->alone = taken == (size_t)n;
	count_pages(f, part);
	if (part->state == FCGI_RECORD_WRONG)
		return broken("record");
	if (part->state == FCGI_RECORD_PART && n < REQUEST_MAX_BYTES &&
	    peer_closed(fd))
		return broken("part");
	return part->state;
}

enum fcgi_record_state
fcgi_look(struct fcgi *f, int fd, struct fcgi_part **part)
{
	enum fcgi_record_state found;
	bool nothing;

	if (*part == NULL) {
		found = peek(f, fd, &nothing);
		if (nothing || found == FCGI_RECORD_WHOLE ||
		    found == FCGI_RECORD_WRONG)
			return found;
		if ((*part = part_new()) == NULL)
			return FCGI_RECORD_WRONG;
	}
	found = read_on(f, fd, *part);
	f->alone = (*part)->alone;
	return found;
}

/*
 * Read the body, of which so many bytes have come. Without CONTENT_LENGTH it is
 * all of that: of a chunked one a web server that passes it on as it comes does
 * not know the length. False: it is not as long as was said.
 */
static bool
read_body(FCGX_Request *fcgi, struct req *r, const char *said, size_t come)
{
	int64_t n = (int64_t)come;
	char *body;

	r->body = "";
	if (r->body_too_big)
		return true;
	if (said != NULL && *said != '\0' && !text_to_i64(said, 0, n, &n))
		return false;
	if (n == 0)
		return true;
	body = arena_alloc(r->ctx->arena, (size_t)n + 1);
	r->body = body;
	r->body_len = (size_t)n;
	return FCGX_GetStr(body, (int)n, fcgi->in) == n;
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

/* The request to answer: in the socket, or in part. */
struct incoming {
	int fd;
	const struct fcgi_part *part;
	const struct fcgi_record *record;
};

/* Log, once a process, each parameter of which two values came. */
static void
log_doubled(struct fcgi *f, const struct cgi *cgi)
{
	unsigned unknown = cgi->doubled & ~f->doubled;
	int i;

	f->doubled |= unknown;
	for (i = 0; i < CGI_COUNT; i++)
		if ((unknown & 1U << i) != 0)
			event(EVENT_PARAMETER_TWICE, "name=%s", cgi_name(i));
}

/*
 * The path that clients see is REQUEST_URI; LATCHKEY_PREFIX says how much of it
 * is not Latchkey's. (SCRIPT_NAME is the whole path in Debian's
 * fastcgi_params.) False: that is no prefix.
 */
static bool
read_path(struct req *r, const struct cgi *cgi)
{
	const char *prefix = cgi->value[CGI_LATCHKEY_PREFIX];

	r->uri = cgi->value[CGI_REQUEST_URI];
	if (prefix == NULL || *prefix == '\0')
		return true;
	if (!path_is_prefix(prefix))
		return false;
	r->prefix = prefix;
	if (r->uri != NULL)
		r->uri = path_below(r->uri, prefix);
	return true;
}

/*
 * Refuse a request that cannot be answered, and log the web server's mistake,
 * where it is one: it leaves out REQUEST_URI, or sends a prefix that is none.
 */
static void
refuse(struct req *r, bool good_prefix)
{
	if (!good_prefix) {
		event(EVENT_REQUEST_BROKEN,
		    "what=LATCHKEY_PREFIX hint=\"fastcgi_param "
		    "LATCHKEY_PREFIX /auth\"");
		reply_detail(
		    r, 400, "LATCHKEY_PREFIX is no path such as /auth");
	} else if (r->uri == NULL) {
		event(EVENT_REQUEST_BROKEN,
		    "what=REQUEST_URI hint=\"fastcgi_param REQUEST_URI "
		    "$request_uri\"");
		reply_detail(r, 400, "The web server sent no REQUEST_URI");
	} else {
		event(EVENT_REQUEST_BROKEN, "what=CONTENT_LENGTH");
		reply_error(r, ERR_MALFORMED);
	}
	metrics_request(METRICS_NO_ROUTE, r->reply.status, 0);
}

/* Read a request from libfcgi. False: it is answered already. */
static bool
read_request(struct fcgi *f, const struct incoming *in, struct req *r)
{
	FCGX_Request *fcgi = &f->request;
	struct timespec now;
	struct cgi cgi;
	bool good, good_prefix;

	clock_gettime(CLOCK_REALTIME, &now);
	r->ctx->now_s = now.tv_sec;
	cgi_read(fcgi->envp, &cgi);
	log_set_request(cgi.value[CGI_REQUEST_ID]);
	r->method = method_of(cgi.value[CGI_REQUEST_METHOD]);
	good_prefix = read_path(r, &cgi);
	r->content_type = cgi.value[CGI_CONTENT_TYPE];
	r->authorization = cgi.value[CGI_HTTP_AUTHORIZATION];
	r->cookie = cgi.value[CGI_HTTP_COOKIE];
	r->if_none_match = cgi.value[CGI_HTTP_IF_NONE_MATCH];
	r->scope = cgi.value[CGI_LATCHKEY_SCOPE];
	r->accept_language = cgi.value[CGI_HTTP_ACCEPT_LANGUAGE];
	r->from.sec_fetch_site = cgi.value[CGI_HTTP_SEC_FETCH_SITE];
	r->from.origin = cgi.value[CGI_HTTP_ORIGIN];
	r->from.host = cgi.value[CGI_HTTP_HOST];
	r->from.is_https = cgi.value[CGI_HTTPS] != NULL &&
	                   strcmp(cgi.value[CGI_HTTPS], "on") == 0;
	r->guarded = (struct guarded){
		.method = cgi.value[CGI_LATCHKEY_METHOD],
		.uri = cgi.value[CGI_LATCHKEY_URI],
		.accept = cgi.value[CGI_HTTP_ACCEPT],
		.upgrade = cgi.value[CGI_HTTP_UPGRADE],
		.sec_fetch_mode = cgi.value[CGI_HTTP_SEC_FETCH_MODE],
	};
	r->ctx->address = cgi.value[CGI_REMOTE_ADDR];
	r->ctx->agent = cgi.value[CGI_HTTP_USER_AGENT];
	r->waited_ms = waited_ms(cgi.value[CGI_REQUEST_MSEC], &now);
	r->body_too_big =
	    in->part != NULL && in->part->state == FCGI_RECORD_LARGE;
	good =
	    read_body(fcgi, r, cgi.value[CGI_CONTENT_LENGTH], in->record->body);
	drain_body(fcgi);
	if (cgi.doubled != 0)
		log_doubled(f, &cgi);
	if (good && good_prefix && r->uri != NULL)
		return true;
	refuse(r, good_prefix);
	return false;
}

/* Have a request answered, and hand the reply to libfcgi. */
static void
answer(struct fcgi *f, const struct incoming *in, struct ctx *c,
    void (*run)(struct req *r))
{
	FCGX_Request *fcgi = &f->request;
	struct req r = { .ctx = c };
	bool good = read_request(f, in, &r);
	struct buf out;

	if (in->part != NULL) { /* it was read from memory */
		close(fcgi->ipcFd);
		fcgi->ipcFd = in->fd;
	}
	if (good) {
		r.gone = (c->app->needs & NEED_HASHING) != 0 &&
		         peer_closed(fcgi->ipcFd);
		run(&r);
	}
	buf_init(&out, c->arena);
	reply_write(&r, &out);
	FCGX_PutStr(out.s, (int)out.len, fcgi->out);
}

/*
 * Write what libfcgi holds of the reply, and end the request. Of a peer that
 * does not take all of it in time, or has gone, the connection ends too.
 */
static void
finish(FCGX_Request *fcgi)
{
	/* in libfcgi's own order: the stream closed last sends the end */
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

/*
 * A descriptor from which libfcgi reads the request of a part, without the body
 * of one that is too large. -1: there is none.
 */
static int
open_part(const struct fcgi_part *part)
{
	bool whole = part->state == FCGI_RECORD_WHOLE;
	int fd = memfd_create("request", MFD_CLOEXEC);

	if (fd >= 0 && fcgi_record_write(&part->record, whole, fd) &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	event(EVENT_NO_MEMORY, "what=part");
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * A reply was sent before the request had come: say that it was the last one,
 * and drop what still comes. True: the connection is kept for that.
 */
static bool
begin_to_drop(struct fcgi *f, int fd, struct fcgi_part **part)
{
	fcgi_part_free(f, part);
	*part = part_new();
	if (*part == NULL || shutdown(fd, SHUT_WR) != 0) {
		fcgi_part_free(f, part);
		close(fd);
		return false;
	}
	(*part)->answered = true;
	return true;
}

bool
fcgi_answer(struct fcgi *f, int fd, struct fcgi_part **part, struct ctx *c,
    void (*run)(struct req *r))
{
	FCGX_Request *request = &f->request;
	const struct incoming in = {
		.fd = fd,
		.part = *part,
		.record = *part != NULL ? &(*part)->record : &f->record,
	};
	bool early = *part != NULL && (*part)->state == FCGI_RECORD_LARGE;
	int64_t start_us;
	bool kept;

	request->ipcFd = *part != NULL ? open_part(*part) : fd;
	/* or FCGX_Accept_r(), which begins by finishing, closes it */
	request->keepConnection = 1;
	/* or libfcgi, when it closes, waits for the peer to do so: 2 seconds
	 * for each byte of a peer that sends on and does not */
	FCGX_Detach(request);
	if (request->ipcFd >= 0 && FCGX_Accept_r(request) == 0) {
		start_us = clock_us();
		answer(f, &in, c, run);
		/* bytes behind the request: libfcgi has read them, and drops
		 * them */
		request->keepConnection =
		    early || (f->alone && request->keepConnection != 0);
		finish(request);
		metrics_busy(clock_us() - start_us);
	} else if (*part != NULL) {
		close(fd); /* libfcgi never had it */
	}
	kept = request->ipcFd >= 0;
	request->ipcFd = -1; /* libfcgi must not close it */
	ctx_reset(c);        /* it may log of the request */
	memory_wipe_stack();
	log_set_request(NULL);
	if (kept && early)
		return begin_to_drop(f, fd, part);
	fcgi_part_free(f, part);
	return kept;
}
