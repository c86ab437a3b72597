/*
 * Worker processes, forked and never executed: each has what was checked at the
 * start, even if the files have changed since.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/filter.h"
#include "server/pool.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "svc/unsettled.h"

#define LEAVE_MS 25000  /* for an exiting worker, before it is killed */
#define STEADY_MS 10000 /* of life, after which failures are forgotten */
#define PAUSE_MS 100    /* before the second attempt, doubled each time */
#define PAUSE_MAX_MS 10000
#define DOUBLED_MAX 7 /* times that stay below it */

/* Which of its role's workers that is. */
static unsigned
number(const struct pool *c, const struct pool_slot *p)
{
	return (unsigned)((p - c->slots) % CONF_WORKERS_MAX);
}

static bool
is_wanted(const struct pool *c, const struct pool_slot *p)
{
	return number(c, p) < c->wanted[p->role];
}

/* --- a worker's life --- */

int64_t
pool_backoff_ms(int *failures, int64_t lived_ms)
{
	int before;

	if (lived_ms >= STEADY_MS)
		*failures = 0;
	before = *failures;
	if (before <= DOUBLED_MAX)
		++*failures;
	if (before == 0)
		return 0;
	return before <= DOUBLED_MAX ? (int64_t)PAUSE_MS << (before - 1)
	                             : PAUSE_MAX_MS;
}

static void
cannot_start(struct pool_slot *p)
{
	event(EVENT_WORKER_ENDED, "lane=%s error=\"%s\"", roles[p->role].name,
	    strerror(errno));
	p->not_before_ms = p->started_ms + pool_backoff_ms(&p->failures, 0);
}

/* In a new process, which needs no pipe of others. */
static void
close_inherited_pipes(const struct pool *c, int own)
{
	size_t i;

	close(own);
	for (i = 0; i < POOL_SLOTS; i++)
		if (c->slots[i].ready >= 0)
			close(c->slots[i].ready);
}

/* Start the next process of a slot. */
static void
start(struct pool *c, struct pool_slot *p)
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
		/* no worker survives a killed supervisor */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != supervisor)
			exit(EXIT_FAILURE);
		close_inherited_pipes(c, ready[0]);
		exit(c->work(
		    c->of, p->role, number(c, p), ready[1], p->pid != 0));
	}
	close(ready[1]);
	p->next = pid;
	p->ready = ready[0];
	p->next_generation = c->generation;
}

static void
add_exiting(struct pool *c, const struct pool_exiting *new)
{
	struct pool_exiting *l;

	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++)
		if (l->pid == 0) {
			*l = *new;
			return;
		}
}

/* Tell a worker of a slot to exit. */
static void
terminate(struct pool *c, const struct pool_slot *p, pid_t pid)
{
	const struct pool_exiting new = {
		.pid = pid,
		.role = p->role,
		.number = number(c, p),
		.kill_ms = clock_ms() + LEAVE_MS,
		.generation =
		    pid == p->pid ? p->generation : p->next_generation,
	};

	kill(pid, SIGTERM);
	add_exiting(c, &new);
}

static void
forget_successor(struct pool_slot *p)
{
	if (p->ready >= 0)
		close(p->ready);
	p->ready = -1;
	p->next = 0;
}

/* The next worker is ready, or will never be. */
static void
promote_successor(struct pool *c, struct pool_slot *p)
{
	pid_t next = p->next;
	int64_t hash_us;
	bool good = read(p->ready, &hash_us, sizeof(hash_us)) ==
	            (ssize_t)sizeof(hash_us);

	if (!good) { /* it has died: reap() handles that */
		close(p->ready);
		p->ready = -1;
		return;
	}
	forget_successor(p);
	if (p->pid != 0)
		terminate(c, p, p->pid);
	p->pid = next;
	p->generation = p->next_generation;
	if (hash_us > 0)
		c->hash_us = hash_us;
}

/* A worker ended by its filter made a call that its role does not need. */
static void
log_refused_call(enum role role, unsigned number, pid_t pid)
{
	int call = metrics_refused_call(role, number);
	char name[FILTER_NAME_BYTES] = "unknown";

	if (call >= 0)
		filter_call_name(call, name);
	event(EVENT_CALL_REFUSED, "lane=%s pid=%d call=%s", roles[role].name,
	    (int)pid, name);
}

static void
log_end(enum role role, unsigned n, pid_t pid, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_refused_call(role, n, pid);
	event(EVENT_WORKER_ENDED, "lane=%s pid=%d %s=%d", roles[role].name,
	    (int)pid, WIFSIGNALED(status) ? "signal" : "status",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* A worker of this slot has died: another is started, with back-off. */
static void
on_worker_died(const struct pool *c, struct pool_slot *p, pid_t pid, int status)
{
	int64_t now = clock_ms();

	metrics_ended(p->role, number(c, p), pid);
	unsettled_worker_died(pid);
	if (pid == p->pid)
		p->pid = 0;
	else
		forget_successor(p);
	metrics_restarted(p->role);
	log_end(p->role, number(c, p), pid, status);
	p->not_before_ms =
	    now + pool_backoff_ms(&p->failures, now - p->started_ms);
}

/* An exiting worker has ended, by itself or by a signal. */
static void
on_worker_exited(struct pool_exiting *l, int status)
{
	metrics_ended(l->role, l->number, l->pid);
	unsettled_worker_died(l->pid);
	if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGTERM
	                        : WEXITSTATUS(status) != EXIT_SUCCESS)
		log_end(l->role, l->number, l->pid, status);
	l->pid = 0;
}

/* False: no child is left. */
static bool
reap(struct pool *c)
{
	struct pool_exiting *l;
	struct pool_slot *p;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == c->probe.pid)
			c->probe = (struct pool_child){ 0, true, status };
		if (pid == c->loader.pid)
			c->loader = (struct pool_child){ 0, true, status };
		for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting);
		     l++)
			if (pid == l->pid)
				on_worker_exited(l, status);
		for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
			if (pid == p->pid || pid == p->next)
				on_worker_died(c, p, pid, status);
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

/* Kill exiting workers that are stuck; *pause_ms: when to look again. */
static void
kill_overdue(struct pool *c, int64_t *pause_ms)
{
	int64_t now = clock_ms();
	struct pool_exiting *l;

	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++) {
		if (l->pid == 0 || l->kill_ms == POOL_KEPT)
			continue;
		if (l->kill_ms <= now) {
			kill(l->pid, SIGKILL);
			l->kill_ms = now + LEAVE_MS;
		}
		shorten(pause_ms, l->kill_ms - now);
	}
}

static void
stop_slot(struct pool *c, struct pool_slot *p)
{
	if (p->pid != 0)
		terminate(c, p, p->pid);
	if (p->next != 0)
		terminate(c, p, p->next);
	p->pid = 0;
	forget_successor(p);
}

/*
 * Is the worker exiting that had this slot before? Or, where each has the
 * memory of a hash, any of that role.
 */
static bool
is_still_exiting(const struct pool *c, const struct pool_slot *p)
{
	bool hashes = (roles[p->role].needs & NEED_HASHING) != 0;
	const struct pool_exiting *l;

	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++)
		if (l->pid != 0 && l->kill_ms != POOL_KEPT &&
		    l->role == p->role && (hashes || l->number == number(c, p)))
			return true;
	return false;
}

/*
 * Is this slot without its worker, or is that to be replaced now? At one
 * SIGHUP after the other no slot has more than two workers, and of a role that
 * hashes one has: so many connections to the database there are, and so much
 * memory, as limits_print() says.
 */
static bool
is_due(const struct pool *c, const struct pool_slot *p, bool replacing)
{
	if (p->next != 0 || (!roles[p->role].is_lane && is_still_exiting(c, p)))
		return false;
	if (p->pid == 0)
		return true;
	return !replacing && p->generation != c->generation &&
	       !(c->keeps_former && p->generation == 0) &&
	       !is_still_exiting(c, p);
}

/*
 * End a process with older settings whose role has no socket: nobody waits for
 * it, and two of them at once would write what only one may.
 */
static void
end_inner(struct pool *c, struct pool_slot *p)
{
	if (roles[p->role].is_lane || p->pid == 0 ||
	    p->generation == c->generation)
		return;
	terminate(c, p, p->pid);
	p->pid = 0;
}

/*
 * Start missing workers, and one of those that replace a worker with older
 * settings. *pause_ms: when to look again.
 */
static void
start_due(struct pool *c, int64_t *pause_ms)
{
	bool replacing = false;
	struct pool_slot *p;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		replacing |= p->pid != 0 && p->next != 0;
	for (p = c->slots; p < c->slots + POOL_SLOTS; p++) {
		if (!is_wanted(c, p)) {
			stop_slot(c, p);
			continue;
		}
		end_inner(c, p);
		if (!is_due(c, p, replacing))
			continue;
		replacing |= p->pid != 0;
		if (p->not_before_ms <= clock_ms())
			start(c, p);
		if (p->next == 0)
			shorten(pause_ms, p->not_before_ms - clock_ms());
	}
}

/* Nobody needs these any more, which wrote for the others of their program. */
static void
end_kept(struct pool *c)
{
	struct pool_exiting *l;

	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++)
		if (l->pid != 0 && l->kill_ms == POOL_KEPT) {
			kill(l->pid, SIGTERM);
			l->kill_ms = clock_ms() + LEAVE_MS;
		}
}

void
pool_init(struct pool *c)
{
	size_t i;

	for (i = 0; i < POOL_SLOTS; i++)
		c->slots[i] = (struct pool_slot){
			.role = (enum role)(i / CONF_WORKERS_MAX),
			.ready = -1,
		};
}

void
pool_configure(struct pool *c, const int64_t wanted[ROLE_COUNT])
{
	struct pool_slot *p;

	memcpy(c->wanted, wanted, sizeof(c->wanted));
	c->generation++;
	/* the old settings may have made them fail */
	for (p = c->slots; p < c->slots + POOL_SLOTS; p++) {
		p->failures = 0;
		p->not_before_ms = 0;
	}
}

int64_t
pool_supervise(struct pool *c)
{
	int64_t pause_ms = -1;

	(void)reap(c);
	if (c->generation != 0)
		start_due(c, &pause_ms);
	if (!pool_has_former(c))
		end_kept(c);
	kill_overdue(c, &pause_ms);
	return pause_ms;
}

void
pool_wait(struct pool *c, int64_t timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000 };
	struct pollfd fds[POOL_SLOTS];
	struct pool_slot *p;
	nfds_t i = 0, n = 0;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		if (p->ready >= 0)
			fds[n++] = (struct pollfd){ p->ready, POLLIN, 0 };
	if (ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, &c->waiting) <= 0)
		return;
	/* in the same order, in which each is still valid */
	for (p = c->slots; p < c->slots + POOL_SLOTS && i < n; p++)
		if (p->ready == fds[i].fd && fds[i++].revents != 0)
			promote_successor(c, p);
}

bool
pool_is_complete(const struct pool *c)
{
	const struct pool_slot *p;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		if (is_wanted(c, p) && (p->pid == 0 || p->next != 0 ||
		                           p->generation != c->generation))
			return false;
	return true;
}

/* --- another program --- */

size_t
pool_list(const struct pool *c, struct pool_former out[POOL_FORMER_MAX])
{
	const struct pool_exiting *l;
	const struct pool_slot *p;
	size_t n = 0;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		if (p->pid != 0)
			out[n++] = (struct pool_former){ p->pid, p->role,
				number(c, p), 0 };
	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++)
		if (l->pid != 0)
			out[n++] = (struct pool_former){ l->pid, l->role,
				l->number, l->kill_ms };
	return n;
}

void
pool_drop_successors(struct pool *c)
{
	struct pool_slot *p;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		if (p->next != 0) {
			terminate(c, p, p->next);
			forget_successor(p);
		}
}

void
pool_take_over(struct pool *c, const struct pool_former *former, size_t n)
{
	const struct pool_former *f;
	struct pool_slot *p;

	for (f = former; f < former + n; f++) {
		p = &c->slots[f->role * CONF_WORKERS_MAX + f->number];
		/* not of a number that another process has got since */
		if (waitpid(f->pid, NULL, WNOHANG) != 0)
			continue;
		if (f->kill_ms == 0 && roles[f->role].is_lane && p->pid == 0)
			p->pid = f->pid;
		else
			add_exiting(
			    c, &(struct pool_exiting){ .pid = f->pid,
			           .role = f->role,
			           .number = f->number,
			           .kill_ms = f->kill_ms == 0 ? POOL_KEPT
			                                      : f->kill_ms });
	}
}

bool
pool_has_former(const struct pool *c)
{
	const struct pool_exiting *l;
	const struct pool_slot *p;

	for (p = c->slots; p < c->slots + POOL_SLOTS; p++)
		if (p->pid != 0 && p->generation == 0)
			return true;
	for (l = c->exiting; l < c->exiting + ARRAY_LEN(c->exiting); l++)
		if (l->pid != 0 && l->generation == 0 && roles[l->role].is_lane)
			return true;
	return false;
}

bool
pool_child_ended(struct pool_child *child, int *status)
{
	bool ended = child->ended;

	*status = child->status;
	child->ended = false;
	return ended;
}

void
pool_terminate(struct pool *c)
{
	size_t i;

	if (c->probe.pid != 0)
		kill(c->probe.pid, SIGKILL);
	if (c->loader.pid != 0)
		kill(c->loader.pid, SIGKILL);
	for (i = 0; i < POOL_SLOTS; i++)
		stop_slot(c, &c->slots[i]);
	while (reap(c)) {
		int64_t pause_ms = -1;

		kill_overdue(c, &pause_ms);
		pool_wait(c, pause_ms);
	}
}
