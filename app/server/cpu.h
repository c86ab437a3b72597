/*
 * The CPUs that this process may use.
 */
#ifndef LATCHKEY_SERVER_CPU_H
#define LATCHKEY_SERVER_CPU_H

#include "base.h"

/*
 * How much of the CPUs is ours, in percent of one, at least 1: that of all in
 * the affinity mask, or less if the quota of our control group or of one above
 * it is smaller. Source: sched_setaffinity(2), and "cpu.max" of the kernel's
 * cgroup-v2 documentation.
 */
int64_t cpu_percent(void);

/* The same in CPUs, of which a part counts as one. */
int64_t cpu_usable(void);

/*
 * cpu_percent() by other files: the mount point of the control groups, and
 * what tells the ones of this process, as /proc/self/cgroup does.
 */
int64_t cpu_percent_in(const char *root, const char *groups);

/*
 * What a quota grants to the control group `group` ("/a/b", as in
 * /proc/self/cgroup) below the mount point root, in percent of a CPU, rounded
 * up; INT64_MAX: no quota, or none that could be read.
 */
int64_t cpu_quota(const char *root, const char *group);

#endif
