/*
 * The web server's side: FastCGI requests in, replies out.
 *
 * We accept the connection ourselves and hand it to libfcgi, so that a time
 * limit can be put on it first: a peer that sends half a request must not
 * hold the worker. One request a connection.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "fcgi.h"
#include "log.h"
#include "reply.h"
#include "text.h"

#define PEER_TIMEOUT_S 5 /* for a peer that neither sends nor reads */

static volatile sig_atomic_t stopping;

static void
on_stop(int signal)
{
	(void)signal;
	stopping = 1;
}

/*
 * The signals that end the loop are blocked but while it waits, so none can
 * slip in between a look at the flag and the wait. libfcgi's own handlers
 * would swallow SIGTERM. *waiting: the mask to wait with.
 */
static void
set_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = on_stop };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	sigdelset(waiting, SIGTERM);
	sigdelset(waiting, SIGINT);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

/* Wait for a connection; -1: try again, or stop. */
static int
accept_connection(int listener, const sigset_t *waiting)
{
	const struct timeval limit = { .tv_sec = PEER_TIMEOUT_S };
	struct pollfd p = { .fd = listener, .events = POLLIN };
	int fd;

	if (ppoll(&p, 1, NULL, waiting) <= 0)
		return -1;
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		/* another worker was quicker, or the client has gone */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			poll(NULL, 0, 100);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
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

static void
answer(FCGX_Request *fcgi, struct ctx *c, void (*run)(struct req *r))
{
	struct req r = { .ctx = c };
	struct buf out;

	c->now_s = time(NULL);
	log_set_request(param(fcgi, "REQUEST_ID"));
	r.method = method_of(param(fcgi, "REQUEST_METHOD"));
	r.uri = param(fcgi, "REQUEST_URI");
	r.content_type = param(fcgi, "CONTENT_TYPE");
	r.authorization = param(fcgi, "HTTP_AUTHORIZATION");
	if (r.uri == NULL || !read_body(fcgi, &r)) {
		log_event(LOG_WARNING, LOG_REQUEST_BROKEN, "what=%s",
		    r.uri == NULL ? "REQUEST_URI" : "CONTENT_LENGTH");
		reply_error(&r, ERR_MALFORMED);
	} else {
		run(&r);
	}
	buf_init(&out, c->arena);
	reply_write(&r, &out);
	FCGX_PutStr(out.s, (int)out.len, fcgi->out);
}

bool
fcgi_serve(int listener, struct ctx *c, void (*run)(struct req *r))
{
	FCGX_Request fcgi;
	sigset_t waiting;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&fcgi, -1, 0) != 0 ||
	    fcntl(listener, F_SETFL, O_NONBLOCK) != 0) {
		fprintf(
		    stderr, "latchkey: cannot serve: %s\n", strerror(errno));
		return false;
	}
	set_signals(&waiting);
	log_event(LOG_INFO, LOG_START, "pid=%d", (int)getpid());
	while (!stopping) {
		fcgi.ipcFd = accept_connection(listener, &waiting);
		if (fcgi.ipcFd < 0)
			continue;
		/* or FCGX_Accept_r(), which begins by finishing, closes it */
		fcgi.keepConnection = 1;
		if (FCGX_Accept_r(&fcgi) == 0) {
			answer(&fcgi, c, run);
			FCGX_Finish_r(&fcgi);
		}
		FCGX_Free(&fcgi, 1);
		log_set_request(NULL);
		arena_reset(c->arena);
	}
	log_event(LOG_INFO, LOG_STOP, "pid=%d", (int)getpid());
	return true;
}
