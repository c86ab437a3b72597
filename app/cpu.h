/*
 * The CPUs that this process may use.
 */
#ifndef LATCHKEY_CPU_H
#define LATCHKEY_CPU_H

#include "base.h"

/*
 * How many CPUs there are for us, at least 1: those of the affinity mask, or
 * fewer if the quota of our control group or of one above it is smaller. Part
 * of a CPU counts as one. Source: sched_setaffinity(2), and "cpu.max" of the
 * kernel's cgroup-v2 documentation.
 */
int64_t cpu_usable(void);

/*
 * The same by other files: the mount point of the control groups, and what
 * tells the one of this process, as /proc/self/cgroup does.
 */
int64_t cpu_usable_in(const char *root, const char *groups);

/*
 * The CPUs that a quota grants to the control group `group` ("/a/b", as in
 * /proc/self/cgroup) below the mount point root, rounded up; INT64_MAX: no
 * quota, or none that could be read.
 */
int64_t cpu_quota(const char *root, const char *group);

#endif
