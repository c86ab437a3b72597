/*
 * Counters in shared memory.
 *
 * A slot is some pages that one worker writes; slots that are never used are
 * holes in the file and take no memory. Two processes may share a slot while a
 * worker is replaced, so each count is one atomic instruction. Values that are
 * read are only ever added up: every index comes from our constants.
 */
#include "base.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "stats/metrics.h"

#define PAGE_BYTES 4096

typedef _Atomic uint64_t count;

struct counts {
	count bucket[METRICS_BUCKETS + 1];
	count sum_us;
};

struct slot {
	_Alignas(PAGE_BYTES) count pid; /* of the worker; 0: none runs */
	count database;                 /* enum database */
	count counter[EVENT_COUNT];
	struct counts histogram[HISTOGRAM_COUNT];
	count requests[METRICS_ROUTES + 1][METRICS_STATUSES];
	count refused_call; /* its number and 1; 0: none */
};

_Static_assert(sizeof(struct slot) % PAGE_BYTES == 0, "slots share no page");
_Static_assert(CONF_WORKERS_MAX == 64, "the slots in use fit their bits");

struct memory {
	count started_s;
	count used[ROLE_COUNT];   /* slots that were in use, as bits */
	count socket[ROLE_COUNT]; /* inodes of listening sockets */
	count restarts[ROLE_COUNT];
	count accounts[METRICS_KINDS];
	count revoked, revoked_heard_ms;
	struct slot supervisor;
	struct slot worker[ROLE_COUNT][CONF_WORKERS_MAX];
};

const int64_t metrics_limit_us[METRICS_BUCKETS] = { 100, 250, 500, 1000, 2500,
	5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
	5000000, 10000000 };

/* For a process that shares nothing. Its pages are there only once used. */
static struct memory own;

static struct memory *memory = &own;
static struct slot *slot = &own.supervisor;
static pid_t slot_pid;
static enum role slot_lane = ROLE_DEFAULT;

/* The database state that this process reported; not inherited. */
static struct {
	pid_t pid;
	enum database state;
} said;

static struct {
	const char *path;
	enum role lane;
} routes[METRICS_ROUTES];

static struct {
	const char *format, *login;
} kinds[METRICS_KINDS];

static void
add(count *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static void
set(count *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}

static uint64_t
get(const count *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void
use_slot(struct slot *s)
{
	slot = s;
	event_count_in(s->counter);
}

/* --- the memory --- */

/* A text that may not be there. */
static uint64_t
digest_name(uint64_t digest, const char *s)
{
	return shm_digest_text(digest, s != NULL ? s : "");
}

/* The layout, for a process of another build. */
static uint64_t
layout(void)
{
	uint64_t digest = sizeof(struct slot);
	size_t i;

	for (i = 0; i < EVENT_COUNT; i++)
		if (event_table[i].family != FAMILY_NONE) {
			digest = shm_digest_number(digest, (int64_t)i);
			digest = shm_digest_text(
			    digest, family_table[event_table[i].family].metric);
			digest = digest_name(digest, event_table[i].outcome);
		}
	for (i = 0; i < HTTP_STATUSES; i++)
		digest = shm_digest_number(digest, http_status[i].code);
	for (i = 0; i < METRICS_BUCKETS; i++)
		digest = shm_digest_number(digest, metrics_limit_us[i]);
	for (i = 0; i < ROLE_COUNT; i++)
		digest = shm_digest_text(digest, roles[i].name);
	for (i = 0; i < METRICS_ROUTES; i++)
		digest = digest_name(digest, routes[i].path);
	for (i = 0; i < METRICS_KINDS; i++) {
		digest = digest_name(digest, kinds[i].format);
		digest = digest_name(digest, kinds[i].login);
	}
	return digest;
}

static void
use_memory(void *shared)
{
	struct memory *m = shared;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	set(&m->started_s, (uint64_t)now.tv_sec);
	set(&m->supervisor.pid, (uint64_t)getpid());
	memory = m;
	use_slot(&m->supervisor);
}

const struct shm_section metrics_section = {
	.name = "metrics",
	.bytes = sizeof(struct memory),
	.begin_bytes = offsetof(struct memory, worker),
	.layout = layout,
	.use = use_memory,
};

void
metrics_apart(void)
{
	use_slot(&own.supervisor);
}

void
metrics_use(enum role lane, unsigned number)
{
	struct slot *mine = &memory->worker[lane][number];
	bool there = shm_reserve(mine, sizeof(*mine));

	if (!there)
		event(EVENT_STATUS_FULL, "what=status_file");
	slot_pid = getpid();
	use_slot(there ? mine : &own.supervisor);
	slot_lane = lane;
	set(&slot->pid, (uint64_t)slot_pid);
	set(&slot->refused_call, 0); /* that of the worker before */
	set(&slot->database, said.pid == slot_pid ? said.state : DATABASE_NONE);
	if (there)
		atomic_fetch_or_explicit(&memory->used[lane],
		    UINT64_C(1) << number, memory_order_relaxed);
}

void
metrics_ended(enum role lane, unsigned number, int64_t pid)
{
	struct slot *s = &memory->worker[lane][number];
	uint64_t expected = (uint64_t)pid;

	/* a page that no worker has reserved is a hole, and the disk may be
	 * full: it is not even to be compared */
	if ((get(&memory->used[lane]) >> number & 1) == 0)
		return;
	/* its successor may have the slot already */
	atomic_compare_exchange_strong(&s->pid, &expected, 0);
}

void
metrics_socket(enum role lane, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		set(&memory->socket[lane], st.st_ino);
}

void
metrics_route(unsigned row, const char *path, enum role lane)
{
	if (row < METRICS_ROUTES) {
		routes[row].path = path;
		routes[row].lane = lane;
	}
}

const char *
metrics_route_name(unsigned row)
{
	return row < METRICS_ROUTES ? routes[row].path : "none";
}

void
metrics_kind(unsigned row, const char *format, const char *login)
{
	if (row < METRICS_KINDS) {
		kinds[row].format = format;
		kinds[row].login = login;
	}
}

const char *
metrics_kind_name(unsigned row, const char **login)
{
	if (row >= METRICS_KINDS)
		return NULL;
	*login = kinds[row].login;
	return kinds[row].format;
}

/* --- counting --- */

void
metrics_accounts(const uint64_t n[METRICS_KINDS])
{
	size_t i;

	for (i = 0; i < METRICS_KINDS; i++)
		set(&memory->accounts[i], n[i]);
}

void
metrics_revoked(uint64_t entries, int64_t heard_ms)
{
	set(&memory->revoked, entries);
	set(&memory->revoked_heard_ms, (uint64_t)heard_ms);
}

void
metrics_restarted(enum role lane)
{
	add(&memory->restarts[lane], 1);
}

void
metrics_call_refused(int call)
{
	set(&slot->refused_call, (uint64_t)call + 1);
}

int
metrics_refused_call(enum role lane, unsigned number)
{
	if ((get(&memory->used[lane]) >> number & 1) == 0)
		return -1;
	return (int)get(&memory->worker[lane][number].refused_call) - 1;
}

void
metrics_database(bool connected)
{
	said.pid = getpid();
	said.state = connected ? DATABASE_CONNECTED : DATABASE_AWAY;
	if (slot_pid == said.pid && get(&slot->pid) == (uint64_t)slot_pid)
		set(&slot->database, said.state);
}

void
metrics_observe(enum histogram h, int64_t us)
{
	struct counts *c = &slot->histogram[h];
	size_t i = 0;

	while (i < METRICS_BUCKETS && us > metrics_limit_us[i])
		i++;
	add(&c->bucket[i], 1);
	if (us > 0)
		add(&c->sum_us, (uint64_t)us);
}

void
metrics_busy(int64_t us)
{
	metrics_observe(HISTOGRAM_BUSY + slot_lane, us);
}

void
metrics_request(unsigned row, int status, int64_t us)
{
	enum role lane = ROLE_DEFAULT;

	if (row < METRICS_ROUTES)
		lane = routes[row].lane;
	else
		row = METRICS_NO_ROUTE;
	add(&slot->requests[row][http_status_row(status)], 1);
	metrics_observe(HISTOGRAM_REQUEST + lane, us);
}

/* --- reading --- */

static void
add_counts(const struct counts *c, struct metrics_histogram *out)
{
	size_t i;

	for (i = 0; i <= METRICS_BUCKETS; i++)
		out->bucket[i] += get(&c->bucket[i]);
	out->sum_us += get(&c->sum_us);
}

/* Add what a slot has counted. Returns how many requests that were. */
static uint64_t
add_slot(const struct slot *s, struct metrics_figures *out)
{
	uint64_t n, requests = 0;
	size_t i, j;

	for (i = 0; i < EVENT_COUNT; i++)
		out->counter[i] += get(&s->counter[i]);
	for (i = 0; i < HISTOGRAM_COUNT; i++)
		add_counts(&s->histogram[i], &out->histogram[i]);
	for (i = 0; i <= METRICS_ROUTES; i++)
		for (j = 0; j < METRICS_STATUSES; j++) {
			n = get(&s->requests[i][j]);
			out->requests[i][j] += n;
			requests += n;
		}
	return requests;
}

static void
add_worker(enum role lane, unsigned number, struct metrics_figures *out)
{
	const struct slot *s = &memory->worker[lane][number];
	struct metrics_worker *w = &out->worker[out->workers++];
	uint64_t state = get(&s->database);

	*w = (struct metrics_worker){
		.lane = lane,
		.number = number,
		.pid = (int64_t)get(&s->pid),
		.requests = add_slot(s, out),
	};
	if (w->pid != 0 && state <= DATABASE_CONNECTED)
		w->database = (enum database)state;
}

void
metrics_read(struct metrics_figures *out)
{
	uint64_t used;
	unsigned i, j;

	memset(out, 0, sizeof(*out));
	out->pid = (int64_t)get(&memory->supervisor.pid);
	out->started_s = (int64_t)get(&memory->started_s);
	add_slot(&memory->supervisor, out);
	for (i = 0; i < METRICS_KINDS; i++)
		out->accounts[i] = get(&memory->accounts[i]);
	out->revoked = get(&memory->revoked);
	out->revoked_heard_ms = (int64_t)get(&memory->revoked_heard_ms);
	for (i = 0; i < ROLE_COUNT; i++) {
		out->socket[i] = get(&memory->socket[i]);
		out->restarts[i] = get(&memory->restarts[i]);
		/* a look at a hole would take a page */
		used = get(&memory->used[i]);
		for (j = 0; j < CONF_WORKERS_MAX; j++)
			if ((used >> j & 1) != 0)
				add_worker((enum role)i, j, out);
	}
}

bool
metrics_load(const char *file)
{
	memory = &own;
	return shm_load(file, &metrics_section, &own);
}
