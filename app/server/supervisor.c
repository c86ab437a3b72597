/*
 * The supervisor: sockets, worker processes, signals, reload. It reads no
 * request.
 */
#include "base.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "crypto/revoked.h"
#include "db/failure.h"
#include "lib/log.h"
#include "route.h"
#include "server/confine.h"
#include "server/handover.h"
#include "server/limits.h"
#include "server/listener.h"
#include "server/loader.h"
#include "server/pool.h"
#include "server/probe.h"
#include "server/signals.h"
#include "server/supervisor.h"
#include "server/systemd.h"
#include "server/upgrade.h"
#include "server/worker.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "svc/formats.h"
#include "svc/service_limit.h"
#include "svc/unsettled.h"

#define KEEPER_MS 10  /* between two looks for the keeper's first word */
#define RETRY_MS 1000 /* between two attempts to begin */

struct supervisor {
	pid_t self;
	struct conf first;   /* with which files were made */
	struct conf *loaded; /* by the last reload; NULL: there was none */
	struct app *app;     /* by the settings in force */
	struct listeners listeners;
	struct handover handover; /* from the program before this one */
	struct upgrade upgrade;
	bool has_taken_over;
	bool confined; /* by this program, or the one before */
	bool reload_asked;
	struct pool pool;
	int64_t hash_us; /* that the queues of hashing lanes were made for */
	struct probe probe;
	struct loader loader;
	bool told_manager; /* that every worker can accept */
	bool told_ready;   /* and that the database is ready, too */
};

/* In the new process: close what is the supervisor's, and work. */
static int
worker_main(
    const void *of, enum role role, unsigned number, int ready, bool replaces)
{
	const struct supervisor *s = of;
	const struct listeners *l = &s->listeners;
	const struct worker_setup w = {
		.app = s->app,
		.listener = l->fd[role],
		.served = l->single && roles[role].is_lane ? role_lanes()
		                                           : ROLE_BIT(role),
		.role = role,
		.number = number,
		.ready = ready,
		.replaces = replaces,
	};
	size_t i;

	signals_reset(&s->pool.waiting);
	metrics_apart();
	for (i = 0; i < ROLE_COUNT; i++)
		if (l->fd[i] >= 0 && l->fd[i] != w.listener)
			close(l->fd[i]);
	return worker_run(&w);
}

/* The queue for hashing holds what is served in two seconds. */
static void
set_backlog(struct supervisor *s)
{
	const struct pool *p = &s->pool;
	enum role lane;
	int64_t n;

	s->hash_us = p->hash_us;
	for (lane = 0; lane < ROLE_COUNT; lane++) {
		if (!roles[lane].is_lane || p->wanted[lane] == 0 ||
		    (roles[lane].needs & NEED_HASHING) == 0)
			continue;
		n = limits_backlog(s->app->conf, p->wanted[lane], p->hash_us);
		listeners_set_backlog(&s->listeners, lane, (int)n);
	}
}

/*
 * Workers by the settings, in the place of those that there are; all of a
 * single socket as if of one lane.
 */
static void
configure_pool(struct supervisor *s)
{
	int64_t wanted[ROLE_COUNT] = { 0 };
	enum role role;

	for (role = 0; role < ROLE_COUNT; role++)
		if (!s->listeners.single || !roles[role].is_lane)
			wanted[role] = limits_workers(s->app->conf, role);
	if (s->listeners.single)
		wanted[ROLE_SINGLE] = limits_workers_single(s->app->conf);
	pool_configure(&s->pool, wanted);
	set_backlog(s);
	s->told_manager = s->told_ready = false;
}

/*
 * Report once that every worker can accept; and in the log that they can serve,
 * which needs a database that is ready. The service manager does not wait for
 * that: it would end a service that waits for longer than it allows.
 */
static void
notify_ready(struct supervisor *s)
{
	int64_t connections = 0;
	char counts[256] = "";
	enum role role;
	size_t n = 0;

	if (s->told_ready || !pool_is_complete(&s->pool))
		return;
	if (!s->told_manager)
		systemd_notify("READY=1");
	s->told_manager = true;
	if (!probe_is_good(&s->probe))
		return;
	s->told_ready = true;
	for (role = 0; role < ROLE_COUNT && n < sizeof(counts); role++) {
		n += (size_t)snprintf(counts + n, sizeof(counts) - n,
		    "%s=%" PRId64 " ", roles[role].name, s->pool.wanted[role]);
		if ((roles[role].needs & NEED_DATABASE) != 0)
			connections += s->pool.wanted[role];
	}
	event(EVENT_READY, "pid=%d %sdatabase_connections=%" PRId64,
	    (int)getpid(), counts, connections);
}

/* --- settings --- */

/* All that workers need is tried here, before any of them starts. */
static struct app *
open_app(const struct conf *conf)
{
	return app_open(conf, LOADER_NEEDS, 0);
}

/*
 * Where the status file is: after another program where that one had it, since
 * its workers count on there, and the setting may have changed since.
 */
static const char *
status_file(const struct supervisor *s, const struct conf *conf)
{
	return s->handover.status_file != NULL ? s->handover.status_file
	                                       : conf->status_file;
}

/* Name the new settings that only a restart can apply. */
static void
report_restart_only(const struct supervisor *s, const struct conf *fresh)
{
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane && strcmp(s->listeners.address[lane],
		                               fresh->listen[lane]) != 0)
			log_say("listen_%s stays %s until restart",
			    roles[lane].name, s->listeners.address[lane]);
	if (strcmp(status_file(s, &s->first), fresh->status_file) != 0)
		log_say("status_file stays %s until restart",
		    status_file(s, &s->first));
}

static void
release(struct supervisor *s)
{
	app_close(s->app);
	s->app = NULL;
	if (s->loaded != NULL)
		conf_free(s->loaded);
	free(s->loaded);
	s->loaded = NULL;
}

/* New settings and what they open, in the place of those in force. */
static void
swap(struct supervisor *s, struct conf *fresh, struct app *app)
{
	report_restart_only(s, fresh);
	if (s->app->conf->hash_cost != fresh->hash_cost ||
	    s->app->conf->hash_memory_kept != fresh->hash_memory_kept)
		s->pool.hash_us = 0;
	/* not at each reload: it takes a connection beside the workers' */
	if (strcmp(s->app->conf->database, fresh->database) != 0)
		probe_begin(&s->probe, &s->pool);
	release(s);
	s->app = app;
	s->loaded = fresh;
	configure_pool(s);
}

/* All stays as it is; standard error has the reason. */
static void
refuse_reload(void)
{
	event(EVENT_RELOAD_REFUSED, "result=kept");
}

/* The same of another program. */
static void
refuse_upgrade(const struct supervisor *s)
{
	event(EVENT_UPGRADE_REFUSED, "result=kept program=%s", s->upgrade.path);
}

/* Read again what the loader could read. */
static void
reload(struct supervisor *s)
{
	struct conf *fresh = malloc(sizeof(*fresh));
	struct app *app = NULL;

	if (fresh == NULL)
		abort();
	if (!conf_load(s->first.file, fresh) || !confine_is_possible(fresh) ||
	    (app = open_app(fresh)) == NULL ||
	    !confine_supervisor(fresh, &s->confined)) {
		app_close(app);
		conf_free(fresh);
		free(fresh);
		refuse_reload();
		return;
	}
	swap(s, fresh, app);
	systemd_notify("RELOADING=1");
	event(EVENT_RELOAD, "result=done");
}

/* --- another program --- */

/* Execute the program, with all that it needs; s: a supervisor or its copy. */
static void
execute(const void *of)
{
	static struct handover h;
	const struct supervisor *s = of;

	h.from = s->self;
	h.listeners = s->listeners;
	h.status_fd = shm_file();
	h.status_file = status_file(s, &s->first);
	h.confined = s->confined;
	h.workers = pool_list(&s->pool, h.worker);
	upgrade_execute(&s->upgrade, &h);
}

/*
 * In a new program that is executed for a trial: could it begin? Nothing that
 * others see is changed.
 */
static int
be_tried(const struct supervisor *s, const char *file)
{
	struct conf conf;
	struct app *app;

	if (!listeners_are_good(&s->handover.listeners) ||
	    !conf_load(file, &conf) || !confine_is_possible(&conf) ||
	    !shm_is_possible(status_file(s, &conf), &metrics_section) ||
	    (app = open_app(&conf)) == NULL)
		return EXIT_FAILURE;
	app_close(app);
	conf_free(&conf);
	return HANDOVER_TRIED;
}

/*
 * Another program takes the place of this one, after a trial, and replaces all
 * workers. Returns if it does not.
 */
static void
upgrade(struct supervisor *s)
{
	if (!upgrade_is_tried(&s->upgrade)) { /* one more has come meanwhile */
		s->reload_asked = true;
		return;
	}
	pool_drop_successors(&s->pool);
	execute(s);
	refuse_upgrade(s);
}

/* Ask for what SIGHUP means now: settings alone, or another program, too. */
static void
begin_reload(struct supervisor *s)
{
	bool upgrades = upgrade_is_due(&s->upgrade);

	/* of three programs at once the first one's workers would be left */
	if (upgrades && pool_has_former(&s->pool) && !s->pool.keeps_former)
		return;
	s->reload_asked = false;
	if (upgrades)
		upgrade_note_trial(&s->upgrade);
	loader_ask(&s->loader, upgrades ? LOADER_PROGRAM : LOADER_SETTINGS);
}

/* A reload in the making; in how many milliseconds to look again, or -1. */
static int64_t
go_on_reloading(struct supervisor *s)
{
	int64_t pause_ms;

	if (signals_take_reload())
		s->reload_asked = true;
	if (s->reload_asked && loader_is_idle(&s->loader, &s->pool))
		begin_reload(s);
	switch (loader_go_on(&s->loader, &s->pool, s->first.file, &pause_ms)) {
	case LOADER_GOOD:
		if (s->loader.task == LOADER_PROGRAM)
			upgrade(s);
		else
			reload(s);
		return 0;
	case LOADER_REFUSED:
		if (s->loader.task == LOADER_PROGRAM)
			refuse_upgrade(s);
		else
			refuse_reload();
		return 0;
	default:
		return pause_ms;
	}
}

/*
 * Workers of the program before this one stay until the keeper has read what
 * has ended, which new ones would wait for. In how many milliseconds to look
 * again, or -1.
 */
static int64_t
keep_former(struct supervisor *s)
{
	s->pool.keeps_former = pool_has_former(&s->pool) && revoked_is_stale();
	return s->pool.keeps_former ? KEEPER_MS : -1;
}

/* The earlier of two times from now; -1 is never. */
static int64_t
earlier(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void
supervise(struct supervisor *s)
{
	const char *other;
	int64_t pause_ms;

	while (!signals_stop_asked()) {
		while ((other = signals_take_other()) != NULL)
			event(EVENT_SIGNAL_IGNORED, "signal=%s", other);
		pause_ms = keep_former(s);
		pause_ms = earlier(pause_ms, pool_supervise(&s->pool));
		pause_ms = earlier(pause_ms, go_on_reloading(s));
		pause_ms = earlier(
		    pause_ms, probe_go_on(&s->probe, &s->pool, s->app->conf));
		if (s->hash_us != s->pool.hash_us)
			set_backlog(s);
		notify_ready(s);
		pool_wait(&s->pool, pause_ms);
	}
	systemd_notify("STOPPING=1");
	pool_terminate(&s->pool);
}

/* The sockets whose queues are shown. */
static void
show_queues(const struct supervisor *s)
{
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane &&
		    (!s->listeners.single || lane == ROLE_SINGLE))
			metrics_socket(lane, s->listeners.fd[lane]);
}

/* By which workers wake the keeper. */
static bool
open_wake(void)
{
	if (revoked_open_wake())
		return true;
	log_say("eventfd: %s", strerror(errno));
	return false;
}

/*
 * The settings to begin with, when the loader could read them. False: it could
 * not, or a signal has come meanwhile that stops.
 */
static bool
load_first(struct supervisor *s, const char *file)
{
	enum loader_result result = LOADER_NONE;
	int64_t pause_ms;

	loader_ask(&s->loader, LOADER_SETTINGS);
	while (result == LOADER_NONE && !signals_stop_asked()) {
		(void)pool_supervise(&s->pool);
		result = loader_go_on(&s->loader, &s->pool, file, &pause_ms);
		if (result == LOADER_NONE)
			pool_wait(&s->pool, pause_ms);
	}
	return result == LOADER_GOOD && conf_load(file, &s->first) &&
	       (s->app = open_app(&s->first)) != NULL;
}

/* After what is wrong with the settings, which root may want to know. */
static int
refuse_root(const char *file)
{
	struct conf conf;

	if (conf_load(file, &conf)) {
		fprintf(stderr,
		    "latchkey: serve does not run as root; start it as its "
		    "own user\n");
		conf_free(&conf);
	}
	return EXIT_FAILURE;
}

static void
serve(struct supervisor *s)
{
	log_show_time(); /* errors before this are for a person */
	show_queues(s);
	configure_pool(s);
	probe_begin(&s->probe, &s->pool);
	if (s->has_taken_over) {
		report_restart_only(s, &s->first);
		systemd_notify("RELOADING=1");
		event(
		    EVENT_UPGRADE, "result=done version=%s", LATCHKEY_VERSION);
	}
	supervise(s);
}

static void
take_over(struct supervisor *s)
{
	log_show_time();
	pool_take_over(&s->pool, s->handover.worker, s->handover.workers);
	s->confined = s->handover.confined;
	s->has_taken_over = true;
}

/* The sockets of the program before this one, or others. */
static bool
open_listeners(struct supervisor *s)
{
	if (!s->has_taken_over)
		return listeners_open(&s->first, &s->listeners);
	s->listeners = s->handover.listeners;
	return listeners_are_good(&s->listeners);
}

/* False, with a line on standard error: not now. */
static bool
begin(struct supervisor *s, const char *file)
{
	static const struct shm_section *const sections[] = { &metrics_section,
		&service_limit_section, &db_failure_section, &revoked_section,
		&unsettled_section, &event_log_section, NULL };
	int before = s->has_taken_over ? s->handover.status_fd : -1;

	if (!load_first(s, file) || !confine_is_possible(&s->first))
		return false;
	/* of two concurrent starts the lock of the status file admits one */
	if (shm_file() < 0 &&
	    !shm_create(status_file(s, &s->first), sections, before))
		return false;
	return open_listeners(s) && open_wake() &&
	       confine_supervisor(&s->first, &s->confined);
}

/*
 * The same after another program, whose workers serve meanwhile: what a trial
 * could do a moment ago will be possible again, with settings that may be
 * others by then.
 */
static bool
begin_at_last(struct supervisor *s, const char *file)
{
	while (!begin(s, file)) {
		if (!s->has_taken_over || signals_stop_asked())
			return false;
		refuse_upgrade(s);
		release(s);
		conf_free(&s->first);
		pool_wait(&s->pool, RETRY_MS);
	}
	return true;
}

int
supervisor_run(const struct conf *conf)
{
	static struct supervisor s = { .pool = { .work = worker_main,
		                           .of = &s },
		.loader = { .execute = execute, .of = &s } };
	bool good;

	if (geteuid() == 0)
		return refuse_root(conf->file);
	log_never_wait();
	s.self = getpid();
	upgrade_begin(&s.upgrade, conf->file);
	signals_catch(&s.pool.waiting);
	pool_init(&s.pool);
	route_name_rows();
	formats_name_rows();
	switch (handover_take(&s.handover)) {
	case HANDOVER_WRONG:
		return EXIT_FAILURE;
	case HANDOVER_TRIAL:
		log_show_time();
		return be_tried(&s, conf->file);
	case HANDOVER_REAL:
		take_over(&s);
		break;
	default:
		break;
	}
	good = begin_at_last(&s, conf->file);
	if (good)
		serve(&s);
	else
		pool_terminate(&s.pool);
	release(&s);
	conf_free(&s.first);
	return good || signals_stop_asked() ? EXIT_SUCCESS : EXIT_FAILURE;
}
