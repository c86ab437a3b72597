/*
 * Remedies for failures of the database.
 */
#include "base.h"

#include <string.h>
#include <unistd.h>

#include "db/advice.h"

/* clang-format off */
static const struct {
	const char *sqlstate; /* its beginning; NULL: libpq's own */
	const char *part;     /* of the message; NULL: any */
	const char *advice;
} rows[] = {
	{ "", "at RAISE", NULL }, /* a trigger refuses it on purpose */
	{ "42501", "row-level security",
	  "run latchkey check: it has the policy that lets the role see all rows" },
	{ "42P05", NULL,
	  "a pooler gives sessions to others, too: set its pool_mode = session" },
	{ "26000", NULL,
	  "a pooler gives sessions to others, too: set its pool_mode = session" },
	{ "25006", NULL,
	  "the server or role cannot write: run latchkey check" },
	{ "28P01", NULL,
	  "the password of the passfile is not the role's; set the right one there, or with ALTER ROLE" },
	{ "28", NULL,
	  "the role is the user of this process, unless the setting database has user=NAME: make it with createuser, and let it in with a line of pg_hba.conf" },
	{ "3D000", NULL,
	  "make it with createdb, or set dbname=NAME in the setting database" },
	{ "53300", NULL,
	  "raise max_connections of PostgreSQL, or lower workers_api and workers_login" },
	{ "42501", NULL,
	  "as the owner of the database and its tables run: latchkey migrate ROLE" },
	{ "42P01", NULL,
	  "as the owner of the database run: latchkey migrate ROLE" },
	{ "42703", NULL,
	  "as the owner of the database run: latchkey migrate ROLE" },
	{ NULL, "no password supplied",
	  "PostgreSQL wants a password: name a file with passfile=PATH in the setting database; it has a line HOST:PORT:DATABASE:USER:PASSWORD that fits, belongs to the user of this process, and has mode 0600" },
	{ NULL, "certificate has expired",
	  "renew the certificate of the database's server, or of its authority (sslrootcert)" },
	{ NULL, "Address family not supported",
	  "the systemd unit allows Unix sockets only: systemd/tcp.conf, as a drop-in, allows TCP" },
	{ NULL, "Operation not permitted",
	  "the systemd unit allows this address not: name it in IPAddressAllow= of its drop-in tcp.conf" },
	{ NULL, "Connection refused",
	  "PostgreSQL does not listen there: see whether it runs, and host= and port= of the setting database" },
	{ NULL, "No such file or directory",
	  "PostgreSQL does not listen there: see whether it runs, and host= and port= of the setting database" },
	{ NULL, "Permission denied",
	  "this user may not come near the socket: see the mode of its folder" },
};

/* Schemes of other libraries: libpq takes postgresql:// and postgres://. */
static const struct {
	const char *part;
	const char *advice;
} schemes[] = {
	{ "jdbc:", "this is a URL of JDBC; libpq takes: postgresql://USER@HOST/DATABASE" },
	{ "+psycopg2://", "this is a URL of SQLAlchemy; leave out +psycopg2, as in: postgresql://USER@HOST/DATABASE" },
	{ "+psycopg://", "this is a URL of SQLAlchemy; leave out +psycopg, as in: postgresql://USER@HOST/DATABASE" },
	{ "+asyncpg://", "this is a URL of SQLAlchemy; leave out +asyncpg, as in: postgresql://USER@HOST/DATABASE" },
	{ "sqlite:", "this is a URL of SQLite; Latchkey takes PostgreSQL alone, as in: postgresql://USER@HOST/DATABASE" },
	{ "mysql", "this is a URL of MySQL; Latchkey takes PostgreSQL alone, as in: postgresql://USER@HOST/DATABASE" },
	{ "+", "this is a URL of SQLAlchemy; leave out the + and what follows it, as in: postgresql://USER@HOST/DATABASE" },
	{ "://", "libpq takes URLs that begin with postgresql://, as in: postgresql://USER@HOST/DATABASE" },
};
/* clang-format on */

/* As root libpq takes the role "root", which is never meant. */
static const char as_root[] =
    "run this as the service's user, as in: runuser -u latchkey -- latchkey "
    "check; or set user=NAME in the setting database";

const char *
db_advice(const char *sqlstate, const char *message)
{
	bool own = sqlstate == NULL || sqlstate[0] == '-';
	size_t i;

	if (!own && strcmp(sqlstate, "28000") == 0 && geteuid() == 0)
		return as_root;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (own ? rows[i].sqlstate != NULL
		        : rows[i].sqlstate == NULL ||
		              strncmp(sqlstate, rows[i].sqlstate,
		                  strlen(rows[i].sqlstate)) != 0)
			continue;
		if (rows[i].part == NULL ||
		    strstr(message, rows[i].part) != NULL)
			return rows[i].advice;
	}
	return NULL;
}

const char *
db_advice_conninfo(const char *conninfo)
{
	size_t i, n = strcspn(conninfo, "/"); /* the end of a URL's scheme */

	if (*conninfo == '"' || *conninfo == '\'')
		return "it has quotation marks around it; leave them out";
	if (strncmp(conninfo + n, "//", 2) == 0 && n > 0 &&
	    memchr(conninfo, '=', n) != NULL && conninfo[n - 1] == ':')
		return "it has a name in front, of an environment file or a "
		       "program; leave that out, as in: "
		       "postgresql://USER@HOST/DATABASE";
	if (strncmp(conninfo, "postgresql://", 13) == 0 ||
	    strncmp(conninfo, "postgres://", 11) == 0 ||
	    memchr(conninfo, '=', n) != NULL ||
	    memchr(conninfo, ':', n) == NULL)
		return NULL;
	for (i = 0; i < ARRAY_LEN(schemes); i++)
		if (strstr(conninfo, schemes[i].part) != NULL)
			return schemes[i].advice;
	return NULL;
}
