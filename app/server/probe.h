/*
 * Readiness of the database, asked by a separate process: the supervisor
 * neither connects to it nor waits for it.
 */
#ifndef LATCHKEY_SERVER_PROBE_H
#define LATCHKEY_SERVER_PROBE_H

#include "app.h"
#include "server/pool.h"

struct probe {
	bool wanted;     /* the database has not been ready since it began */
	int result;      /* of the last process, an enum err; -1: none yet */
	int64_t next_ms; /* of clock_ms(): no process before this */
	int64_t pause_ms;
};

/* Ask from now on, until the database is ready; forget earlier answers. */
void probe_begin(struct probe *p, const struct pool *pool);

/*
 * Take the answer of a process that has ended, and start the next one when it
 * is due. Each answer that differs from the one before is a line on standard
 * error, a warning with what to do. Returns the milliseconds until it is to be
 * called again; -1: not before a child has ended.
 */
int64_t probe_go_on(
    struct probe *p, struct pool *pool, const struct conf *conf);

/* Was the database ready, with the schema and for its role? */
bool probe_is_good(const struct probe *p);

#endif
