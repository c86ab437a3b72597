/*
 * Forbidden acts of a process that was taken over: preloaded (LD_PRELOAD) into
 * the program as it is, it tries each right after the process has been
 * confined, and writes a line "forbidden PROCESS ACT RESULT" on standard error:
 * an errno's name, "done", or "killed" where the filter would end the process.
 * FORBIDDEN=try asks for that; FORBIDDEN=ROLE:ACT for one act, once, which ends
 * that role's first worker. FORBIDDEN_KEY, FORBIDDEN_SOCKET, FORBIDDEN_PORT,
 * and FORBIDDEN_PASSWORD are the key, the database's socket, a port, and the
 * file of the database's password. FORBIDDEN_LANDLOCK: the version of Landlock
 * that an older kernel says it has; FORBIDDEN_SECCOMP=none: it has no filters;
 * FORBIDDEN_SECCOMP=ROLE: that role can load none.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static volatile sig_atomic_t was_refused;
static int *ended; /* shared by all processes: the one act was done */
static pid_t supervisor;

static void
on_refused(int number)
{
	(void)number;
	was_refused = 1;
}

static const char *
setting(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? value : "";
}

/* --- the acts; each returns -1 with errno where it could not be done --- */

static long
open_key(void)
{
	return open(setting("FORBIDDEN_KEY"), O_RDONLY);
}

static long
open_password(void)
{
	return open(setting("FORBIDDEN_PASSWORD"), O_RDONLY);
}

static long
open_program(void)
{
	return open("/usr/bin/env", O_RDONLY);
}

static long
open_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)supervisor);
	return open(path, O_RDONLY);
}

static long
create_file(void)
{
	int fd = open("/tmp/forbidden", O_WRONLY | O_CREAT, 0600);

	if (fd >= 0)
		unlink("/tmp/forbidden");
	return fd;
}

static long
open_anew(void)
{
	return syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0);
}

static struct sockaddr_in
port(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(
		    (uint16_t)strtoul(setting("FORBIDDEN_PORT"), NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
}

static long
connect_by(int protocol)
{
	const struct sockaddr_in to = port();
	int fd = socket(AF_INET, SOCK_STREAM, protocol);

	return fd < 0 ? -1
	              : connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

static long
connect_tcp(void)
{
	return connect_by(0);
}

static long
connect_mptcp(void)
{
	return connect_by(IPPROTO_MPTCP);
}

/* A descriptor that is no socket, where there is none: the call is refused. */
static long
connect_by_sendto(void)
{
	const struct sockaddr_in to = port();

	return sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN,
	    (const struct sockaddr *)&to, sizeof(to));
}

static long
connect_by_sendmsg(void)
{
	struct sockaddr_in to = port();
	char text[] = "x";
	struct iovec x = { text, 1 };
	const struct msghdr message = { .msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &x,
		.msg_iovlen = 1 };

	return sendmsg(socket(AF_INET, SOCK_STREAM, 0), &message, MSG_FASTOPEN);
}

static long
connect_tcp6(void)
{
	return socket(AF_INET6, SOCK_STREAM, 0);
}

static long
send_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static long
connect_unix(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s",
	    setting("FORBIDDEN_SOCKET"));
	return fd < 0 ? -1
	              : connect(fd, (const struct sockaddr *)&to, sizeof(to));
}

static long
ask_diag(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
}

static long
ask_route(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static long
make_pair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static long
execute(void)
{
	static char name[] = "/forbidden";
	static char *const arguments[] = { name, NULL };

	return syscall(SYS_execve, name, arguments, NULL);
}

static long
execute_at(void)
{
	static char name[] = "/forbidden";
	static char *const arguments[] = { name, NULL };

	return syscall(SYS_execveat, AT_FDCWD, name, arguments, NULL, 0);
}

static long
make_process(void)
{
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (child == 0)
		_exit(0);
	return child;
}

static long
make_process_apart(void)
{
	long child =
	    syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, NULL, NULL, NULL, 0);

	if (child == 0)
		_exit(0);
	return child;
}

static long
make_process3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long
trace(void)
{
	return ptrace(PTRACE_ATTACH, supervisor, NULL, NULL);
}

static long
read_memory(void)
{
	return syscall(SYS_process_vm_readv, supervisor, NULL, 0, NULL, 0, 0);
}

static long
signal_supervisor(void)
{
	return kill(supervisor, 0);
}

static long
signal_thread(void)
{
	return syscall(SYS_tgkill, supervisor, supervisor, 0);
}

static long
signal_all(void)
{
	return kill(-1, 0);
}

static long
queue_signal(void)
{
	return syscall(SYS_rt_sigqueueinfo, supervisor, 0, NULL);
}

static long
open_process(void)
{
	return syscall(SYS_pidfd_open, supervisor, 0);
}

/* The kernel would signal it when there is something to read. */
static long
own_signals(void)
{
	return fcntl(STDIN_FILENO, F_SETOWN, supervisor);
}

static long
map_memory_file(void)
{
	long fd = syscall(SYS_memfd_create, "forbidden", MFD_CLOEXEC);
	void *p = (void *)syscall(
	    SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long
map_code(void)
{
	void *p = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

static long
make_code(void)
{
	void *p = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC);
}

static long
enter_namespace(void)
{
	return syscall(SYS_setns, STDIN_FILENO, 0);
}

static long
make_namespace(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER);
}

static long
mount_folder(void)
{
	return syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
}

static long
change_root(void)
{
	return syscall(SYS_chroot, "/");
}

static long
set_up_io(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static long
load_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static long
handle_faults(void)
{
	return syscall(SYS_userfaultfd, 0);
}

static long
add_key(void)
{
	return syscall(SYS_add_key, "user", "forbidden", "x", 1, -4);
}

static long
ask_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0);
}

static long
request_key(void)
{
	return syscall(SYS_request_key, "user", "forbidden", NULL, 0);
}

static long
find_file(void)
{
	return syscall(SYS_faccessat, AT_FDCWD, "/etc/passwd", 0);
}

static long
read_link(void)
{
	char to[64];

	return syscall(SYS_readlinkat, AT_FDCWD, "/proc/self", to, sizeof(to));
}

static long
become_dumpable(void)
{
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
set_limit(void)
{
	const struct rlimit other = { 0, 0 };

	return syscall(SYS_prlimit64, 0, RLIMIT_MSGQUEUE, &other, NULL);
}

static long
survive(void)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	struct sigaction before;
	int done = sigaction(SIGSYS, &ignored, &before);

	if (done == 0)
		sigaction(SIGSYS, &before, NULL);
	return done;
}

/* The kernel takes the lower half of the number. */
static long
survive_by_width(void)
{
	return syscall(SYS_rt_sigaction, INT64_C(1) << 32 | SIGSYS, NULL, NULL,
	    sizeof(uint64_t));
}

static long
change_user(void)
{
	return syscall(SYS_setuid, 0);
}

static long
remove_file(void)
{
	return syscall(SYS_unlinkat, AT_FDCWD, "/forbidden", 0);
}

static long
change_mode(void)
{
	return syscall(SYS_fchmodat, AT_FDCWD, "/forbidden", 0644);
}

static const struct act {
	const char *name;
	long (*run)(void);
} acts[] = {
	{ "open-key", open_key },
	{ "open-password", open_password },
	{ "open-program", open_program },
	{ "open-memory", open_memory },
	{ "create-file", create_file },
	{ "openat2", open_anew },
	{ "tcp", connect_tcp },
	{ "tcp6", connect_tcp6 },
	{ "mptcp", connect_mptcp },
	{ "fastopen-sendto", connect_by_sendto },
	{ "fastopen-sendmsg", connect_by_sendmsg },
	{ "udp", send_udp },
	{ "unix", connect_unix },
	{ "netlink-diag", ask_diag },
	{ "netlink-route", ask_route },
	{ "socketpair", make_pair },
	{ "execve", execute },
	{ "execveat", execute_at },
	{ "clone", make_process },
	{ "clone-newuser", make_process_apart },
	{ "clone3", make_process3 },
	{ "ptrace", trace },
	{ "process_vm_readv", read_memory },
	{ "kill", signal_supervisor },
	{ "kill-all", signal_all },
	{ "tgkill", signal_thread },
	{ "rt_sigqueueinfo", queue_signal },
	{ "pidfd_open", open_process },
	{ "fcntl-setown", own_signals },
	{ "memfd-exec", map_memory_file },
	{ "mmap-exec", map_code },
	{ "mprotect-exec", make_code },
	{ "setns", enter_namespace },
	{ "unshare", make_namespace },
	{ "mount", mount_folder },
	{ "chroot", change_root },
	{ "io_uring_setup", set_up_io },
	{ "bpf", load_bpf },
	{ "userfaultfd", handle_faults },
	{ "add_key", add_key },
	{ "keyctl", ask_keys },
	{ "request_key", request_key },
	{ "faccessat", find_file },
	{ "readlinkat", read_link },
	{ "prctl-dumpable", become_dumpable },
	{ "prlimit64", set_limit },
	{ "sigaction-sigsys", survive },
	{ "sigaction-wide", survive_by_width },
	{ "setuid", change_user },
	{ "unlink", remove_file },
	{ "fchmodat", change_mode },
};

/* --- when --- */

/* The process's role: ps shows its name as latchkey-ROLE. */
static void
name_process(char out[16])
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	snprintf(out, 16, "%s",
	    strncmp(name, "latchkey-", 9) == 0 ? name + 9 : "supervisor");
}

static void
try_each(const char *process)
{
	size_t i;
	long got;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		was_refused = 0;
		got = acts[i].run();
		dprintf(STDERR_FILENO, "forbidden %s %s %s\n", process,
		    acts[i].name,
		    was_refused != 0 ? "killed"
		    : got >= 0       ? "done"
		                     : strerrorname_np(errno));
	}
}

/* One act, by the first process of a role: it has no handler but the program's.
 */
static void
try_one(const char *wanted, const char *process)
{
	size_t n = strlen(process), i;

	if (strncmp(wanted, process, n) != 0 || wanted[n] != ':' ||
	    __atomic_exchange_n(ended, 1, __ATOMIC_SEQ_CST) != 0)
		return;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(wanted + n + 1, acts[i].name) == 0)
			acts[i].run();
}

__attribute__((constructor)) static void
begin(void)
{
	ended = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	supervisor = getpid();
}

/* libseccomp's, which the program calls last of all when it confines itself. */
int seccomp_load(void *filter);

int
seccomp_load(void *filter)
{
	const struct sigaction catch = { .sa_handler = on_refused };
	const char *wanted = setting("FORBIDDEN");
	bool tries = strcmp(wanted, "try") == 0;
	int (*real)(void *), result;
	char process[16];

	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_load");
	name_process(process);
	if (strcmp(setting("FORBIDDEN_SECCOMP"), process) == 0)
		return -EACCES;
	if (tries)
		sigaction(SIGSYS, &catch, NULL);
	result = real(filter);
	if (result == 0 && tries)
		try_each(process);
	else if (result == 0)
		try_one(wanted, process);
	return result;
}

/* libseccomp's version of what the kernel has; the real one asks it. */
unsigned int seccomp_api_get(void);

unsigned int
seccomp_api_get(void)
{
	unsigned int (*real)(void);

	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_api_get");
	return strcmp(setting("FORBIDDEN_SECCOMP"), "none") == 0 ? 0 : real();
}

/* glibc's, by which lib/landlock.c asks the kernel. */
long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list list;
	size_t i;

	va_start(list, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_landlock_create_ruleset && a[0] == 0 &&
	    setting("FORBIDDEN_LANDLOCK")[0] != '\0')
		return strtol(setting("FORBIDDEN_LANDLOCK"), NULL, 10);
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
