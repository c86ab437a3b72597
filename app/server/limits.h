/*
 * Capacity derived from the settings: processes, length of the login queue,
 * memory.
 */
#ifndef LATCHKEY_SERVER_LIMITS_H
#define LATCHKEY_SERVER_LIMITS_H

#include "conf.h"

/* The workers of a role: those of the configuration, or by the CPUs. */
int64_t limits_workers(const struct conf *conf, enum role role);

/* All those that hash passwords. */
int64_t limits_workers_hashing(const struct conf *conf);

/* The workers of a single socket for all lanes: as the lane with most. */
int64_t limits_workers_single(const struct conf *conf);

/*
 * CPU time of a password hash of the configured cost, in microseconds, measured
 * by hashing twice, with the memory kept as hashmem_keep() was called, and
 * released in the end; 0: not enough memory.
 */
int64_t limits_hash_us(const struct conf *conf);

/*
 * Length of the login queue: as configured, or the logins that n workers serve
 * in two seconds when a hash takes hash_us (0: unknown).
 */
int64_t limits_backlog(const struct conf *conf, int64_t n, int64_t hash_us);

struct limits {
	int64_t workers[ROLE_COUNT];
	int64_t memory_mib; /* of all processes together, at most */
	int64_t reload_mib; /* more of it while SIGHUP replaces workers */
	int64_t single_workers, single_mib; /* the same on a single socket */
	int64_t backlog;                    /* of the login lane, wanted */
	int64_t queue;                      /* and given by the kernel */
	int64_t wait_ms; /* of the last one in it, while others do not hash */
};

/*
 * All of it, where a hash takes hash_us of CPU time, and the kernel lets
 * backlog_max connections wait on a socket.
 */
struct limits limits_of(
    const struct conf *conf, int64_t hash_us, int64_t backlog_max);

/*
 * Print the maximum of memory, the wait of a login and the number of database
 * connections on standard output, and on standard error if the kernel limits
 * the queue. Measures a hash.
 */
void limits_print(const struct conf *conf);

#endif
