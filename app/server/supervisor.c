/*
 * The supervisor: opens the sockets, keeps workers at them, and reads settings
 * and key anew when it is told to. It reads no request.
 */
#include "base.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "lib/log.h"
#include "route.h"
#include "server/limits.h"
#include "server/listener.h"
#include "server/pool.h"
#include "server/supervisor.h"
#include "server/systemd.h"
#include "server/worker.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "svc/service_limit.h"

struct supervisor {
	const struct conf *first; /* with which sockets and files were made */
	struct conf *loaded;      /* by the last reload; NULL: there was none */
	struct app *app;          /* by the settings in force */
	struct listeners listeners;
	struct pool pool;
	int64_t hash_us; /* that the login lane's queue was made for */
	bool told_ready; /* the service manager knows */
};

static volatile sig_atomic_t stop_asked, reload_asked;

static void
on_signal(int number)
{
	if (number == SIGHUP)
		reload_asked = 1;
	else if (number != SIGCHLD)
		stop_asked = 1;
}

/* The signals are blocked but while the loop waits. *waiting: its mask. */
static void
catch_signals(sigset_t *waiting)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_LEN(caught); i++)
		sigaddset(&blocked, caught[i]);
	sigprocmask(SIG_BLOCK, &blocked, waiting);
	for (i = 0; i < ARRAY_LEN(caught); i++) {
		sigdelset(waiting, caught[i]);
		sigaction(caught[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* In a new process: a signal to end ends it, until server/loop.c reads it. */
static void
reset_signals(const struct supervisor *s)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &action, NULL);
	sigprocmask(SIG_SETMASK, &s->pool.waiting, NULL);
}

/* In the new process: let go of what is the supervisor's, and work. */
static int
worker_main(const void *of, enum lane lane, unsigned number, int ready)
{
	const struct supervisor *s = of;
	const struct listeners *l = &s->listeners;
	const struct worker_setup w = {
		.app = s->app,
		.listener = l->fd[lane],
		.lanes = l->single ? LANE_ALL : LANE_BIT(lane),
		.lane = lane,
		.number = number,
		.ready = ready,
	};
	size_t i;

	reset_signals(s);
	metrics_apart();
	for (i = 0; i < LANE_COUNT; i++)
		if (l->fd[i] != w.listener)
			close(l->fd[i]);
	return worker_run(&w);
}

/* What waits on the login lane's socket is what is served in two seconds. */
static void
set_backlog(struct supervisor *s)
{
	int64_t n = limits_backlog(
	    s->app->conf, s->pool.wanted[LANE_LOGIN], s->pool.hash_us);

	s->hash_us = s->pool.hash_us;
	listeners_set_backlog(&s->listeners, LANE_LOGIN, (int)n);
}

/*
 * Workers by the settings, in the place of those that there are; all of a
 * single socket in one lane.
 */
static void
configure_pool(struct supervisor *s)
{
	int64_t wanted[LANE_COUNT] = { 0 };
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT && !s->listeners.single; lane++)
		wanted[lane] = limits_workers(s->app->conf, lane);
	if (s->listeners.single)
		wanted[LANE_LOGIN] = limits_workers_single(s->app->conf);
	pool_configure(&s->pool, wanted);
	set_backlog(s);
	s->told_ready = false;
}

/* Tell once that every worker is there. */
static void
notify_ready(struct supervisor *s)
{
	const int64_t *n = s->pool.wanted;

	if (s->told_ready || !pool_is_complete(&s->pool))
		return;
	s->told_ready = true;
	systemd_notify("READY=1");
	event(EVENT_READY,
	    "pid=%d check=%" PRId64 " api=%" PRId64 " login=%" PRId64
	    " database_connections=%" PRId64,
	    (int)getpid(), n[LANE_CHECK], n[LANE_API], n[LANE_LOGIN],
	    n[LANE_API] + n[LANE_LOGIN]);
}

/* --- settings --- */

/* All that workers need is tried here, before any of them starts. */
static struct app *
open_app(const struct conf *conf)
{
	static const struct db_sql *const none[] = { NULL };

	return app_open(conf,
	    NEED_DATABASE | NEED_KEYS | NEED_HASHING | NEED_SECRET_FILE, none);
}

/* Say what these settings want and only a start can do. */
static void
report_restart_only(const struct supervisor *s, const struct conf *fresh)
{
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT; lane++)
		if (strcmp(s->first->listen[lane], fresh->listen[lane]) != 0)
			log_say("listen_%s stays %s until restart",
			    lane_name[lane], s->first->listen[lane]);
	if (strcmp(s->first->status_file, fresh->status_file) != 0)
		log_say("status_file stays %s until restart",
		    s->first->status_file);
}

/* New settings and what they open, in the place of those in force. */
static void
swap(struct supervisor *s, struct conf *fresh, struct app *app)
{
	report_restart_only(s, fresh);
	if (s->app->conf->hash_cost != fresh->hash_cost ||
	    s->app->conf->hash_memory_kept != fresh->hash_memory_kept)
		s->pool.hash_us = 0;
	app_close(s->app);
	s->app = app;
	if (s->loaded != NULL)
		conf_free(s->loaded);
	free(s->loaded);
	s->loaded = fresh;
	configure_pool(s);
}

/*
 * Read settings and key again. What is wrong has been said on standard error;
 * then everything stays as it is.
 */
static void
reload(struct supervisor *s)
{
	struct conf *fresh = malloc(sizeof(*fresh));
	struct app *app = NULL;

	if (fresh == NULL)
		abort();
	if (!conf_load(s->first->file, fresh) ||
	    (app = open_app(fresh)) == NULL) {
		conf_free(fresh);
		free(fresh);
		event(EVENT_RELOAD_REFUSED, "result=kept");
		return;
	}
	swap(s, fresh, app);
	systemd_notify("RELOADING=1");
	event(EVENT_RELOAD, "result=done");
}

static void
supervise(struct supervisor *s)
{
	int64_t pause_ms;

	while (!stop_asked) {
		if (reload_asked) {
			reload_asked = 0;
			reload(s);
		}
		pause_ms = pool_supervise(&s->pool);
		if (s->hash_us != s->pool.hash_us)
			set_backlog(s);
		notify_ready(s);
		pool_wait(&s->pool, pause_ms);
	}
	systemd_notify("STOPPING=1");
	pool_terminate(&s->pool);
}

/* Whose queues the figures tell of. */
static void
show_queues(const struct supervisor *s)
{
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT; lane++)
		if (!s->listeners.single || lane == LANE_LOGIN)
			metrics_socket(lane, s->listeners.fd[lane]);
}

int
supervisor_run(const struct conf *conf)
{
	static const struct shm_section *const sections[] = { &metrics_section,
		&service_limit_section, NULL };
	static struct supervisor s = { .pool = {
		                           .work = worker_main, .of = &s } };
	bool good = false;

	if (geteuid() == 0) {
		fprintf(stderr,
		    "latchkey: serve does not run as root; start it as its "
		    "own user\n");
		return EXIT_FAILURE;
	}
	catch_signals(&s.pool.waiting);
	s.first = conf;
	pool_init(&s.pool);
	route_name_rows();
	/* of two that start at once the status file lets one go on */
	if ((s.app = open_app(conf)) != NULL)
		good = shm_create(conf->status_file, sections) &&
		       listeners_open(conf, &s.listeners);
	if (good) {
		show_queues(&s);
		configure_pool(&s);
		supervise(&s);
	}
	app_close(s.app);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
