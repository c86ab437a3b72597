/*
 * Hosts of a connection string: their order, and the time for each.
 *
 * Connecting may take the time limit of one call. In the first round each host
 * gets its share of it. The round after one with a silent host begins behind
 * that host, and the first host of that round gets all of the time: so a slow
 * host is reached, too.
 */
#ifndef LATCHKEY_DB_HOSTS_H
#define LATCHKEY_DB_HOSTS_H

#include "base.h"

#define DB_HOSTS_MAX 16
#define DB_HOSTS_BYTES 8192

/* A host; members that are not given are NULL. */
struct db_host {
	const char *name;    /* a name, an address or a Unix socket's folder */
	const char *address; /* hostaddr */
	const char *port;
	unsigned turn; /* of its addresses: the first of the next round */
};

struct db_hosts {
	struct db_host host[DB_HOSTS_MAX];
	unsigned count;
	unsigned turn; /* the first of the next round */
	bool patient;  /* after a round with a silent one */
	char text[DB_HOSTS_BYTES];
};

/*
 * Read libpq's host, hostaddr and port, each a list with commas, or NULL. Lists
 * that libpq refuses or has a default for are one host without a name, which
 * leaves them to libpq. False: there are more than DB_HOSTS_MAX, or they are
 * too long. *h must not move. Source: PostgreSQL manual, 34.1.1.3.
 */
bool db_hosts_read(struct db_hosts *h, const char *names, const char *addresses,
    const char *ports) MUST_CHECK;

/* The host to try after so many others of this round. */
struct db_host *db_hosts_at(struct db_hosts *h, unsigned tried);

/*
 * The share of the time left for the next of so many hosts that have not been
 * tried. left_ms: -1: no limit, as is the result then.
 */
int64_t db_hosts_share(
    const struct db_hosts *h, unsigned untried, int64_t left_ms);

/* A host was reached after so many others: the next round begins with it. */
void db_hosts_reached(struct db_hosts *h, unsigned tried);

/*
 * No host was reached, and the first silent one was tried after so many others:
 * the next round begins behind it.
 */
void db_hosts_silent(struct db_hosts *h, unsigned tried);

/* The host that was reached is of no use: the next round begins behind it. */
void db_hosts_leave(struct db_hosts *h);

/* Has its name to be looked up before it is given to libpq? */
bool db_host_needs_lookup(const struct db_host *host);

#endif
