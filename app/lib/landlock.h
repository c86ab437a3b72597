/*
 * Landlock: files that a process may read, and TCP ports that it may connect
 * to.
 */
#ifndef LATCHKEY_LIB_LANDLOCK_H
#define LATCHKEY_LIB_LANDLOCK_H

#include "base.h"

#define LANDLOCK_TCP 4 /* the version that restricts ports: Linux 6.7 */

/* The kernel's version of Landlock; 0: it has none. */
int landlock_version(void);

/*
 * A set of rules without any: it refuses each open, each change of a file
 * system, each TCP socket that connects or listens (from LANDLOCK_TCP on), and,
 * from version 6, signals to processes outside and their abstract Unix sockets;
 * abstract: but for those. A descriptor; -1: see errno.
 * Source: Documentation/userspace-api/landlock.rst of Linux.
 */
int landlock_new(bool abstract) MUST_CHECK;

/*
 * Allow to read a file, or a folder and what is below it, as it is now: a file
 * that takes its name later is another one. A path that is not there, or may
 * not be reached, is nothing to do. False: see errno.
 */
bool landlock_read(int rules, const char *path) MUST_CHECK;

/* Allow to connect to a TCP port; before LANDLOCK_TCP nothing to do. */
bool landlock_connect(int rules, uint16_t port) MUST_CHECK;

/* Restrict this process, for ever, and close the rules. False: see errno. */
bool landlock_enforce(int rules) MUST_CHECK;

#endif
