/*
 * Tests of server/cpu.c: quotas of control groups, in a temporary tree.
 */
#include "base.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/cpu.h"
#include "tap.h"

static char root[] = "/tmp/latchkey-cpu-XXXXXX";

/* Give the group the quota that this text says. */
static void
set_quota(const char *group, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, group);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s%s/cpu.max", root, group);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
is_quota(const char *group, int64_t wanted, const char *title)
{
	ok(cpu_quota(root, group) == wanted, title);
}

/* By these lines of /proc/self/cgroup. */
static int64_t
usable(const char *lines)
{
	char file[100];
	int64_t n;
	FILE *f;

	snprintf(file, sizeof(file), "%s/cgroup", root);
	f = fopen(file, "w");
	if (f == NULL || fputs(lines, f) < 0 || fclose(f) != 0)
		abort();
	n = cpu_percent_in(root, file);
	unlink(file);
	return n;
}

static void
test_usable(void)
{
	cpu_set_t set;
	int64_t mine;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		abort();
	mine = INT64_C(100) * CPU_COUNT(&set);
	set_quota("/a", "max 100000\n");
	set_quota("/a/b", "100000 100000\n");
	ok(usable("0::/a/b\n") == 100,
	    "the quota of the process's group counts");
	ok(usable("0::/a\n") == mine, "all CPUs count without a quota");
	ok(usable("1:cpu:/a/b\n") == mine,
	    "a group of cgroup version 1 does not count");
	ok(usable("2:name=x:/a\n1:cpu:/a\n0::/a/b\n") == 100,
	    "a group of cgroup version 1 does not hide that of version 2");
	set_quota("/a/b", "100000000 100000\n");
	ok(usable("0::/a/b\n") == mine,
	    "a quota of more CPUs than there are adds none");
	ok(cpu_percent_in(root, "/nonexistent") == mine && cpu_percent() >= 1,
	    "all CPUs count where no group can be read");
	CPU_CLR(0, &set);
	if (mine > 1 && sched_setaffinity(0, sizeof(set), &set) == 0)
		ok(usable("0::/a\n") == INT64_C(100) * CPU_COUNT(&set),
		    "affinity limits the CPUs");
	is_int(cpu_usable(), (cpu_percent() + 99) / 100,
	    "a part of a CPU counts as one");
}

int
main(void)
{
	char path[100];

	if (mkdtemp(root) == NULL)
		abort();
	set_quota("/a", "max 100000\n");
	set_quota("/a/b", "200000 100000\n");
	is_quota("/a", INT64_MAX, "\"max\" is no quota");
	is_quota("/a/b", 200, "a quota of two CPUs is 200 percent");
	set_quota("/a/b", "200001 100000\n");
	is_quota("/a/b", 201, "a part of a percent counts as one");
	set_quota("/a/b", "10000 100000\n");
	is_quota("/a/b", 10, "a quota of a tenth of a CPU is 10 percent");
	set_quota("/a/b", "1 100000\n");
	is_quota("/a/b", 1, "the smallest quota is 1 percent");
	set_quota("/a", "150000 100000\n");
	set_quota("/a/b", "400000 100000\n");
	is_quota("/a/b", 150, "the quota of the group above counts");
	is_quota("/a/b/missing", 150,
	    "the quota of the group above counts for a group without one");
	set_quota("/a", "nonsense\n");
	set_quota("/a/b", "0 0\n");
	is_quota("/a/b", INT64_MAX, "a quota that cannot be read is none");
	is_quota("/", INT64_MAX, "a quota of a missing file is none");
	test_usable();
	snprintf(path, sizeof(path), "%s/a/b/cpu.max", root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a/b", root);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/a/cpu.max", root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/a", root);
	rmdir(path);
	rmdir(root);
	return done();
}
