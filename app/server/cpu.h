/*
 * CPUs usable by this process.
 */
#ifndef LATCHKEY_SERVER_CPU_H
#define LATCHKEY_SERVER_CPU_H

#include "base.h"

/*
 * Usable CPU time in percent of one CPU, at least 1: all CPUs of the affinity
 * mask, or less if the quota of our control group or of one above it is
 * smaller. Source: sched_setaffinity(2), and "cpu.max" of the kernel's
 * cgroup-v2 documentation.
 */
int64_t cpu_percent(void);

/* The same in CPUs, rounded up. */
int64_t cpu_usable(void);

/*
 * cpu_percent() with other files: the mount point of the control groups, and
 * the groups of this process, as /proc/self/cgroup lists them.
 */
int64_t cpu_percent_in(const char *root, const char *groups);

/*
 * The quota of the control group `group` ("/a/b", as in
 * /proc/self/cgroup) below the mount point root, in percent of a CPU, rounded
 * up; INT64_MAX: no quota, or none that could be read.
 */
int64_t cpu_quota(const char *root, const char *group);

#endif
