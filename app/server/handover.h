/*
 * Handover from a supervisor to the program that takes its place by exec: a
 * text in sealed memory that names descriptors and worker processes.
 */
#ifndef LATCHKEY_SERVER_HANDOVER_H
#define LATCHKEY_SERVER_HANDOVER_H

#include "server/listener.h"
#include "server/pool.h"

/* The exit status of a trial that went well: no other program has it. */
#define HANDOVER_TRIED 87

struct handover {
	pid_t from; /* the supervisor */
	struct listeners listeners;
	int status_fd;           /* of shm_file() */
	const char *status_file; /* its path; NULL: by the setting */
	bool confined;           /* by confine_supervisor(), for ever */
	size_t workers;
	struct pool_former worker[POOL_FORMER_MAX];
};

enum handover_kind {
	HANDOVER_NONE,  /* a start like any other */
	HANDOVER_TRIAL, /* a child of the supervisor: could it take over? */
	HANDOVER_REAL,  /* this process was the supervisor, and still is */
	HANDOVER_WRONG  /* standard error has the reason */
};

/*
 * In the supervisor or a child of it: leave this to the program that is
 * executed next, whose environment names the text, and have its descriptors
 * stay open. False: see errno.
 */
bool handover_leave(const struct handover *h) MUST_CHECK;

/* The program could not be executed: as it was before. */
void handover_withdraw(const struct handover *h);

/*
 * Take what this process was left, once; *out only with HANDOVER_TRIAL and
 * HANDOVER_REAL. Descriptors are closed at an exec from then on, and the
 * addresses in it live as long as the process. A text with a socket or a
 * process kind less or more than this program has is HANDOVER_WRONG.
 */
enum handover_kind handover_take(struct handover *out) MUST_CHECK;

#endif
