/*
 * lib/landlock.c: what the kernel is asked for, by its version, and its
 * failures. The kernel is this file's; what the real one makes of it is in
 * lib_landlock.c.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define landlock_version tested_version
#define landlock_new tested_new
#define landlock_read tested_read
#define landlock_connect tested_connect
#define landlock_enforce tested_enforce
#define syscall syscall_of_ours
#define open open_of_ours
#define fstat fstat_of_ours
#define close close_of_ours

static long syscall_of_ours(long number, ...);
static int open_of_ours(const char *path, int flags);
static int fstat_of_ours(int fd, struct stat *out);
static int close_of_ours(int fd);

#include "lib/landlock.c" /* NOLINT(bugprone-suspicious-include) */

#undef open
#undef fstat
#undef close

#include "tap.h"

#define RULES 99 /* a descriptor */

/* --- the kernel --- */

static long version, answer; /* the answer to all but its version */
static struct ruleset made;
static struct landlock_path_beneath_attr path_rule;
static struct port_rule port_rule;
static int restricted, closed;

static long
make_ruleset(const void *set, size_t bytes, unsigned flags)
{
	if (set == NULL && bytes == 0 &&
	    flags == LANDLOCK_CREATE_RULESET_VERSION) {
		errno = ENOSYS;
		return version;
	}
	if (set == NULL || bytes != sizeof(made) || flags != 0)
		abort();
	memcpy(&made, set, sizeof(made));
	return answer;
}

static long
add_rule(int rules, int type, const void *rule, unsigned flags)
{
	if (rules != RULES || flags != 0)
		abort();
	if (type == 1)
		memcpy(&path_rule, rule, sizeof(path_rule));
	else if (type == 2)
		memcpy(&port_rule, rule, sizeof(port_rule));
	else
		abort();
	return answer;
}

static long
restrict_self(int rules, unsigned flags)
{
	if (rules != RULES || flags != 0)
		abort();
	restricted++;
	errno = E2BIG;
	return answer;
}

/* The order of evaluation of va_arg() is that of the variables. */
static long
syscall_of_ours(long number, ...)
{
	const void *p;
	size_t bytes;
	va_list args;
	long result;
	int rules, type;

	va_start(args, number);
	if (number == SYS_landlock_create_ruleset) {
		p = va_arg(args, const void *);
		bytes = va_arg(args, size_t);
		result = make_ruleset(p, bytes, va_arg(args, unsigned));
	} else if (number == SYS_landlock_add_rule) {
		rules = va_arg(args, int);
		type = va_arg(args, int);
		p = va_arg(args, const void *);
		result = add_rule(rules, type, p, va_arg(args, unsigned));
	} else if (number == SYS_landlock_restrict_self) {
		rules = va_arg(args, int);
		result = restrict_self(rules, va_arg(args, unsigned));
	} else {
		abort();
	}
	va_end(args);
	return result;
}

static int its_error; /* of open() */
static bool stat_fails;

static int
open_of_ours(const char *path, int flags)
{
	if (flags != (O_PATH | O_CLOEXEC))
		abort();
	errno = its_error;
	return its_error == 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
}

static int
fstat_of_ours(int fd, struct stat *out)
{
	int result = fstat(fd, out);

	return stat_fails ? -1 : result;
}

static int
close_of_ours(int fd)
{
	closed++;
	errno = EBADF;
	return fd == RULES ? -1 : close(fd);
}

/* --- rules by the kernel's version --- */

static void
test_version(void)
{
	version = -1;
	is_int(tested_version(), 0, "a kernel without Landlock has version 0");
	version = 0;
	is_int(tested_version(), 0, "version 0 is none");
	version = 1;
	is_int(tested_version(), 1, "the first version is 1");
	version = 6;
	is_int(tested_version(), 6, "a version is the kernel's");
}

/* Documentation/userspace-api/landlock.rst of Linux */
static void
test_new(void)
{
	static const struct {
		const char *name;
		long version;
		uint64_t files, tcp, scopes, scopes_abstract;
	} cases[] = {
		{ "0", 0, 0, 0, 0, 0 },
		{ "1", 1, 0x1fff, 0, 0, 0 },
		{ "2", 2, 0x3fff, 0, 0, 0 },
		{ "3", 3, 0x7fff, 0, 0, 0 },
		{ "4", 4, 0x7fff, 3, 0, 0 },
		{ "5", 5, 0xffff, 3, 0, 0 },
		{ "6", 6, 0xffff, 3, 3, 2 },
		{ "7", 7, 0xffff, 3, 3, 2 },
	};
	size_t i;

	answer = RULES;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		version = cases[i].version;
		memset(&made, 0xff, sizeof(made));
		is_int(tested_new(false), RULES,
		    tap_with("rules are a descriptor", cases[i].name));
		ok(made.files == cases[i].files && made.tcp == cases[i].tcp &&
		        made.scopes == cases[i].scopes,
		    tap_with("the rights are those of the kernel's version",
		        cases[i].name));
		is_int(tested_new(true), RULES,
		    tap_with("rules but for abstract sockets are a descriptor",
		        cases[i].name));
		ok(made.scopes == cases[i].scopes_abstract,
		    tap_with("abstract sockets may be left out of the rules",
		        cases[i].name));
	}
	answer = -1;
	is_int(tested_new(false), -1, "without rules there is no descriptor");
}

/* --- files --- */

static int
open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
test_read(void)
{
	int files = open_files(), copy;

	answer = 0;
	ok(tested_read(RULES, "/etc/passwd") &&
	        path_rule.allowed_access == LANDLOCK_ACCESS_FS_READ_FILE,
	    "a file of the rules may be read");
	ok(tested_read(RULES, "/etc") &&
	        path_rule.allowed_access == (LANDLOCK_ACCESS_FS_READ_FILE |
	                                        LANDLOCK_ACCESS_FS_READ_DIR),
	    "a folder of the rules may be read and listed");
	stat_fails = true;
	ok(tested_read(RULES, "/etc") &&
	        path_rule.allowed_access == LANDLOCK_ACCESS_FS_READ_FILE,
	    "a path of which the kind is not known is no folder");
	stat_fails = false;
	answer = -1;
	ok(!tested_read(RULES, "/etc"), "a rule that the kernel refuses");
	answer = 1;
	ok(!tested_read(RULES, "/etc"), "any answer but 0 refuses a rule");
	is_int(open_files(), files, "a path is closed after each outcome");

	answer = 0;
	closed = 0;
	copy = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	path_rule.parent_fd = -1;
	ok(tested_read(RULES, "/etc") && path_rule.parent_fd == 0 &&
	        closed == 1,
	    "a path may have the descriptor 0");
	dup2(copy, STDIN_FILENO);
	close(copy);
}

static void
test_no_path(void)
{
	static const struct {
		int error;
		bool good;
	} cases[] = {
		{ ENOENT, true },
		{ EACCES, true },
		{ ENOTDIR, true },
		{ EMFILE, false },
		{ ENFILE, false },
		{ ENOMEM, false },
	};
	size_t i;

	closed = 0;
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		its_error = cases[i].error;
		ok(tested_read(RULES, "/etc") == cases[i].good,
		    tap_with("a path may be absent, but no descriptor",
		        strerror(its_error)));
	}
	its_error = 0;
	is_int(closed, 0, "a path that was not opened is not closed");
}

/* --- ports, and the end --- */

static void
test_connect(void)
{
	answer = 0;
	version = 4;
	ok(tested_connect(RULES, 5432) && port_rule.right == 2 &&
	        port_rule.port == 5432,
	    "a port of the rules may be connected to, and not listened on");
	answer = -1;
	ok(!tested_connect(RULES, 5432), "a port that the kernel refuses");
	version = 3;
	ok(tested_connect(RULES, 5432),
	    "a kernel that does not restrict ports needs no rule");
}

static void
test_enforce(void)
{
	answer = 0;
	closed = 0;
	ok(tested_enforce(RULES) && restricted == 1 && closed == 1,
	    "rules are enforced and closed");
	answer = -1;
	errno = 0;
	ok(!tested_enforce(RULES) && errno == E2BIG && closed == 2,
	    "rules that the kernel refuses are closed, and errno is its own");
	answer = 1;
	ok(!tested_enforce(RULES), "any answer but 0 refuses the rules");
}

int
main(void)
{
	test_version();
	test_new();
	test_read();
	test_no_path();
	test_connect();
	test_enforce();
	return done();
}
