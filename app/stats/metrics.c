/*
 * Counters in shared memory.
 *
 * A slot is some pages that one worker writes; slots that are never used are
 * holes in the file and take no memory. Two processes may share a slot while a
 * worker is replaced, so each count is one atomic instruction. What is read is
 * only ever added up: every index comes from our constants.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "stats/metrics.h"

#define PAGE_BYTES 4096
#define NAME_BYTES 4104 /* of the longest status_file and ".new" */

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
};

_Static_assert(sizeof(struct slot) % PAGE_BYTES == 0, "slots share no page");
_Static_assert(CONF_WORKERS_MAX == 64, "the slots in use fit their bits");

struct memory {
	/* who reads another layout must not guess at it */
	_Alignas(PAGE_BYTES) char layout[64];
	count started_s;
	count used[LANE_COUNT];   /* slots that were in use, as bits */
	count socket[LANE_COUNT]; /* inodes of listening sockets */
	count restarts[LANE_COUNT];
	struct slot supervisor;
	struct slot worker[LANE_COUNT][CONF_WORKERS_MAX];
};

#define MAGIC_BYTES 16 /* "latchkey status ", of any version */

static const char layout[64] = "latchkey status " LATCHKEY_VERSION " 4";

const int64_t metrics_limit_us[METRICS_BUCKETS] = { 100, 250, 500, 1000, 2500,
	5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,
	5000000, 10000000 };

/* For a process that shares nothing. Its pages are there only once used. */
static struct memory own;

static struct memory *memory = &own;
static struct slot *slot = &own.supervisor;
static pid_t slot_pid;
static enum lane slot_lane = LANE_API;

/* What this process said of its database; the parent's word is not its own. */
static struct {
	pid_t pid;
	enum database state;
} said;

/* The supervisor's hold on the file; workers let go of it. */
static int lock_fd = -1;
static pid_t lock_pid;

static struct {
	const char *path;
	enum lane lane;
} routes[METRICS_ROUTES];

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

/* --- making the memory --- */

static bool
complain(const char *file, const char *what)
{
	log_say("status_file: %s: %s", file, what);
	return false;
}

/*
 * A lock of the open file, not of the process (fcntl(2)): it lasts as long as
 * somebody has this descriptor, and can be asked about without being taken.
 */
static bool
lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole) == 0;
}

static bool
is_locked(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

/* Is fd still what this name stands for? */
static bool
is_at(const char *file, int fd)
{
	struct stat by_fd, by_name;

	return fstat(fd, &by_fd) == 0 && lstat(file, &by_name) == 0 &&
	       by_fd.st_ino == by_name.st_ino && by_fd.st_dev == by_name.st_dev;
}

/* A file that is empty, or begins as ours do: none else is replaced. */
static bool
is_ours(int fd, off_t size)
{
	char magic[sizeof(layout)];

	return size == 0 ||
	       (pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	           memcmp(magic, layout, MAGIC_BYTES) == 0);
}

/*
 * The right to replace a file: a lock on what its name stands for. Whoever
 * replaces it locks the new one first, so of several that start at once one
 * has the right, and the others meet either lock. The descriptor, or -1.
 */
static int
lock_name(const char *file)
{
	struct stat st;
	int fd;

	for (;;) {
		fd = open(file,
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		    0640);
		if (fd < 0 || fstat(fd, &st) != 0) {
			complain(file, strerror(errno));
		} else if (!S_ISREG(st.st_mode) || !is_ours(fd, st.st_size)) {
			complain(file, "is there, and no status file");
		} else if (!lock(fd)) {
			complain(file,
			    errno == EAGAIN || errno == EACCES
			        ? "another latchkey serve is at work with it"
			        : strerror(errno));
		} else if (is_at(file, fd)) {
			return fd;
		} else {
			close(fd);
			continue;
		}
		if (fd >= 0)
			close(fd);
		return -1;
	}
}

/*
 * A new file, locked, of the memory's size; all of it a hole but the part that
 * the supervisor writes. -1: errno tells why.
 */
static int
make_file(const char *name)
{
	int fd, error;

	/* left by one that died here; the name is ours by the lock */
	unlink(name);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	if (fchmod(fd, 0640) == 0 && lock(fd) &&
	    ftruncate(fd, sizeof(struct memory)) == 0 &&
	    (fallocate(fd, 0, 0, offsetof(struct memory, worker)) == 0 ||
	        errno == EOPNOTSUPP))
		return fd;
	error = errno;
	close(fd);
	unlink(name);
	errno = error;
	return -1;
}

static struct memory *
map(int fd)
{
	void *m = mmap(NULL, sizeof(struct memory), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);

	return m != MAP_FAILED ? m : NULL;
}

static void
begin(struct memory *m)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	memcpy(m->layout, layout, sizeof(layout));
	set(&m->started_s, (uint64_t)now.tv_sec);
	set(&m->supervisor.pid, (uint64_t)getpid());
	memory = m;
	use_slot(&m->supervisor);
}

bool
metrics_create(const char *file)
{
	char name[NAME_BYTES];
	struct memory *m = NULL;
	int old, fd;

	if ((old = lock_name(file)) < 0)
		return false;
	snprintf(name, sizeof(name), "%s.new", file);
	fd = make_file(name);
	if (fd < 0 || (m = map(fd)) == NULL) {
		complain(name, strerror(errno));
	} else {
		begin(m);
		if (rename(name, file) == 0) {
			close(old);
			lock_fd = fd;
			lock_pid = getpid();
			return true;
		}
		complain(file, strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
		unlink(name);
	}
	close(old);
	return false;
}

void
metrics_apart(void)
{
	use_slot(&own.supervisor);
}

void
metrics_use(enum lane lane, unsigned number)
{
	struct slot *mine = &memory->worker[lane][number];
	off_t at = (char *)mine - (char *)memory;
	bool there = true;

	/* a page that the disk has no room for would end us with SIGBUS */
	if (lock_fd >= 0 && fallocate(lock_fd, 0, at, sizeof(*mine)) != 0 &&
	    errno != EOPNOTSUPP) {
		event(EVENT_STATUS_FULL, "what=status_file");
		there = false;
	}
	if (lock_fd >= 0 && lock_pid != getpid()) {
		close(lock_fd);
		lock_fd = -1;
	}
	slot_pid = getpid();
	use_slot(there ? mine : &own.supervisor);
	slot_lane = lane;
	set(&slot->pid, (uint64_t)slot_pid);
	set(&slot->database, said.pid == slot_pid ? said.state : DATABASE_NONE);
	if (there)
		atomic_fetch_or_explicit(&memory->used[lane],
		    UINT64_C(1) << number, memory_order_relaxed);
}

void
metrics_ended(enum lane lane, unsigned number, int64_t pid)
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
metrics_socket(enum lane lane, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		set(&memory->socket[lane], st.st_ino);
}

void
metrics_route(unsigned row, const char *path, enum lane lane)
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

/* --- counting --- */

void
metrics_restarted(enum lane lane)
{
	add(&memory->restarts[lane], 1);
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
	enum lane lane = LANE_API; /* which has all but a few paths */

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
add_worker(enum lane lane, unsigned number, struct metrics_figures *out)
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
	for (i = 0; i < LANE_COUNT; i++) {
		out->socket[i] = get(&memory->socket[i]);
		out->restarts[i] = get(&memory->restarts[i]);
		/* a look at a hole would take a page */
		used = get(&memory->used[i]);
		for (j = 0; j < CONF_WORKERS_MAX; j++)
			if ((used >> j & 1) != 0)
				add_worker((enum lane)i, j, out);
	}
}

/* Read all of it: who maps a file dies when somebody else cuts it short. */
static bool
read_whole(int fd)
{
	char *p = (char *)&own;
	size_t done = 0;
	ssize_t n;

	while (done < sizeof(own)) {
		n = pread(fd, p + done, sizeof(own) - done, (off_t)done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return memcmp(own.layout, layout, sizeof(layout)) == 0;
}

bool
metrics_load(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool good = false;

	if (fd < 0 && errno == ENOENT)
		return complain(file, "no such file: latchkey does not serve");
	if (fd < 0)
		return complain(file, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		complain(file, "is not a plain file");
	else if (!is_locked(fd))
		complain(file, "latchkey does not serve (any more)");
	else if (st.st_size != sizeof(own) || !read_whole(fd))
		complain(file, "was made by another version of latchkey");
	else
		good = true;
	memory = &own;
	close(fd);
	return good;
}
