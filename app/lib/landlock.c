/*
 * Landlock: files that a process may read, and TCP ports that it may connect
 * to. glibc has no functions for it, and older headers lack its newer parts.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/landlock.h"

#define VERSION_SCOPE 6

/* Rights to files by the version that brought them: so many of the lowest bits.
 */
static const unsigned rights_of[] = { 0, 13, 14, 15, 15, 16 };

/* struct landlock_ruleset_attr, as of version 6 */
struct ruleset {
	/* cppcheck-suppress unusedStructMember */
	uint64_t files, tcp, scopes;
};

/* struct landlock_net_port_attr */
struct port_rule {
	/* cppcheck-suppress unusedStructMember */
	uint64_t right, port;
};

#define RULE_PORT 2 /* LANDLOCK_RULE_NET_PORT */
#define TCP_BIND 1U
#define TCP_CONNECT 2U
#define SCOPE_ABSTRACT 1U
#define SCOPE_SIGNAL 2U

int
landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static uint64_t
all_rights(int version)
{
	int newest = (int)ARRAY_LEN(rights_of) - 1;

	return (UINT64_C(1) << rights_of[version < newest ? version : newest]) -
	       1;
}

int
landlock_new(bool abstract)
{
	int version = landlock_version();
	struct ruleset set = { .files = all_rights(version) };

	if (version >= LANDLOCK_TCP)
		set.tcp = TCP_BIND | TCP_CONNECT;
	if (version >= VERSION_SCOPE)
		set.scopes = SCOPE_SIGNAL | (abstract ? 0 : SCOPE_ABSTRACT);
	return (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
}

static bool
add(int rules, int type, const void *rule)
{
	return syscall(SYS_landlock_add_rule, rules, type, rule, 0) == 0;
}

bool
landlock_read(int rules, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat st;
	bool good;

	if (rule.parent_fd < 0)
		return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
	if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	good = add(rules, LANDLOCK_RULE_PATH_BENEATH, &rule);
	close(rule.parent_fd);
	return good;
}

bool
landlock_connect(int rules, uint16_t port)
{
	struct port_rule rule = { TCP_CONNECT, port };

	return landlock_version() < LANDLOCK_TCP ||
	       add(rules, RULE_PORT, &rule);
}

bool
landlock_enforce(int rules)
{
	bool good = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	int error = errno;

	close(rules);
	errno = error;
	return good;
}
