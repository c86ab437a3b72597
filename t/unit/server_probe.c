/*
 * Tests of server/probe.c: when the database is asked again, which answers
 * count, what is said of them, and what the process that asks has left. The
 * database is this file's.
 */
#include "base.h"

#include <sys/types.h>
#include <unistd.h>

#define probe_begin tested_begin
#define probe_go_on tested_go_on
#define probe_is_good tested_is_good
#define fork fork_of_ours
#define app_open open_of_ours
#define app_close close_of_ours
#define schema_ready ready_of_ours
#define db_schema_lacking lacking_of_ours
#define metrics_apart apart_of_ours
static pid_t fork_of_ours(void);
#include "server/probe.c" /* NOLINT(bugprone-suspicious-include) */
#undef fork

#include <string.h>

#include "said.h"
#include "tap.h"

static struct pool pool;
static const struct conf conf;

/* --- in the place of others --- */

static const struct app app;
static bool can_fork = true, can_open = true, looks_around;
static enum err answer, lacking_err;
static const char *lacking_now;
static int opened, closed, apart, held; /* a descriptor of the supervisor */

static pid_t
fork_of_ours(void)
{
	return can_fork ? fork() : -1;
}

struct app *
open_of_ours(const struct conf *c, unsigned needs, unsigned used_by)
{
	static struct app made;

	opened += c == &conf && needs == NEED_DATABASE && used_by == 0;
	log_say("opening");
	made = app;
	return can_open ? &made : NULL;
}

void
/* cppcheck-suppress constParameter */
close_of_ours(struct app *a)
{
	closed += a != NULL;
}

void
apart_of_ours(void)
{
	apart++;
}

enum err
lacking_of_ours(struct ctx *c, const char **out)
{
	(void)c;
	*out = lacking_now;
	return lacking_err;
}

/* Has this process what it should have, and no more? */
static bool
is_bare(void)
{
	sigset_t blocked;
	int deadly = 0;

	return fcntl(held, F_GETFD) == -1 &&
	       fcntl(STDERR_FILENO, F_GETFD) != -1 &&
	       prctl(PR_GET_PDEATHSIG, &deadly) == 0 && deadly == SIGKILL &&
	       sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 &&
	       sigismember(&blocked, SIGTERM) == 0;
}

enum err
ready_of_ours(struct ctx *c)
{
	/* what is allocated here is to be released with the arena */
	memset(arena_alloc(c->arena, 100000), 1, 100000);
	if (looks_around)
		return is_bare() ? ERR_LIMIT : ERR_TOOBIG;
	return answer;
}

/* A process has ended so; none is started, as none is due. */
static int64_t
ends(struct probe *p, int status)
{
	pool.probe = (struct pool_child){ .ended = true, .status = status };
	return probe_go_on(p, &pool, &conf);
}

static bool
is_about(int64_t wait_ms, int64_t most_ms)
{
	return wait_ms > most_ms - 200 && wait_ms <= most_ms;
}

static void
test_answers(void)
{
	struct probe p;
	int64_t pause_ms;

	probe_begin(&p, &pool);
	ok(p.wanted && !probe_is_good(&p), "nothing is known at the start");
	ok(p.next_ms <= clock_ms(), "the first process is due at once");
	for (pause_ms = 250; pause_ms <= 4000; pause_ms *= 2)
		ok(is_about(ends(&p, W_EXITCODE(ERR_BUSY, 0)), pause_ms) &&
		        p.result == ERR_BUSY && !probe_is_good(&p),
		    "after each failure the pause is twice as long");
	for (pause_ms = 0; pause_ms < 2; pause_ms++)
		ok(is_about(ends(&p, W_EXITCODE(ERR_NOTFOUND, 0)), 5000) &&
		        p.result == ERR_NOTFOUND,
		    "the pause grows no more than that");
	ok(is_about(ends(&p, W_EXITCODE(0, SIGKILL)), 5000) &&
	        p.result == ERR_NOTFOUND && p.wanted,
	    "a process that was killed says nothing");
	is_int(ends(&p, W_EXITCODE(ERR_OK, 0)), -1,
	    "after a good answer nothing is asked");
	ok(probe_is_good(&p), "a good answer is good");
	is_int(ends(&p, W_EXITCODE(ERR_BUSY, 0)), -1,
	    "nothing is asked of another child's end");
	ok(probe_is_good(&p), "another child's end changes no answer");
	p.wanted = true;
	ok(!probe_is_good(&p), "an answer does not count while one is wanted");
	probe_begin(&p, &pool);
	ok(!probe_is_good(&p), "a new beginning forgets the answer");
}

static void
test_waiting(void)
{
	struct probe p;
	int status = 0;

	pool.probe.ended = false;
	if ((pool.probe.pid = fork()) == 0)
		for (;;)
			pause();
	p = (struct probe){ true, -1, 0, 250 };
	is_int(probe_go_on(&p, &pool, &conf), -1,
	    "while a process asks there is no other");
	probe_begin(&p, &pool);
	ok(waitpid(pool.probe.pid, &status, 0) == pool.probe.pid &&
	        WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	    "a new beginning ends the process that asks by older settings");
	ok(p.wanted && p.result == -1 && p.pause_ms == 250,
	    "a new beginning has the shortest pause");
}

/* --- the process --- */

static const char *line;

/* What is answered, where `before` was; it is said in line. */
static int
asked(int before)
{
	int result;

	listen_to_stderr();
	result = ask(&conf, before);
	line = said();
	return result;
}

static bool
says(const char *text)
{
	return strstr(line, text) != NULL;
}

static void
test_said(void)
{
	answer = ERR_OK;
	ok(asked(-1) == ERR_OK && !says("warning"),
	    "of a database that is ready nothing is said");
	ok(opened == 1 && closed == 1 && apart == 1,
	    "a process opens what it needs, and counts nothing");
	answer = ERR_BUSY;
	ok(asked(-1) == ERR_BUSY &&
	        says("warning: the database does not answer"),
	    "that the database does not answer is said");
	ok(says("opening"), "the first process may say what it finds");
	ok(asked(ERR_BUSY) == ERR_BUSY && !says("warning") && !says("opening"),
	    "the same answer is not said twice");
	ok(asked(ERR_OK) == ERR_BUSY && says("warning") && says("opening"),
	    "after a good answer a process may say what it finds");
	answer = ERR_NOTFOUND;
	ok(asked(ERR_BUSY) == ERR_NOTFOUND && says("has no schema") &&
	        !says("opening") && !says("does not answer"),
	    "another answer is said, and nothing else");
	answer = ERR_DENIED;
	lacking_now = "SELECT on users";
	ok(asked(ERR_BUSY) == ERR_DENIED && says("lacks SELECT on users;") &&
	        !says("has no schema") && !says("does not answer"),
	    "a privilege that is missing is said");
	lacking_now = NULL;
	ok(asked(-1) == ERR_DENIED && !says("lacks") && says("does not answer"),
	    "a privilege that is not missing any more is not said");
	lacking_now = "SELECT on users";
	lacking_err = ERR_BUSY;
	ok(asked(-1) == ERR_DENIED && !says("lacks") && says("does not answer"),
	    "a privilege that cannot be asked for is not said");
	answer = ERR_OK;
	ok(asked(ERR_DENIED) == ERR_OK && !says("warning"),
	    "of a database that has become ready nothing is said");
	closed = 0;
	can_open = false;
	ok(asked(-1) == ERR_INTERNAL && closed == 0,
	    "a process that cannot open its parts has no answer");
	can_open = true;
}

/* The exit status of the process that is due, or -1. */
static int
status_of_process(struct probe *p)
{
	int status = -1;

	if (probe_go_on(p, &pool, &conf) != -1 || pool.probe.pid <= 0 ||
	    waitpid(pool.probe.pid, &status, 0) != pool.probe.pid)
		return -1;
	pool.probe = (struct pool_child){ .ended = true, .status = status };
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_process(void)
{
	struct probe p = { true, -1, 0, 250 };
	sigset_t term, before;
	int status = 0;
	pid_t child;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	pool = (struct pool){ .waiting = before };
	held = fcntl(STDERR_FILENO, F_DUPFD, 50);
	looks_around = true;
	is_int(status_of_process(&p), ERR_LIMIT,
	    "a process that asks holds nothing of the supervisor");
	looks_around = false;
	ok(probe_go_on(&p, &pool, &conf) > 0 && p.result == ERR_LIMIT,
	    "the exit status of a process is its answer");
	if ((child = fork()) == 0)
		be_probe(&p, &pool, &conf, getpid());
	ok(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	        WEXITSTATUS(status) == ERR_INTERNAL,
	    "a process whose supervisor has ended does not ask");
	can_fork = false;
	p = (struct probe){ true, -1, 0, 250 };
	pool.probe = (struct pool_child){ .pid = 0 };
	is_int(probe_go_on(&p, &pool, &conf), 5000,
	    "without a process the next one is due after the longest pause");
	ok(pool.probe.pid == 0 && is_about(p.next_ms - clock_ms(), 5000),
	    "a process that could not be made is none");
	can_fork = true;
	close(held);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int
main(void)
{
	test_answers();
	test_waiting();
	test_said();
	test_process();
	return done();
}
