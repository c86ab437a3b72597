/*
 * Event loop of a worker: the listening socket, kept connections and signals.
 */
#ifndef LATCHKEY_SERVER_LOOP_H
#define LATCHKEY_SERVER_LOOP_H

#include "http/req.h"

/* The work of an event loop. */
struct loop_service {
	int listener;                  /* closed when it ends */
	void (*run)(struct req *r);    /* builds the reply to a request */
	void (*ready)(const void *of); /* called once when it can accept */
	const void *of;
	int64_t drain_ms;   /* see loop_serve() */
	void (*idle)(void); /* NULL, or called once when for so long */
	int64_t idle_ms;    /* no request has come */
	/*
	 * NULL, or called after requests, for work of some milliseconds beside
	 * them, and again after as many as it returns; -1: after a request.
	 */
	int64_t (*beside)(struct ctx *c);
};

/*
 * Answer requests, one at a time, until SIGTERM or SIGINT. Then no connection
 * is accepted any more, but those that are kept are answered until they have
 * been quiet for drain_ms; ten seconds at most. *c is reset after each
 * request. Returns false if it could not begin.
 * The process is left with SIGTERM and SIGINT blocked and SIGPIPE, SIGHUP and
 * SIGUSR1 ignored; and the listener non-blocking, in every process that shares
 * it.
 */
bool loop_serve(const struct loop_service *service, struct ctx *c) MUST_CHECK;

#endif
