/*
 * Confinement: each worker gives up what its role does not need, when it is
 * about to serve; the supervisor, what no process of the service needs.
 */
#ifndef LATCHKEY_SERVER_CONFINE_H
#define LATCHKEY_SERVER_CONFINE_H

#include "conf.h"
#include "db/db.h"

/*
 * For the supervisor, at its start and after a reload: can workers be confined
 * as these settings ask? False, with a line on standard error: no. Where they
 * are not, or with less than all of it, a line says why.
 */
bool confine_is_possible(const struct conf *conf) MUST_CHECK;

/*
 * For the supervisor, before it makes workers: confine it, and with it all
 * processes that it makes and the program that takes its place. It gets no
 * privileges and is undumpable; of system calls it has those of a list, which
 * allows the exec of an upgrade: others fail, and some end it. *confined: it
 * is, or was by the program before this one; true from then on. May be called
 * again, with other settings: what it has given up does not come back. False,
 * with a line on standard error: it must not serve.
 */
bool confine_supervisor(const struct conf *conf, bool *confined) MUST_CHECK;

/*
 * For a worker, before confine(): names of the database's hosts are looked up
 * by a separate process from now on, if there are any; that calls forget(of),
 * by which it releases keys, sockets and shared memory; false: it could not,
 * see errno. db: NULL, or the worker's. False, with a line on standard error:
 * there can be none.
 */
bool confine_names(const struct conf *conf, const struct db *db,
    bool (*forget)(void *of), void *of) MUST_CHECK;

/*
 * Confine this process, for ever: it serves these roles (ROLE_BIT()s), and db
 * is its database, or NULL. No new privileges, processes, programs or larger
 * files; of system calls those of the table in calls.c, and any other ends it
 * by SIGSYS, after metrics_call_refused(). It may open what the database takes,
 * and, where the kernel has Landlock, nothing else: opens fail with EACCES.
 * False, with a line on standard error: it must not serve. Source: seccomp(2),
 * landlock(7).
 */
bool confine(
    const struct conf *conf, unsigned served, const struct db *db) MUST_CHECK;

/* Is confinement left out in this process, and why? NULL: it is not. */
const char *confine_obstacle(void);

#endif
