/*
 * Tests of stats/metrics.c: counts are neither lost nor misplaced, and no file
 * can harm its reader; also of stats/prometheus.c and stats/queue.c.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/log.h"
#include "stats/event.h"
#include "stats/metrics.h"
#include "stats/prometheus.h"
#include "stats/queue.h"
#include "tap.h"

#define TIMES 100000LL
#define RACERS 8

static char folder[] = "/tmp/latchkey-metrics-XXXXXX";
static char file[64];
static struct metrics_figures f;

static bool
create(const char *name)
{
	static const struct shm_section *const sections[] = { &metrics_section,
		NULL };

	return shm_create(name, sections, -1);
}

/* Its complaints are wanted here, but not seen. */
static bool
quietly(bool (*call)(const char *), const char *name)
{
	int out = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	bool good;

	dup2(null, STDERR_FILENO);
	good = call(name);
	dup2(out, STDERR_FILENO);
	close(out);
	close(null);
	return good;
}

/* The exit status of a process of its own that does this; -1: it was killed. */
static int
in_child(int (*work)(void))
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		abort();
	if (pid == 0)
		_exit(work());
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
create_again(void)
{
	return quietly(create, file);
}

static int
load(void)
{
	return quietly(metrics_load, file);
}

static int
read_logins(void)
{
	if (!metrics_load(file))
		return 0;
	metrics_read(&f);
	return (int)((long long)f.counter[EVENT_LOGIN] - 2 * TIMES);
}

static int
finds_all_workers(void)
{
	if (!metrics_load(file))
		return 0;
	metrics_read(&f);
	return f.workers == ROLE_COUNT * CONF_WORKERS_MAX;
}

/* --- one process --- */

static void
test_requests(void)
{
	uint64_t sum = 0;
	unsigned i, j;

	metrics_route(0, "/", ROLE_API);
	metrics_route(METRICS_ROUTES - 1, "/last", ROLE_CHECK);
	metrics_route(METRICS_ROUTES, "/beyond", ROLE_CHECK);
	metrics_request(0, 200, 1);
	metrics_request(METRICS_ROUTES - 1, 404, 1);
	metrics_request(METRICS_ROUTES, 200, 1);
	metrics_request(METRICS_ROUTES + 1, 299, 1);
	metrics_request(~0u, -1, INT64_MIN);
	metrics_request(0, INT32_MAX, INT64_MAX);
	metrics_read(&f);
	for (i = 0; i <= METRICS_ROUTES; i++)
		for (j = 0; j < METRICS_STATUSES; j++)
			sum += f.requests[i][j];
	is_int((long long)sum, 6, "each request is counted once");
	is_int((long long)f.requests[0][0], 1,
	    "a request is counted by row and status");
	is_int((long long)f.requests[METRICS_ROUTES - 1][http_status_row(404)],
	    1, "a request of the last row is counted there");
	is_int((long long)f.requests[METRICS_NO_ROUTE][0], 1,
	    "a request of a row beyond the last is counted as none");
	is_int((long long)f.requests[METRICS_NO_ROUTE][METRICS_STATUSES - 1], 2,
	    "a status that is not sent is counted as another");
	is_int((long long)f.requests[0][METRICS_STATUSES - 1], 1,
	    "a status that cannot be is counted as another");
	is(metrics_route_name(0), "/", "a row has the name of its path");
	is(metrics_route_name(METRICS_NO_ROUTE), "none",
	    "no row has the name none");
	is(metrics_route_name(1), NULL, "an empty row has no name");
	is_int((long long)f.histogram[HISTOGRAM_REQUEST + ROLE_CHECK].bucket[0],
	    1, "a request is timed in the lane of its row");
	is_int((long long)f.histogram[HISTOGRAM_REQUEST + ROLE_API].bucket[0],
	    4, "a request of no row is timed in the lane where most are");
	is_int((long long)f.histogram[HISTOGRAM_REQUEST + ROLE_API]
	           .bucket[METRICS_BUCKETS],
	    1, "an endless request is timed");
}

static void
test_histogram(void)
{
	struct metrics_histogram *h = &f.histogram[HISTOGRAM_HASH];
	uint64_t sum = 0;
	char title[64];
	size_t i;

	for (i = 0; i < METRICS_BUCKETS; i++) {
		metrics_observe(HISTOGRAM_HASH, metrics_limit_us[i]);
		metrics_observe(HISTOGRAM_HASH, metrics_limit_us[i] + 1);
		sum += 2 * (uint64_t)metrics_limit_us[i] + 1;
	}
	metrics_observe(HISTOGRAM_HASH, 0);
	metrics_observe(HISTOGRAM_HASH, -1);
	metrics_read(&f);
	for (i = 0; i <= METRICS_BUCKETS; i++) {
		snprintf(title, sizeof(title),
		    "bucket %zu has the times up to its limit, the last all others",
		    i);
		is_int((long long)h->bucket[i],
		    i == 0                 ? 3
		    : i == METRICS_BUCKETS ? 1
		                           : 2,
		    title);
	}
	is_int((long long)h->sum_us, (long long)sum,
	    "the sum of a histogram is that of all its times");
}

static void
test_limits(void)
{
	bool all = true;
	size_t i;

	for (i = 1; i < METRICS_BUCKETS; i++)
		all = all && metrics_limit_us[i] > metrics_limit_us[i - 1];
	ok(all, "the limits of buckets rise");
}

/* --- several processes --- */

static int
count_much(void)
{
	int i;

	metrics_use(ROLE_LOGIN, 3);
	for (i = 0; i < TIMES; i++) {
		event(EVENT_LOGIN, "user=1");
		metrics_request(0, 200, i);
	}
	return 0;
}

static int
count_and_be_killed(void)
{
	metrics_use(ROLE_LOGIN, CONF_WORKERS_MAX - 1);
	metrics_database(true);
	event(EVENT_LOGIN, "user=1");
	return kill(getpid(), SIGKILL);
}

/* The worker of this lane and number, or NULL. */
static const struct metrics_worker *
worker(enum role lane, unsigned number)
{
	unsigned i;

	metrics_read(&f);
	for (i = 0; i < f.workers; i++)
		if (f.worker[i].lane == lane && f.worker[i].number == number)
			return &f.worker[i];
	return NULL;
}

static void
test_shared(void)
{
	struct stat st;
	blkcnt_t before;
	pid_t pids[2];
	int i;

	ok(create(file), "the shared memory is made");
	is_int(stat(file, &st), 0, "the shared memory is in the file");
	is_int(st.st_mode & 0777, 0640, "the file cannot be read by others");
	ok(st.st_blocks * 512 < 65536,
	    "the file takes no memory before it is used");
	/* of whom no page is there, as on a full disk: a look would kill us */
	metrics_ended(ROLE_CHECK, 7, getpid());
	before = st.st_blocks;
	ok(stat(file, &st) == 0 && st.st_blocks == before,
	    "the file takes no memory for a worker that ended before it counted");
	metrics_read(&f);
	is_int(f.pid, getpid(), "the file names its process");
	is_int((long long)f.counter[EVENT_LOGIN], 0, "a counter begins at 0");
	for (i = 0; i < 2; i++)
		if ((pids[i] = fork()) == 0)
			_exit(count_much());
	for (i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	is_int((long long)worker(ROLE_LOGIN, 3)->requests, 2 * TIMES,
	    "two workers that share a slot lose no request");
	is_int((long long)f.counter[EVENT_LOGIN], 2 * TIMES,
	    "two workers that share a slot lose no event");
	is_int(f.workers, 1, "slots that were not used are not listed");
	metrics_ended(ROLE_LOGIN, 3, pids[0]);
	metrics_ended(ROLE_LOGIN, 3, pids[1]);
	is_int(worker(ROLE_LOGIN, 3)->pid, 0,
	    "the slot of a worker that ended has no process");
	ok(stat(file, &st) == 0 && st.st_blocks * 512 < 131072,
	    "a slot takes one page");
}

static void
test_killed(void)
{
	const struct metrics_worker *w;

	is_int(in_child(count_and_be_killed), -1, "a worker is killed");
	w = worker(ROLE_LOGIN, CONF_WORKERS_MAX - 1);
	ok(w != NULL && w->database == DATABASE_CONNECTED,
	    "a killed worker had a database");
	is_int((long long)f.counter[EVENT_LOGIN], 2 * TIMES + 1,
	    "the counters of a killed worker stay");
	if (w == NULL)
		return;
	metrics_ended(ROLE_LOGIN, CONF_WORKERS_MAX - 1, w->pid + 1);
	ok(worker(ROLE_LOGIN, CONF_WORKERS_MAX - 1)->pid != 0,
	    "the end of another worker leaves a slot as it is");
	metrics_ended(ROLE_LOGIN, CONF_WORKERS_MAX - 1, w->pid);
	w = worker(ROLE_LOGIN, CONF_WORKERS_MAX - 1);
	ok(w->pid == 0 && w->database == DATABASE_NONE,
	    "the end of a worker clears its state");
	in_child(count_and_be_killed);
	is_int((long long)(metrics_read(&f), f.counter[EVENT_LOGIN]),
	    2 * TIMES + 2, "the successor of a worker goes on counting");
}

/* Of a lane without a database, forked by a process that had to do with one. */
static int
have_none(void)
{
	metrics_use(ROLE_CHECK, 0);
	return 0;
}

static int
make_refused_call(void)
{
	metrics_use(ROLE_KEEPER, 0);
	metrics_call_refused(7);
	return 0;
}

static int
be_next(void)
{
	metrics_use(ROLE_KEEPER, 0);
	return 0;
}

static void
test_refused_call(void)
{
	is_int(metrics_refused_call(ROLE_KEEPER, 0), -1,
	    "a place that no worker had has no refused call");
	in_child(make_refused_call);
	is_int(metrics_refused_call(ROLE_KEEPER, 0), 7,
	    "the refused call of a worker that has ended is known");
	in_child(be_next);
	is_int(metrics_refused_call(ROLE_KEEPER, 0), -1,
	    "a new worker in its place has made no refused call");
}

/* Two in one slot: the one being replaced loses its connection. */
static int
replace(void)
{
	metrics_use(ROLE_API, 0);
	metrics_database(true);
	return 0;
}

static void
test_replaced(void)
{
	metrics_use(ROLE_API, 0);
	metrics_database(true);
	in_child(replace);
	metrics_database(false);
	is_int(worker(ROLE_API, 0)->database, DATABASE_CONNECTED,
	    "a worker that is being replaced does not overwrite its successor's state");
	metrics_use(ROLE_API, 0);
	is_int(worker(ROLE_API, 0)->database, DATABASE_AWAY,
	    "a worker may set its state before it takes its slot");
	in_child(have_none);
	is_int(worker(ROLE_CHECK, 0)->database, DATABASE_NONE,
	    "a worker does not inherit the state of its parent");
}

/* --- the file --- */

static void
test_owner(void)
{
	is_int(in_child(create_again), 0,
	    "another process does not take the same file");
	is_int(in_child(read_logins), 2, "another process reads the file");
}

/* A file that a living process holds, of these bytes, or cut to so many. */
static int
hold(const void *bytes, size_t n)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n ||
	    fcntl(fd, F_OFD_SETLK, &whole) != 0)
		abort();
	return fd;
}

/* A process that calls its routes otherwise. */
static int
load_otherwise(void)
{
	metrics_route(1, "/another", ROLE_API);
	return load();
}

static void
test_broken(char *bytes, size_t n)
{
	int fd = hold(bytes, n);

	is_int(in_child(load), 1, "a whole file is read");
	is_int(in_child(load_otherwise), 0,
	    "a file is not read by a process whose counters have other names");
	if (ftruncate(fd, (off_t)n - 1) != 0)
		abort();
	is_int(in_child(load), 0, "a file that is too short is not read");
	if (ftruncate(fd, (off_t)n + 1) != 0)
		abort();
	is_int(in_child(load), 0, "a file that is too long is not read");
	if (ftruncate(fd, 0) != 0)
		abort();
	is_int(in_child(load), 0, "an empty file is not read");
	close(fd);
	bytes[0] ^= 1;
	fd = hold(bytes, n);
	is_int(in_child(load), 0, "a file of another layout is not read");
	close(fd);
	bytes[0] ^= 1;
	memset(bytes + 64, 0xff, n - 64);
	fd = hold(bytes, n);
	is_int(in_child(finds_all_workers), 1,
	    "a file with any bytes is read without harm");
	close(fd);
	is_int(in_child(load), 0, "a file that no process holds is old");
	unlink(file);
	is_int(in_child(load), 0, "a file that does not exist is missing");
}

/* In a child, so that this process keeps its own memory's lock to itself. */
static int
refuse_folder(void)
{
	return quietly(create, folder) ||
	       quietly(create, "/nonexistent/status") ||
	       quietly(metrics_load, folder);
}

/* How a file of another kind begins, and one of another version. */
static char strange[64] = "precious", older[64] = "latchkey status 0.0.9 1";

static int
replace_old(void)
{
	struct stat before, after;

	return stat(file, &before) != 0 || !quietly(create, file) ||
	       stat(file, &after) != 0 || before.st_ino == after.st_ino;
}

/*
 * Create the file as soon as *go is closed, say how that went, and hold on to
 * it until *end is.
 */
static void
race(const int go[2], const int said[2], const int end[2])
{
	char result, byte;

	close(go[1]);
	close(end[1]);
	(void)!read(go[0], &byte, 1);
	result = quietly(create, file) ? '1' : '0';
	(void)!write(said[1], &result, 1);
	(void)!read(end[0], &byte, 1);
	_exit(0);
}

/* Of several that start at once, over an old file or none, one may. */
static void
test_race(void)
{
	int go[2], said[2], end[2], i, winners = 0;
	char result;

	if (pipe(go) != 0 || pipe(said) != 0 || pipe(end) != 0)
		abort();
	for (i = 0; i < RACERS; i++)
		if (fork() == 0)
			race(go, said, end);
	close(go[1]);
	for (i = 0; i < RACERS; i++)
		if (read(said[0], &result, 1) == 1 && result == '1')
			winners++;
	is_int(winners, 1, "one of many processes at once makes the file");
	is_int(in_child(load), 1, "the process that made the file holds it");
	close(end[1]);
	while (wait(NULL) > 0)
		;
	close(go[0]);
	close(said[0]);
	close(said[1]);
	close(end[0]);
}

/* --- the rest --- */

static void
test_prometheus(void)
{
	struct arena a;
	struct buf b;

	arena_init(&a);
	buf_init(&b, &a);
	prometheus_write(&b);
	ok(strstr(b.s, "\nlatchkey_logins_total{outcome=\"ok\"} 0\n") != NULL,
	    "a counter that has not moved is shown");
	ok(strstr(b.s,
	       "\nlatchkey_requests_total{route=\"/last\",status=\"404\"} "
	       "1\n") != NULL,
	    "a request is shown by path and status");
	ok(strstr(b.s,
	       "\nlatchkey_requests_total{route=\"none\",status=\"other\"} "
	       "2\n") != NULL,
	    "a request without path and status is shown");
	ok(strstr(b.s, "_bucket{le=\"0.00025\"} 5\n") != NULL &&
	        strstr(b.s, "_bucket{le=\"10\"} 33\n") != NULL &&
	        strstr(b.s, "_bucket{le=\"+Inf\"} 34\n") != NULL,
	    "a histogram adds up from bucket to bucket");
	arena_free(&a);
}

/* A listening socket with two connections waiting. */
static void
test_queue(int family, const struct sockaddr *address, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM, 0), i, client[2];
	struct sockaddr_storage here = { 0 };
	uint32_t waiting = 0, limit = 0;
	struct stat st;

	if (fd < 0 || bind(fd, address, n) != 0 || listen(fd, 7) != 0) {
		ok(family == AF_INET6 && errno != EINVAL, "no IPv6 here");
		return;
	}
	n = sizeof(here);
	getsockname(fd, (struct sockaddr *)&here, &n);
	for (i = 0; i < 2; i++) {
		client[i] = socket(family, SOCK_STREAM, 0);
		if (connect(client[i], (struct sockaddr *)&here, n) != 0)
			abort();
	}
	if (fstat(fd, &st) != 0)
		abort();
	ok(queue_length(st.st_ino, &waiting, &limit),
	    "the queue of a socket is found");
	is_int(waiting, 2, "a queue has the number of those who wait");
	is_int(limit, 7, "a queue has its limit");
	close(fd);
	close(client[0]);
	close(client[1]);
	ok(!queue_length(st.st_ino, &waiting, &limit),
	    "the queue of a closed socket is not found");
}

static void
test_queues(void)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	uint32_t n;

	snprintf(path.sun_path, sizeof(path.sun_path), "%s/socket", folder);
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	test_queue(AF_UNIX, (struct sockaddr *)&path, sizeof(path));
	test_queue(AF_INET, (struct sockaddr *)&v4, sizeof(v4));
	test_queue(AF_INET6, (struct sockaddr *)&v6, sizeof(v6));
	unlink(path.sun_path);
	ok(!queue_length(0, &n, &n) && !queue_length(UINT64_MAX, &n, &n),
	    "the queue of no socket is not found");
}

int
main(void)
{
	static char bytes[8000000];
	char name[80];
	size_t n, i;
	FILE *in;

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/status", folder);
	log_set_level(LOG_LEVEL_ERROR);
	test_requests();
	test_histogram();
	test_limits();
	test_prometheus();
	test_shared();
	test_killed();
	test_refused_call();
	test_replaced();
	test_owner();
	in = fopen(file, "r");
	n = in != NULL ? fread(bytes, 1, sizeof(bytes), in) : 0;
	if (in != NULL)
		fclose(in);
	ok(n > 4096 && n < sizeof(bytes), "the file has its size");
	unlink(file);
	test_broken(bytes, n);
	is_int(in_child(refuse_folder), 0, "a folder is refused as the file");
	close(hold(strange, sizeof(strange)));
	is_int(
	    in_child(replace_old), 1, "a file of another kind is left alone");
	close(hold(older, sizeof(older)));
	is_int(in_child(replace_old), 0,
	    "a file of an older version that no process holds is replaced");
	for (i = 0; i < 5; i++) {
		test_race();
		if (i % 2 == 0)
			unlink(file);
	}
	test_queues();
	snprintf(name, sizeof(name), "%s.new", file);
	is_int(access(name, F_OK), -1, "no file is left behind");
	unlink(file);
	rmdir(folder);
	return done();
}
