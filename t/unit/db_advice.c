/*
 * Tests of db/advice.c: each failure that an operator can mend has a remedy.
 */
#include "base.h"

#include <string.h>
#include <unistd.h>

#include "db/advice.h"
#include "tap.h"

static uid_t user = 1000;

/* In the place of libc's. */
uid_t
geteuid(void)
{
	return user;
}

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
	    "a wrong password has its advice");
	ok(has("28000", "role 'x' does not exist", "user=NAME"),
	    "a role that does not exist has its advice in any language");
	user = 0;
	ok(has("28000", "role 'root' does not exist", "runuser"),
	    "a role that does not exist has the advice not to be root");
	ok(has("28P01", "", "passfile") && db_advice("-", "28000") == NULL,
	    "to be root matters for a role alone");
	user = 1;
	ok(has("28000", "role 'x' does not exist", "user=NAME") &&
	        !has("28000", "role 'x' does not exist", "runuser"),
	    "a role of another user has the advice to name it");
	ok(has("3D000", "", "createdb"),
	    "a database that does not exist has its advice");
	ok(has("53300", "", "max_connections"),
	    "too many connections have their advice");
	ok(has("42501", "", "latchkey migrate"),
	    "a lacking privilege has its advice");
	ok(has("42501", "query would be affected by row-level security policy",
	       "latchkey check"),
	    "hidden rows have their advice");
	ok(db_advice("42501", "PL/pgSQL function f() line 1 at RAISE") == NULL,
	    "what a trigger raises on purpose has no advice");
	ok(has("42P05", "", "pool_mode") && has("26000", "", "pool_mode"),
	    "a pooler that shares sessions has its advice");
	ok(has("25006", "", "latchkey check"),
	    "a server that cannot write has its advice");
	ok(has("42P01", "", "latchkey migrate"),
	    "a missing table has its advice");
	ok(has(NULL, "fe_sendauth: no password supplied", "passfile=PATH") &&
	        has("-", "fe_sendauth: no password supplied", "passfile=PATH"),
	    "a missing password, which libpq reports itself, has its advice");
	ok(has(NULL, "could not create socket: Address family not supported",
	       "tcp.conf") &&
	        has(NULL, "Operation not permitted", "IPAddressAllow="),
	    "an address that the unit forbids has its advice");
	ok(has(NULL, "Connection refused", "whether it runs"),
	    "a server that does not answer has its advice");
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
	    "a URL of SQLAlchemy has its advice");
	ok(url_has("jdbc:postgresql://h/d", "JDBC") &&
	        url_has("sqlite:///x", "SQLite") &&
	        url_has("mysql+pymysql://h/d", "MySQL") &&
	        url_has("http://h/d", "postgresql://"),
	    "URLs of JDBC, SQLite, MySQL and HTTP have their advice");
	ok(url_has("postgresql+pg8000://h/d", "leave out the +"),
	    "a URL of SQLAlchemy with another driver has its advice");
	ok(url_has("DATABASE_URL=postgresql://h/d", "has a name in front") &&
	        url_has("url = postgres://h/d", "has a name in front"),
	    "a line of an environment file has its advice");
	ok(url_has("'postgresql://h/d'", "quotation marks") &&
	        url_has("\"host=h\"", "quotation marks"),
	    "a string in quotation marks has its advice");
	ok(db_advice_conninfo("host=/run/x://y") == NULL &&
	        db_advice_conninfo("user=u host=//x") == NULL,
	    "a path of a keyword is not taken for a URL");
	ok(db_advice_conninfo("postgresql://h/d") == NULL &&
	        db_advice_conninfo("postgres://h/d?options=-cx=sqlite:") ==
	            NULL,
	    "libpq's own URLs have no advice");
	ok(db_advice_conninfo("host=/run/x dbname=sqlite:x") == NULL &&
	        db_advice_conninfo("dbname='jdbc:x'") == NULL &&
	        db_advice_conninfo("") == NULL &&
	        db_advice_conninfo("nonsense") == NULL,
	    "a connection string that is not a URL has no advice");
}

int
main(void)
{
	test_failures();
	test_urls();
	return done();
}
