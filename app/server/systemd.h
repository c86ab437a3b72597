/*
 * What a service manager such as systemd does for a process: it hands listening
 * sockets over by name, and is told how the process fares.
 */
#ifndef LATCHKEY_SERVER_SYSTEMD_H
#define LATCHKEY_SERVER_SYSTEMD_H

#include "base.h"

enum systemd_sockets {
	SYSTEMD_NONE, /* none were handed over */
	SYSTEMD_GOOD, /* those that are wanted, and no others */
	SYSTEMD_WRONG /* others: standard error says what is wrong */
};

/*
 * Take the listening sockets that were handed over under these n names into
 * fds, in the names' order. They are closed at an exec.
 * Source: sd_listen_fds_with_names(3).
 */
enum systemd_sockets systemd_take_sockets(
    const char *const *names, int *fds, size_t n);

/*
 * Tell the service manager "READY=1" and the like, if there is one. A failure
 * is ignored: the process does its work all the same. Source: sd_notify(3).
 */
void systemd_notify(const char *state);

#endif
