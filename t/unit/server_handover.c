/*
 * Tests of server/handover.c: what is left is what is taken, and nothing else
 * is taken.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define handover_leave tested_leave
#define handover_withdraw tested_withdraw
#define handover_take tested_take
#define memfd_create memfd_of_ours
#undef dprintf /* a macro, where calls are checked */
#define dprintf dprintf_of_ours
#define fcntl fcntl_of_ours
#define setenv setenv_of_ours
#define getpid getpid_of_ours
static int memfd_of_ours(const char *name, unsigned flags);
static int dprintf_of_ours(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int fcntl_of_ours(int fd, int command, ...);
static int setenv_of_ours(const char *name, const char *value, int overwrite);
static pid_t getpid_of_ours(void);
#include "server/handover.c" /* NOLINT(bugprone-suspicious-include) */
#undef memfd_create
#undef dprintf
#undef fcntl
#undef setenv
#undef getpid

#include "said.h"
#include "tap.h"

/* Calls that fail, and the lines that are written until one does. */
static bool memfd_fails, seals_fail, setenv_fails;
static int lines_left = 1000;
static pid_t own_pid; /* 0: this process's */

static int
memfd_of_ours(const char *name, unsigned flags)
{
	if (memfd_fails) {
		errno = EMFILE;
		return -1;
	}
	return memfd_create(name, flags);
}

static int
dprintf_of_ours(int fd, const char *fmt, ...)
{
	va_list args;
	int n;

	if (lines_left-- == 0)
		return -1;
	va_start(args, fmt);
	n = vdprintf(fd, fmt, args);
	va_end(args);
	return n;
}

static int
fcntl_of_ours(int fd, int command, ...)
{
	int value = 0;
	va_list args;

	if (command != F_GET_SEALS) {
		va_start(args, command);
		value = va_arg(args, int);
		va_end(args);
	}
	if (command == F_ADD_SEALS && seals_fail) {
		errno = EPERM;
		return -1;
	}
	return fcntl(fd, command, value);
}

static int
setenv_of_ours(const char *name, const char *value, int overwrite)
{
	if (setenv_fails) {
		errno = ENOMEM;
		return -1;
	}
	return setenv(name, value, overwrite);
}

static pid_t
getpid_of_ours(void)
{
	return own_pid != 0 ? own_pid : getpid();
}

static struct handover left, taken;

static int
new_fd(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool
is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void
fill(void)
{
	enum role role;

	left.from = getpid();
	left.status_fd = new_fd();
	left.status_file = "/run/a b/status";
	left.confined = true;
	for (role = 0; role < ROLE_COUNT; role++) {
		left.listeners.fd[role] = roles[role].is_lane ? new_fd() : -1;
		left.listeners.address[role] = "/run/a b/check.sock";
	}
	left.worker[0] = (struct pool_former){ 4711, ROLE_LOGIN, 63, 0 };
	left.worker[1] =
	    (struct pool_former){ 4712, ROLE_KEEPER, 0, POOL_KEPT };
	left.workers = 2;
}

static bool
is_taken(enum role role)
{
	return taken.listeners.fd[role] == left.listeners.fd[role] &&
	       (!roles[role].is_lane || strcmp(taken.listeners.address[role],
	                                    left.listeners.address[role]) == 0);
}

static void
all_is_taken(void)
{
	enum role role;
	int same = 0;
	size_t i;

	ok(handover_leave(&left), "what the next program needs is left");
	ok(!is_cloexec(left.status_fd) &&
	        !is_cloexec(left.listeners.fd[ROLE_CHECK]),
	    "descriptors stay open at the exec");
	is_int(handover_take(&taken), HANDOVER_REAL, "what was left is taken");
	for (role = 0; role < ROLE_COUNT; role++)
		same += is_taken(role);
	is_int(same, ROLE_COUNT, "the sockets are those that were left");
	is_int(taken.status_fd, left.status_fd,
	    "the status file is the one that was left");
	is(taken.status_file, left.status_file,
	    "the place of the status file is the one that was left");
	ok(is_cloexec(left.status_fd) &&
	        is_cloexec(left.listeners.fd[ROLE_CHECK]),
	    "descriptors are closed at the exec after that");
	ok(!taken.listeners.single, "the lanes have a socket each");
	ok(taken.confined, "a filter that lasts is known to the next program");
	is_int((int64_t)taken.workers, 2, "all workers are named");
	for (i = 0; i < 2; i++)
		ok(taken.worker[i].pid == left.worker[i].pid &&
		        taken.worker[i].role == left.worker[i].role &&
		        taken.worker[i].number == left.worker[i].number &&
		        taken.worker[i].kill_ms == left.worker[i].kill_ms,
		    tap_with("a worker is the one that was left",
		        i == 0 ? "0" : "1"));
	is_int(handover_take(&taken), HANDOVER_NONE,
	    "what was left is taken once");
}

static void
others(void)
{
	left.listeners.single = true;
	left.from = getppid();
	ok(handover_leave(&left), "a handover is left for a child");
	is_int(handover_take(&taken), HANDOVER_TRIAL, "a child is on trial");
	ok(taken.listeners.single, "there is one socket for all lanes");
	left.from = 1 << 30;
	ok(handover_leave(&left), "a handover is left for another process");
	is_int(handover_take(&taken), HANDOVER_WRONG,
	    "a process that it is not for does not take it");
	handover_withdraw(&left);
	is_int(handover_take(&taken), HANDOVER_NONE,
	    "what was withdrawn is not taken");
}

/* A text for this process, with these lines at its end. */
static enum handover_kind
take_text(const char *head, const char *lines, bool sealed)
{
	char number[16];
	int fd = memfd_create("test", MFD_ALLOW_SEALING);

	dprintf(fd, "%s\nfrom %d\n", head, (int)getpid());
	if (left.status_fd >= 0)
		dprintf(fd, "status %d\n", left.status_fd);
	dprintf(fd, "%s", lines);
	if (sealed)
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(VARIABLE, number, 1);
	return handover_take(&taken);
}

#define SOCKETS "socket check 0 /c\nsocket api 0 /a\nsocket login 0 /l\n"

static void
wrong_texts(void)
{
	static const char *const lines[] = {
		"",
		"socket check 0 /c\nsocket api 0 /a\n",
		SOCKETS "socket door 0 /d\n",
		SOCKETS "socket keeper 0 /k\n",
		SOCKETS "socket check 1000000 /c\n",
		SOCKETS "status -1\n",
		SOCKETS "from 1\n",
		SOCKETS "worker door 0 4711 0\n",
		SOCKETS "worker check 64 4711 0\n",
		SOCKETS "worker check -1 4711 0\n",
		SOCKETS "worker check 0 1 0\n",
		SOCKETS "worker check 0 -1 0\n",
		SOCKETS "worker check 0 4711\n",
		SOCKETS "worker check 0 4711 -1\n",
		SOCKETS "something else\n",
		SOCKETS "\n",
		SOCKETS "worker check 0 4711 0",
	};
	char number[16];
	size_t i;

	is_int(take_text(HEAD, SOCKETS "worker check 63 4711 0\n", true),
	    HANDOVER_REAL, "a text by hand is taken");
	ok(taken.status_file == NULL,
	    "a text may lack the path of the status file");
	is_int(take_text(HEAD, SOCKETS, false), HANDOVER_WRONG,
	    "a text that can be changed is not taken");
	is_int(take_text("latchkey-handover 2", SOCKETS, true), HANDOVER_WRONG,
	    "a text of another form is not taken");
	for (i = 0; i < ARRAY_LEN(lines); i++) {
		snprintf(number, sizeof(number), "%zu", i);
		is_int(take_text(HEAD, lines[i], true), HANDOVER_WRONG,
		    tap_with("a wrong text is not taken", number));
	}
	setenv(VARIABLE, "x", 1);
	is_int(handover_take(&taken), HANDOVER_WRONG, "no number is wrong");
	unsetenv(VARIABLE);
}

/* --- what fails --- */

static int
lowest_free_fd(void)
{
	int fd = new_fd();

	close(fd);
	return fd;
}

/* Nothing is left: no descriptor is open in an exec, and none more than before.
 */
static bool
leaves_nothing(int error)
{
	int before = lowest_free_fd();

	return !handover_leave(&left) && errno == error &&
	       is_cloexec(left.status_fd) &&
	       is_cloexec(left.listeners.fd[ROLE_CHECK]) &&
	       is_cloexec(left.listeners.fd[ROLE_LOGIN]) &&
	       getenv(VARIABLE) == NULL && lowest_free_fd() == before;
}

static void
failures(void)
{
	char number[16];
	int lines;

	left.from = getpid();
	memfd_fails = true;
	ok(leaves_nothing(EMFILE), "without memory nothing is left");
	memfd_fails = false;
	seals_fail = true;
	ok(leaves_nothing(EPERM), "without seals nothing is left");
	seals_fail = false;
	setenv_fails = true;
	ok(leaves_nothing(ENOMEM), "without a variable nothing is left");
	setenv_fails = false;
	for (lines = 0; lines < 6; lines++) {
		lines_left = lines;
		errno = ENOSPC;
		snprintf(number, sizeof(number), "%d", lines);
		ok(leaves_nothing(ENOSPC),
		    tap_with(
		        "without one of the lines nothing is left", number));
	}
	lines_left = 6;
	ok(handover_leave(&left), "six lines are left");
	handover_withdraw(&left);
	lines_left = 1000;
}

static void
withdrawn(void)
{
	int before = lowest_free_fd();

	ok(handover_leave(&left) && !is_cloexec(left.status_fd),
	    "a handover is left again");
	is_int(fcntl(text_fd, F_GET_SEALS),
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	    "nobody can change what was left, nor its seals");
	errno = ENOEXEC;
	handover_withdraw(&left);
	ok(errno == ENOEXEC, "a withdrawal keeps the error before it");
	ok(is_cloexec(left.status_fd) &&
	        is_cloexec(left.listeners.fd[ROLE_LOGIN]) &&
	        getenv(VARIABLE) == NULL && lowest_free_fd() == before,
	    "a withdrawal leaves all as it was");
	handover_withdraw(&left);
	ok(lowest_free_fd() == before, "a second withdrawal changes nothing");
}

/* As spawn-fcgi leaves it: the socket of all lanes is descriptor 0. */
static void
first_fd(void)
{
	struct handover h = left;

	h.listeners.fd[ROLE_API] = STDIN_FILENO;
	fcntl(STDIN_FILENO, F_SETFD, FD_CLOEXEC);
	ok(handover_leave(&h) && !is_cloexec(STDIN_FILENO),
	    "a socket on descriptor 0 stays open at the exec");
	handover_withdraw(&h);
	ok(is_cloexec(STDIN_FILENO),
	    "a socket on descriptor 0 is closed at an exec after that");
	fcntl(STDIN_FILENO, F_SETFD, 0);
}

/* --- limits of a text --- */

static void
limits(void)
{
	static char lines[70000];
	size_t i, n = 0, head;
	int status_fd = left.status_fd;

	is_int(take_text(HEAD, SOCKETS "worker check 0 2 0\n", true),
	    HANDOVER_REAL, "a worker may be process 2");
	is_int(take_text(HEAD, "socket api 0 /a\nsocket login 0 /l\n", true),
	    HANDOVER_WRONG, "a text without the first socket is not taken");
	is_int(take_text(HEAD, "socket check 0 /c\nsocket login 0 /l\n", true),
	    HANDOVER_WRONG, "a text without the second socket is not taken");
	left.status_fd = STDIN_FILENO;
	is_int(take_text(HEAD, SOCKETS, true), HANDOVER_REAL,
	    "the status file may be descriptor 0");
	fcntl(STDIN_FILENO, F_SETFD, 0);
	left.status_fd = -1;
	is_int(take_text(HEAD, SOCKETS, true), HANDOVER_WRONG,
	    "a text without the status file is not taken");
	left.status_fd = status_fd;
	own_pid = 2;
	is_int(take_text(HEAD, SOCKETS "from 2\n", true), HANDOVER_REAL,
	    "a supervisor may be process 2");
	own_pid = 0;
	n = (size_t)snprintf(lines, sizeof(lines), SOCKETS);
	for (i = 0; i < POOL_FORMER_MAX; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n,
		    "worker check 0 %zu 0\n", 100 + i);
	ok(take_text(HEAD, lines, true) == HANDOVER_REAL &&
	        taken.workers == POOL_FORMER_MAX &&
	        taken.worker[POOL_FORMER_MAX - 1].pid ==
	            (pid_t)(99 + POOL_FORMER_MAX),
	    "all workers that there can be are taken");
	snprintf(lines + n, sizeof(lines) - n, "worker check 0 99 0\n");
	is_int(take_text(HEAD, lines, true), HANDOVER_WRONG,
	    "a text with more workers than that is not taken");
	head = (size_t)snprintf(lines, sizeof(lines),
	    HEAD "\nfrom %d\nstatus %d\n", (int)getpid(), left.status_fd);
	n = (size_t)snprintf(lines, sizeof(lines), SOCKETS "socket check 0 ");
	memset(lines + n, 'a', 65534 - head - n);
	lines[65533 - head] = '\n';
	lines[65534 - head] = '\0';
	is_int(take_text(HEAD, lines, true), HANDOVER_REAL,
	    "a text of 65534 bytes is taken");
	lines[65533 - head] = 'a';
	lines[65534 - head] = '\n';
	lines[65535 - head] = '\0';
	is_int(take_text(HEAD, lines, true), HANDOVER_WRONG,
	    "a text of 65535 bytes is not taken");
	memset(lines, 'a', 65600);
	lines[65600] = '\0';
	is_int(take_text(HEAD, lines, true), HANDOVER_WRONG,
	    "a text that is longer than its memory is not taken");
}

/* What a variable may name. */
static void
other_files(void)
{
	char path[] = "/tmp/latchkey-handover-XXXXXX", number[16];
	int fd = mkstemp(path), error_fd, sealed;

	unlink(path);
	dprintf(fd, HEAD "\nfrom %d\nstatus %d\n" SOCKETS, (int)getpid(),
	    left.status_fd);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(VARIABLE, number, 1);
	listen_to_stderr();
	is_int(handover_take(&taken), HANDOVER_WRONG,
	    "a file that is no memory is not taken");
	ok(strstr(said(), "it takes a restart (LATCHKEY_HANDOVER)") != NULL,
	    "a text that is not taken is told");
	close(fd);
	/* a good text on descriptor 2, and then on 3 */
	for (fd = 2; fd <= 3; fd++) {
		error_fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		sealed = memfd_create("test", MFD_ALLOW_SEALING);
		dprintf(sealed, HEAD "\nfrom %d\nstatus %d\n" SOCKETS,
		    (int)getpid(), STDOUT_FILENO);
		fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE);
		dup2(sealed, fd);
		if (sealed != fd)
			close(sealed);
		snprintf(number, sizeof(number), "%d", fd);
		setenv(VARIABLE, number, 1);
		is_int(handover_take(&taken),
		    fd == 2 ? HANDOVER_WRONG : HANDOVER_REAL,
		    tap_with("a text is taken from behind the standard "
		             "descriptors",
		        number));
		unsetenv(VARIABLE);
		if (error_fd >= 0) {
			dup2(error_fd, fd);
			close(error_fd);
		} else
			close(fd);
	}
	fcntl(STDOUT_FILENO, F_SETFD, 0);
}

int
main(void)
{
	is_int(handover_take(&taken), HANDOVER_NONE, "nothing was left");
	fill();
	handover_withdraw(&left);
	ok(fcntl(STDIN_FILENO, F_GETFD) != -1,
	    "a withdrawal of nothing closes nothing");
	all_is_taken();
	others();
	wrong_texts();
	failures();
	withdrawn();
	first_fd();
	limits();
	other_files();
	return done();
}
