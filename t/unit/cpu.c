/*
 * cpu.c: quotas of control groups, in a tree of our own.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu.h"
#include "tap.h"

static char root[] = "/tmp/latchkey-cpu-XXXXXX";

/* Give the group the quota that this text says. */
static void
set(const char *group, const char *text)
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

int
main(void)
{
	char path[100];

	if (mkdtemp(root) == NULL)
		abort();
	set("/a", "max 100000\n");
	set("/a/b", "200000 100000\n");
	is_quota("/a", INT64_MAX, "\"max\" is no quota");
	is_quota("/a/b", 2, "two CPUs");
	set("/a/b", "200001 100000\n");
	is_quota("/a/b", 3, "part of a CPU counts as one");
	set("/a/b", "1000 100000\n");
	is_quota("/a/b", 1, "also of the first");
	set("/a", "150000 100000\n");
	set("/a/b", "400000 100000\n");
	is_quota("/a/b", 2, "the group above binds as well");
	is_quota("/a/b/missing", 2, "also one that has no quota of its own");
	set("/a", "nonsense\n");
	set("/a/b", "0 0\n");
	is_quota("/a/b", INT64_MAX, "what cannot be read is no quota");
	is_quota("/", INT64_MAX, "nor is what is not there");
	ok(cpu_usable() >= 1, "there is a CPU for us");
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
