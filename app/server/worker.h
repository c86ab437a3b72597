/*
 * Worker process: what it needs before it can answer.
 */
#ifndef LATCHKEY_SERVER_WORKER_H
#define LATCHKEY_SERVER_WORKER_H

#include "ctx.h"

struct worker_setup {
	struct app *app; /* the supervisor's, of which this is a copy */
	int listener;    /* -1: its role has none */
	unsigned served; /* the roles that it serves, as ROLE_BIT()s */
	enum role role;  /* its place: */
	unsigned number; /* counts go on where the last one ended */
	int ready;       /* a pipe, see worker_run(); closed */
	bool replaces;   /* a worker that serves until this one can */
};

/*
 * Do the work of the role until SIGTERM. When it is about to begin, *ready gets
 * an int64_t in one write: the CPU time of a password's hash in microseconds; 0
 * where none was measured, since the role hashes none. Returns the exit status,
 * what went wrong on standard error.
 */
int worker_run(const struct worker_setup *w) MUST_CHECK;

#endif
