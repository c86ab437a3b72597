/*
 * A worker process: its priority, its connection to the database, its memory.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crypto/hashmem.h"
#include "db/network.h"
#include "db/ratelimit.h"
#include "db/user.h"
#include "lib/log.h"
#include "route.h"
#include "server/limits.h"
#include "server/loop.h"
#include "server/sched.h"
#include "server/worker.h"
#include "stats/metrics.h"
#include "svc/service_limit.h"

/*
 * Without a request let go of a hash's memory. (On a single socket others than
 * logins keep it.)
 */
#define IDLE_MS 5000

/* What is said when all is set up. */
struct word {
	const struct worker_setup *w;
	int64_t hash_us;
};

/* Tell the supervisor. If it has died, a signal is about to tell us. */
static void
say_ready(const void *of)
{
	const struct word *word = of;
	const struct worker_setup *w = word->w;

	metrics_use(w->lane, w->number);
	shm_leave();
	if (write(w->ready, &word->hash_us, sizeof(word->hash_us)) < 0) {
		/* nobody to tell */
	}
	close(w->ready);
}

/* As ps and top show it. */
static void
name_process(const struct worker_setup *w)
{
	char name[16] = "latchkey-all";
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT; lane++)
		if (w->lanes == LANE_BIT(lane))
			snprintf(
			    name, sizeof(name), "latchkey-%s", lane_name[lane]);
	prctl(PR_SET_NAME, name);
}

int
worker_run(const struct worker_setup *w)
{
	static const struct db_sql *const statements[] = { db_user_sql,
		db_ratelimit_sql, db_network_sql, NULL };
	static struct token_cache tokens;
	const struct conf *conf = w->conf;
	struct word word = { .w = w };
	struct loop_service service = {
		.listener = w->listener,
		.run = route_run,
		.ready = say_ready,
		.of = &word,
		.drain_ms = conf->drain_ms,
	};
	struct arena arena;
	struct ctx c = { .conf = conf,
		.key = w->key,
		.blocklist = w->blocklist,
		.arena = &arena,
		.lanes = w->lanes,
		.tokens = &tokens };
	bool done = false;

	name_process(w);
	/* a worker that verifies no passwords cannot lift the limit, even when
	 * it is taken over */
	if ((w->lanes & LANE_BIT(LANE_LOGIN)) == 0 &&
	    !shm_read_only(&service_limit_section)) {
		log_say("shared memory: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	arena_init(&arena);
	if (w->lanes == LANE_BIT(LANE_LOGIN))
		sched_low();
	else
		sched_usual();
	if ((w->lanes & LANE_BIT(LANE_LOGIN)) != 0) {
		service.idle = hashmem_release;
		service.idle_ms = IDLE_MS;
		hashmem_keep(conf->hash_memory_kept);
		/* cppcheck-suppress unreadVariable ; say_ready() reads it */
		word.hash_us = limits_hash_us(conf);
	}
	/* a worker that only checks tokens has no use for the database */
	if (w->lanes == LANE_BIT(LANE_CHECK) ||
	    (c.db = db_new(conf->database, conf->db_timeout_ms, statements)) !=
	        NULL)
		done = loop_serve(&service, &c);
	db_free(c.db);
	arena_free(&arena);
	hashmem_release();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
