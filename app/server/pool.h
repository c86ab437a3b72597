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

/* The place of one worker. */
struct pool_slot {
	enum role role;
	pid_t pid;  /* 0: none */
	pid_t next; /* 0, or the successor, until it is ready */
	int ready;  /* the pipe that next writes to; -1: there is no next */
	int64_t started_ms;
	int64_t not_before_ms; /* when another may be started */
	int failures;          /* in a row */
	unsigned generation;   /* of the settings that pid has */
	unsigned next_generation;
};

/* A worker that was told to end. */
struct pool_exiting {
	pid_t pid; /* 0: this entry is free */
	enum role role;
	unsigned number;
	int64_t kill_ms; /* when that has taken too long */
};

struct pool {
	/*
	 * What a worker does, in its own process: `number` is its place in the
	 * role, and ready a pipe that gets an int64_t when it can begin, the
	 * CPU time of a hash in microseconds, or 0. Returns the exit status.
	 */
	int (*work)(const void *of, enum role role, unsigned number, int ready);
	const void *of;
	sigset_t waiting; /* the signals that are blocked while it waits */
	int64_t hash_us;  /* as a worker said last; 0: none has */

	/* pool.c's own */
	int64_t wanted[ROLE_COUNT]; /* workers */
	unsigned generation;
	struct pool_slot slots[POOL_SLOTS];
	struct pool_exiting exiting[2 * POOL_SLOTS];
};

/* Before all else. The fields that are not pool.c's own stay as they are. */
void pool_init(struct pool *c);

/*
 * Have so many workers of each role, by new settings: those that run are
 * replaced one by one, none before its successor is ready.
 */
void pool_configure(struct pool *c, const int64_t wanted[ROLE_COUNT]);

/*
 * One supervision pass: start missing workers with back-off, terminate surplus
 * ones, kill those that are overdue. SIGCHLD is to be blocked. Returns in how
 * many milliseconds the next pass is due; -1: when pool_wait() returns.
 */
int64_t pool_supervise(struct pool *c);

/* Wait until a worker is ready, a signal comes, or for timeout_ms. */
void pool_wait(struct pool *c, int64_t timeout_ms);

/* Are all there, with the newest settings? */
bool pool_is_complete(const struct pool *c);

/*
 * The pause in milliseconds before the next start, after one that lasted for
 * lived_ms: none at first, then 100 and twice as much each time, 10 seconds at
 * most. What lasted for 10 seconds began well, and all before is forgotten.
 * *failures: how many there were in a row; 0 to begin with.
 */
int64_t pool_backoff_ms(int *failures, int64_t lived_ms);

/* Tell all to end, and wait until they have. */
void pool_terminate(struct pool *c);

#endif
