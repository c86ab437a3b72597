/*
 * The connection string, as libpq reads it.
 */
#include "base.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "db/advice.h"
#include "db/conninfo.h"
#include "lib/log.h"

#define CONNINFO_BYTES 4097 /* as conf.c bounds it */

/* Is it a URL that would parse without the parameters behind its '?'? */
static bool
has_bad_query(const char *conninfo)
{
	char url[CONNINFO_BYTES];
	size_t n = strcspn(conninfo, "?");
	PQconninfoOption *options;

	if (conninfo[n] == '\0' || n >= sizeof(url))
		return false;
	memcpy(url, conninfo, n);
	url[n] = '\0';
	options = PQconninfoParse(url, NULL);
	PQconninfoFree(options);
	explicit_bzero(url, n);
	return options != NULL;
}

/*
 * Say why a string does not parse. libpq's message may quote a password:
 * passwords are refused, but this string may still hold one.
 */
static void
complain(const char *conninfo, const char *message)
{
	if (message == NULL)
		message = "out of memory";
	else if (has_bad_query(conninfo))
		message = "libpq does not know a parameter behind the ?; leave "
		          "out what is another library's";
	else if (strstr(conninfo, "pass") != NULL ||
	         strchr(conninfo, '@') != NULL)
		message = "not a libpq connection string (details hidden, "
		          "since they may contain a password)";
	log_say("database: %.*s; it is like: host=/run/postgresql dbname=NAME "
	        "user=ROLE",
	    (int)strcspn(message, "\n"), message);
}

/* The value of an option; NULL: it is not set. */
static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/*
 * A FIFO would hold each process that connects, for as long as nobody writes
 * into it; without the password libpq would go on. No file has to be there yet,
 * and /dev/null may stand for "none".
 */
static bool
files_are_good(const PQconninfoOption *options)
{
	static const char *const files[] = { "passfile", "sslcert", "sslkey",
		"sslrootcert", "sslcrl" };
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(files); i++) {
		const char *path = value_of(options, files[i]);
		bool is_password = i == 0;

		if (path == NULL || stat(path, &st) != 0 ||
		    S_ISREG(st.st_mode) ||
		    (!is_password && S_ISCHR(st.st_mode)))
			continue;
		log_say(
		    "database: %s %s: must be a regular file", files[i], path);
		return false;
	}
	return true;
}

bool
db_conninfo_is_good(const char *conninfo)
{
	PQconninfoOption *options;
	const char *advice = db_advice_conninfo(conninfo);
	char *message = NULL;
	bool good;

	if (advice != NULL) {
		log_say("database: %s", advice);
		return false;
	}
	options = PQconninfoParse(conninfo, &message);
	if (options == NULL) {
		complain(conninfo, message);
		PQfreemem(message);
		return false;
	}
	good = value_of(options, "password") == NULL;
	if (!good)
		log_say("database: the connection string must not contain a "
		        "password; put it into a file: "
		        "passfile=" SYSCONFDIR "/latchkey/pgpass, with the "
		        "line HOST:PORT:DATABASE:USER:PASSWORD");
	good = good && files_are_good(options);
	PQconninfoFree(options);
	return good;
}

/*
 * The options that libpq would take: from the string, from a service that it
 * names, from the environment. libpq reports them for a connection only, so one
 * is begun that fails before it connects: there is no such sslmode. It is given
 * a password, so that it does not read the password file, which only workers
 * can read.
 */
static PQconninfoOption *
read_options(const char *conninfo)
{
	static const char *const names[] = { "dbname", "sslmode", "password",
		NULL };
	const char *const values[] = { conninfo, "none", "-", NULL };
	PGconn *pg = PQconnectStartParams(names, values, 1);
	PQconninfoOption *options = PQconninfo(pg);

	if (options == NULL)
		abort();
	PQfinish(pg);
	return options;
}

bool
db_conninfo_hosts(const char *conninfo, struct db_hosts *out)
{
	PQconninfoOption *options = read_options(conninfo);
	bool fit = db_hosts_read(out, value_of(options, "host"),
	    value_of(options, "hostaddr"), value_of(options, "port"));

	if (!fit)
		log_say("database: more than %d hosts", DB_HOSTS_MAX);
	PQconninfoFree(options);
	return fit;
}

/* The folder of the user, as libpq looks for it; NULL: not known. */
static const char *
home(void)
{
	const char *set = getenv("HOME");
	const struct passwd *user;

	if (set != NULL && set[0] != '\0')
		return set;
	user = getpwuid(geteuid());
	return user != NULL ? user->pw_dir : NULL;
}

void
db_conninfo_files(const char *conninfo, struct db_ways *out)
{
	static const char *const given[] = { "passfile", "sslcert", "sslkey",
		"sslrootcert", "sslcrl", "sslcrldir" };
	PQconninfoOption *options = read_options(conninfo);
	size_t i;

	for (i = 0; i < ARRAY_LEN(given); i++)
		db_ways_file(out, "", value_of(options, given[i]));
	db_ways_file(out, "", getenv("PGSERVICEFILE"));
	db_ways_file(out, home(), ".pgpass");
	db_ways_file(out, home(), ".postgresql");
	db_ways_file(out, home(), ".pg_service.conf");
	db_ways_file(out, getenv("PGSYSCONFDIR"), "pg_service.conf");
	PQconninfoFree(options);
}
