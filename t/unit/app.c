/*
 * app.c: what a process opens, and what it lets go of when it is forked for a
 * role that needs less.
 */
#include "base.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "crypto/key.h"
#include "crypto/mac.h"
#include "tap.h"

static char folder[] = "/tmp/app.XXXXXX", key_file[64];
static char database[] = "dbname=nowhere", no_list[] = "";
static char secret_file[64];
static struct conf conf = {
	.key_file = key_file,
	.secret_file = secret_file,
	.database = database,
	.password_blocklist = no_list,
	.key_dir = no_list,
	.pages_dir = no_list,
	.token_issuer = no_list,
	.token_audience = no_list,
	.db_timeout_ms = 100,
};

#define NEED_FORKS (NEED_DATABASE | NEED_KEYS | NEED_HASHING | NEED_SECRET_FILE)
#define KEY "0123456789abcdef0123456789abcdef"
#define SECRET "a secret that no key is made of."

static void
write_secret(char path[64], const char *name, const char *text)
{
	int fd;

	snprintf(path, 64, "%s/%s.XXXXXX", folder, name);
	if ((fd = mkstemp(path)) < 0 ||
	    write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
}

/* Is this text in what app_open() made? It is one block of 512 KiB or so. */
static bool
holds(const struct app *app, const char *text)
{
	return memmem(app, malloc_usable_size((void *)(uintptr_t)app), text,
	           strlen(text)) != NULL;
}

static void
test_open(void)
{
	struct app *app = app_open(&conf, NEED_KEYS, 0);

	ok(app != NULL && app->keyring != NULL && app->secrets == NULL &&
	        app->db == NULL && app->blocklist == NULL,
	    "only the parts that a process needs are opened");
	app_close(app);
	app = app_open(&conf, NEED_ALL, 0);
	ok(app != NULL && app->keyring != NULL && app->secrets != NULL &&
	        app->db != NULL && app->blocklist != NULL,
	    "all parts are opened where all are needed");
	ok(app != NULL && app->conf == &conf,
	    "an opened process has its settings");
	app_close(app);
	app_close(NULL);
}

static void
test_narrow(void)
{
	struct app *app = app_open(&conf, NEED_FORKS, 0);

	if (app == NULL)
		abort();
	ok(app->secrets == NULL && app->keyring->keys[0].mac != NULL &&
	        holds(app, SECRET),
	    "a process that forks others holds key and secret");
	ok(app_narrow(app, NEED_KEYS, 0) && app->keyring != NULL &&
	        app->keyring->keys[0].mac != NULL,
	    "a process that checks tokens keeps the key");
	ok(app->secrets == NULL && !holds(app, SECRET),
	    "a process that checks tokens does not keep the secret");
	ok(app->db == NULL && app->blocklist == NULL,
	    "a process that checks tokens has neither database nor list of passwords");
	ok(app_narrow(app, NEED_DATABASE, 0) && app->db != NULL,
	    "a process that needs the database has a connection of its own");
	ok(app->keyring == NULL && !holds(app, KEY),
	    "a key that is not needed is wiped");
	database[0] = '=';
	ok(!app_narrow(app, NEED_DATABASE, 0),
	    "a process that needs the database does not begin without it");
	database[0] = 'd';
	app_close(app);
	app = app_open(&conf, NEED_FORKS, 0);
	ok(app != NULL && app_narrow(app, NEED_SECRETS, 0) &&
	        app->secrets != NULL && !holds(app, SECRET),
	    "a process that makes MACs has their keys, not the secret");
	app_close(app);
}

static void
test_failures(void)
{
	static char nothing[] = "/nonexistent";
	char *good = conf.key_file;

	conf.key_file = nothing;
	ok(app_open(&conf, NEED_KEYS, 0) == NULL,
	    "a process is not opened without its key");
	ok(app_open(&conf, NEED_ALL, 0) == NULL,
	    "nothing is opened where one part fails");
	conf.key_file = good;
	conf.secret_file = nothing;
	ok(app_open(&conf, NEED_SECRETS, 0) == NULL &&
	        app_open(&conf, NEED_SECRET_FILE, 0) == NULL,
	    "a process is not opened without its secret");
	conf.secret_file = secret_file;
	conf.password_blocklist = nothing;
	ok(app_open(&conf, NEED_HASHING, 0) == NULL,
	    "a process is not opened without its list of passwords");
	conf.password_blocklist = no_list;
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	write_secret(key_file, "key", KEY);
	write_secret(secret_file, "secret", SECRET);
	test_open();
	test_narrow();
	test_failures();
	unlink(key_file);
	unlink(secret_file);
	rmdir(folder);
	return done();
}
