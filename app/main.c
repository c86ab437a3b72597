/*
 * latchkey: sign-up and sign-in for applications behind nginx. The
 * sub-commands, each a call into its own room.
 */
#include "base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calibrate.h"
#include "conf.h"
#include "db_throttle.h"
#include "db_user.h"
#include "bounds.h"
#include "log.h"
#include "route.h"
#include "serve.h"
#include "status.h"
#include "svc_schema.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif
#define CONF_FILE SYSCONFDIR "/latchkey/latchkey.conf"

static int
migrate(const struct conf *conf)
{
	static const struct db_sql *const none[] = { NULL };
	struct arena arena;
	struct ctx c = { .conf = conf, .arena = &arena };
	enum err e = ERR_INTERNAL;

	arena_init(&arena);
	/* without a time limit: an index on a large table takes its time */
	c.db = db_new(conf->database, 0, none);
	if (c.db != NULL)
		e = schema_migrate(&c);
	if (e == ERR_BUSY)
		fprintf(stderr, "latchkey: database: not usable, see above\n");
	db_free(c.db);
	arena_free(&arena);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The database, its schema, and that every statement fits it. */
static bool
check_database(const struct conf *conf)
{
	static const struct db_sql *const all[] = { db_user_sql,
		db_throttle_sql, NULL };
	static const struct db_sql *const none[] = { NULL };
	struct arena arena;
	struct ctx c = { .conf = conf, .arena = &arena };
	enum err e;

	arena_init(&arena);
	if ((c.db = db_new(conf->database, conf->db_timeout_ms, none)) == NULL)
		return false;
	e = schema_ready(&c);
	db_free(c.db);
	if (e == ERR_OK) {
		c.db = db_new(conf->database, conf->db_timeout_ms, all);
		e = schema_ready(&c);
		db_free(c.db);
	}
	arena_free(&arena);
	if (e == ERR_NOTFOUND)
		fprintf(stderr, "latchkey: the database lacks the schema; run: "
		                "latchkey migrate\n");
	else if (e == ERR_DENIED)
		fprintf(stderr,
		    "latchkey: the database's role needs " SCHEMA_GRANTS "\n");
	else if (e != ERR_OK)
		fprintf(stderr, "latchkey: database: not usable, see above\n");
	return e == ERR_OK;
}

static int
check(const struct conf *conf)
{
	static struct token_key key;
	bool key_good = token_key_load(conf->key_file, &key);
	bool database_good = check_database(conf);

	explicit_bzero(&key, sizeof(key));
	if (!key_good || !database_good)
		return EXIT_FAILURE;
	printf("configuration, key, database and schema are good\n");
	bounds_print(conf);
	return EXIT_SUCCESS;
}

static int
print_settings(const struct conf *conf)
{
	(void)conf;
	conf_print_keys();
	return EXIT_SUCCESS;
}

static int
print_routes(const struct conf *conf)
{
	(void)conf;
	route_print();
	return EXIT_SUCCESS;
}

/* clang-format off */
static const struct command {
	const char *name;
	const char *argument; /* "": it takes none; else it may be left out */
	bool needs_conf;
	int (*run)(const struct conf *conf);
	int (*run_with)(const struct conf *conf, const char *argument);
	const char *help;
} commands[] = {
	{ "serve",     "",     true,  serve,          NULL,      "answer requests, until SIGTERM" },
	{ "migrate",   "",     true,  migrate,        NULL,      "bring the database to this schema" },
	{ "check",     "",     true,  check,          NULL,      "verify configuration, key and database" },
	{ "calibrate", "[MS]", true,  NULL,           calibrate, "measure what password hashes cost here" },
	{ "status",    "",     true,  status_print,   NULL,      "show what is served, and how fast" },
	{ "settings",  "",     false, print_settings, NULL,      "list the keys of latchkey.conf" },
	{ "routes",    "",     false, print_routes,   NULL,      "list the endpoints" },
};
/* clang-format on */

static int
usage(FILE *out)
{
	size_t i;

	fprintf(out,
	    "usage: latchkey [-c FILE] COMMAND [ARGUMENT]\n"
	    "       latchkey -V\n"
	    "FILE is %s unless it is named.\n\n",
	    CONF_FILE);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-9s %-4s  %s\n", commands[i].name,
		    commands[i].argument, commands[i].help);
	return out == stdout ? EXIT_SUCCESS : 2;
}

static int
run(const struct command *command, const char *conf_file, const char *argument)
{
	struct conf conf = { 0 };
	int status;

	if (command->needs_conf && !conf_load(conf_file, &conf))
		return EXIT_FAILURE;
	/* who types a command wants its answer, not the daily log */
	log_set_level(command->run == serve ? LOG_INFO : LOG_WARNING);
	status = command->run != NULL ? command->run(&conf)
	                              : command->run_with(&conf, argument);
	if (command->needs_conf)
		conf_free(&conf);
	/* a list that could not be written is no success */
	return fflush(stdout) == 0 ? status : EXIT_FAILURE;
}

/*
 * If standard input, output or error is closed, something else would get its
 * number: a connection, into which the log would then be written.
 */
static void
fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int
main(int argc, char **argv)
{
	const char *conf_file = CONF_FILE;
	size_t i;
	int option;

	fill_standard_descriptors();
	while ((option = getopt(argc, argv, "+c:hV")) != -1) {
		switch (option) {
		case 'c':
			conf_file = optarg;
			break;
		case 'h':
			return usage(stdout);
		case 'V':
			puts("latchkey " LATCHKEY_VERSION);
			return EXIT_SUCCESS;
		default:
			return usage(stderr);
		}
	}
	if (optind == argc)
		return usage(stderr);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, argv[optind]) == 0)
			break;
	if (i == ARRAY_LEN(commands)) {
		fprintf(
		    stderr, "latchkey: no such command: %s\n", argv[optind]);
		return usage(stderr);
	}
	if (argc - optind > (commands[i].run_with != NULL ? 2 : 1))
		return usage(stderr);
	/* argv ends with a NULL, which is the argument that is not there */
	return run(&commands[i], conf_file, argv[optind + 1]);
}
