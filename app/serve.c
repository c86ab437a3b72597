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

#include "blocklist.h"
#include "bounds.h"
#include "crew.h"
#include "db.h"
#include "listener.h"
#include "log.h"
#include "metrics.h"
#include "route.h"
#include "serve.h"
#include "svc_budget.h"
#include "systemd.h"
#include "token.h"
#include "worker.h"

struct supervisor {
	const struct conf *conf;
	const struct conf *first; /* with which sockets and files were made */
	struct token_key key;
	struct blocklist blocklist;
	struct listeners listeners;
	struct crew crew;
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

/* In a new process: a signal to end ends it, until fcgi.c knows better. */
static void
forget_signals(const struct supervisor *s)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &action, NULL);
	sigprocmask(SIG_SETMASK, &s->crew.waiting, NULL);
}

/* In the new process: let go of what is the supervisor's, and work. */
static int
be_worker(const void *of, enum lane lane, unsigned number, int ready)
{
	const struct supervisor *s = of;
	const struct listeners *l = &s->listeners;
	const struct worker_setup w = {
		.conf = s->conf,
		.key = &s->key,
		.blocklist = &s->blocklist,
		.listener = l->fd[lane],
		.lanes = l->single ? LANE_ALL : LANE_BIT(lane),
		.lane = lane,
		.number = number,
		.ready = ready,
	};
	size_t i;

	forget_signals(s);
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
	int64_t n = bounds_backlog(
	    s->conf, s->crew.wanted[LANE_LOGIN], s->crew.hash_us);

	s->hash_us = s->crew.hash_us;
	listeners_set_backlog(&s->listeners, LANE_LOGIN, (int)n);
}

/*
 * Workers by the settings, in the place of those that there are; all of a
 * single socket in one lane.
 */
static void
renew_crew(struct supervisor *s)
{
	int64_t wanted[LANE_COUNT] = { 0 };
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT && !s->listeners.single; lane++)
		wanted[lane] = bounds_workers(s->conf, lane);
	if (s->listeners.single)
		wanted[LANE_LOGIN] = bounds_workers_single(s->conf);
	crew_renew(&s->crew, wanted);
	set_backlog(s);
	s->told_ready = false;
}

/* Tell once that every worker is there. */
static void
tell_ready(struct supervisor *s)
{
	const int64_t *n = s->crew.wanted;

	if (s->told_ready || !crew_is_complete(&s->crew))
		return;
	s->told_ready = true;
	systemd_notify("READY=1");
	log_event(LOG_INFO, LOG_READY,
	    "pid=%d check=%" PRId64 " api=%" PRId64 " login=%" PRId64
	    " database_connections=%" PRId64,
	    (int)getpid(), n[LANE_CHECK], n[LANE_API], n[LANE_LOGIN],
	    n[LANE_API] + n[LANE_LOGIN]);
}

/* --- settings --- */

/* Is the connection string one that libpq takes? */
static bool
database_is_good(const struct conf *conf)
{
	static const struct db_sql *const none[] = { NULL };
	struct db *db = db_new(conf->database, conf->db_timeout_ms, none);

	db_free(db);
	return db != NULL;
}

/* Say what these settings want and only a start can do. */
static void
tell_what_stays(const struct supervisor *s, const struct conf *fresh)
{
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT; lane++)
		if (strcmp(s->first->listen[lane], fresh->listen[lane]) != 0)
			log_say("listen_%s stays %s until a restart",
			    lane_name[lane], s->first->listen[lane]);
	if (strcmp(s->first->status_file, fresh->status_file) != 0)
		log_say("status_file stays %s until a restart",
		    s->first->status_file);
}

/*
 * Read settings and key anew. What is wrong has been said on standard error;
 * then everything stays as it is.
 */
static void
reload(struct supervisor *s)
{
	static struct conf spare[2];
	struct conf *fresh = &spare[s->conf == &spare[0]];
	struct blocklist blocklist;
	struct token_key key;

	if (!conf_load(s->conf->file, fresh) ||
	    !token_key_load(fresh->key_file, &key) ||
	    !database_is_good(fresh) ||
	    !blocklist_open(fresh->password_blocklist, &blocklist)) {
		metrics_add(METRIC_RELOAD_REFUSED);
		log_event(LOG_ERROR, LOG_RELOAD, "result=kept");
		conf_free(fresh);
		explicit_bzero(&key, sizeof(key));
		return;
	}
	tell_what_stays(s, fresh);
	if (s->conf->hash_cost != fresh->hash_cost ||
	    s->conf->hash_memory_kept != fresh->hash_memory_kept)
		s->crew.hash_us = 0;
	blocklist_close(&s->blocklist);
	s->blocklist = blocklist;
	s->key = key;
	explicit_bzero(&key, sizeof(key));
	if (s->conf == &spare[0] || s->conf == &spare[1])
		conf_free(&spare[s->conf == &spare[1]]);
	s->conf = fresh;
	renew_crew(s);
	systemd_notify("RELOADING=1");
	metrics_add(METRIC_RELOAD_OK);
	log_event(LOG_INFO, LOG_RELOAD, "result=done");
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
		pause_ms = crew_tend(&s->crew);
		if (s->hash_us != s->crew.hash_us)
			set_backlog(s);
		tell_ready(s);
		crew_wait(&s->crew, pause_ms);
	}
	systemd_notify("STOPPING=1");
	crew_dismiss(&s->crew);
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
serve(const struct conf *conf)
{
	static struct supervisor s = { .crew = {
		                           .work = be_worker, .of = &s } };
	bool good;

	if (geteuid() == 0) {
		fprintf(stderr,
		    "latchkey: serve does not run as root; start it as a user "
		    "of its own\n");
		return EXIT_FAILURE;
	}
	catch_signals(&s.crew.waiting);
	s.conf = s.first = conf;
	crew_init(&s.crew);
	route_name_rows();
	/* of two that start at once the status file lets one go on */
	good = token_key_load(conf->key_file, &s.key) &&
	       database_is_good(conf) &&
	       blocklist_open(conf->password_blocklist, &s.blocklist) &&
	       budget_share() && metrics_create(conf->status_file) &&
	       listeners_open(conf, &s.listeners);
	if (good) {
		show_queues(&s);
		renew_crew(&s);
		supervise(&s);
	}
	explicit_bzero(&s.key, sizeof(s.key));
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
