/*
 * Worker process: its priority, its database connection, its memory.
 */
#include "base.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app.h"
#include "crypto/hashmem.h"
#include "crypto/revoked.h"
#include "db/failure.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "route.h"
#include "server/confine.h"
#include "server/keeper.h"
#include "server/limits.h"
#include "server/loop.h"
#include "server/sched.h"
#include "server/worker.h"
#include "stats/metrics.h"
#include "svc/formats.h"
#include "svc/service_limit.h"
#include "svc/unsettled.h"

/*
 * Idle time after which the memory of a hash is released. (On a single socket
 * other requests than logins keep it.)
 */
#define IDLE_MS 5000

#define CONNECT_TRIES 2      /* of a worker that replaces another */
#define CONNECT_PAUSE_MS 300 /* longer than db_connect() fails at once */

/* Sent to the supervisor when the process can begin. */
struct ready_message {
	const struct worker_setup *w;
	int64_t hash_us;
};

/*
 * The worker that this one replaces has a connection to the database: to have
 * one before that ends, or the first requests would wait for it. Where there is
 * none to be had, they are answered 503 by either.
 */
static void
connect_before(const struct worker_setup *w)
{
	int tries = CONNECT_TRIES;

	if (!w->replaces || w->app->db == NULL)
		return;
	while (db_connect(w->app->db) != ERR_OK && --tries > 0)
		poll(NULL, 0, CONNECT_PAUSE_MS);
}

/*
 * Give up what the role does not need, and report to the supervisor that this
 * worker can accept, with the cost of a hash.
 */
static void
notify_ready(const struct worker_setup *w, int64_t hash_us)
{
	metrics_use(w->role, w->number);
	shm_leave();
	if (!confine(w->app->conf, w->served, w->app->db))
		exit(EXIT_FAILURE);
	connect_before(w);
	if (write(w->ready, &hash_us, sizeof(hash_us)) < 0) {
		/* the supervisor has died */
	}
	close(w->ready);
}

/* The same, as the event loop calls it. */
static void
send_ready(const void *of)
{
	const struct ready_message *message = of;

	notify_ready(message->w, message->hash_us);
}

/* The name that ps and top show. */
static void
name_process(const struct worker_setup *w)
{
	char name[16];

	snprintf(name, sizeof(name), "latchkey-%s",
	    w->served == ROLE_BIT(w->role) ? roles[w->role].name : "all");
	prctl(PR_SET_NAME, name);
}

/* Answer requests until SIGTERM. */
static bool
serve(const struct worker_setup *w, int64_t hash_us)
{
	struct ready_message message = { w, hash_us };
	struct loop_service service = {
		.listener = w->listener,
		.run = route_run,
		.ready = send_ready,
		.of = &message,
		.drain_ms = w->app->conf->drain_ms,
		.idle_ms = IDLE_MS,
	};
	struct arena arena;
	struct ctx c;
	bool done;

	if ((w->app->needs & NEED_HASHING) != 0)
		service.idle = hashmem_release;
	if ((w->app->needs & NEED_HASHING) != 0 && w->number == 0)
		service.beside = formats_step;
	arena_init(&arena);
	ctx_init(&c, w->app, &arena);
	done = loop_serve(&service, &c);
	arena_free(&arena);
	return done;
}

/* Read the database for all others, until SIGTERM ends the process. */
static bool
keep(const struct worker_setup *w, int64_t hash_us)
{
	notify_ready(w, hash_us);
	keeper_run(w->app);
}

/*
 * The run function of each role, from its row, called when all is open that it
 * needs. It blocks SIGTERM, logs EVENT_START, calls notify_ready(), and after
 * SIGTERM logs EVENT_STOP and returns within 25 seconds; false: it could not
 * begin. (serve() leaves all of that to the event loop.)
 */
#define RUN(id, name, socket, needs, priority, requests, per, least, run) \
	[ROLE_##id] = (run),
static bool (*const run[ROLE_COUNT])(
    const struct worker_setup *w, int64_t hash_us) = { ROLE_TABLE(RUN) };

/*
 * Sections of the shared memory that a process only reads: a worker that
 * verifies no passwords cannot lift the limit, and none but the keeper can
 * bring back what has ended, even when it is taken over. Hashes of unsettled
 * writes are for those alone that make them.
 */
static bool
protect_sections(unsigned needs)
{
	return ((needs & NEED_REVOKING) != 0 ||
	           shm_read_only(&revoked_section)) &&
	       ((needs & NEED_HASHING) != 0 ||
	           (shm_read_only(&service_limit_section) &&
	               shm_hide(&unsettled_section))) &&
	       ((needs & NEED_DATABASE) != 0 ||
	           shm_read_only(&db_failure_section));
}

/* In the process that looks names up: it has no need of any of this. */
static bool
forget(void *app)
{
	app_close(app);
	return shm_hide_all();
}

int
worker_run(const struct worker_setup *w)
{
	unsigned needs = role_needs(w->served);
	int64_t hash_us = 0;
	bool done = false;

	name_process(w);
	if ((needs & NEED_DATABASE) == 0)
		revoked_close_wake();
	if (!protect_sections(needs)) {
		log_say("shared memory: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	if (role_is_low(w->served))
		sched_low();
	else
		sched_usual();
	w->app->lanes = w->served & role_lanes();
	if ((needs & NEED_DATABASE) != 0)
		memory_wipe_freed();
	if ((needs & NEED_HASHING) != 0) {
		hashmem_keep(w->app->conf->hash_memory_kept);
		hash_us = limits_hash_us(w->app->conf);
	}
	if (app_narrow(w->app, needs, w->served) &&
	    confine_names(w->app->conf, w->app->db, forget, w->app))
		done = run[w->role](w, hash_us);
	app_close(w->app);
	hashmem_release();
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
