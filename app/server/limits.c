/*
 * Capacity derived from the settings, by arithmetic and one measurement.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/hashmem.h"
#include "crypto/pwhash.h"
#include "crypto/revoked.h"
#include "http/fcgi.h"
#include "lib/text.h"
#include "server/cpu.h"
#include "server/limits.h"

#define QUEUE_US INT64_C(2000000) /* of logins wait, by `auto` */
/* Memory that is a process's own, at most. */
#define PROCESS_KIB (1700 + FCGI_PARTS_MAX_BYTES / 1024)
#define LOGIN_EXTRA_MIB 2   /* that a hash takes beside its large block */
#define HASH_GUESS_US 10000 /* of cost 5, where nothing was measured */
#define SOMAXCONN_FILE "/proc/sys/net/core/somaxconn"

static int64_t
max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
limits_workers(const struct conf *conf, enum role role)
{
	int64_t n = roles[role].least;

	if (conf->workers[role] != CONF_AUTO)
		return conf->workers[role];
	if (roles[role].per_cpu)
		n = max(n, min(cpu_usable(), CONF_WORKERS_MAX));
	return n;
}

static bool
hashes(enum role role)
{
	return (roles[role].needs & NEED_HASHING) != 0;
}

int64_t
limits_workers_hashing(const struct conf *conf)
{
	int64_t n = 0;
	enum role role;

	for (role = 0; role < ROLE_COUNT; role++)
		if (hashes(role))
			n += limits_workers(conf, role);
	return n;
}

int64_t
limits_workers_single(const struct conf *conf)
{
	int64_t most = 1;
	enum role lane;

	for (lane = 0; lane < ROLE_COUNT; lane++)
		if (roles[lane].is_lane)
			most = max(most, limits_workers(conf, lane));
	return most;
}

static int64_t
cpu_time_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
limits_hash_us(const struct conf *conf)
{
	char hash[PWHASH_BYTES];
	int64_t start, us = 0;

	/* the first one gets the memory */
	if (pwhash_make(conf->hash_cost, "", hash) == ERR_OK) {
		start = cpu_time_us();
		if (pwhash_make(conf->hash_cost, "", hash) == ERR_OK)
			us = max(cpu_time_us() - start, 1);
	}
	hashmem_release();
	return us;
}

/* CPU time of a number of workers, in percent of one CPU. */
static int64_t
share_percent(int64_t workers)
{
	return max(min(100 * workers, cpu_percent()), 1);
}

int64_t
limits_backlog(const struct conf *conf, int64_t n, int64_t hash_us)
{
	if (conf->login_backlog != CONF_AUTO)
		return conf->login_backlog;
	if (hash_us <= 0)
		hash_us = max((HASH_GUESS_US << conf->hash_cost) >> 5, 1);
	return min(max(QUEUE_US / 100 * share_percent(n) / hash_us, n), 65535);
}

/* The kernel's limit of a queue; INT64_MAX: unknown. */
static int64_t
somaxconn(void)
{
	FILE *f = fopen(SOMAXCONN_FILE, "re");
	char line[32] = "";
	int64_t n = INT64_MAX;

	if (f == NULL)
		return n;
	if (fgets(line, sizeof(line), f) != NULL)
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
	if (!text_to_i64(line, 1, INT64_MAX, &n))
		return INT64_MAX;
	return n;
}

/* Memory of a number of processes without hashes, rounded up. */
static int64_t
own_mib(int64_t processes)
{
	return (processes * PROCESS_KIB + 1023) / 1024;
}

struct limits
limits_of(const struct conf *conf, int64_t hash_us, int64_t backlog_max)
{
	int64_t hash_mib = conf->hash_memory_max_mib + LOGIN_EXTRA_MIB;
	int64_t hashing = limits_workers_hashing(conf);
	int64_t all = 1, inner = 0, more = 0, more_hashing = 0;
	struct limits b;
	enum role role;

	for (role = 0; role < ROLE_COUNT; role++) {
		all += b.workers[role] = limits_workers(conf, role);
		/* of those that hash one is replaced after the other */
		more += hashes(role) ? 1 : b.workers[role];
		more_hashing += hashes(role);
		inner += roles[role].is_lane ? 0 : b.workers[role];
	}
	b.memory_mib = own_mib(all) + hashing * hash_mib;
	b.reload_mib = own_mib(more) + more_hashing * hash_mib;
	b.single_workers = limits_workers_single(conf);
	b.single_mib =
	    own_mib(1 + inner + b.single_workers) + b.single_workers * hash_mib;
	b.backlog = limits_backlog(conf, hashing, hash_us);
	b.queue = min(b.backlog, backlog_max);
	b.wait_ms =
	    (b.queue + hashing) * max(hash_us, 1) / 10 / share_percent(hashing);
	return b;
}

/* Whether plain tokens count. */
static void
print_plain(const struct conf *conf)
{
	time_t last = (time_t)(conf->plain_until_s - 1);
	char text[48] = "accepted";
	struct tm day;

	if (conf->plain_until_s == 0)
		snprintf(text, sizeof(text), "refused");
	else if (conf->plain_until_s != INT64_MAX &&
	         gmtime_r(&last, &day) != NULL)
		strftime(
		    text, sizeof(text), "accepted to the end of %F, UTC", &day);
	printf("tokens without uid, jti and iat (accept_plain_tokens): %s\n",
	    text);
}

static void
print_workers(const struct limits *b)
{
	const char *lead = "workers:";
	int64_t connections = 0;
	enum role role;

	for (role = 0; role < ROLE_COUNT; role++) {
		printf(
		    "%s %s %" PRId64, lead, roles[role].name, b->workers[role]);
		lead = ",";
		if ((roles[role].needs & NEED_DATABASE) != 0)
			connections += b->workers[role];
	}
	printf("; connections to the database: %" PRId64
	       ", at most twice that while SIGHUP replaces workers\n",
	    connections);
}

/* Tables of what has ended: nearly all of that is never touched. */
static void
print_revoked(void)
{
	printf(
	    "ended sessions and users whose tokens have not expired: at most "
	    "%d and %d, for which memory grows by up to %zu MiB, and the "
	    "database by 300 MiB\n",
	    REVOKED_SESSIONS_MAX, REVOKED_USERS_MAX,
	    REVOKED_BYTES_MAX / 1048576);
}

void
limits_print(const struct conf *conf)
{
	struct limits b;

	hashmem_keep(conf->hash_memory_kept);
	b = limits_of(conf, limits_hash_us(conf), somaxconn());
	print_plain(conf);
	print_workers(&b);
	printf("memory: at most %" PRId64
	       " MiB for all processes together, and %" PRId64
	       " MiB more while SIGHUP replaces workers; on one socket from "
	       "spawn-fcgi, %" PRId64 " workers and %" PRId64 " MiB\n",
	    b.memory_mib, b.reload_mib, b.single_workers, b.single_mib);
	print_revoked();
	printf("login queue: %" PRId64
	       " connections; the last waits about %" PRId64
	       " ms on an idle machine; a login is refused after %" PRId64
	       " ms\n",
	    b.queue, b.wait_ms, conf->login_wait_ms);
	if (b.backlog > b.queue)
		fprintf(stderr,
		    "latchkey: the kernel limits the login queue from %" PRId64
		    " to %" PRId64 "; do: sysctl net.core.somaxconn=%" PRId64
		    "\n",
		    b.backlog, b.queue, b.backlog);
}
