/*
 * server/confine.c: what each process gives up, in which order, and that it
 * does not serve where it could not. The kernel is this file's, which notes
 * what is asked of it; what the real one makes of that is in t/160-confine.t.
 */
#undef __SANITIZE_ADDRESS__ /* with which nothing is confined */
#include "base.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define confine tested_confine
#define confine_obstacle tested_obstacle
#define confine_is_possible tested_is_possible
#define confine_supervisor tested_supervisor
#define confine_names tested_names
#define prctl prctl_of_ours
#define fstat fstat_of_ours
#define getrlimit(which, limit) getrlimit_of_ours((int)(which), limit)
#define setrlimit(which, limit) setrlimit_of_ours((int)(which), limit)
#define getpwuid getpwuid_of_ours
#define landlock_version version_of_ours
#define landlock_new new_of_ours
#define landlock_read read_of_ours
#define landlock_connect connect_of_ours
#define landlock_enforce enforce_of_ours
#define filter_is_supported filters_of_ours
#define calls_confine calls_of_ours
#define calls_confine_supervisor supervisor_calls_of_ours
#define db_ways(db, out) ways_of_ours(db, out)
#define db_ways_keep keep_of_ours
#define resolver_start resolver_of_ours
#define metrics_apart apart_of_ours
#define log_share share_of_ours

static int prctl_of_ours(int option, ...);
static int fstat_of_ours(int fd, struct stat *out);
static int getrlimit_of_ours(int which, struct rlimit *out);
static int setrlimit_of_ours(int which, const struct rlimit *limit);
static struct passwd *getpwuid_of_ours(uid_t uid);

#include "server/confine.c" /* NOLINT(bugprone-suspicious-include) */

#include "said.h"
#include "tap.h"

#define RULES 99 /* a descriptor */

static struct conf conf = { .confine = true };
static const char place;
static const struct db *const database = (const void *)&place;

/* --- the kernel, and others --- */

static char steps[8000]; /* what was asked, a blank behind each */
static int turn, version;
static bool has_filters, logs_to_file;
static struct rlimit limit_before;
static struct db_ways ways;

PRINTF_LIKE(1, 2)
static void
note(const char *fmt, ...)
{
	size_t n = strlen(steps);
	va_list args;

	va_start(args, fmt);
	vsnprintf(steps + n, sizeof(steps) - n, fmt, args);
	va_end(args);
	n = strlen(steps);
	if (n + 2 > sizeof(steps))
		abort();
	memcpy(steps + n, " ", 2);
}

/* Is it the turn of the step that fails? */
static bool
may_go_on(void)
{
	errno = EPERM;
	return --turn != 0;
}

static int
prctl_of_ours(int option, ...)
{
	unsigned long value;
	va_list args;

	va_start(args, option);
	value = va_arg(args, unsigned long);
	va_end(args);
	if (option == PR_SET_NAME) {
		note("name=%s", (const char *)value);
		return 0;
	}
	/* an int is passed, of which the upper half is anything */
	if (option == PR_SET_DUMPABLE) {
		note("dumpable=%d", (int)value);
		return 0;
	}
	note("%s=%d",
	    option == PR_SET_NO_NEW_PRIVS ? "no-new-privileges" : "other",
	    (int)value);
	return may_go_on() ? 0 : -1;
}

static int
fstat_of_ours(int fd, struct stat *out)
{
	*out = (struct stat){ .st_mode = fd == STDERR_FILENO && logs_to_file
		                             ? S_IFREG
		                             : S_IFIFO };
	return 0;
}

static int
getrlimit_of_ours(int which, struct rlimit *out)
{
	(void)which;
	*out = limit_before;
	return may_go_on() ? 0 : -1;
}

static int
setrlimit_of_ours(int which, const struct rlimit *limit)
{
	note("%s=%llu/%llu",
	    which == (int)RLIMIT_NPROC    ? "processes"
	    : which == (int)RLIMIT_NOFILE ? "files"
	    : which == (int)RLIMIT_FSIZE  ? "bytes"
	                                  : "other",
	    (unsigned long long)limit->rlim_cur,
	    (unsigned long long)limit->rlim_max);
	return may_go_on() ? 0 : -1;
}

static struct passwd *
getpwuid_of_ours(uid_t uid)
{
	note("user%s", uid == geteuid() ? "" : "-other");
	return NULL;
}

int
version_of_ours(void)
{
	return version;
}

int
new_of_ours(bool abstract)
{
	note("rules%s", abstract ? "+abstract" : "");
	return may_go_on() ? RULES : -1;
}

bool
read_of_ours(int rules, const char *path)
{
	if (rules != RULES)
		abort();
	note("%s", path);
	return may_go_on();
}

bool
connect_of_ours(int rules, uint16_t port)
{
	if (rules != RULES)
		abort();
	note("port=%u", port);
	return may_go_on();
}

bool
enforce_of_ours(int rules)
{
	if (rules != RULES)
		abort();
	note("enforce");
	return may_go_on();
}

bool
filters_of_ours(void)
{
	return has_filters;
}

bool
calls_of_ours(unsigned by, const struct db_ways *w)
{
	note("calls=%x,%u", by, w->ports);
	return may_go_on();
}

bool
supervisor_calls_of_ours(bool inherited)
{
	note("calls-of-supervisor=%d", inherited);
	return may_go_on();
}

void
ways_of_ours(const struct db *db, struct db_ways *out)
{
	if (db != database)
		abort();
	*out = ways;
}

void
keep_of_ours(const struct db_ways *w)
{
	note("keep=%u", w->files);
}

bool
resolver_of_ours(const struct resolver *r)
{
	note("resolver=%u", r->count);
	return may_go_on();
}

void
apart_of_ours(void)
{
	note("apart");
}

void
/* cppcheck-suppress constParameter */
share_of_ours(struct log_state *state)
{
	note("log%s", state != NULL ? "-shared" : "");
}

/* As on a machine of today, with a database of two hosts. */
static void
reset(void)
{
	steps[0] = '\0';
	turn = 0;
	version = 6;
	has_filters = logs_to_file = true;
	limit_before = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	conf.confine = true;
	ways = (struct db_ways){ .has_tcp = true,
		.ports = 2,
		.files = 2,
		.port = { 5432, 5433 },
		.file = { "/one", "/two" } };
}

/* --- a worker --- */

static unsigned served = ROLE_BIT(ROLE_API);
static const struct db *its_database;

static bool
confine_worker(void)
{
	return tested_confine(&conf, served, its_database);
}

/* Those of an array as they are noted. */
static const char *
joined(const char *const *files, size_t n)
{
	static char text[4000];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s ", files[i]);
	return text;
}

/*
 * Each step that can fail is the last one, and said to be what went wrong.
 */
static void
test_failures(bool (*work)(void), int most, const char *title)
{
	const char *line;
	int i, wrong = 0, n;
	bool good;

	reset();
	ok(work(), tap_with("a process is confined", title));
	n = -turn;
	is_int(n, most, tap_with("as many steps can fail as are known", title));
	for (i = 1; i <= n; i++) {
		reset();
		turn = i;
		listen_to_stderr();
		good = work();
		line = said();
		wrong +=
		    good || turn != 0 || strstr(line, "confine: ") == NULL ||
		    strstr(line, "not permitted; to serve without") == NULL;
	}
	is_int(wrong, 0, tap_with("a step that fails ends it", title));
}

static void
test_worker(void)
{
	char expected[8000];

	reset();
	its_database = NULL;
	ok(confine_worker(), "a worker without a database is confined");
	is(steps,
	    "dumpable=0 no-new-privileges=1 processes=0/0 files=1024/1024"
	    " rules enforce calls=2,0 ",
	    "a worker without a database opens no file, and no port");
	reset();
	its_database = database;
	ok(confine_worker(), "a worker with a database is confined");
	snprintf(expected, sizeof(expected),
	    "user keep=2 dumpable=0 no-new-privileges=1 processes=0/0"
	    " files=1024/1024 rules %s/one /two port=5432 port=5433"
	    " enforce calls=2,2 ",
	    joined(db_files, ARRAY_LEN(db_files)));
	is(steps, expected,
	    "a worker with a database has its files, and the ports of all hosts");
	reset();
	ways.has_abstract = true;
	ok(confine_worker() && strstr(steps, " rules+abstract ") != NULL,
	    "a worker may use an abstract socket of its database");
	reset();
	version = 0;
	ok(confine_worker() && strstr(steps, "rules") == NULL &&
	        strstr(steps, "calls=2,2 ") != NULL,
	    "without Landlock a worker has its filter");
	reset();
	conf.confine = false;
	ok(confine_worker() && steps[0] == '\0',
	    "with confine = off a worker gives up nothing");
}

static void
test_limits(void)
{
	reset();
	logs_to_file = false;
	its_database = NULL;
	ok(confine_worker() &&
	        strstr(steps, " files=1024/1024 bytes=1048576/1048576 ") !=
	            NULL,
	    "where the log is no file a worker writes 1 MiB at most");
	reset();
	limit_before = (struct rlimit){ 500, 5000 };
	ok(confine_worker() && strstr(steps, " files=500/1024 ") != NULL,
	    "a lower limit stays, and may not be raised beyond");
	reset();
	limit_before = (struct rlimit){ 10, 20 };
	ok(confine_worker() && strstr(steps, " files=10/20 ") != NULL,
	    "lower limits stay");
}

/* What is said of ports by a worker of these roles. */
static bool
says_ports(unsigned roles_served)
{
	bool good;

	served = roles_served;
	its_database = database;
	listen_to_stderr();
	good = confine_worker();
	served = ROLE_BIT(ROLE_API);
	return strstr(said(), "knows no ports") != NULL && good;
}

static void
test_ports(void)
{
	const unsigned keeper = ROLE_BIT(ROLE_KEEPER);

	reset();
	version = 3;
	ok(says_ports(keeper), "that Landlock knows no ports is said");
	version = 1;
	ok(says_ports(keeper | ROLE_BIT(ROLE_API)),
	    "that the oldest Landlock knows no ports is said");
	ok(!says_ports(ROLE_BIT(ROLE_API)),
	    "that Landlock knows no ports is said by one process");
	ways.has_tcp = false;
	ok(!says_ports(keeper),
	    "that Landlock knows no ports is said of TCP alone");
	ways.has_tcp = true;
	version = 4;
	ok(!says_ports(keeper), "where Landlock knows ports nothing is said");
	version = 0;
	ok(!says_ports(keeper), "without Landlock nothing is said of ports");
}

/* --- is it possible? --- */

static const char *possible_line;

static bool
is_possible(void)
{
	bool good;

	listen_to_stderr();
	good = tested_is_possible(&conf);
	possible_line = said();
	return good;
}

static void
test_possible(void)
{
	reset();
	ok(is_possible() && *possible_line == '\0',
	    "where all is there nothing is said");
	version = 0;
	ok(is_possible() && strstr(possible_line, "no Landlock") != NULL,
	    "that there is no Landlock is said");
	version = 1;
	ok(is_possible() && *possible_line == '\0',
	    "the oldest Landlock is one");
	has_filters = false;
	ok(!is_possible() && strstr(possible_line, "no filter") != NULL,
	    "without filters it is not possible");
	setenv("LD_PRELOAD", "/usr/libexec/valgrind/vgpreload_core.so", 1);
	ok(is_possible() && strstr(possible_line, "valgrind") != NULL,
	    "valgrind is an obstacle, which is said");
	ok(confine_worker() && steps[0] == '\0',
	    "under valgrind a worker gives up nothing");
	setenv("LD_PRELOAD", "/usr/lib/other.so", 1);
	ok(tested_obstacle() == NULL, "another library is no obstacle");
	unsetenv("LD_PRELOAD");
	conf.confine = false;
	ok(is_possible() &&
	        strstr(possible_line, "confine = off: workers") != NULL,
	    "confine = off is possible everywhere, and said");
}

/* --- the supervisor --- */

static bool confined;

static bool
confine_ours(void)
{
	confined = false;
	return tested_supervisor(&conf, &confined) && confined;
}

static void
test_supervisor(void)
{
	const char *line;

	reset();
	ok(confine_ours(), "the supervisor is confined");
	is(steps, "dumpable=0 no-new-privileges=1 calls-of-supervisor=0 ",
	    "the supervisor has a filter alone");
	reset();
	ok(tested_supervisor(&conf, &confined) && confined &&
	        strstr(steps, "calls-of-supervisor=1 ") != NULL,
	    "a supervisor that is confined says so to its filter");
	reset();
	conf.confine = false;
	listen_to_stderr();
	ok(tested_supervisor(&conf, &confined) && steps[0] == '\0',
	    "with confine = off the supervisor gives up nothing");
	line = said();
	ok(strstr(line, "stays so until a restart") != NULL,
	    "what it has given up stays so, which is said");
	confined = false;
	listen_to_stderr();
	ok(tested_supervisor(&conf, &confined) && !confined,
	    "with confine = off from the start it is not confined");
	line = said();
	is(line, "", "a supervisor that keeps everything says nothing");
}

/* --- names --- */

static bool can_forget;

static bool
/* cppcheck-suppress constParameter */
forget(void *of)
{
	note("forget%s", of == &can_forget ? "" : "-other");
	return may_go_on();
}

static void
test_names(void)
{
	reset();
	ok(tested_names(&conf, database, forget, &can_forget) &&
	        steps[0] == '\0',
	    "without names there is no process for them");
	reset();
	ways.names = 1;
	conf.confine = false;
	ok(tested_names(&conf, database, forget, &can_forget) &&
	        steps[0] == '\0',
	    "with confine = off there is no process for names");
	reset();
	ways.names = 1;
	ok(tested_names(&conf, database, forget, &can_forget),
	    "a process for one name");
	is(steps, "resolver=1 ", "the names are those of the database");
	reset();
	turn = 1;
	ways.names = 1;
	listen_to_stderr();
	ok(!tested_names(&conf, database, forget, &can_forget),
	    "without a process for names nothing is served");
	ok(strstr(said(), "a process for names") != NULL,
	    "that there is no process for names is said");
}

static struct names its_names = { forget, &can_forget };

static bool
begin_ours(void)
{
	return begin_names(&its_names);
}

static void
test_begin_names(void)
{
	char expected[8000];
	int n;

	reset();
	ok(begin_ours(), "the process for names is confined");
	snprintf(expected, sizeof(expected),
	    "name=latchkey-names apart log forget no-new-privileges=1 rules "
	    "%sport=53 enforce calls=%x,0 ",
	    joined(name_folders, ARRAY_LEN(name_folders)), CALLS_NAMES);
	is(steps, expected, "the process for names waits with its folders");
	reset();
	ok(narrow_names(), "a process for one name is confined");
	snprintf(expected, sizeof(expected), "rules %sport=53 enforce ",
	    joined(name_files, ARRAY_LEN(name_files)));
	is(steps, expected, "a process for one name has its files alone");
	reset();
	version = 0;
	ok(narrow_names() && steps[0] == '\0',
	    "without Landlock a process for a name has no rules");
	reset();
	for (n = 1; n <= (int)ARRAY_LEN(name_files) + 3; n++) {
		turn = n;
		if (narrow_names() || turn != 0)
			break;
	}
	is_int(n, (long long)ARRAY_LEN(name_files) + 4,
	    "a rule that fails ends the process for a name");
}

int
main(void)
{
	unsetenv("LD_PRELOAD");
	test_worker();
	test_limits();
	its_database = NULL;
	test_failures(confine_worker, 8, "a worker without a database");
	its_database = database;
	test_failures(confine_worker, 12 + (int)ARRAY_LEN(db_files),
	    "a worker with a database");
	test_ports();
	test_possible();
	test_supervisor();
	test_failures(confine_ours, 2, "the supervisor");
	test_names();
	test_begin_names();
	test_failures(begin_ours, 6 + (int)ARRAY_LEN(name_folders),
	    "the process for names");
	return done();
}
