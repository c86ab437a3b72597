/*
 * CPUs usable by this process: by its affinity, and by the quota of its control
 * group, as containers and systemd's CPUQuota set it.
 */
#include "base.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/text.h"
#include "server/cpu.h"

#define PATH_BYTES 4096

/*
 * The first line of a file that begins so, without its newline; false: there
 * is none.
 */
static bool
read_line(const char *file, const char *begin, char *line, int size)
{
	FILE *f = fopen(file, "re");
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, size, f) != NULL)
		found = strncmp(line, begin, strlen(begin)) == 0;
	fclose(f);
	if (found)
		line[strcspn(line, "\n")] = '\0';
	return found;
}

/* The quota "QUOTA PERIOD" of a cpu.max; "max" is none. */
static int64_t
granted(const char *file)
{
	char line[64], *space;
	int64_t quota, period;

	if (!read_line(file, "", line, sizeof(line)) ||
	    (space = strchr(line, ' ')) == NULL)
		return INT64_MAX;
	*space = '\0';
	if (!text_to_i64(line, 1, INT64_MAX / 200, &quota) ||
	    !text_to_i64(space + 1, 1, INT64_MAX / 200, &period))
		return INT64_MAX;
	return (100 * quota + period - 1) / period;
}

int64_t
cpu_quota(const char *root, const char *group)
{
	char path[PATH_BYTES], file[PATH_BYTES + 16], *slash;
	int64_t least = INT64_MAX, n;
	size_t base = strlen(root);

	if ((size_t)snprintf(path, sizeof(path), "%s%s", root, group) >=
	    sizeof(path))
		return INT64_MAX;
	/* each group is bound by those above it */
	for (;;) {
		snprintf(file, sizeof(file), "%s/cpu.max", path);
		if ((n = granted(file)) < least)
			least = n;
		slash = strrchr(path, '/');
		if (slash == NULL || slash < path + base)
			return least;
		*slash = '\0';
	}
}

int64_t
cpu_percent_in(const char *root, const char *groups)
{
	char group[PATH_BYTES];
	int64_t n = sysconf(_SC_NPROCESSORS_ONLN), quota;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	n = n > 1 ? 100 * n : 100;
	/* "0::/path" is version 2, Debian's; others may be listed, too */
	if (read_line(groups, "0::", group, sizeof(group)) &&
	    (quota = cpu_quota(root, group + 3)) < n)
		n = quota;
	return n;
}

int64_t
cpu_percent(void)
{
	return cpu_percent_in("/sys/fs/cgroup", "/proc/self/cgroup");
}

int64_t
cpu_usable(void)
{
	return (cpu_percent() + 99) / 100;
}
