/*
 * System calls of each process: the table, and the filter that is made of it.
 *
 * A worker's call that is not in the table ends it: it is a bug, or somebody
 * who has taken the process over. Calls that libraries try and can do without
 * fail with an error instead.
 *
 * The supervisor's filter is of another kind. Workers begin with it, and so
 * does the program that an upgrade executes, which may be newer: it has all
 * that any process here needs, and what is in no table fails with ENOSYS, as on
 * a kernel that lacks the call, for which libraries are made. To end the
 * supervisor would end the service; that is for calls alone that nothing but an
 * attack makes.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/filter.h"
#include "role.h"
#include "server/calls.h"
#include "stats/event.h"
#include "stats/metrics.h"

/* --- the table --- */

/* Processes: the roles, what looks names up, and the supervisor. */
enum {
	C = ROLE_BIT(ROLE_CHECK),
	A = ROLE_BIT(ROLE_API),
	L = ROLE_BIT(ROLE_LOGIN),
	K = ROLE_BIT(ROLE_KEEPER),
	N = CALLS_NAMES,
	S = CALLS_SUPERVISOR
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
	NO_NAMESPACE, /* a process, but no new namespace */
	KNOWN_SOCKET, /* of those families and protocols that libraries use */
	CONNECTED,    /* to the peer of connect(): no other address */
	NO_FAST_OPEN, /* the same of a message: its address is in memory */
	NO_FAST_OPEN_TO, /* the same of sendto(), which has its flags elsewhere
	                  */
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
	{ "sendto",          ALL,       CONNECTED }, /* the log, to a socket */
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
	{ "poll",            ALL,       ALWAYS }, /* the log, too */
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

	/* locks, signals and the end; abort() sends itself a signal */
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

	/* names of files reveal nothing; a descriptor was opened before */
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

	/* connecting: libpq and OpenSSL read their own files; sockets of the
	 * database's kind, and of netlink for the queues in /metrics, are in
	 * add_sockets() */
	{ "open",            DB | N,    READING_OPEN },
	{ "openat",          DB | N,    READING },
	{ "connect",         DB | N,    ALWAYS },

	/* looking names up: the C library's modules, and the kernel's addresses */
	{ "socket",          N,         KNOWN_SOCKET },
	{ "bind",            N,         ALWAYS },
	{ "sendto",          N,         NO_FAST_OPEN_TO }, /* netlink */
	{ "sendmmsg",        N,         NO_FAST_OPEN_TO },
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

	/*
	 * the supervisor, beside all of that: its workers and helpers from
	 * their fork until they are confined, and the one exec of an upgrade;
	 * by systemd's NoExecPaths= no other program can be executed
	 */
	{ "execve",          S,         ALWAYS },
	{ "vfork",           S,         ALWAYS }, /* by a script in its place */
	{ "arch_prctl",      S,         ALWAYS },
	{ "kill",            S,         ALWAYS }, /* workers, by their numbers */
	{ "tgkill",          S,         ALWAYS },
	{ "rt_sigaction",    S,         ALWAYS },
	{ "rt_sigsuspend",   S,         ALWAYS },
	{ "sigaltstack",     S,         ALWAYS },
	{ "pipe",            S,         ALWAYS },
	{ "dup",             S,         ALWAYS },
	{ "fcntl",           S,         ALWAYS }, /* seals of memory */
	{ "fcntl64",         S,         ALWAYS },
	{ "memfd_create",    S,         ALWAYS },
	{ "signalfd4",       S,         ALWAYS }, /* event loops */
	{ "epoll_create1",   S,         ALWAYS },
	{ "socketpair",      S,         ALWAYS },
	{ "sendto",          S,         ALWAYS }, /* systemd's socket, and libraries' */
	{ "sendmsg",         S,         ALWAYS },
	{ "sendmmsg",        S,         ALWAYS },
	{ "listen",          S,         ALWAYS }, /* a queue's new length */
	{ "open",            S,         ALWAYS }, /* the status file */
	{ "openat",          S,         ALWAYS },
	{ "ftruncate",       S,         ALWAYS },
	{ "ftruncate64",     S,         ALWAYS },
	{ "fallocate",       S,         ALWAYS },
	{ "fchmod",          S,         ALWAYS },
	{ "rename",          S,         ALWAYS },
	{ "renameat",        S,         ALWAYS },
	{ "renameat2",       S,         ALWAYS },
	{ "unlink",          S,         ALWAYS },
	{ "unlinkat",        S,         ALWAYS },
	{ "umask",           S,         ALWAYS },
	{ "statfs",          S,         ALWAYS },
	{ "fstatfs",         S,         ALWAYS },
	{ "getcwd",          S,         ALWAYS },
	{ "mincore",         S,         ALWAYS },
	{ "setsid",          S,         ALWAYS }, /* priorities */
	{ "getsid",          S,         ALWAYS },
	{ "getpgrp",         S,         ALWAYS },
	{ "getpgid",         S,         ALWAYS },
	{ "getgroups",       S,         ALWAYS },
	{ "getresuid",       S,         ALWAYS },
	{ "getresgid",       S,         ALWAYS },
	{ "setpriority",     S,         ALWAYS },
	{ "getpriority",     S,         ALWAYS },
	{ "sched_getparam",  S,         ALWAYS },
	{ "sched_getscheduler", S,      ALWAYS },
	{ "prlimit64",       S,         ALWAYS },
	{ "setrlimit",       S,         ALWAYS },
	{ "seccomp",         S,         ALWAYS },
};

/* Calls that libraries try, and an error that they take for "none". */
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

/*
 * Calls that neither this program nor a library makes, nor one of a later
 * version: from the supervisor on they end the process.
 */
static const char *const attacks[] = {
	/* other processes */
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
	/* other namespaces, file systems and roots */
	"setns", "unshare", "chroot", "pivot_root", "mount", "umount2",
	"move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "open_by_handle_at",
	/* the kernel, its faults, and programs that are no files */
	"bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "init_module",
	"finit_module", "delete_module", "kexec_load", "kexec_file_load",
	"reboot", "swapon", "swapoff", "execveat",
};
/* clang-format on */

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
	case NO_FAST_OPEN_TO:
		w.arg[0] = (struct filter_arg){ when == NO_FAST_OPEN ? 2 : 3,
			FILTER_NO_BIT, MSG_FASTOPEN };
		break;
	default:
		w.count = 0;
	}
	return w;
}

/* --- sockets: those of the database, and no others --- */

#define FAMILIES 46 /* AF_MAX of Linux 6 */
#define TYPES 11    /* SOCK_PACKET and 1 */

/* One of the internet's: TCP, the ports of which Landlock knows, or UDP. */
static bool
allow_internet(struct filter *f, const char *call, int family)
{
	static const int protocols[] = { 0, IPPROTO_TCP, IPPROTO_UDP };
	size_t i;

	for (i = 0; i < ARRAY_LEN(protocols); i++) {
		const struct filter_when w = { 2,
			{ { 0, FILTER_EQUAL, (uint64_t)family },
			    { 2, FILTER_EQUAL, (uint64_t)protocols[i] } } };

		if (!filter_allow(f, call, &w))
			return false;
	}
	return true;
}

static bool
allow_known(struct filter *f, const char *call)
{
	struct filter_when w = { 1, { { 0, FILTER_EQUAL, 0 } } };
	bool good = true;
	int family;

	for (family = 0; family < FAMILIES && good; family++) {
		w.arg[0].value = (uint64_t)family;
		if (family == AF_INET || family == AF_INET6)
			good = allow_internet(f, call, family);
		else if (family == AF_UNIX || family == AF_NETLINK)
			good = filter_allow(f, call, &w);
		else
			good = filter_refuse(f, call, EAFNOSUPPORT, &w);
	}
	return good;
}

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
	if (r->when == KNOWN_SOCKET)
		return allow_known(f, r->call);
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
	return (by & DB) == 0 || (by & S) != 0 || add_sockets(f, by, ways);
}

/* Have SIGSYS handled by this, once. */
static bool
catch_refused(void (*handler)(int number, siginfo_t *info, void *context))
{
	const struct sigaction action = {
		.sa_sigaction = handler,
		.sa_flags = SA_SIGINFO | SA_NODEFER | (int)SA_RESETHAND,
	};

	return sigaction(SIGSYS, &action, NULL) == 0;
}

/* Tell the supervisor which call it was, and end. */
static void
on_refused_call(int number, siginfo_t *info, void *context)
{
	(void)context;
	metrics_call_refused(info->si_syscall);
	raise(number);
}

bool
calls_confine(unsigned by, const struct db_ways *ways)
{
	struct filter *f = filter_new(0);
	bool good = f != NULL && add_rows(f, by, ways) &&
	            catch_refused(on_refused_call) && filter_load(f);

	filter_free(f);
	return good;
}

/* --- the supervisor --- */

/*
 * In the supervisor, or in a process of it that is not confined yet. The signal
 * comes at the call itself, and none of those is made within malloc() or stdio,
 * so that the line may be written here.
 */
static void
on_attack(int number, siginfo_t *info, void *context)
{
	char name[FILTER_NAME_BYTES];

	(void)context;
	filter_call_name(info->si_syscall, name);
	event(EVENT_CALL_REFUSED, "lane=supervisor pid=%d call=%s",
	    (int)getpid(), name);
	raise(number);
}

static bool
add_attacks(struct filter *f)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(attacks); i++)
		if (!filter_end(f, attacks[i]))
			return false;
	return true;
}

bool
calls_confine_supervisor(bool inherited)
{
	struct filter *f;
	bool good;

	if (!catch_refused(on_attack))
		return false;
	if (inherited)
		return true;
	f = filter_new(ENOSYS);
	good = f != NULL && add_rows(f, ALL | S, NULL) && add_attacks(f) &&
	       filter_load(f);
	filter_free(f);
	return good;
}
