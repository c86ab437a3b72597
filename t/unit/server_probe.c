/*
 * Tests of server/probe.c: when the database is asked again, and which answers
 * count.
 */
#include "base.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "server/probe.h"
#include "tap.h"

static struct pool pool;
static const struct conf conf;

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

int
main(void)
{
	test_answers();
	test_waiting();
	return done();
}
