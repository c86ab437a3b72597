/*
 * The supervisor: opens the sockets, starts the workers, starts them again when
 * they die. It reads no request.
 *
 * Workers are forked, never executed: they have the configuration and the key
 * that were checked here, whatever has become of the files since.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backoff.h"
#include "blocklist.h"
#include "bounds.h"
#include "clock.h"
#include "db.h"
#include "listener.h"
#include "log.h"
#include "metrics.h"
#include "priority.h"
#include "route.h"
#include "serve.h"
#include "svc_budget.h"
#include "systemd.h"
#include "token.h"
#include "worker.h"

#define LEAVE_MS 25000 /* for a worker to end that was told to */
#define PLACES ((size_t)LANE_COUNT * CONF_WORKERS_MAX)

/* The place of one worker. */
struct place {
	enum lane lane;
	pid_t pid;  /* 0: none */
	pid_t next; /* 0, or who takes over as soon as it is ready */
	int ready;  /* what next says when it is; -1: there is no next */
	int64_t started_ms;
	int64_t not_before_ms; /* when another may be started */
	int failures;          /* in a row */
	unsigned generation;   /* of the settings that pid has */
	unsigned next_generation;
};

/* A worker that was told to end. */
struct leaver {
	pid_t pid; /* 0: this entry is free */
	enum lane lane;
	unsigned number;
	int64_t kill_ms; /* when that has taken too long */
};

struct supervisor {
	const struct conf *conf;
	const struct conf *first; /* with which sockets and files were made */
	struct token_key key;
	struct blocklist blocklist;
	struct listeners listeners;
	int64_t wanted[LANE_COUNT]; /* workers */
	int64_t hash_us; /* as the last worker measured; 0: none has */
	unsigned generation;
	bool told_ready;  /* the service manager knows */
	sigset_t waiting; /* the signals that are blocked while it waits */
	struct place places[PLACES];
	struct leaver leavers[2 * PLACES];
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
	sigprocmask(SIG_SETMASK, &s->waiting, NULL);
}

/* The key and passwords must not be left in a core file. */
static void
forbid_core_files(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
	/* the limit does not hold for a core_pattern that is a pipe */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* How many workers there shall be; all of a single socket in one lane. */
static void
count_wanted(struct supervisor *s)
{
	enum lane lane;

	for (lane = 0; lane < LANE_COUNT; lane++)
		s->wanted[lane] =
		    s->listeners.single ? 0 : bounds_workers(s->conf, lane);
	if (s->listeners.single)
		s->wanted[LANE_LOGIN] = bounds_workers_single(s->conf);
}

/* Which of its lane's workers that is. */
static unsigned
number(const struct supervisor *s, const struct place *p)
{
	return (unsigned)((p - s->places) % CONF_WORKERS_MAX);
}

static bool
is_wanted(const struct supervisor *s, const struct place *p)
{
	return number(s, p) < s->wanted[p->lane];
}

/* --- a worker's life --- */

/* In the new process: let go of what is the supervisor's, and work. */
static void
be_worker(struct supervisor *s, const struct place *p, int ready)
{
	const struct listeners *l = &s->listeners;
	const struct worker_setup w = {
		.conf = s->conf,
		.key = &s->key,
		.blocklist = &s->blocklist,
		.listener = l->fd[p->lane],
		.lanes = l->single ? LANE_ALL : LANE_BIT(p->lane),
		.lane = p->lane,
		.number = number(s, p),
		.ready = ready,
	};
	size_t i;

	forget_signals(s);
	metrics_apart();
	for (i = 0; i < LANE_COUNT; i++)
		if (l->fd[i] != w.listener)
			close(l->fd[i]);
	for (i = 0; i < PLACES; i++)
		if (s->places[i].ready >= 0)
			close(s->places[i].ready);
	exit(worker_run(&w));
}

static void
cannot_start(struct place *p)
{
	log_event(LOG_ERROR, LOG_WORKER_ENDED, "lane=%s error=\"%s\"",
	    lane_name[p->lane], strerror(errno));
	p->not_before_ms = p->started_ms + backoff_ms(&p->failures, 0);
}

/* Start who is to take this place. */
static void
start(struct supervisor *s, struct place *p)
{
	pid_t supervisor = getpid(), pid;
	int ready[2];

	p->started_ms = clock_ms();
	if (pipe2(ready, O_CLOEXEC) != 0) {
		cannot_start(p);
		return;
	}
	if ((pid = fork()) < 0) {
		cannot_start(p);
		close(ready[0]);
		close(ready[1]);
		return;
	}
	if (pid == 0) {
		/* none is left behind when the supervisor is killed */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != supervisor)
			exit(EXIT_FAILURE);
		close(ready[0]);
		be_worker(s, p, ready[1]);
	}
	close(ready[1]);
	p->next = pid;
	p->ready = ready[0];
	p->next_generation = s->generation;
}

/* What waits on the login lane's socket is what is served in two seconds. */
static void
set_backlog(const struct supervisor *s)
{
	int64_t n = bounds_backlog(s->conf, s->wanted[LANE_LOGIN], s->hash_us);

	listeners_set_backlog(&s->listeners, LANE_LOGIN, (int)n);
}

/* Tell a worker to end. */
static void
dismiss(struct supervisor *s, const struct place *p, pid_t pid)
{
	struct leaver *l;

	kill(pid, SIGTERM);
	for (l = s->leavers; l < s->leavers + ARRAY_LEN(s->leavers); l++)
		if (l->pid == 0) {
			*l = (struct leaver){ pid, p->lane, number(s, p),
				clock_ms() + LEAVE_MS };
			return;
		}
}

static void
forget_next(struct place *p)
{
	if (p->ready >= 0)
		close(p->ready);
	p->ready = -1;
	p->next = 0;
}

/* The next worker is ready, or will never be. */
static void
take_over(struct supervisor *s, struct place *p)
{
	pid_t next = p->next;
	int64_t hash_us;
	bool good = read(p->ready, &hash_us, sizeof(hash_us)) ==
	            (ssize_t)sizeof(hash_us);

	if (!good) { /* it has died: reap() sees to that */
		close(p->ready);
		p->ready = -1;
		return;
	}
	forget_next(p);
	if (p->pid != 0)
		dismiss(s, p, p->pid);
	p->pid = next;
	p->generation = p->next_generation;
	if (hash_us > 0) {
		s->hash_us = hash_us;
		set_backlog(s);
	}
}

static void
log_end(enum lane lane, pid_t pid, int status)
{
	log_event(LOG_ERROR, LOG_WORKER_ENDED, "lane=%s pid=%d %s=%d",
	    lane_name[lane], (int)pid,
	    WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* A worker of this place has died: start another, but do not spin. */
static void
mourn(const struct supervisor *s, struct place *p, pid_t pid, int status)
{
	int64_t now = clock_ms();

	metrics_ended(p->lane, number(s, p), pid);
	if (pid == p->pid)
		p->pid = 0;
	else
		forget_next(p);
	metrics_add(METRIC_RESTART + p->lane);
	log_end(p->lane, pid, status);
	p->not_before_ms = now + backoff_ms(&p->failures, now - p->started_ms);
}

/* A worker has ended as it was told to, or has died of it. */
static void
let_go(struct leaver *l, int status)
{
	metrics_ended(l->lane, l->number, l->pid);
	if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGTERM
	                        : WEXITSTATUS(status) != EXIT_SUCCESS)
		log_end(l->lane, l->pid, status);
	l->pid = 0;
}

/* False: no process of ours is left. */
static bool
reap(struct supervisor *s)
{
	struct leaver *l;
	struct place *p;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (l = s->leavers; l < s->leavers + ARRAY_LEN(s->leavers);
		     l++)
			if (pid == l->pid)
				let_go(l, status);
		for (p = s->places; p < s->places + PLACES; p++)
			if (pid == p->pid || pid == p->next)
				mourn(s, p, pid, status);
	}
	return pid == 0;
}

/* --- all of them --- */

/* Make a pause (-1: for ever) end no later than in ms milliseconds. */
static void
shorten(int64_t *pause_ms, int64_t ms)
{
	if (*pause_ms < 0 || ms < *pause_ms)
		*pause_ms = ms > 0 ? ms : 0;
}

/* Kill who was told to end and is stuck; *pause_ms: when to look again. */
static void
press(struct supervisor *s, int64_t *pause_ms)
{
	int64_t now = clock_ms();
	struct leaver *l;

	for (l = s->leavers; l < s->leavers + ARRAY_LEN(s->leavers); l++) {
		if (l->pid == 0)
			continue;
		if (l->kill_ms <= now) {
			kill(l->pid, SIGKILL);
			l->kill_ms = now + LEAVE_MS;
		}
		shorten(pause_ms, l->kill_ms - now);
	}
}

static void
stop_place(struct supervisor *s, struct place *p)
{
	if (p->pid != 0)
		dismiss(s, p, p->pid);
	if (p->next != 0)
		dismiss(s, p, p->next);
	p->pid = 0;
	forget_next(p);
}

/*
 * Has the worker that had this place before not ended yet? Or, where each has
 * the memory of a hash, any of that lane.
 */
static bool
is_being_left(const struct supervisor *s, const struct place *p)
{
	const struct leaver *l;

	for (l = s->leavers; l < s->leavers + ARRAY_LEN(s->leavers); l++)
		if (l->pid != 0 && l->lane == p->lane &&
		    (l->lane == LANE_LOGIN || l->number == number(s, p)))
			return true;
	return false;
}

/*
 * Is this place without its worker, or is that to be replaced now? At one
 * SIGHUP after the other no place has more than two workers, and of the login
 * lane one has: so many connections to the database there are, and so much
 * memory, as bounds_print() says.
 */
static bool
is_due(const struct supervisor *s, const struct place *p, bool replacing)
{
	if (p->next != 0)
		return false;
	return p->pid == 0 || (!replacing && p->generation != s->generation &&
	                          !is_being_left(s, p));
}

/*
 * Start who is missing, and one of those who are to replace a worker with
 * older settings. *pause_ms: when to look again.
 */
static void
start_due(struct supervisor *s, int64_t *pause_ms)
{
	bool replacing = false;
	struct place *p;

	for (p = s->places; p < s->places + PLACES; p++)
		replacing |= p->pid != 0 && p->next != 0;
	for (p = s->places; p < s->places + PLACES; p++) {
		if (!is_wanted(s, p)) {
			stop_place(s, p);
			continue;
		}
		if (!is_due(s, p, replacing))
			continue;
		replacing |= p->pid != 0;
		if (p->not_before_ms <= clock_ms())
			start(s, p);
		if (p->next == 0)
			shorten(pause_ms, p->not_before_ms - clock_ms());
	}
}

/* Tell once that every worker is there. */
static void
tell_ready(struct supervisor *s)
{
	const struct place *p;

	for (p = s->places; p < s->places + PLACES; p++)
		if (is_wanted(s, p) && (p->pid == 0 || p->next != 0 ||
		                           p->generation != s->generation))
			return;
	if (!s->told_ready) {
		systemd_notify("READY=1");
		log_event(LOG_INFO, LOG_READY,
		    "pid=%d check=%" PRId64 " api=%" PRId64 " login=%" PRId64
		    " database_connections=%" PRId64,
		    (int)getpid(), s->wanted[LANE_CHECK], s->wanted[LANE_API],
		    s->wanted[LANE_LOGIN],
		    s->wanted[LANE_API] + s->wanted[LANE_LOGIN]);
	}
	s->told_ready = true;
}

/* Wait until a worker is ready, a signal comes, or for timeout_ms. */
static void
wait_for_news(struct supervisor *s, int64_t timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	struct pollfd fds[PLACES];
	struct place *of[PLACES], *p;
	nfds_t i, n = 0;

	for (p = s->places; p < s->places + PLACES; p++)
		if (p->ready >= 0) {
			of[n] = p;
			fds[n++] = (struct pollfd){ p->ready, POLLIN, 0 };
		}
	if (ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, &s->waiting) <= 0)
		return;
	for (i = 0; i < n; i++)
		if (fds[i].revents != 0)
			take_over(s, of[i]);
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

/* A place waits no longer because of what the old settings were. */
static void
forget_failures(struct supervisor *s)
{
	struct place *p;

	for (p = s->places; p < s->places + PLACES; p++) {
		p->failures = 0;
		p->not_before_ms = 0;
	}
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
		s->hash_us = 0;
	blocklist_close(&s->blocklist);
	s->blocklist = blocklist;
	s->key = key;
	explicit_bzero(&key, sizeof(key));
	if (s->conf == &spare[0] || s->conf == &spare[1])
		conf_free(&spare[s->conf == &spare[1]]);
	s->conf = fresh;
	s->generation++;
	s->told_ready = false;
	count_wanted(s);
	set_backlog(s);
	forget_failures(s);
	systemd_notify("RELOADING=1");
	metrics_add(METRIC_RELOAD_OK);
	log_event(LOG_INFO, LOG_RELOAD, "result=done");
}

static void
supervise(struct supervisor *s)
{
	while (!stop_asked) {
		int64_t pause_ms = -1;

		if (reload_asked) {
			reload_asked = 0;
			reload(s);
		}
		(void)reap(s);
		start_due(s, &pause_ms);
		press(s, &pause_ms);
		tell_ready(s);
		wait_for_news(s, pause_ms);
	}
}

/* Tell all to end, and wait until they have. */
static void
stop_all(struct supervisor *s)
{
	size_t i;

	systemd_notify("STOPPING=1");
	for (i = 0; i < PLACES; i++)
		stop_place(s, &s->places[i]);
	while (reap(s)) {
		int64_t pause_ms = -1;

		press(s, &pause_ms);
		wait_for_news(s, pause_ms);
	}
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
	static struct supervisor s;
	bool good;
	size_t i;

	if (geteuid() == 0) {
		fprintf(stderr,
		    "latchkey: serve does not run as root; start it as a user "
		    "of its own\n");
		return EXIT_FAILURE;
	}
	catch_signals(&s.waiting);
	priority_lower_session();
	forbid_core_files();
	s.conf = s.first = conf;
	for (i = 0; i < PLACES; i++)
		s.places[i] =
		    (struct place){ .lane = (enum lane)(i / CONF_WORKERS_MAX),
			    .ready = -1 };
	route_name_rows();
	/* of two that start at once the status file lets one go on */
	good = token_key_load(conf->key_file, &s.key) &&
	       database_is_good(conf) &&
	       blocklist_open(conf->password_blocklist, &s.blocklist) &&
	       budget_share() && metrics_create(conf->status_file) &&
	       listeners_open(conf, &s.listeners);
	if (good) {
		show_queues(&s);
		count_wanted(&s);
		set_backlog(&s);
		supervise(&s);
		stop_all(&s);
	}
	explicit_bzero(&s.key, sizeof(s.key));
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
