/*
 * The table of what has ended: time of a look-up, and a writer that is killed.
 *
 *	revoked lookup ENTRIES	what one look-up takes, in nanoseconds: of a
 *				session that has not ended, and of one that has,
 *				each time another one
 *	revoked kills COUNT	a writer adds, removes and grows, and is killed
 *				at COUNT random moments, while two processes
 *look up: entries that these missed, that they invented, and their look-ups
 */
#include "base.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/revoked.h"
#include "lib/text.h"

#define LOOKUPS 10000000
#define LIVE 2000 /* sessions that have ended, for the killed writer */
#define READERS 2
#define UNTIL INT64_C(2000000000)

struct counts {
	_Atomic uint64_t missed, invented, lookups;
	_Atomic bool over;
};

/* A session's id, from a number. */
static uint64_t
id(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ (i >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return i ^ i >> 31;
}

static void *
share(size_t bytes)
{
	void *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		abort();
	return m;
}

static void
add(uint64_t i, int64_t until_s)
{
	if (!revoked_add_session(id(i), until_s))
		abort();
}

/* --- time --- */

/* Nanoseconds of a look-up of sessions from first on; below 0: wrong. */
static double
look(uint64_t first, uint64_t n, enum revoked wanted)
{
	struct timespec begin, end;
	uint64_t i;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < LOOKUPS; i++)
		if (revoked_session(id(first + i % n)) != wanted)
			return -1;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	           (double)(end.tv_nsec - begin.tv_nsec)) /
	       LOOKUPS;
}

/* The time of the loop without a look-up. */
static double
look_at_none(uint64_t n)
{
	struct timespec begin, end;
	volatile uint64_t sink = 0;
	uint64_t i;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (i = 0; i < LOOKUPS; i++)
		sink = id(i % n);
	(void)sink;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e9 +
	           (double)(end.tv_nsec - begin.tv_nsec)) /
	       LOOKUPS;
}

static bool
lookup(uint64_t entries)
{
	double miss, hit, none;
	uint64_t i;

	for (i = 0; i < entries; i++)
		add(i, UNTIL);
	none = look_at_none(entries);
	miss = look(entries + 1, entries, REVOKED_NO);
	hit = look(0, entries, REVOKED_YES);
	printf("%.1f %.1f\n", miss - none, hit - none);
	return miss >= 0 && hit >= 0;
}

/* --- kills --- */

/* One or more entries, others go by their time, and the table turns. */
static void
write_on(void)
{
	uint64_t round;
	int64_t now_s;

	revoked_take_over();
	for (round = 0;; round++) {
		now_s = (int64_t)(round / 64 + 1);
		add(LIVE + round % 100000, now_s + 100);
		if (round % 64 == 63)
			revoked_expire(now_s);
	}
}

static void
read_on(struct counts *counts, uint64_t seed)
{
	uint64_t i = seed, n = 0, missed = 0, invented = 0;

	while (!atomic_load(&counts->over)) {
		missed += revoked_session(id(i++ % LIVE)) != REVOKED_YES;
		invented +=
		    revoked_session(id(UINT64_C(1) << 40 | i)) != REVOKED_NO;
		n += 2;
	}
	atomic_fetch_add(&counts->missed, missed);
	atomic_fetch_add(&counts->invented, invented);
	atomic_fetch_add(&counts->lookups, n);
}

static void
kill_once(uint64_t random)
{
	const struct timespec pause = { 0, (long)(random % 2000000) };
	pid_t pid = fork();
	int status;

	if (pid < 0)
		abort();
	if (pid == 0)
		write_on();
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) ||
	    WTERMSIG(status) != SIGKILL)
		abort();
}

static bool
kills(uint64_t count)
{
	struct counts *counts = share(sizeof(*counts));
	pid_t readers[READERS];
	uint64_t i;

	for (i = 0; i < LIVE; i++)
		add(i, UNTIL);
	for (i = 0; i < READERS; i++)
		if ((readers[i] = fork()) == 0) {
			read_on(counts, i * 977);
			_exit(EXIT_SUCCESS);
		}
	for (i = 0; i < count; i++)
		kill_once(id(i));
	atomic_store(&counts->over, true);
	for (i = 0; i < READERS; i++)
		waitpid(readers[i], NULL, 0);
	printf("%lu missed, %lu invented, %lu look-ups\n",
	    (unsigned long)counts->missed, (unsigned long)counts->invented,
	    (unsigned long)counts->lookups);
	return counts->missed == 0 && counts->invented == 0 &&
	       counts->lookups > 0;
}

int
main(int argc, char **argv)
{
	bool (*run)(uint64_t) = NULL;
	int64_t n = 0;

	if (argc == 3 && strcmp(argv[1], "lookup") == 0)
		run = lookup;
	else if (argc == 3 && strcmp(argv[1], "kills") == 0)
		run = kills;
	if (run == NULL || !text_to_i64(argv[2], 1, REVOKED_SESSIONS_MAX, &n) ||
	    n < 1) {
		fprintf(stderr, "usage: revoked lookup|kills NUMBER\n");
		return EXIT_FAILURE;
	}
	revoked_section.use(share(revoked_section.bytes));
	revoked_take_over();
	return run((uint64_t)n) ? EXIT_SUCCESS : EXIT_FAILURE;
}
