/*
 * Tests of server/handover.c: what is left is what is taken, and nothing else
 * is taken.
 */
#include "base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/handover.h"
#include "tap.h"

#define VARIABLE "LATCHKEY_HANDOVER"

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

	ok(handover_leave(&left), "it is left");
	ok(!is_cloexec(left.status_fd) &&
	        !is_cloexec(left.listeners.fd[ROLE_CHECK]),
	    "descriptors stay open at the exec");
	is_int(handover_take(&taken), HANDOVER_REAL, "it is taken");
	for (role = 0; role < ROLE_COUNT; role++)
		same += is_taken(role);
	is_int(same, ROLE_COUNT, "the sockets are those that were left");
	is_int(taken.status_fd, left.status_fd, "the status file, too");
	is(taken.status_file, left.status_file,
	    "the place of the status file, too");
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
	is_int(handover_take(&taken), HANDOVER_NONE, "it is taken once");
}

static void
others(void)
{
	left.listeners.single = true;
	left.from = getppid();
	ok(handover_leave(&left), "it is left for a child");
	is_int(handover_take(&taken), HANDOVER_TRIAL, "a child is on trial");
	ok(taken.listeners.single, "there is one socket for all lanes");
	left.from = 1 << 30;
	ok(handover_leave(&left), "it is left for another process");
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

	dprintf(fd, "%s\nfrom %d\nstatus %d\n%s", head, (int)getpid(),
	    left.status_fd, lines);
	if (sealed)
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(VARIABLE, number, 1);
	return handover_take(&taken);
}

#define HEAD "latchkey-handover 1"
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

int
main(void)
{
	is_int(handover_take(&taken), HANDOVER_NONE, "nothing was left");
	fill();
	all_is_taken();
	others();
	wrong_texts();
	return done();
}
