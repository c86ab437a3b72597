/*
 * app.c: what a process opens, and what it lets go of when it is forked for a
 * role that needs less.
 */
#include "base.h"

#include <stdlib.h>
#include <unistd.h>

#include "app.h"
#include "crypto/token.h"
#include "tap.h"

static const struct db_sql *const none[] = { NULL };
static char folder[] = "/tmp/app.XXXXXX", key_file[64];
static char database[] = "dbname=nowhere", no_list[] = "";
static struct conf conf = {
	.key_file = key_file,
	.database = database,
	.password_blocklist = no_list,
	.db_timeout_ms = 100,
};

static void
write_key(void)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";
	int fd;

	snprintf(key_file, sizeof(key_file), "%s/key.XXXXXX", folder);
	if ((fd = mkstemp(key_file)) < 0 ||
	    write(fd, key, strlen(key)) != (ssize_t)strlen(key))
		abort();
	close(fd);
}

static void
test_open(void)
{
	struct app *app = app_open(&conf, NEED_KEYS, none);

	ok(app != NULL && app->key != NULL && app->db == NULL &&
	        app->blocklist == NULL,
	    "app: of the parts only those are opened that are needed");
	app_close(app);
	app = app_open(&conf, NEED_ALL, none);
	ok(app != NULL && app->key != NULL && app->db != NULL &&
	        app->blocklist != NULL,
	    "app: all of them where all are needed");
	ok(app != NULL && app->conf == &conf, "app: with the settings");
	app_close(app);
	app_close(NULL);
}

static void
test_narrow(void)
{
	struct app *app = app_open(&conf, NEED_ALL, none);
	const struct token_key *key;

	if (app == NULL)
		abort();
	ok(app_narrow(app, NEED_KEYS, none) && app->key != NULL,
	    "app: a process that checks tokens keeps the key");
	ok(app->db == NULL && app->blocklist == NULL,
	    "app: and neither database nor list of passwords");
	key = app->key;
	ok(app_narrow(app, NEED_DATABASE, none) && app->db != NULL,
	    "app: one that needs the database has a connection of its own");
	ok(app->key == NULL && key->len == 0 && key->bytes[0] == 0,
	    "app: a key that is not needed is wiped");
	database[0] = '=';
	ok(!app_narrow(app, NEED_DATABASE, none),
	    "app: without its database a process does not begin");
	database[0] = 'd';
	app_close(app);
}

static void
test_failures(void)
{
	static char nothing[] = "/nonexistent";
	char *good = conf.key_file;

	conf.key_file = nothing;
	ok(app_open(&conf, NEED_SECRETS, none) == NULL,
	    "app: it is not opened without its key");
	ok(app_open(&conf, NEED_ALL, none) == NULL,
	    "app: nor any of it where one part fails");
	conf.key_file = good;
	conf.password_blocklist = nothing;
	ok(app_open(&conf, NEED_HASHING, none) == NULL,
	    "app: nor without its list of passwords");
	conf.password_blocklist = no_list;
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	write_key();
	test_open();
	test_narrow();
	test_failures();
	unlink(key_file);
	rmdir(folder);
	return done();
}
