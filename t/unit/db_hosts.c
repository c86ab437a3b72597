/*
 * db/hosts.c: the hosts of a connection string, and whose turn it is.
 */
#include "base.h"

#include <stdio.h>
#include <stddef.h>
#include <string.h>

#include "db/hosts.h"
#include "tap.h"

static struct db_hosts hosts;

static const char *
or_none(const char *s)
{
	return s != NULL ? s : "-";
}

/* All hosts as "name address port;". */
static const char *
read_as(const char *names, const char *addresses, const char *ports)
{
	static char out[1000];
	size_t n = 0;
	unsigned i;

	out[0] = '\0';
	if (!db_hosts_read(&hosts, names, addresses, ports))
		return "too many";
	for (i = 0; i < hosts.count; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s %s %s;",
		    or_none(hosts.host[i].name), or_none(hosts.host[i].address),
		    or_none(hosts.host[i].port));
	return out;
}

static void
test_reading(void)
{
	char many[DB_HOSTS_BYTES + 10];
	int i;

	is(read_as(NULL, NULL, "5432"), "- - -;",
	    "a list without a host is left to libpq");
	is(read_as("", "", ""), "- - -;", "empty lists are left to libpq");
	is(read_as("a", NULL, "1"), "a - 1;", "one host is read");
	is(read_as("a,b", NULL, "1"), "a - 1;b - 1;", "two hosts share a port");
	is(read_as("a,b", NULL, "1,2"), "a - 1;b - 2;",
	    "each host has its port");
	is(read_as("a,b", "192.0.2.1,192.0.2.2", "1,"),
	    "a 192.0.2.1 1;b 192.0.2.2 -;", "each host has its address");
	is(read_as(NULL, "192.0.2.1", NULL), "- 192.0.2.1 -;",
	    "an address alone is read");
	is(read_as("a,", NULL, "1"), "- - -;",
	    "a list with a default host is left to libpq");
	is(read_as("a,b", NULL, "1,2,3"), "- - -;",
	    "a list with too many ports is left to libpq");
	is(read_as("a,b", "192.0.2.1", "1"), "- - -;",
	    "a list with too few addresses is left to libpq");
	for (i = 0; i < DB_HOSTS_MAX; i++)
		memcpy(many + (ptrdiff_t)2 * i, "h,", 2);
	many[2 * DB_HOSTS_MAX - 1] = '\0';
	ok(strcmp(read_as(many, NULL, "1"), "too many") != 0,
	    "sixteen hosts are accepted");
	is_int(hosts.count, DB_HOSTS_MAX, "sixteen hosts are all read");
	many[2 * DB_HOSTS_MAX - 1] = ',';
	memcpy(many + (size_t)2 * DB_HOSTS_MAX, "h", 2);
	is(read_as(many, NULL, "1"), "too many", "seventeen hosts are refused");
	memset(many, 'h', sizeof(many));
	many[DB_HOSTS_BYTES] = '\0';
	is(read_as(many, NULL, NULL), "too many",
	    "a list of hosts with names that are too long is refused");
}

static void
test_turns(void)
{
	(void)read_as("a,b,c", NULL, NULL);
	is(db_hosts_at(&hosts, 0)->name, "a",
	    "the first host of the list is tried first");
	is(db_hosts_at(&hosts, 2)->name, "c",
	    "the third host of the list is tried last");
	is_int(db_hosts_share(&hosts, 3, 1500), 500,
	    "each of three hosts gets a third of the time");
	is_int(db_hosts_share(&hosts, 1, 700), 700,
	    "the last host gets the time that is left");
	is_int(db_hosts_share(&hosts, 3, -1), -1,
	    "a host gets no limit of no limit");
	db_hosts_silent(&hosts, 0);
	is(db_hosts_at(&hosts, 0)->name, "b",
	    "the round after a silent first host begins with the second");
	is_int(db_hosts_share(&hosts, 3, 1500), 1500,
	    "a slow host that was tried first gets all of the time");
	db_hosts_reached(&hosts, 1);
	is(db_hosts_at(&hosts, 0)->name, "c",
	    "a host that was reached is tried first");
	is_int(db_hosts_share(&hosts, 3, 1500), 500,
	    "a host that was reached gets its share of the time");
	db_hosts_leave(&hosts);
	is(db_hosts_at(&hosts, 0)->name, "a",
	    "a host that was of no use is not tried first again");
	(void)read_as("a", NULL, NULL);
	is_int(db_hosts_share(&hosts, 1, 1500), 1500,
	    "a single host gets all of the time");
	db_hosts_silent(&hosts, 0);
	is(db_hosts_at(&hosts, 0)->name, "a", "a single host is tried again");
}

static void
test_lookups(void)
{
	static const struct {
		struct db_host host;
		bool needed;
	} cases[] = {
		{ { .name = "db.example.org" }, true },
		{ { .name = "localhost" }, true },
		{ { .name = "db", .address = "192.0.2.1" }, false },
		{ { .name = "192.0.2.1" }, false },
		{ { .name = "2001:db8::1" }, false },
		{ { .name = "/run/postgresql" }, false },
		{ { .name = "@abstract" }, false },
		{ { .address = "192.0.2.1" }, false },
		{ { .name = NULL }, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(db_host_needs_lookup(&cases[i].host) == cases[i].needed,
		    tap_with("a host is looked up when it has a name alone",
		        cases[i].host.name));
}

int
main(void)
{
	test_reading();
	test_turns();
	test_lookups();
	return done();
}
