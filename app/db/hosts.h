/*
 * Hosts of a connection string: turns, and the time of each.
 *
 * A connection may take the time limit of one call. In the first round each
 * host gets its share of it. After a round in which one stayed silent, the next
 * begins elsewhere, and gives the host that it begins with all of the time: so
 * a slow one is reached, too.
 */
#ifndef LATCHKEY_DB_HOSTS_H
#define LATCHKEY_DB_HOSTS_H

#include "base.h"

#define DB_HOSTS_MAX 16
#define DB_HOSTS_BYTES 8192

/* One of them; what is not given is NULL. */
struct db_host {
	const char *name;    /* a name, an address or a Unix socket's folder */
	const char *address; /* hostaddr */
	const char *port;
	unsigned turn; /* of its addresses: which is the next to begin with */
};

struct db_hosts {
	struct db_host host[DB_HOSTS_MAX];
	unsigned count;
	unsigned turn; /* which is the next to begin with */
	bool patient;  /* after a round with a silent one */
	char text[DB_HOSTS_BYTES];
};

/*
 * Read libpq's host, hostaddr and port, each a list with commas, or NULL. What
 * libpq has a default for, or refuses, is one host without a name: it is left
 * to libpq whole. False: there are more than DB_HOSTS_MAX, or they are too
 * long. *h stays where it is. Source: PostgreSQL manual, 34.1.1.3.
 */
bool db_hosts_read(struct db_hosts *h, const char *names, const char *addresses,
    const char *ports) MUST_CHECK;

/* The host to try after so many others of this round. */
struct db_host *db_hosts_at(struct db_hosts *h, unsigned tried);

/*
 * How much of the time that is left is for the next of so many that have not
 * been tried. left_ms: -1: without a limit, as the result then.
 */
int64_t db_hosts_share(
    const struct db_hosts *h, unsigned untried, int64_t left_ms);

/* A host was reached after so many others: the next round begins with it. */
void db_hosts_reached(struct db_hosts *h, unsigned tried);

/* None was reached, and after so many others one was the first that stayed
 * silent: the next round begins behind it. */
void db_hosts_silent(struct db_hosts *h, unsigned tried);

/* The host that was reached is of no use any more: so does it then. */
void db_hosts_leave(struct db_hosts *h);

/* Is its name to be looked up before libpq may have it? */
bool db_host_needs_lookup(const struct db_host *host);

#endif
