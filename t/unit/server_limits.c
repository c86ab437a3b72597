/*
 * Tests of server/limits.c: limits derived from the settings and the time of a
 * hash.
 */
#include "base.h"

#include <sched.h>

#include "server/limits.h"
#include "tap.h"

/* The queue of n workers whose hashes take hash_us, at this cost. */
static int64_t
backlog(int64_t n, int64_t hash_us, int64_t cost)
{
	const struct conf conf = { .login_backlog = CONF_AUTO,
		.hash_cost = cost };

	return limits_backlog(&conf, n, hash_us);
}

static void
test_backlog(void)
{
	const struct conf set = { .login_backlog = 7, .hash_cost = 5 };

	is_int(backlog(1, 10000, 5), 200,
	    "the queue holds what is served in 2 seconds");
	is_int(backlog(1, 20000, 5), 100,
	    "the queue goes by the time that a hash took");
	is_int(backlog(1, 20000, 1), 100,
	    "the queue does not go by the cost where the time is known");
	is_int(backlog(5, 10000, 5), 200,
	    "the queue of one CPU does not grow with its workers");
	is_int(backlog(1, 0, 5), 200,
	    "the queue goes by a guess where no time is known");
	is_int(backlog(1, 0, 6), 100, "the guessed time goes by the cost");
	is_int(backlog(1, 0, 1), 3200,
	    "the guessed time of a low cost makes a long queue");
	is_int(backlog(1, 3000000, 11), 1,
	    "the queue has a place for each worker");
	is_int(backlog(5, 3000000, 11), 5,
	    "the queue has a place for each of five workers");
	is_int(backlog(1, 1, 1), 65535, "the queue has at most 65535 places");
	is_int(limits_backlog(&set, 1, 10000), 7,
	    "the queue that was configured counts");
}

static void
test_workers(void)
{
	struct conf conf = { .workers = { CONF_AUTO, CONF_AUTO, CONF_AUTO } };

	is_int(limits_workers(&conf, ROLE_CHECK), 1,
	    "the check lane has a worker for each CPU");
	is_int(limits_workers(&conf, ROLE_API), 2,
	    "the api lane has twice as many, since they wait");
	is_int(limits_workers(&conf, ROLE_LOGIN), 1,
	    "the login lane has a worker for each CPU");
	is_int(limits_workers_single(&conf), 2,
	    "a single socket has as many workers as the lane with most");
	conf.workers[ROLE_LOGIN] = 9;
	is_int(limits_workers(&conf, ROLE_LOGIN), 9,
	    "the login lane has the workers that were configured");
	is_int(limits_workers_single(&conf), 9,
	    "a single socket has the workers that were configured");
}

static void
test_of(void)
{
	struct conf conf = { .workers = { 2, 3, 4 },
		.login_backlog = 100,
		.hash_cost = 5,
		.hash_memory_max_mib = 16 };
	struct limits b = limits_of(&conf, 10000, 128);

	is_int(b.backlog, 100, "the configured queue is reported");
	is_int(b.queue, 100, "the configured queue is used");
	is_int(b.wait_ms, 1040,
	    "the last in the queue waits for those before it and for those being hashed");
	is_int(b.memory_mib, 30 + 4 * 18,
	    "eleven processes of 2.7 MB and four hashes are the memory");
	is_int(b.reload_mib, 19 + 18,
	    "a reload adds another process of each and one hash");
	is_int(b.single_workers, 4,
	    "a single socket has as many workers as the lane with most");
	is_int(b.single_mib, 16 + 4 * 18,
	    "all workers of a single socket may hash");
	b = limits_of(&conf, 10000, 64);
	is_int(b.backlog, 100,
	    "the configured queue is reported though the kernel limits it");
	is_int(b.queue, 64, "the kernel's limit of the queue is used");
	is_int(b.wait_ms, 680, "the last in a limited queue waits less");
	conf.workers[ROLE_LOGIN] = 1;
	conf.hash_memory_max_mib = 1024;
	b = limits_of(&conf, 500000, 4096);
	is_int(b.wait_ms, 50500, "costly hashes make the wait long");
	is_int(b.memory_mib, 22 + 1026,
	    "costly hashes take the memory that is allowed");
}

static void
test_hash(void)
{
	struct conf conf = { .hash_cost = 1, .hash_memory_kept = true };
	int64_t quick = limits_hash_us(&conf), slow;

	conf.hash_cost = 6;
	slow = limits_hash_us(&conf);
	ok(quick > 0 && slow > 4 * quick,
	    "a costlier hash is measured to take longer");
}

int
main(void)
{
	cpu_set_t one;
	int i;

	/* on one CPU, whichever it is, on any machine */
	if (sched_getaffinity(0, sizeof(one), &one) != 0)
		return 1;
	for (i = 0; !CPU_ISSET(i, &one); i++)
		;
	CPU_ZERO(&one);
	CPU_SET(i, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0)
		return 1;
	test_backlog();
	test_workers();
	test_of();
	test_hash();
	return done();
}
