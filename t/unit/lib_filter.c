/*
 * lib/filter.c: allowed, failing and deadly system calls.
 */
#include "base.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/filter.h"
#include "tap.h"

static const struct filter_when always = { .count = 0 };

/* In a process with a filter: 0: the call failed with EACCES; 1: it did not. */
static int
call(int which, int argument)
{
	return syscall(which, argument, SOCK_STREAM, 0) == -1 && errno == EACCES
	           ? 0
	           : 1;
}

/* A filter in which read() and socket() have conditions. */
static bool
load(void)
{
	const struct filter_when unix_family = { 1,
		{ { 0, FILTER_EQUAL, AF_UNIX } } },
	                         others = { 1,
		                         { { 0, FILTER_OTHER, AF_UNIX } } };
	struct filter *f = filter_new(0);
	bool good = f != NULL && filter_allow(f, "exit_group", &always) &&
	            filter_allow(f, "no such call", &always) &&
	            filter_allow(f, "socket", &unix_family) &&
	            filter_refuse(f, "socket", EACCES, &others) &&
	            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	            filter_load(f);

	filter_free(f);
	return good;
}

/* A filter by which calls fail, but for some and for one that is deadly. */
static bool
load_lenient(void)
{
	struct filter *f = filter_new(EACCES);
	bool good = f != NULL && filter_allow(f, "exit_group", &always) &&
	            filter_refuse(f, "getppid", EACCES, &always) &&
	            filter_end(f, "getpid") &&
	            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	            filter_load(f);

	filter_free(f);
	return good;
}

/* A sanitizer makes calls of its own. */
#ifdef __SANITIZE_ADDRESS__
static const bool is_sanitized = true;
#else
static const bool is_sanitized;
#endif

/* How a process ends that makes this call under such a filter. */
static int
status_of(bool (*begin)(void), int which, int argument)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(begin() ? call(which, argument) : 2);
	waitpid(child, &status, 0);
	return status;
}

/* libseccomp compares an argument once in a rule. */
static void
refuse_rule(void)
{
	const struct filter_when twice = { 2,
		{ { 0, FILTER_EQUAL, 1 }, { 0, FILTER_EQUAL, 2 } } };
	struct filter *f = filter_new(0);

	errno = 0;
	ok(f != NULL && !filter_allow(f, "socket", &twice) && errno == EINVAL,
	    "a rule that libseccomp refuses has an error");
	filter_free(f);
}

int
main(void)
{
	char name[FILTER_NAME_BYTES];
	int status;

	filter_call_name(SYS_socket, name);
	is(name, "socket", "a call has its name");
	filter_call_name(99999, name);
	is(name, "number_99999", "a call without a name has its number");
	filter_free(NULL);
	refuse_rule();
	if (!filter_is_supported() || is_sanitized) {
		ok(true, "no filter can be tried here # SKIP");
		return done();
	}
	status = status_of(load, SYS_socket, AF_UNIX);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "a call whose condition holds is made");
	status = status_of(load, SYS_socket, AF_INET);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "a call that is refused fails with its error");
	status = status_of(load, SYS_getpid, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "a call that is on no list ends the process");
	status = status_of(load_lenient, SYS_socket, AF_UNIX);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "a call that is on no list of a lenient filter fails");
	status = status_of(load_lenient, SYS_getpid, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
	    "a deadly call of a lenient filter ends the process");
	return done();
}
