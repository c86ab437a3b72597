/*
 * Worker processes: a slot for each, its successor while it is replaced, and
 * those that are exiting.
 */
#ifndef LATCHKEY_SERVER_POOL_H
#define LATCHKEY_SERVER_POOL_H

#include <signal.h>
#include <sys/types.h>

#include "conf.h"

#define POOL_SLOTS ((size_t)ROLE_COUNT * CONF_WORKERS_MAX)

/* The slot of one worker. */
struct pool_slot {
	enum role role;
	pid_t pid;  /* 0: none */
	pid_t next; /* 0, or the successor, until it is ready */
	int ready;  /* the pipe that next writes to; -1: there is no next */
	int64_t started_ms;
	int64_t not_before_ms; /* earliest next start */
	int failures;          /* in a row */
	unsigned generation;   /* of the settings that pid has */
	unsigned next_generation;
};

/* An exiting worker. */
struct pool_exiting {
	pid_t pid; /* 0: this entry is free */
	enum role role;
	unsigned number;
	int64_t kill_ms; /* when to kill it; POOL_KEPT: it is not exiting yet */
	unsigned generation; /* of its settings; 0: of another program */
};

#define POOL_KEPT INT64_MAX

/* A worker of the program before this one, and how it is handed over. */
struct pool_former {
	pid_t pid;
	enum role role;
	unsigned number;
	int64_t kill_ms; /* of clock_ms(); 0: it serves */
};

#define POOL_FORMER_MAX (3 * POOL_SLOTS)

/* A child beside the workers. */
struct pool_child {
	pid_t pid; /* 0: none */
	bool ended;
	int status; /* as waitpid(2) has it */
};

struct pool {
	/*
	 * The main function of a worker process: `number` is its place in the
	 * role, and ready a pipe that gets an int64_t when it can begin, the
	 * CPU time of a hash in microseconds, or 0; replaces: another worker
	 * serves in that place until then. Returns the exit status.
	 */
	int (*work)(const void *of, enum role role, unsigned number, int ready,
	    bool replaces);
	const void *of;
	sigset_t waiting; /* the signals that are blocked while it waits */
	int64_t hash_us;  /* reported by the last worker; 0: none */
	struct pool_child probe, loader; /* the supervisor's other children */
	bool keeps_former; /* workers of another program are not replaced yet */

	/* pool.c's own */
	int64_t wanted[ROLE_COUNT]; /* workers */
	unsigned generation;        /* 0: pool_configure() was not called yet */
	struct pool_slot slots[POOL_SLOTS];
	struct pool_exiting exiting[2 * POOL_SLOTS];
};

/* To be called first. The fields above pool.c's own are kept. */
void pool_init(struct pool *c);

/*
 * Have so many workers of each role, by new settings: those that run are
 * replaced one by one, none before its successor is ready.
 */
void pool_configure(struct pool *c, const int64_t wanted[ROLE_COUNT]);

/*
 * One supervision pass: reap, and when it is configured start missing workers
 * with back-off, terminate surplus ones, kill those that are overdue. SIGCHLD
 * is to be blocked. Returns in how many milliseconds the next pass is due; -1:
 * when pool_wait() returns.
 */
int64_t pool_supervise(struct pool *c);

/* Wait until a worker is ready, a signal comes, or for timeout_ms. */
void pool_wait(struct pool *c, int64_t timeout_ms);

/* Are all workers running with the newest settings? */
bool pool_is_complete(const struct pool *c);

/*
 * Back-off in milliseconds before the next start, after a worker that lived for
 * lived_ms: none at first, then 100, doubled each time, 10 seconds at most. A
 * worker that lived for 10 seconds resets it. *failures: consecutive ones; 0 to
 * begin with.
 */
int64_t pool_backoff_ms(int *failures, int64_t lived_ms);

/*
 * The workers, those that are not ready excepted, for a program that takes this
 * one's place. Returns how many.
 */
size_t pool_list(
    const struct pool *c, struct pool_former out[POOL_FORMER_MAX]) MUST_CHECK;

/* Terminate the workers that are not ready yet. */
void pool_drop_successors(struct pool *c);

/*
 * Before pool_configure(): take over the n workers of the program before this
 * one, those of them that are children of this process. Each is replaced, like
 * one with older settings; those without a socket serve the others of that
 * program, and so end last.
 */
void pool_take_over(struct pool *c, const struct pool_former *former, size_t n);

/* Are workers of the program before this one left that serve requests? */
bool pool_has_former(const struct pool *c);

/* Terminate all workers, and wait for them. */
void pool_terminate(struct pool *c);

/* Has this child ended, and has it not been reported yet? */
bool pool_child_ended(struct pool_child *child, int *status) MUST_CHECK;

#endif
