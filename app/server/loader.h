/*
 * Settings, and the files that they name, read by a process of its own before
 * the supervisor reads them: a file system that does not answer (a network's)
 * holds that process, which can be killed, and not the one that replaces
 * workers and obeys signals.
 */
#ifndef LATCHKEY_SERVER_LOADER_H
#define LATCHKEY_SERVER_LOADER_H

#include "role.h"
#include "server/pool.h"

/* What is opened by settings before a worker starts, as bits of enum need. */
#define LOADER_NEEDS                                             \
	(NEED_DATABASE | NEED_KEYS | NEED_HASHING | NEED_PAGES | \
	    NEED_SECRET_FILE)

struct loader {
	bool wanted; /* settings are to be read, again */
	int64_t
	    kill_ms; /* of clock_ms(): the process is late; 0: there is none */
	bool killed; /* for that */
};

enum loader_result {
	LOADER_NONE,   /* nothing was asked, or the process is still at it */
	LOADER_GOOD,   /* all could be read, a moment ago */
	LOADER_REFUSED /* standard error has the reason */
};

/*
 * Read the settings of this file, what they name, and the place of the status
 * file, once more if that is under way already.
 */
void loader_ask(struct loader *l);

/*
 * Start the process, kill it when it has taken for longer than ten seconds, or
 * take its answer. *pause_ms: in how many milliseconds to call this again; -1:
 * not before a child has ended.
 */
enum loader_result loader_go_on(struct loader *l, struct pool *pool,
    const char *file, int64_t *pause_ms) MUST_CHECK;

#endif
