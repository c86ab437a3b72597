/*
 * Confinement of workers: the table of system calls, and the order in which a
 * process gives up the rest.
 *
 * A call that is not in the table ends the process: it is a bug, or somebody
 * who has taken the process over. Calls that libraries try and can do without
 * fail with an error instead.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/filter.h"
#include "lib/landlock.h"
#include "lib/log.h"
#include "lib/resolve.h"
#include "server/confine.h"
#include "stats/metrics.h"

/* Kept connections (server/loop.c), and everything else. */
#define FILES_MAX 1024
/* A request in parts is a file in memory. */
#define FILE_BYTES_MAX (UINT64_C(1024) * 1024)

/* --- the table --- */

/* Processes: the roles, and what looks names up. */
enum {
	C = ROLE_BIT(ROLE_CHECK),
	A = ROLE_BIT(ROLE_API),
	L = ROLE_BIT(ROLE_LOGIN),
	K = ROLE_BIT(ROLE_KEEPER),
	N = ROLE_BIT(ROLE_COUNT)
};

#define LANES (C | A | L)
#define DB (A | L | K)
#define ALL (C | DB | N)

/* Conditions of a call, beside "always". */
enum when {
	ALWAYS,
	NO_CODE,      /* memory that is not executed */
	OWN_PROCESS,  /* of this process alone */
	NOT_SIGSYS,   /* of other signals than the one that ends it */
	ASKING,       /* no new limits */
	DESCRIPTORS,  /* their flags and locks, not whom they signal */
	NO_SEALS,     /* nor other flags than "close on exec" */
	READING,      /* a file, and only to read it */
	READING_OPEN, /* the same of open(), which has its flags elsewhere */
	NO_NAMESPACE, /* a process, but no namespace of its own */
	CONNECTED,    /* to whom connect() went: no address of its own */
	NO_FAST_OPEN, /* the same of a message: its address is in memory */
};

/* clang-format off */
static const struct row {
	const char *call;
	unsigned by;  /* the processes */
	enum when when;
} allowed[] = {
	/* requests and answers */
	{ "read",            ALL,       ALWAYS },
	{ "readv",           ALL,       ALWAYS },
	{ "write",           ALL,       ALWAYS }, /* the log, too */
	{ "writev",          ALL,       ALWAYS },
	{ "pread64",         ALL,       ALWAYS }, /* the list of common passwords */
	{ "lseek",           ALL,       ALWAYS },
	{ "close",           ALL,       ALWAYS },
	{ "accept",          LANES,     ALWAYS }, /* libfcgi */
	{ "accept4",         LANES,     ALWAYS },
	{ "recv",            ALL,       ALWAYS },
	{ "recvfrom",        ALL,       ALWAYS },
	{ "recvmsg",         ALL,       ALWAYS },
	{ "send",            ALL,       ALWAYS },
	{ "sendto",          ALL,       CONNECTED },
	{ "sendmsg",         ALL,       NO_FAST_OPEN },
	{ "shutdown",        ALL,       ALWAYS },
	{ "getsockopt",      ALL,       ALWAYS },
	{ "setsockopt",      ALL,       ALWAYS },
	{ "getsockname",     ALL,       ALWAYS },
	{ "getpeername",     ALL,       ALWAYS },
	{ "memfd_create",    LANES,     NO_SEALS }, /* a request in parts, for libfcgi */
	{ "fcntl",           ALL,       DESCRIPTORS },
	{ "fcntl64",         ALL,       DESCRIPTORS },

	/* waiting */
	{ "epoll_ctl",       LANES,     ALWAYS },
	{ "epoll_wait",      LANES,     ALWAYS },
	{ "epoll_pwait",     LANES,     ALWAYS },
	{ "epoll_pwait2",    LANES,     ALWAYS },
	{ "poll",            ALL,       ALWAYS },
	{ "ppoll",           ALL,       ALWAYS },
	{ "ppoll_time64",    ALL,       ALWAYS },
	{ "select",          ALL,       ALWAYS },
	{ "pselect6",        ALL,       ALWAYS },
	{ "nanosleep",       ALL,       ALWAYS },
	{ "clock_nanosleep", ALL,       ALWAYS },
	{ "restart_syscall", ALL,       ALWAYS }, /* after SIGSTOP and SIGCONT */
	{ "sched_yield",     ALL,       ALWAYS },

	/* memory; the kernel refuses nothing that the process could not have */
	{ "brk",             ALL,       ALWAYS },
	{ "mmap",            ALL,       NO_CODE },
	{ "mmap2",           ALL,       NO_CODE },
	{ "mprotect",        ALL,       NO_CODE },
	{ "munmap",          ALL,       ALWAYS },
	{ "mremap",          ALL,       ALWAYS },
	{ "madvise",         ALL,       ALWAYS },

	/* time, chance, and what a process may know of itself */
	{ "clock_gettime",   ALL,       ALWAYS }, /* where it is no vDSO's */
	{ "clock_gettime64", ALL,       ALWAYS },
	{ "clock_getres",    ALL,       ALWAYS },
	{ "gettimeofday",    ALL,       ALWAYS },
	{ "time",            ALL,       ALWAYS },
	{ "getrandom",       ALL,       ALWAYS },
	{ "getpid",          ALL,       ALWAYS },
	{ "getppid",         ALL,       ALWAYS },
	{ "gettid",          ALL,       ALWAYS },
	{ "getuid",          ALL,       ALWAYS },
	{ "geteuid",         ALL,       ALWAYS },
	{ "getgid",          ALL,       ALWAYS },
	{ "getegid",         ALL,       ALWAYS },
	{ "getcpu",          ALL,       ALWAYS },
	{ "sched_getaffinity", ALL,     ALWAYS },
	{ "sysinfo",         ALL,       ALWAYS },
	{ "uname",           ALL,       ALWAYS },
	{ "getrusage",       ALL,       ALWAYS },
	{ "prlimit64",       ALL,       ASKING },
	{ "ugetrlimit",      ALL,       ALWAYS },
	{ "getrlimit",       ALL,       ALWAYS },

	/* locks, signals and the end; abort() is a signal of its own */
	{ "futex",           ALL,       ALWAYS },
	{ "futex_time64",    ALL,       ALWAYS },
	{ "futex_waitv",     ALL,       ALWAYS },
	{ "set_robust_list", ALL,       ALWAYS },
	{ "rseq",            ALL,       ALWAYS },
	{ "membarrier",      ALL,       ALWAYS },
	{ "rt_sigprocmask",  ALL,       ALWAYS },
	{ "rt_sigaction",    ALL,       NOT_SIGSYS },
	{ "rt_sigpending",   DB,        ALWAYS }, /* libpq with TLS: SIGPIPE */
	{ "rt_sigtimedwait", DB,        ALWAYS },
	{ "rt_sigreturn",    ALL,       ALWAYS },
	{ "sigreturn",       ALL,       ALWAYS },
	{ "tgkill",          ALL,       OWN_PROCESS },
	{ "kill",            ALL,       OWN_PROCESS },
	{ "exit",            ALL,       ALWAYS },
	{ "exit_group",      ALL,       ALWAYS },

	/* names of files tell nothing; a descriptor is what was opened before */
	{ "fstat",           ALL,       ALWAYS },
	{ "fstat64",         ALL,       ALWAYS },
	{ "newfstatat",      ALL,       ALWAYS },
	{ "fstatat64",       ALL,       ALWAYS },
	{ "statx",           ALL,       ALWAYS },
	{ "stat",            DB | N,    ALWAYS },
	{ "lstat",           DB | N,    ALWAYS },
	{ "access",          DB | N,    ALWAYS },
	{ "faccessat",       DB | N,    ALWAYS },
	{ "faccessat2",      DB | N,    ALWAYS },
	{ "readlink",        DB | N,    ALWAYS },
	{ "readlinkat",      DB | N,    ALWAYS },
	{ "getdents64",      DB | N,    ALWAYS }, /* folders of certificates */

	/* connecting: libpq and OpenSSL read files of their own; sockets of the
	 * database's kind, and of netlink for the queues in /metrics, are in
	 * add_sockets() */
	{ "open",            DB | N,    READING_OPEN },
	{ "openat",          DB | N,    READING },
	{ "connect",         DB | N,    ALWAYS },

	/* looking names up: the C library's modules, and the kernel's addresses */
	{ "socket",          N,         ALWAYS },
	{ "bind",            N,         ALWAYS },
	{ "sendto",          N,         ALWAYS },
	{ "sendmsg",         N,         ALWAYS },
	{ "sendmmsg",        N,         ALWAYS },
	{ "recvmmsg",        N,         ALWAYS },
	{ "mmap",            N,         ALWAYS }, /* a module is code */
	{ "mprotect",        N,         ALWAYS },
	{ "ioctl",           N,         ALWAYS }, /* FIONREAD */
	{ "fork",            N,         ALWAYS }, /* a process for each */
	{ "clone",           N,         NO_NAMESPACE },
	{ "wait4",           N,         ALWAYS },
	{ "waitid",          N,         ALWAYS },
	{ "timer_create",    N,         ALWAYS }, /* its time limit */
	{ "timer_settime",   N,         ALWAYS },
	{ "pipe2",           N,         ALWAYS },
	{ "dup2",            N,         ALWAYS },
	{ "dup3",            N,         ALWAYS },
	{ "close_range",     N,         ALWAYS },
	{ "prctl",           N,         ALWAYS },
	{ "set_tid_address", N,         ALWAYS },
	{ "flock",           N,         ALWAYS },
	{ "eventfd2",        N,         ALWAYS },
	{ "landlock_create_ruleset", N, ALWAYS },
	{ "landlock_add_rule", N,       ALWAYS },
	{ "landlock_restrict_self", N,  ALWAYS },
};

/* What libraries try, and an error that they take for "there is none". */
static const struct refusal {
	const char *call;
	unsigned by;
	int error;
} refused[] = {
	{ "open",            C,         EACCES }, /* libcrypto: /dev/urandom, at its end */
	{ "openat",          C,         EACCES },
	{ "openat2",         C,         EACCES },
	{ "stat",            C,         EACCES },
	{ "access",          C,         EACCES },
	{ "readlink",        C,         EACCES },
	{ "faccessat",       C,         EACCES }, /* where there are no others */
	{ "faccessat2",      C,         EACCES },
	{ "readlinkat",      C,         EACCES },
	{ "clone3",          N,         ENOSYS }, /* its flags are in memory; then clone */
	{ "ioctl",           LANES | K, ENOTTY }, /* stdio: is it a terminal? */
	{ "prctl",           LANES | K, EINVAL }, /* malloc: names of its memory */
	{ "add_key",         DB | N,    ENOSYS }, /* Kerberos: tickets of the kernel */
	{ "keyctl",          DB | N,    ENOSYS },
	{ "request_key",     DB | N,    ENOSYS },
};
/* clang-format on */

/* Files of the system that libpq, OpenSSL and Kerberos read. */
static const char *const db_files[] = { "/usr", "/lib", "/lib64", "/etc/ssl",
	"/etc/pki", "/etc/crypto-policies", "/etc/ca-certificates",
	"/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf",
	"/etc/passwd", "/etc/group", "/etc/krb5.conf", "/etc/krb5.conf.d",
	"/etc/gss", "/dev/null", "/dev/urandom", "/dev/random" };

/* Those that tell the addresses of names. */
static const char *const name_files[] = { "/usr", "/lib", "/lib64",
	"/etc/ld.so.cache", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
	"/etc/nsswitch.conf", "/etc/resolv.conf", "/etc/services",
	"/etc/passwd", "/etc/localtime", "/run/systemd/resolve",
	"/run/resolvconf", "/run/NetworkManager", "/run/nscd", "/var/lib/sss",
	"/dev/null", "/dev/urandom" };

/*
 * And where such files are: the process that waits may not have less than one
 * that looks a name up later, when another file may have taken a file's place.
 */
static const char *const name_folders[] = { "/usr", "/lib", "/lib64", "/etc",
	"/run", "/var/lib/sss", "/dev/null", "/dev/urandom" };

/* --- the filter --- */

#define SIGNAL_MAX 64 /* SIGRTMAX, which glibc asks the kernel for */
#define WRITING (O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

static const uint64_t writing_bits[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC,
	O_TMPFILE & ~O_DIRECTORY, 0 };

/* clone() of other machines than these has its flags elsewhere. */
#define NAMESPACES                                                \
	((uint64_t)CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const uint64_t namespace_bits[] = { CLONE_NEWNS, CLONE_NEWCGROUP,
	CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
	0 };

static struct filter_when
condition(enum when when)
{
	struct filter_when w = { .count = 1 };

	switch (when) {
	case NO_CODE:
		w.arg[0] = (struct filter_arg){ 2, FILTER_NO_BIT, PROT_EXEC };
		break;
	case OWN_PROCESS:
		w.arg[0] =
		    (struct filter_arg){ 0, FILTER_EQUAL, (uint64_t)getpid() };
		break;
	case ASKING:
		w.arg[0] = (struct filter_arg){ 2, FILTER_EQUAL, 0 };
		break;
	case NO_SEALS:
		w.arg[0] = (struct filter_arg){ 1, FILTER_EQUAL, MFD_CLOEXEC };
		break;
	case READING:
	case READING_OPEN:
		w.arg[0] = (struct filter_arg){ when == READING ? 2 : 1,
			FILTER_NO_BIT, O_ACCMODE | WRITING };
		break;
	case NO_NAMESPACE:
		w.arg[0] = (struct filter_arg){ 0, FILTER_NO_BIT, NAMESPACES };
		break;
	case CONNECTED:
		w.arg[0] = (struct filter_arg){ 4, FILTER_EQUAL, 0 };
		break;
	case NO_FAST_OPEN:
		w.arg[0] =
		    (struct filter_arg){ 2, FILTER_NO_BIT, MSG_FASTOPEN };
		break;
	default:
		w.count = 0;
	}
	return w;
}

/* --- sockets: those of the database, and no others --- */

#define FAMILIES 46 /* AF_MAX of Linux 6 */
#define TYPES 11    /* SOCK_PACKET and 1 */

/* All types of a family but one (0: none) fail. */
static bool
refuse_types(struct filter *f, int family, int but)
{
	int type;

	for (type = 0; type < TYPES; type++) {
		const struct filter_when w = { 2,
			{ { 0, FILTER_EQUAL, (uint64_t)family },
			    { 1, FILTER_LOW_4_BITS, (uint64_t)type } } };

		if (type != but && !filter_refuse(f, "socket", EACCES, &w))
			return false;
	}
	return true;
}

/*
 * One type of a family by one protocol, and no other: Landlock's ports are
 * those of TCP, which MPTCP shares without being asked about them.
 */
static bool
allow_protocol(struct filter *f, int family, int type, int protocol)
{
	struct filter_when w = { 3,
		{ { 0, FILTER_EQUAL, (uint64_t)family },
		    { 1, FILTER_LOW_4_BITS, (uint64_t)type },
		    { 2, FILTER_EQUAL, (uint64_t)protocol } } };

	if (!filter_allow(f, "socket", &w))
		return false;
	w.arg[2].how = FILTER_OTHER;
	return filter_refuse(f, "socket", EACCES, &w) &&
	       refuse_types(f, family, type);
}

static bool
add_sockets(struct filter *f, unsigned by, const struct db_ways *ways)
{
	struct filter_when w = { 1, { { 0, FILTER_EQUAL, 0 } } };
	bool good = true;
	int family;

	for (family = 0; family < FAMILIES && good; family++) {
		w.arg[0].value = (uint64_t)family;
		if (family == AF_UNIX && ways->has_unix)
			good = allow_protocol(f, family, SOCK_STREAM, 0);
		else if ((family == AF_INET || family == AF_INET6) &&
		         ways->has_tcp)
			good = allow_protocol(f, family, SOCK_STREAM, 0);
		else if (family == AF_NETLINK && (by & A) != 0)
			good = allow_protocol(
			    f, family, SOCK_DGRAM, NETLINK_SOCK_DIAG);
		else
			good = filter_refuse(f, "socket", EACCES, &w);
	}
	return good;
}

/* --- the rows --- */

/* A module that is not loaded is one that a library can do without. */
static bool
refuse_code(struct filter *f, const char *call)
{
	const struct filter_when w = { 1,
		{ { 2, FILTER_ALL_BITS, PROT_EXEC } } };

	return filter_refuse(f, call, EACCES, &w);
}

static bool
allow_descriptors(struct filter *f, const char *call)
{
	static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,
		F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
		F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW };
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++) {
		const struct filter_when w = { 1,
			{ { 1, FILTER_EQUAL, (uint64_t)commands[i] } } };

		if (!filter_allow(f, call, &w))
			return false;
	}
	return true;
}

/* A call fails that has one of these bits, 0 at the end, in an argument. */
static bool
refuse_bits(struct filter *f, const struct row *r, unsigned argument,
    const uint64_t *bits, int error)
{
	for (; *bits != 0; bits++) {
		const struct filter_when w = { 1,
			{ { argument, FILTER_ALL_BITS, *bits } } };

		if (!filter_refuse(f, r->call, error, &w))
			return false;
	}
	return true;
}

/*
 * Other signals than SIGSYS: those of which one of the lowest bits differs. The
 * kernel looks at 32 bits of the 64 that a filter compares.
 */
static bool
allow_other_signals(struct filter *f, const char *call)
{
	uint64_t bit;

	for (bit = 1; bit <= SIGNAL_MAX; bit <<= 1) {
		const struct filter_when w = { 1,
			{ { 0,
			    (SIGSYS & bit) != 0 ? FILTER_NO_BIT
			                        : FILTER_ALL_BITS,
			    bit } } };

		if (!filter_allow(f, call, &w))
			return false;
	}
	return true;
}

static bool
allow_row(struct filter *f, const struct row *r, unsigned by)
{
	struct filter_when w = condition(r->when);

	if (r->when == DESCRIPTORS)
		return allow_descriptors(f, r->call);
	if (r->when == NOT_SIGSYS)
		return allow_other_signals(f, r->call);
	if (!filter_allow(f, r->call, &w))
		return false;
	switch (r->when) {
	case NO_CODE:
		return (by & DB) == 0 || refuse_code(f, r->call);
	case READING:
	case READING_OPEN:
		return refuse_bits(
		    f, r, r->when == READING ? 2 : 1, writing_bits, EACCES);
	case NO_NAMESPACE:
		return refuse_bits(f, r, 0, namespace_bits, EPERM);
	default:
		return true;
	}
}

/* Is another process's rule for this call wider than r, and in force as well?
 */
static bool
is_covered(const struct row *r, unsigned by)
{
	const struct row *other;

	for (other = allowed; other < allowed + ARRAY_LEN(allowed); other++)
		if (r->when != ALWAYS && other->when == ALWAYS &&
		    (other->by & by) != 0 && strcmp(other->call, r->call) == 0)
			return true;
	return false;
}

/* Is a call allowed to one of these processes? */
static bool
is_allowed(const char *call, unsigned by)
{
	const struct row *r;

	for (r = allowed; r < allowed + ARRAY_LEN(allowed); r++)
		if ((r->by & by) != 0 && strcmp(r->call, call) == 0)
			return true;
	return false;
}

static bool
add_rows(struct filter *f, unsigned by, const struct db_ways *ways)
{
	static const struct filter_when always = { .count = 0 };
	const struct refusal *no;
	const struct row *r;

	for (r = allowed; r < allowed + ARRAY_LEN(allowed); r++)
		if ((r->by & by) != 0 && !is_covered(r, by) &&
		    !allow_row(f, r, by))
			return false;
	for (no = refused; no < refused + ARRAY_LEN(refused); no++)
		if ((no->by & by) != 0 && !is_allowed(no->call, by) &&
		    !filter_refuse(f, no->call, no->error, &always))
			return false;
	return (by & DB) == 0 || add_sockets(f, by, ways);
}

/* Tell the supervisor which call it was, and end. */
static void
on_refused_call(int number, siginfo_t *info, void *context)
{
	(void)context;
	metrics_call_refused(info->si_syscall);
	raise(number);
}

static bool
load_filter(unsigned by, const struct db_ways *ways)
{
	const struct sigaction action = {
		.sa_sigaction = on_refused_call,
		.sa_flags = SA_SIGINFO | SA_NODEFER | (int)SA_RESETHAND,
	};
	struct filter *f = filter_new();
	bool good = f != NULL && add_rows(f, by, ways) &&
	            sigaction(SIGSYS, &action, NULL) == 0 && filter_load(f);

	filter_free(f);
	return good;
}

/* --- files and ports --- */

static bool
read_each(int rules, const char *const *files, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!landlock_read(rules, files[i]))
			return false;
	return true;
}

static bool
add_ways(int rules, const struct db_ways *ways)
{
	unsigned i;

	for (i = 0; i < ways->files; i++)
		if (!landlock_read(rules, ways->file[i]))
			return false;
	for (i = 0; i < ways->ports; i++)
		if (!landlock_connect(rules, ways->port[i]))
			return false;
	return true;
}

/* ways: NULL: it opens no file, and connects to nothing. */
static bool
restrict_opens(const struct db_ways *ways)
{
	int rules;

	if (landlock_version() == 0)
		return true;
	rules = landlock_new(ways != NULL && ways->has_abstract);
	if (rules < 0)
		return false;
	if (ways != NULL && !(read_each(rules, db_files, ARRAY_LEN(db_files)) &&
	                        add_ways(rules, ways)))
		return false;
	return landlock_enforce(rules);
}

/* --- limits --- */

static bool
lower_limit(int which, rlim_t max)
{
	struct rlimit limit;

	if (getrlimit(which, &limit) != 0)
		return false;
	if (limit.rlim_max > max)
		limit.rlim_max = max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit) == 0;
}

static bool
lower_limits(void)
{
	struct stat st;
	bool logs_to_file =
	    fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode);

	return lower_limit(RLIMIT_NPROC, 0) &&
	       lower_limit(RLIMIT_NOFILE, FILES_MAX) &&
	       (logs_to_file || lower_limit(RLIMIT_FSIZE, FILE_BYTES_MAX));
}

/* --- all of it --- */

const char *
confine_obstacle(void)
{
	/* cppcheck-suppress unreadVariable */
	const char *preloaded = getenv("LD_PRELOAD");

#ifdef __SANITIZE_ADDRESS__
	return "this is a build with a sanitizer";
#endif
	if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
		return "it runs under valgrind";
	return NULL;
}

static bool
is_on(const struct conf *conf)
{
	return conf->confine && confine_obstacle() == NULL;
}

bool
confine_is_possible(const struct conf *conf)
{
	const char *obstacle = confine_obstacle();

	if (!conf->confine) {
		log_say("confine = off: workers keep all system calls, and all "
		        "files of their user");
	} else if (obstacle != NULL) {
		log_say("workers are not confined: %s", obstacle);
	} else if (!filter_is_supported()) {
		log_say("confine: this kernel has no filter of system calls "
		        "(CONFIG_SECCOMP_FILTER); to serve without, set "
		        "confine = off");
		return false;
	} else if (landlock_version() == 0) {
		log_say("confine: this kernel has no Landlock (Linux 5.13, "
		        "lsm=landlock): workers with a database can read all "
		        "files of their user");
	}
	return true;
}

static bool
complain(const char *what)
{
	log_say("confine: %s: %s; to serve without, set confine = off", what,
	    strerror(errno));
	return false;
}

static struct db_ways *
ways_of(const struct db *db)
{
	static struct db_ways ways;

	ways = (struct db_ways){ .files = 0 };
	if (db != NULL)
		db_ways(db, &ways);
	return &ways;
}

/* Once, by the one process of the keeper. */
static void
say_ports(unsigned served, const struct db_ways *ways)
{
	int version = landlock_version();

	if ((served & K) != 0 && ways->has_tcp && version > 0 &&
	    version < LANDLOCK_TCP)
		log_say("confine: this kernel's Landlock knows no ports (Linux "
		        "6.7 does): workers with a database can connect to "
		        "any by TCP");
}

bool
confine(const struct conf *conf, unsigned served, const struct db *db)
{
	const struct db_ways *ways;

	if (!is_on(conf))
		return true;
	ways = ways_of(db);
	say_ports(served, ways);
	if (db != NULL) {
		/* a module by which it finds the user is loaded now, or not */
		(void)getpwuid(geteuid());
		db_ways_keep(ways);
	}
	prctl(PR_SET_DUMPABLE, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return complain("no new privileges");
	if (!lower_limits())
		return complain("limits");
	if (!restrict_opens(db != NULL ? ways : NULL))
		return complain("Landlock");
	if (!load_filter(served, ways))
		return complain("seccomp");
	return true;
}

/* --- names --- */

struct names {
	bool (*forget)(void *of);
	void *of;
};

/* Read these files, and ask a name server by TCP, wherever it is. */
static bool
restrict_names(const char *const *files, size_t n)
{
	int rules;

	if (landlock_version() == 0)
		return true;
	rules = landlock_new(false);
	return rules >= 0 && read_each(rules, files, n) &&
	       landlock_connect(rules, 53) && landlock_enforce(rules);
}

static bool
begin_names(void *of)
{
	const struct names *n = of;

	prctl(PR_SET_NAME, "latchkey-names");
	metrics_apart();
	log_share(NULL); /* it counts lost lines in what is forgotten */
	if (!n->forget(n->of))
		return complain("shared memory");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return complain("no new privileges");
	if (!restrict_names(name_folders, ARRAY_LEN(name_folders)))
		return complain("Landlock");
	return load_filter(N, ways_of(NULL)) || complain("seccomp");
}

/* For each look-up again: files of the system are replaced. */
static bool
narrow_names(void)
{
	return restrict_names(name_files, ARRAY_LEN(name_files));
}

bool
confine_names(const struct conf *conf, const struct db *db,
    bool (*forget)(void *of), void *of)
{
	struct names names = { forget, of };
	struct resolver r = {
		.begin = begin_names, .narrow = narrow_names, .of = &names
	};
	const struct db_ways *ways = ways_of(db);

	if (!is_on(conf) || ways->names == 0)
		return true;
	r.count = ways->names;
	r.names = ways->name;
	return resolver_start(&r) || complain("a process for names");
}
