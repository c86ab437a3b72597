/*
 * The processes that a supervisor keeps at work. They are forked, never
 * executed: each has what was checked before, whatever has become of it since.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "crew.h"
#include "log.h"
#include "metrics.h"

#define LEAVE_MS 25000 /* for a worker to end that was told to */

/* Which of its lane's workers that is. */
static unsigned
number(const struct crew *c, const struct crew_place *p)
{
	return (unsigned)((p - c->places) % CONF_WORKERS_MAX);
}

static bool
is_wanted(const struct crew *c, const struct crew_place *p)
{
	return number(c, p) < c->wanted[p->lane];
}

/* --- a worker's life --- */

static void
cannot_start(struct crew_place *p)
{
	log_event(LOG_ERROR, LOG_WORKER_ENDED, "lane=%s error=\"%s\"",
	    lane_name[p->lane], strerror(errno));
	p->not_before_ms = p->started_ms + backoff_ms(&p->failures, 0);
}

/* In a new process: the pipes of others are none of its business. */
static void
let_go_of_pipes(const struct crew *c, int own)
{
	size_t i;

	close(own);
	for (i = 0; i < CREW_PLACES; i++)
		if (c->places[i].ready >= 0)
			close(c->places[i].ready);
}

/* Start who is to take this place. */
static void
start(struct crew *c, struct crew_place *p)
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
		let_go_of_pipes(c, ready[0]);
		exit(c->work(c->of, p->lane, number(c, p), ready[1]));
	}
	close(ready[1]);
	p->next = pid;
	p->ready = ready[0];
	p->next_generation = c->generation;
}

/* Tell a worker to end. */
static void
dismiss(struct crew *c, const struct crew_place *p, pid_t pid)
{
	struct crew_leaver *l;

	kill(pid, SIGTERM);
	for (l = c->leavers; l < c->leavers + ARRAY_LEN(c->leavers); l++)
		if (l->pid == 0) {
			*l = (struct crew_leaver){ pid, p->lane, number(c, p),
				clock_ms() + LEAVE_MS };
			return;
		}
}

static void
forget_next(struct crew_place *p)
{
	if (p->ready >= 0)
		close(p->ready);
	p->ready = -1;
	p->next = 0;
}

/* The next worker is ready, or will never be. */
static void
take_over(struct crew *c, struct crew_place *p)
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
		dismiss(c, p, p->pid);
	p->pid = next;
	p->generation = p->next_generation;
	if (hash_us > 0)
		c->hash_us = hash_us;
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
mourn(const struct crew *c, struct crew_place *p, pid_t pid, int status)
{
	int64_t now = clock_ms();

	metrics_ended(p->lane, number(c, p), pid);
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
let_go(struct crew_leaver *l, int status)
{
	metrics_ended(l->lane, l->number, l->pid);
	if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGTERM
	                        : WEXITSTATUS(status) != EXIT_SUCCESS)
		log_end(l->lane, l->pid, status);
	l->pid = 0;
}

/* False: no process of ours is left. */
static bool
reap(struct crew *c)
{
	struct crew_leaver *l;
	struct crew_place *p;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (l = c->leavers; l < c->leavers + ARRAY_LEN(c->leavers);
		     l++)
			if (pid == l->pid)
				let_go(l, status);
		for (p = c->places; p < c->places + CREW_PLACES; p++)
			if (pid == p->pid || pid == p->next)
				mourn(c, p, pid, status);
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
press(struct crew *c, int64_t *pause_ms)
{
	int64_t now = clock_ms();
	struct crew_leaver *l;

	for (l = c->leavers; l < c->leavers + ARRAY_LEN(c->leavers); l++) {
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
stop_place(struct crew *c, struct crew_place *p)
{
	if (p->pid != 0)
		dismiss(c, p, p->pid);
	if (p->next != 0)
		dismiss(c, p, p->next);
	p->pid = 0;
	forget_next(p);
}

/*
 * Has the worker that had this place before not ended yet? Or, where each has
 * the memory of a hash, any of that lane.
 */
static bool
is_being_left(const struct crew *c, const struct crew_place *p)
{
	const struct crew_leaver *l;

	for (l = c->leavers; l < c->leavers + ARRAY_LEN(c->leavers); l++)
		if (l->pid != 0 && l->lane == p->lane &&
		    (l->lane == LANE_LOGIN || l->number == number(c, p)))
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
is_due(const struct crew *c, const struct crew_place *p, bool replacing)
{
	if (p->next != 0)
		return false;
	return p->pid == 0 || (!replacing && p->generation != c->generation &&
	                          !is_being_left(c, p));
}

/*
 * Start who is missing, and one of those who are to replace a worker with
 * older settings. *pause_ms: when to look again.
 */
static void
start_due(struct crew *c, int64_t *pause_ms)
{
	bool replacing = false;
	struct crew_place *p;

	for (p = c->places; p < c->places + CREW_PLACES; p++)
		replacing |= p->pid != 0 && p->next != 0;
	for (p = c->places; p < c->places + CREW_PLACES; p++) {
		if (!is_wanted(c, p)) {
			stop_place(c, p);
			continue;
		}
		if (!is_due(c, p, replacing))
			continue;
		replacing |= p->pid != 0;
		if (p->not_before_ms <= clock_ms())
			start(c, p);
		if (p->next == 0)
			shorten(pause_ms, p->not_before_ms - clock_ms());
	}
}

void
crew_init(struct crew *c)
{
	size_t i;

	for (i = 0; i < CREW_PLACES; i++)
		c->places[i] = (struct crew_place){
			.lane = (enum lane)(i / CONF_WORKERS_MAX),
			.ready = -1,
		};
}

void
crew_renew(struct crew *c, const int64_t wanted[LANE_COUNT])
{
	struct crew_place *p;

	memcpy(c->wanted, wanted, sizeof(c->wanted));
	c->generation++;
	/* it may be the old settings that made them fail */
	for (p = c->places; p < c->places + CREW_PLACES; p++) {
		p->failures = 0;
		p->not_before_ms = 0;
	}
}

int64_t
crew_tend(struct crew *c)
{
	int64_t pause_ms = -1;

	(void)reap(c);
	start_due(c, &pause_ms);
	press(c, &pause_ms);
	return pause_ms;
}

void
crew_wait(struct crew *c, int64_t timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	struct pollfd fds[CREW_PLACES];
	struct crew_place *p;
	nfds_t i = 0, n = 0;

	for (p = c->places; p < c->places + CREW_PLACES; p++)
		if (p->ready >= 0)
			fds[n++] = (struct pollfd){ p->ready, POLLIN, 0 };
	if (ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, &c->waiting) <= 0)
		return;
	/* in the same order, in which each has its own still */
	for (p = c->places; p < c->places + CREW_PLACES && i < n; p++)
		if (p->ready == fds[i].fd && fds[i++].revents != 0)
			take_over(c, p);
}

bool
crew_is_complete(const struct crew *c)
{
	const struct crew_place *p;

	for (p = c->places; p < c->places + CREW_PLACES; p++)
		if (is_wanted(c, p) && (p->pid == 0 || p->next != 0 ||
		                           p->generation != c->generation))
			return false;
	return true;
}

void
crew_dismiss(struct crew *c)
{
	size_t i;

	for (i = 0; i < CREW_PLACES; i++)
		stop_place(c, &c->places[i]);
	while (reap(c)) {
		int64_t pause_ms = -1;

		press(c, &pause_ms);
		crew_wait(c, pause_ms);
	}
}
