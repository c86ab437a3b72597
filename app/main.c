/*
 * The command line: the table of sub-commands, each a call into its room.
 */
#include "base.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/calibrate.h"
#include "cmd/check.h"
#include "cmd/check_nginx.h"
#include "cmd/client.h"
#include "cmd/key.h"
#include "cmd/migrate.h"
#include "cmd/session.h"
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

static int print_help(const struct conf *conf, char *const *arguments);

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
	bool needs_conf;       /* loaded; else it has the file's name alone */
	int (*run)(const struct conf *conf);
	int (*run_with)(const struct conf *conf, char *const *arguments);
	const char *user; /* its owner, not root; NULL: anybody */
	const char *help;
} commands[] = {
	{ "serve",     "",              0, 0, false, supervisor_run, NULL,           NULL,        "serve requests until SIGTERM" },
	{ "migrate",   "[ROLE]",        0, 1, true,  NULL,           migrate,        "latchkey_owner","upgrade the schema, and grant ROLE what workers need" },
	{ "check",     "",              0, 0, true,  check,          NULL,           "latchkey",  "verify settings, key and database" },
	{ "check-nginx", "[--ask] [FILE]", 0, 3, false, NULL,        check_nginx,    NULL,        "find mistakes in nginx's configuration" },
	{ "calibrate", "[MS]",          0, 1, true,  NULL,           run_calibrate,  NULL,        "measure the cost of password hashes" },
	{ "status",    "",              0, 0, true,  status_print,   NULL,           NULL,        "show workers, requests and times" },
	{ "user",      "ACTION [NAME]", 1, 19, true,  NULL,           user_command,   "latchkey",  "add, list, show and change accounts" },
	{ "client",    "ACTION [ID]",   1, 9, true,  NULL,           client_command, "latchkey",  "add, list, show and change clients of /oauth2/" },
	{ "session",   "end ID|--all",  2, 2, true,  NULL,           session_command,"latchkey",  "end a session, or all of everybody" },
	{ "key",       "ACTION [KID]",  1, 2, true,  NULL,           key_command,    NULL,        "make, list, activate and retire keys of tokens" },
	{ "blocklist", "FILE",          1, 1, false, NULL,           make_blocklist, NULL,        "make a list of refused passwords" },
	{ "settings",  "",              0, 0, false, print_settings, NULL,           NULL,        "list the keys of latchkey.conf" },
	{ "routes",    "",              0, 0, false, print_routes,   NULL,           NULL,        "list the endpoints" },
	{ "events",    "",              0, 0, false, print_events,   NULL,           NULL,        "list the events that are logged and counted" },
	{ "help",      "[COMMAND]",     0, 1, false, NULL,           print_help,     NULL,        "print this, or how COMMAND is used" },
};
/* clang-format on */

/* How one command is used. */
static int
usage_of(const struct command *command, FILE *out)
{
	if (command->run_with == user_command)
		user_usage(out);
	else if (command->run_with == client_command)
		client_usage(out);
	else if (command->run_with == key_command)
		key_usage(out);
	else if (command->run_with == check_nginx)
		check_nginx_usage(out);
	else if (command->run_with == session_command)
		session_usage(out);
	else
		fprintf(out, "usage: latchkey [-c FILE] %s %s\n", command->name,
		    command->arguments);
	return out == stdout ? EXIT_SUCCESS : 2;
}

static int
usage(FILE *out)
{
	size_t i;

	fprintf(out,
	    "usage: latchkey [-c FILE] COMMAND [ARGUMENT...]\n"
	    "       latchkey -V | --version | -h | --help\n"
	    "The default FILE is %s.\n\n",
	    CONF_FILE);
	for (i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-11s %-14s  %s\n", commands[i].name,
		    commands[i].arguments, commands[i].help);
	return out == stdout ? EXIT_SUCCESS : 2;
}

/* The command of this name, or NULL after a message. */
static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	fprintf(stderr, "latchkey: no such command: %s\n", name);
	return NULL;
}

static int
print_help(const struct conf *conf, char *const *arguments)
{
	const struct command *command;

	(void)conf;
	if (arguments[0] == NULL)
		return usage(stdout);
	command = find_command(arguments[0]);
	return command != NULL ? usage_of(command, stdout) : usage(stderr);
}

/*
 * Root is another role for the database, and can read what the service's user
 * cannot.
 */
static void
complain_of_root(const struct command *command)
{
	if (command->user != NULL && geteuid() == 0)
		log_say("this was run as root; run it as the user whose it is, "
		        "as in: runuser -u %s -- latchkey %s",
		    command->user, command->name);
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
	struct conf conf = { .file = conf_file };
	int status;

	/* later the file that it needs would belong to root */
	if (command->run == supervisor_run)
		sched_lower_session();
	forbid_core_files();
	if (command->needs_conf && !conf_load(conf_file, &conf))
		return EXIT_FAILURE;
	/* a command prints its answer, not the daily log */
	log_set_level(command->run == supervisor_run ? LOG_LEVEL_INFO
	                                             : LOG_LEVEL_WARNING);
	status = command->run != NULL ? command->run(&conf)
	                              : command->run_with(&conf, arguments);
	if (command->needs_conf)
		conf_free(&conf);
	if (status == EXIT_FAILURE)
		complain_of_root(command);
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

static bool
is_help(const char *argument)
{
	return strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0;
}

int
main(int argc, char **argv)
{
	static const struct option words[] = { { "help", 0, NULL, 'h' },
		{ "version", 0, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	const char *conf_file = CONF_FILE;
	const struct command *command;
	int option, given;

	fill_standard_descriptors();
	while ((option = getopt_long(argc, argv, "+c:hV", words, NULL)) != -1) {
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
	if (optind == argc || (command = find_command(argv[optind])) == NULL)
		return usage(stderr);
	given = argc - optind - 1;
	/* before any setting is read, which may be what is wrong */
	if (given > 0 && is_help(argv[optind + 1]))
		return usage_of(command, stdout);
	if (given < command->min || given > command->max)
		return usage_of(command, stderr);
	/* argv ends with a NULL, which is the argument that is not there */
	return run(command, conf_file, argv + optind + 1);
}
