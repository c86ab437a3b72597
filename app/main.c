/*
 * The command line: the table of sub-commands, each a call into its room.
 */
#include "base.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/calibrate.h"
#include "cmd/check.h"
#include "cmd/migrate.h"
#include "cmd/status.h"
#include "cmd/user.h"
#include "conf.h"
#include "lib/blocklist.h"
#include "lib/log.h"
#include "route.h"
#include "server/sched.h"
#include "server/supervisor.h"
#include "stats/event.h"

#define CONF_FILE SYSCONFDIR "/latchkey/latchkey.conf"

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

static int
print_events(const struct conf *conf)
{
	(void)conf;
	event_print();
	return EXIT_SUCCESS;
}

static int
run_calibrate(const struct conf *conf, char *const *arguments)
{
	return calibrate(conf, arguments[0]);
}

static int
make_blocklist(const struct conf *conf, char *const *arguments)
{
	uint64_t n = blocklist_make(stdin, arguments[0]);

	(void)conf;
	if (n == 0)
		return EXIT_FAILURE;
	printf("%" PRIu64 " passwords\n", n);
	return EXIT_SUCCESS;
}

/* clang-format off */
static const struct command {
	const char *name;
	const char *arguments; /* [X]: optional */
	int min, max;          /* how many there are */
	bool needs_conf;
	int (*run)(const struct conf *conf);
	int (*run_with)(const struct conf *conf, char *const *arguments);
	const char *help;
} commands[] = {
	{ "serve",     "",              0, 0, true,  supervisor_run, NULL,           "serve requests until SIGTERM" },
	{ "migrate",   "[ROLE]",        0, 1, true,  NULL,           migrate,        "upgrade the schema, and grant ROLE what workers need" },
	{ "check",     "",              0, 0, true,  check,          NULL,           "verify settings, key and database" },
	{ "calibrate", "[MS]",          0, 1, true,  NULL,           run_calibrate,  "measure the cost of password hashes" },
	{ "status",    "",              0, 0, true,  status_print,   NULL,           "show workers, requests and times" },
	{ "user",      "ACTION [NAME]", 1, 3, true,  NULL,           user_command,   "add, list, show, disable, enable, logout, passwd, unlock" },
	{ "blocklist", "FILE",          1, 1, false, NULL,           make_blocklist, "make a list of refused passwords" },
	{ "settings",  "",              0, 0, false, print_settings, NULL,           "list the keys of latchkey.conf" },
	{ "routes",    "",              0, 0, false, print_routes,   NULL,           "list the endpoints" },
	{ "events",    "",              0, 0, false, print_events,   NULL,           "list the events that are logged and counted" },
};
/* clang-format on */

static int
usage(FILE *out)
{
	size_t i;

	fprintf(out,
	    "usage: latchkey [-c FILE] COMMAND [ARGUMENT...]\n"
	    "       latchkey -V\n"
	    "The default FILE is %s.\n\n",
	    CONF_FILE);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-9s %-13s  %s\n", commands[i].name,
		    commands[i].arguments, commands[i].help);
	return out == stdout ? EXIT_SUCCESS : 2;
}

/* Keys and passwords must not be left in a core file. */
static void
forbid_core_files(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
	/* the limit does not hold for a core_pattern that is a pipe */
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

static int
run(const struct command *command, const char *conf_file,
    char *const *arguments)
{
	struct conf conf = { 0 };
	int status;

	/* later the file that it needs would belong to root */
	if (command->run == supervisor_run)
		sched_lower_session();
	forbid_core_files();
	if (command->needs_conf && !conf_load(conf_file, &conf))
		return EXIT_FAILURE;
	/* a command prints its answer, not the daily log */
	if (command->run == supervisor_run)
		log_show_time();
	else
		log_set_level(LOG_LEVEL_WARNING);
	status = command->run != NULL ? command->run(&conf)
	                              : command->run_with(&conf, arguments);
	if (command->needs_conf)
		conf_free(&conf);
	/* a list that could not be written is a failure */
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
	int option, given;

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
	given = argc - optind - 1;
	if (given < commands[i].min || given > commands[i].max)
		return usage(stderr);
	/* argv ends with a NULL, which is the argument that is not there */
	return run(&commands[i], conf_file, argv + optind + 1);
}
