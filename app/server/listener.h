/*
 * Listening sockets, one for each lane.
 */
#ifndef LATCHKEY_SERVER_LISTENER_H
#define LATCHKEY_SERVER_LISTENER_H

#include "conf.h"

struct listeners {
	int fd[ROLE_COUNT]; /* -1: the role has none */
	bool single;        /* they are one and the same, for every route */
	const char *address[ROLE_COUNT]; /* of the setting; NULL: no socket */
};

/*
 * Take the sockets that systemd hands over, or the one that spawn-fcgi put on
 * descriptor 0, or make those that the configuration names: Unix sockets that
 * owner and group may connect to, each in the place of one that nobody answers
 * on, or TCP sockets. They are closed when the process ends, and the paths of
 * Unix sockets stay: nginx logs a refused connection as an error, but a missing
 * socket as critical, with the query of the request. out->address is conf's.
 * False, with a line on standard error: it cannot be done.
 */
bool listeners_open(const struct conf *conf, struct listeners *out) MUST_CHECK;

/* Do all sockets listen? False, with a line on standard error: not this one. */
bool listeners_are_good(const struct listeners *l) MUST_CHECK;

/* Let at most n connections wait on the socket of a lane. */
void listeners_set_backlog(const struct listeners *l, enum role lane, int n);

/*
 * Could a socket listen on this ADDRESS:PORT? 0, or errno: EADDRINUSE, EACCES,
 * …; EINVAL: it is no numeric ADDRESS:PORT. Nothing stays open.
 */
int listener_try(const char *address);

#endif
