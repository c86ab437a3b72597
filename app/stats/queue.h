/*
 * Connections that wait on a listening socket.
 */
#ifndef LATCHKEY_STATS_QUEUE_H
#define LATCHKEY_STATS_QUEUE_H

#include "base.h"

/*
 * Ask the kernel about the listening socket, Unix or TCP, that has this inode
 * (fstat(2)), whichever process has it open: how many connections wait to be
 * accepted, and how many may. False: it does not say, as in another network
 * namespace, or where netlink sockets are forbidden. Source: sock_diag(7).
 */
bool queue_length(uint64_t inode, uint32_t *waiting, uint32_t *limit);

#endif
