/*
 * Ways to the database: what a process has to be allowed so that it can
 * connect.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db/ways.h"
#include "lib/text.h"

#define PORT 5432 /* libpq's, unless it was built for another */

/* The files that were kept, by device and number; 0: none was there. */
static struct {
	const struct db_ways *ways;
	struct {
		dev_t device;
		ino_t number;
	} file[DB_WAYS_FILES];
} kept;

static void
add_port(struct db_ways *ways, const char *text)
{
	int64_t port = PORT;

	if (text != NULL && !text_to_i64(text, 1, UINT16_MAX, &port))
		return; /* libpq refuses it as well */
	ways->port[ways->ports++] = (uint16_t)port;
}

static void
add_host(struct db_ways *ways, const struct db_host *h)
{
	bool is_path = h->name == NULL || h->name[0] == '/' ||
	               h->name[0] == '@' || h->name[0] == '\0';

	if (h->address == NULL && is_path) {
		ways->has_unix = true;
		ways->has_abstract |= h->name != NULL && h->name[0] == '@';
		return;
	}
	ways->has_tcp = true;
	add_port(ways, h->port);
	if (db_host_needs_lookup(h))
		ways->name[ways->names++] = h->name;
}

void
db_ways_hosts(const struct db_hosts *hosts, struct db_ways *ways)
{
	unsigned i;

	for (i = 0; i < hosts->count; i++)
		add_host(ways, &hosts->host[i]);
}

void
db_ways_file(struct db_ways *ways, const char *folder, const char *path)
{
	char *out;
	int n;

	if (folder == NULL || path == NULL || path[0] == '\0' ||
	    ways->files == DB_WAYS_FILES)
		return;
	out = ways->file[ways->files];
	n = snprintf(out, DB_WAYS_PATH_BYTES, "%s%s%s", folder,
	    folder[0] != '\0' ? "/" : "", path);
	if (n < DB_WAYS_PATH_BYTES)
		ways->files++;
}

static void
identify(const char *path, dev_t *device, ino_t *number)
{
	struct stat st;

	*device = 0;
	*number = 0;
	if (stat(path, &st) == 0) {
		*device = st.st_dev;
		*number = st.st_ino;
	}
}

void
db_ways_keep(const struct db_ways *ways)
{
	unsigned i;

	kept.ways = ways;
	for (i = 0; i < ways->files; i++)
		identify(
		    ways->file[i], &kept.file[i].device, &kept.file[i].number);
}

bool
db_ways_have_changed(void)
{
	dev_t device;
	ino_t number;
	unsigned i;

	for (i = 0; kept.ways != NULL && i < kept.ways->files; i++) {
		identify(kept.ways->file[i], &device, &number);
		if (device != kept.file[i].device ||
		    number != kept.file[i].number)
			return true;
	}
	return false;
}
