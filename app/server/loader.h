/*
 * Settings, and the files that they name, read by a separate process before
 * the supervisor reads them: a file system that does not answer (a network's)
 * holds that process, which can be killed, and not the one that replaces
 * workers and obeys signals.
 */
#ifndef LATCHKEY_SERVER_LOADER_H
#define LATCHKEY_SERVER_LOADER_H

#include "role.h"
#include "server/pool.h"

/* Needs that settings open before a worker starts, as bits of enum need. */
#define LOADER_NEEDS                                             \
	(NEED_DATABASE | NEED_KEYS | NEED_HASHING | NEED_PAGES | \
	    NEED_SECRET_FILE)

enum loader_task {
	LOADER_NOTHING,
	LOADER_SETTINGS, /* read the settings */
	LOADER_PROGRAM   /* try another program, which reads them, too */
};

struct loader {
	/* Executes that program; returns only if that was not possible. */
	void (*execute)(const void *of);
	const void *of;

	/* loader.c's own */
	enum loader_task wanted; /* the next one */
	enum loader_task task;   /* of the process, or the last one */
	int64_t
	    kill_ms; /* of clock_ms(): the process is late; 0: there is none */
	bool killed; /* for that */
};

enum loader_result {
	LOADER_NONE,   /* nothing was asked, or the process is still at it */
	LOADER_GOOD,   /* l->task went well, a moment ago */
	LOADER_REFUSED /* standard error has the reason */
};

/*
 * Read the settings of loader_go_on()'s file, what they name, and the place of
 * the status file, or try the program; once more if that is under way already.
 */
void loader_ask(struct loader *l, enum loader_task task);

/* Is nothing under way, or asked for? */
bool loader_is_idle(const struct loader *l, const struct pool *pool);

/*
 * Start the process, kill it when it has taken for longer than ten seconds, or
 * take its answer. *pause_ms: in how many milliseconds to call this again; -1:
 * not before a child has ended.
 */
enum loader_result loader_go_on(struct loader *l, struct pool *pool,
    const char *file, int64_t *pause_ms) MUST_CHECK;

#endif
