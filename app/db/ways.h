/*
 * Ways to the database: what a process has to be allowed so that it can
 * connect.
 */
#ifndef LATCHKEY_DB_WAYS_H
#define LATCHKEY_DB_WAYS_H

#include "db/hosts.h"

#define DB_WAYS_FILES 16
#define DB_WAYS_PATH_BYTES 4096

struct db_ways {
	bool has_unix;     /* a Unix socket */
	bool has_abstract; /* one that is no file */
	bool has_tcp;
	unsigned ports, names, files;
	uint16_t port[DB_HOSTS_MAX];    /* of TCP */
	const char *name[DB_HOSTS_MAX]; /* to be looked up */
	/* that libpq may read: they may be missing */
	char file[DB_WAYS_FILES][DB_WAYS_PATH_BYTES];
};

/* The ways to these hosts. ways->name lives as long as they do. */
void db_ways_hosts(const struct db_hosts *hosts, struct db_ways *ways);

/*
 * Add a file, or a folder with all that it holds; folder: "" or where it is.
 * NULL, an empty path, and one too long are nothing to do.
 */
void db_ways_file(struct db_ways *ways, const char *folder, const char *path);

/*
 * Remember each file of these ways as it is now: from now on this process may
 * read those alone, not what takes their names. The ways have to live as long
 * as the process.
 */
void db_ways_keep(const struct db_ways *ways);

/* Has one of the files been replaced since db_ways_keep(), or come or gone? */
bool db_ways_have_changed(void);

#endif
