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

#include "app.h"
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

/* What it has to open for what it serves. */
static unsigned
needs_of(unsigned lanes)
{
	unsigned needs = NEED_KEYS;

	/* one that only checks tokens has no use for the database */
	if (lanes != LANE_BIT(LANE_CHECK))
		needs |= NEED_DATABASE | NEED_SECRETS;
	if ((lanes & LANE_BIT(LANE_LOGIN)) != 0)
		needs |= NEED_HASHING;
	return needs;
}

/* Low for one that only hashes, beside which nothing else shall wait. */
static void
set_priority(unsigned lanes)
{
	if (lanes == LANE_BIT(LANE_LOGIN))
		sched_low();
	else
		sched_usual();
}

static bool
serve(const struct worker_setup *w, unsigned needs, int64_t hash_us)
{
	const struct conf *conf = w->app->conf;
	struct word word = { w, hash_us };
	struct loop_service service = {
		.listener = w->listener,
		.run = route_run,
		.ready = say_ready,
		.of = &word,
		.drain_ms = conf->drain_ms,
		.idle = (needs & NEED_HASHING) != 0 ? hashmem_release : NULL,
		.idle_ms = IDLE_MS,
	};
	struct arena arena;
	struct ctx c;
	bool done;

	arena_init(&arena);
	ctx_init(&c, w->app, &arena);
	done = loop_serve(&service, &c);
	arena_free(&arena);
	return done;
}

int
worker_run(const struct worker_setup *w)
{
	static const struct db_sql *const statements[] = { db_user_sql,
		db_ratelimit_sql, db_network_sql, NULL };
	unsigned needs = needs_of(w->lanes);
	int64_t hash_us = 0;
	bool done = false;

	name_process(w);
	/* a worker that verifies no passwords cannot lift the limit, even when
	 * it is taken over */
	if ((needs & NEED_HASHING) == 0 &&
	    !shm_read_only(&service_limit_section)) {
		log_say("shared memory: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	set_priority(w->lanes);
	w->app->lanes = w->lanes;
	if ((needs & NEED_HASHING) != 0) {
		hashmem_keep(w->app->conf->hash_memory_kept);
		hash_us = limits_hash_us(w->app->conf);
	}
	if (app_narrow(w->app, needs, statements))
		done = serve(w, needs, hash_us);
	app_close(w->app);
	hashmem_release();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
