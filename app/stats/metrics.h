/*
 * Counters and histograms of all processes of a `latchkey serve`, in shared
 * memory that `latchkey status` can read too.
 *
 * As with the log, the process's own place needs no handle: until one of the
 * functions below says otherwise, a process counts for itself alone. Nothing
 * that is read from this memory is trusted: a worker may die at any
 * instruction, and the worst that follows is a wrong figure.
 */
#ifndef LATCHKEY_STATS_METRICS_H
#define LATCHKEY_STATS_METRICS_H

#include "conf.h"
#include "lib/http_status.h"
#include "stats/event.h"
#include "stats/shm.h"

#define METRICS_ROUTES 64 /* rows of route.c, at most */
#define METRICS_NO_ROUTE METRICS_ROUTES
#define METRICS_STATUSES HTTP_STATUSES
#define METRICS_KINDS 512  /* of accounts, at most */
#define METRICS_BUCKETS 16 /* of metrics_limit_us[] */

/* clang-format off */
enum histogram {
	HISTOGRAM_REQUEST, /* to build a reply: + the lane */
	HISTOGRAM_BUSY = HISTOGRAM_REQUEST + ROLE_COUNT, /* a worker, writing included: + its lane */
	HISTOGRAM_HASH = HISTOGRAM_BUSY + ROLE_COUNT, /* one password */
	HISTOGRAM_COUNT
};
/* clang-format on */

/* The upper limits of a histogram's buckets, themselves included. */
extern const int64_t metrics_limit_us[METRICS_BUCKETS];

/*
 * The counters' section of the shared memory, which is the status file. Routes
 * are named before it is created or loaded: they are a part of its layout.
 */
extern const struct shm_section metrics_section;

/*
 * For a worker, at its start or when it is ready: count as number (0 to
 * CONF_WORKERS_MAX - 1) of its lane from now on. Its figures go on where those
 * of the one before ended, which may still be there and count along. Without
 * memory left for it a worker counts for itself alone, and says so in the log.
 */
void metrics_use(enum role lane, unsigned number);

/* For a new worker, before metrics_use(): what it does is not counted yet. */
void metrics_apart(void);

/* For the supervisor: this worker has ended. */
void metrics_ended(enum role lane, unsigned number, int64_t pid);

/*
 * For the supervisor, after shm_create(): fd is the listening socket of
 * this lane, Unix or TCP, whose queue is to be shown.
 */
void metrics_socket(enum role lane, int fd);

/*
 * Path and lane of row number row of route.c: for the
 * process that shows it, and for the supervisor before it forks.
 */
void metrics_route(unsigned row, const char *path, enum role lane);

/* That name; "none" for METRICS_NO_ROUTE; NULL: there is no such row. */
const char *metrics_route_name(unsigned row);

/*
 * A kind of accounts that are counted, by the format of their hash and whether
 * they can log in, or why not: for the same processes as metrics_route().
 */
void metrics_kind(unsigned row, const char *format, const char *login);

/* Its two names, in *login the second; NULL: there is no such row. */
const char *metrics_kind_name(unsigned row, const char **login);

/* Accounts were counted: so many of each kind. */
void metrics_accounts(const uint64_t n[METRICS_KINDS]);

/*
 * All that had been revoked was read at this time (clock_ms()), and there are
 * so many entries.
 */
void metrics_revoked(uint64_t entries, int64_t heard_ms);

/* For the supervisor: a worker of this lane died, and another is started. */
void metrics_restarted(enum role lane);

/*
 * For a worker whose filter refused this system call, before it ends; a signal
 * handler may call it.
 */
void metrics_call_refused(int call);

/* For the supervisor: that of the worker that had this place; -1: none. */
int metrics_refused_call(enum role lane, unsigned number);

/*
 * Is this process connected to its database? A worker without one never says,
 * nor does one that is being replaced count any more.
 */
void metrics_database(bool connected);

/* Something took this long; below 0 counts as 0. */
void metrics_observe(enum histogram h, int64_t us);

/*
 * This worker was busy with one request for so long: from its acceptance until
 * the web server had taken the reply, or would not. Counts for the lane of
 * metrics_use().
 */
void metrics_busy(int64_t us);

/*
 * A request was answered: of this row of route.c, or METRICS_NO_ROUTE, with
 * this status, after so many microseconds. Row and status may be anything.
 */
void metrics_request(unsigned row, int status, int64_t us);

struct metrics_histogram {
	uint64_t bucket[METRICS_BUCKETS + 1]; /* each alone; the last: above */
	uint64_t sum_us;
};

enum database { DATABASE_NONE, DATABASE_AWAY, DATABASE_CONNECTED };

struct metrics_worker {
	enum role lane;
	unsigned number;
	int64_t pid; /* 0: it does not run */
	enum database database;
	uint64_t requests;
};

/* All slots added up, as they are at this moment. */
struct metrics_figures {
	int64_t pid;                   /* of the supervisor */
	int64_t started_s;             /* since 1970 */
	uint64_t counter[EVENT_COUNT]; /* of those that a family counts */
	uint64_t restarts[ROLE_COUNT];
	struct metrics_histogram histogram[HISTOGRAM_COUNT];
	uint64_t requests[METRICS_ROUTES + 1][METRICS_STATUSES];
	uint64_t accounts[METRICS_KINDS]; /* as they were counted last */
	uint64_t revoked;                 /* entries */
	int64_t revoked_heard_ms;         /* by clock_ms(); 0: never */
	uint64_t socket[ROLE_COUNT];      /* inode; 0: not known */
	unsigned workers;                 /* of the following */
	struct metrics_worker worker[ROLE_COUNT * CONF_WORKERS_MAX];
};

/* Add all up. The figures of workers at work may be a moment apart. */
void metrics_read(struct metrics_figures *out);

/*
 * For a process that does not serve: load the status file of one that does, for
 * metrics_read() to add up. False: as shm_load().
 */
bool metrics_load(const char *file) MUST_CHECK;

#endif
