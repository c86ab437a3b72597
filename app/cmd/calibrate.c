/*
 * Cost of password hashes on this machine. Each is timed in a single process;
 * how much concurrent ones slow each other down is measured at the current cost
 * and assumed to be the same for the others.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/calibrate.h"
#include "crypto/hashmem.h"
#include "crypto/pwformat.h"
#include "crypto/pwhash.h"
#include "lib/text.h"
#include "server/limits.h"

#define WANTED_MS_MAX 60000
#define TIMED_MS 150     /* hash so long for each figure, */
#define TOGETHER_MS 1000 /* and with all workers at once */
#define PATIENCE_MS                                         \
	400 /* longer ones are computed from the cost below \
	     */

struct timing {
	double best_ms; /* the least disturbed by other load */
	double mean_ms;
};

struct row {
	int64_t cost;
	const char *bcrypt; /* NULL: yescrypt */
	double kept_ms, plain_ms;
	bool computed;
};

static const struct row bcrypts[] = {
	{ 10, "$2b$10$.....................................................", 0,
	    0, false },
	{ 12, "$2b$12$.....................................................", 0,
	    0, false },
};

/* The setup of a measurement. */
struct setup {
	const struct conf *conf;
	int64_t workers;
	double logins; /* a second, of all workers at the current cost */
	double
	    in_step; /* how near that comes to a process alone, times workers */
};

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool
hash_once(const struct row *r)
{
	static const char password[] = "correct horse battery staple";
	static const struct pwformat_policy policy = { .cost = 1,
		.mib_max = 1 };
	char hash[PWHASH_BYTES];
	bool matches;

	if (r->bcrypt == NULL)
		return pwhash_make(r->cost, password, hash) == ERR_OK;
	return pwformat_check(&policy, password, r->bcrypt, &matches) == ERR_OK;
}

/*
 * The time of a hash, measured for ms milliseconds. Zeros: not enough memory.
 * keep: as hashmem_keep().
 */
static struct timing
measure(const struct row *r, bool keep, double ms)
{
	struct timing t = { 0 };
	double begin, last, now, spent = 0;
	int n = 0;

	hashmem_keep(keep);
	/* the first has to get the memory */
	if (keep && !hash_once(r))
		return t;
	begin = last = now_ms();
	while (spent < ms) {
		if (!hash_once(r))
			return (struct timing){ 0 };
		now = now_ms();
		if (n++ == 0 || now - last < t.best_ms)
			t.best_ms = now - last;
		last = now;
		spent = now - begin;
	}
	hashmem_keep(false);
	t.mean_ms = spent / n;
	return t;
}

/* In a child process: write its hashes a second to fd. */
static void
hash_as_worker(const struct setup *s, int fd)
{
	const struct row r = { .cost = s->conf->hash_cost };
	double ms = measure(&r, s->conf->hash_memory_kept, TOGETHER_MS).mean_ms;
	double rate = ms > 0 ? 1000 / ms : 0;

	_exit(write(fd, &rate, sizeof(rate)) == sizeof(rate) ? 0 : 1);
}

/* The hashes a second of all workers at once; 0: one of them failed. */
static double
measure_together(const struct setup *s)
{
	double rate, sum = 0;
	int64_t i, done = 0;
	int fd[2];

	if (pipe(fd) != 0)
		return 0;
	for (i = 0; i < s->workers; i++)
		if (fork() == 0)
			hash_as_worker(s, fd[1]);
	close(fd[1]);
	while (read(fd[0], &rate, sizeof(rate)) == sizeof(rate) && rate > 0) {
		sum += rate;
		done++;
	}
	close(fd[0]);
	while (wait(NULL) > 0)
		;
	return done == s->workers ? sum : 0;
}

/* Half of the free memory: measuring must not push others out. */
static int64_t
spare_mib(void)
{
	return (int64_t)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 21;
}

/*
 * Fill in a row. below: that of a cost one lower, or NULL. False: not enough
 * memory to measure it, and nothing to compute it from.
 */
static bool
fill(struct row *r, const struct row *below)
{
	if (below == NULL ||
	    (!below->computed && 2 * below->plain_ms <= PATIENCE_MS &&
	        PWHASH_MIB(r->cost) <= spare_mib())) {
		r->plain_ms = measure(r, false, TIMED_MS).best_ms;
		r->kept_ms = r->plain_ms;
		if (r->bcrypt == NULL && r->plain_ms > 0)
			r->kept_ms = measure(r, true, TIMED_MS).best_ms;
		if (r->kept_ms > 0)
			return true;
	}
	if (below == NULL)
		return false;
	r->computed = true;
	r->plain_ms = 2 * below->plain_ms;
	r->kept_ms = 2 * below->kept_ms;
	return true;
}

static double
time_of(const struct row *r, const struct conf *conf)
{
	return conf->hash_memory_kept ? r->kept_ms : r->plain_ms;
}

/* A figure, with a ~ before one that was not measured. */
static void
print_figure(double figure, bool computed, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%.*f%s", computed ? "~" : "",
	    figure < 100 ? 1 : 0, figure, unit);
	printf("%11s", text);
}

static void
print_row(const struct setup *s, const struct row *r)
{
	bool in_force = r->bcrypt == NULL && r->cost == s->conf->hash_cost;
	double logins = 1000 / time_of(r, s->conf) * (double)s->workers;

	if (r->bcrypt == NULL)
		printf("yescrypt %2" PRId64 "%6" PRId64 " MiB", r->cost,
		    PWHASH_MIB(r->cost));
	else
		printf("bcrypt   %2" PRId64 "%10s", r->cost, "");
	print_figure(r->plain_ms, r->computed, " ms");
	if (r->bcrypt == NULL)
		print_figure(r->kept_ms, r->computed, " ms");
	else
		printf("%11s", "");
	print_figure(in_force ? s->logins : logins * s->in_step, !in_force, "");
	printf("%s\n", in_force ? "  <- hash_cost" : "");
	fflush(stdout);
}

/* The current cost, by one process and by all workers at once. */
static bool
set_up(struct setup *s)
{
	const struct row r = { .cost = s->conf->hash_cost };
	double alone = measure(&r, s->conf->hash_memory_kept, TIMED_MS).best_ms;

	s->workers = limits_workers_hashing(s->conf);
	s->logins = measure_together(s);
	if (alone <= 0 || s->logins <= 0)
		return false;
	s->in_step = s->logins * alone / 1000 / (double)s->workers;
	return true;
}

/* The table, and in *best the highest cost within wanted_ms; 0: none. */
static bool
print_table(const struct setup *s, double wanted_ms, int64_t *best)
{
	struct row r, below = { 0 };
	int64_t cost;
	size_t i;

	*best = 0;
	printf("%21s%11s%11s%11s\n", "memory", "plain", "keep", "logins/s");
	for (cost = 1; cost <= PWHASH_COST_MAX; cost++) {
		r = (struct row){ .cost = cost };
		if (!fill(&r, cost > 1 ? &below : NULL))
			return false;
		print_row(s, &r);
		if (time_of(&r, s->conf) <= wanted_ms)
			*best = cost;
		below = r;
	}
	for (i = 0; i < ARRAY_LEN(bcrypts); i++) {
		r = bcrypts[i];
		if (!fill(&r, NULL))
			return false;
		print_row(s, &r);
	}
	return true;
}

static void
print_advice(const struct setup *s, int64_t wanted_ms, int64_t best)
{
	int64_t mib;

	if (best == 0) {
		printf("\nNo cost is within %" PRId64 " ms.\n", wanted_ms);
		return;
	}
	/* not lower than it is: stored hashes may need it */
	mib = PWHASH_MIB(best);
	if (mib < s->conf->hash_memory_max_mib)
		mib = s->conf->hash_memory_max_mib;
	printf("\nThe highest cost within %" PRId64 " ms is %" PRId64
	       "; %" PRId64 " workers take %" PRId64
	       " MiB for it.\nFor latchkey.conf:\n\n"
	       "    hash_cost = %" PRId64 "\n"
	       "    hash_memory_max_mib = %" PRId64 "\n",
	    wanted_ms, best, s->workers, s->workers * PWHASH_MIB(best), best,
	    mib);
}

int
calibrate(const struct conf *conf, const char *wanted_ms)
{
	struct setup s = { .conf = conf };
	int64_t wanted = 100, best;

	if (wanted_ms != NULL &&
	    !text_to_i64(wanted_ms, 1, WANTED_MS_MAX, &wanted)) {
		fprintf(stderr,
		    "latchkey: calibrate: the time must be 1 to %d "
		    "milliseconds, not \"%s\"\n",
		    WANTED_MS_MAX, wanted_ms);
		return 2;
	}
	if (!set_up(&s)) {
		fprintf(stderr,
		    "latchkey: calibrate: this machine cannot run %" PRId64
		    " processes that hash at cost %" PRId64 "\n",
		    s.workers, conf->hash_cost);
		return EXIT_FAILURE;
	}
	printf(
	    "Cost of a password hash on this machine, with hash_memory = plain "
	    "and keep;\nand logins per second of %" PRId64
	    " workers, with hash_memory = %s.\n\n",
	    s.workers, conf->hash_memory_kept ? "keep" : "plain");
	if (!print_table(&s, (double)wanted, &best))
		return EXIT_FAILURE;
	printf("\n~: computed from measurements. Memory was reused by "
	       "%" PRIu64 " hashes.\n",
	    hashmem_matches());
	print_advice(&s, wanted, best);
	return EXIT_SUCCESS;
}
