/*
 * Tests of db/advice.c: each failure that an operator can mend has a remedy.
 */
#include "base.h"

#include <string.h>

#include "db/advice.h"
#include "tap.h"

static bool
has(const char *sqlstate, const char *message, const char *part)
{
	const char *advice = db_advice(sqlstate, message);

	return advice != NULL && strstr(advice, part) != NULL;
}

static bool
url_has(const char *conninfo, const char *part)
{
	const char *advice = db_advice_conninfo(conninfo);

	return advice != NULL && strstr(advice, part) != NULL;
}

static void
test_failures(void)
{
	ok(has("28P01", "password authentication failed", "passfile"),
	    "a wrong password");
	ok(has("28000", "role 'x' does not exist", "user=NAME"),
	    "a role that does not exist, in whatever language");
	ok(has("3D000", "", "createdb"), "no database");
	ok(has("53300", "", "max_connections"), "too many connections");
	ok(has("42501", "", "latchkey migrate"), "a privilege");
	ok(has("42P01", "", "latchkey migrate"), "a table");
	ok(has(NULL, "fe_sendauth: no password supplied", "passfile=PATH") &&
	        has("-", "fe_sendauth: no password supplied", "passfile=PATH"),
	    "no password, which libpq says itself");
	ok(has(NULL, "could not create socket: Address family not supported",
	       "tcp.conf") &&
	        has(NULL, "Operation not permitted", "IPAddressAllow="),
	    "what the unit forbids");
	ok(has(NULL, "Connection refused", "whether it runs"), "no server");
	ok(db_advice("40001", "Connection refused") == NULL &&
	        db_advice(NULL, "whatever") == NULL &&
	        db_advice("22021", "no password supplied") == NULL,
	    "a message of the server is not taken for libpq's");
}

static void
test_urls(void)
{
	ok(url_has("postgresql+psycopg2://u:p@h/d", "leave out +psycopg2,") &&
	        url_has("postgresql+psycopg://h/d", "leave out +psycopg,") &&
	        url_has("postgresql+asyncpg://h/d", "leave out +asyncpg,"),
	    "a URL of SQLAlchemy");
	ok(url_has("jdbc:postgresql://h/d", "JDBC") &&
	        url_has("sqlite:///x", "SQLite") &&
	        url_has("mysql+pymysql://h/d", "MySQL") &&
	        url_has("http://h/d", "postgresql://"),
	    "other URLs");
	ok(db_advice_conninfo("postgresql://h/d") == NULL &&
	        db_advice_conninfo("postgres://h/d?options=-cx=sqlite:") ==
	            NULL,
	    "libpq's own URLs are good");
	ok(db_advice_conninfo("host=/run/x dbname=sqlite:x") == NULL &&
	        db_advice_conninfo("dbname='jdbc:x'") == NULL &&
	        db_advice_conninfo("") == NULL &&
	        db_advice_conninfo("nonsense") == NULL,
	    "and so is what is no URL, for libpq to judge");
}

int
main(void)
{
	test_failures();
	test_urls();
	return done();
}
