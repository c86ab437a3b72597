/*
 * db/ways.c: sockets, ports, names and files of a connection.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/ways.h"
#include "tap.h"

static struct db_hosts hosts;
static struct db_ways ways;

static void
read_hosts(const char *names, const char *addresses, const char *ports)
{
	ways = (struct db_ways){ .files = 0 };
	ok(db_hosts_read(&hosts, names, addresses, ports),
	    "the hosts are read");
	db_ways_hosts(&hosts, &ways);
}

static void
write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fclose(f) != 0)
		abort();
}

static void
test_hosts(void)
{
	read_hosts(NULL, NULL, "5432");
	ok(ways.has_unix && !ways.has_tcp && !ways.has_abstract &&
	        ways.ports == 0 && ways.names == 0,
	    "no host is a Unix socket");
	read_hosts("/run/postgresql", NULL, "5432");
	ok(ways.has_unix && !ways.has_tcp, "a folder is a Unix socket");
	read_hosts("@database", NULL, NULL);
	ok(ways.has_unix && ways.has_abstract,
	    "a name with @ is an abstract socket");
	read_hosts("db.example.org,192.0.2.1,::1", NULL, "6000,6001,");
	ok(!ways.has_unix && ways.has_tcp && ways.ports == 3 &&
	        ways.port[0] == 6000 && ways.port[1] == 6001 &&
	        ways.port[2] == 5432,
	    "each host has its port, or libpq's");
	ok(ways.names == 1 && strcmp(ways.name[0], "db.example.org") == 0,
	    "a name is looked up, and an address is not");
	read_hosts("db.example.org", "192.0.2.1", "65536");
	ok(ways.names == 0 && ways.ports == 0 && ways.has_tcp,
	    "a name with an address is not looked up, and no port is above "
	    "65535");
}

static void
test_files(void)
{
	static char longest[DB_WAYS_PATH_BYTES + 1];
	char dir[] = "/tmp/waysXXXXXX", file[64], other[64];

	ok(!db_ways_have_changed(), "nothing has changed before it is kept");
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(file, sizeof(file), "%s/pgpass", dir);
	snprintf(other, sizeof(other), "%s/new", dir);
	write_file(file);
	ways = (struct db_ways){ .files = 0 };
	db_ways_file(&ways, "", file);
	db_ways_file(&ways, dir, "missing");
	db_ways_file(&ways, NULL, "a");
	db_ways_file(&ways, "", NULL);
	db_ways_file(&ways, "/a", "");
	memset(longest, 'a', DB_WAYS_PATH_BYTES);
	db_ways_file(&ways, "", longest);
	is_int(ways.files, 2, "paths that are none are left out");
	db_ways_keep(&ways);
	ok(!db_ways_have_changed(), "nothing has changed yet");
	write_file(other);
	ok(rename(other, file) == 0 && db_ways_have_changed(),
	    "a file was replaced");
	db_ways_keep(&ways);
	snprintf(other, sizeof(other), "%s/missing", dir);
	write_file(other);
	ok(db_ways_have_changed(), "a file has come");
	db_ways_keep(&ways);
	ok(unlink(other) == 0 && db_ways_have_changed(), "a file has gone");
	unlink(file);
	rmdir(dir);
}

int
main(void)
{
	test_hosts();
	test_files();
	return done();
}
