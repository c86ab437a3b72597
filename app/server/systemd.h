/*
 * Socket activation and notification: a service manager such as systemd passes
 * listening sockets by name, and learns the state of the process.
 */
#ifndef LATCHKEY_SERVER_SYSTEMD_H
#define LATCHKEY_SERVER_SYSTEMD_H

#include "base.h"

enum systemd_sockets {
	SYSTEMD_NONE, /* none were passed */
	SYSTEMD_GOOD, /* exactly the expected ones */
	SYSTEMD_WRONG /* others: standard error has the reason */
};

/*
 * Store the listening sockets passed under these n names in fds, in the names'
 * order. They are closed at an exec.
 * Source: sd_listen_fds_with_names(3).
 */
enum systemd_sockets systemd_take_sockets(
    const char *const *names, int *fds, size_t n);

/*
 * Send "READY=1" and the like to the service manager, if there is one. A
 * failure is ignored: the process works without it. Source: sd_notify(3).
 */
void systemd_notify(const char *state);

#endif
