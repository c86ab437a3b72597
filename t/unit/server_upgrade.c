/*
 * Tests of server/upgrade.c: which program is at which path, which code is
 * stale, and how another program is executed. The links and lines of /proc and
 * the execution are this file's.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define upgrade_begin tested_begin
#define upgrade_is_due tested_is_due
#define upgrade_note_trial tested_note_trial
#define upgrade_is_tried tested_is_tried
#define upgrade_execute tested_execute
#define handover_leave leave_of_ours
#define handover_withdraw withdraw_of_ours
#define readlink readlink_of_ours
#define fopen fopen_of_ours
#define execve execve_of_ours
static ssize_t readlink_of_ours(const char *path, char *out, size_t n);
static FILE *fopen_of_ours(const char *path, const char *mode);
static int execve_of_ours(
    const char *path, char *const arguments[], char *const environment[]);
#include "server/upgrade.c" /* NOLINT(bugprone-suspicious-include) */
#undef fopen

#include "did.h"
#include "said.h"

static const char *link_text; /* NULL: there is no such link */
static const char *maps_text; /* the same of the file */
static bool can_leave = true;

static ssize_t
readlink_of_ours(const char *path, char *out, size_t n)
{
	size_t length;

	if (strcmp(path, "/proc/self/exe") != 0 || link_text == NULL)
		return -1;
	length = strlen(link_text);
	if (length > n)
		length = n;
	memset(out, 'x', n); /* nothing ends the text */
	memcpy(out, link_text, length);
	return (ssize_t)length;
}

static FILE *
fopen_of_ours(const char *path, const char *mode)
{
	static char text[1000];

	(void)mode;
	if (maps_text == NULL || strcmp(path, "/proc/self/maps") != 0)
		return NULL;
	snprintf(text, sizeof(text), "%s", maps_text);
	return fmemopen(text, strlen(text), "r");
}

static int
execve_of_ours(
    /* cppcheck-suppress constParameter */
    const char *path, char *const arguments[], char *const environment[])
{
	size_t i;

	did("execute %s:", path);
	for (i = 0; arguments[i] != NULL; i++)
		did(" %s", arguments[i]);
	did(environment == environ ? ", " : " in another environment, ");
	errno = ENOEXEC;
	return -1;
}

bool
leave_of_ours(const struct handover *h)
{
	(void)h;
	did("leave, ");
	errno = EMFILE;
	return can_leave;
}

void
withdraw_of_ours(const struct handover *h)
{
	(void)h;
	did("withdraw, ");
}

/* --- which program --- */

static const char *
path_of(char *name, const char *link)
{
	static char path[PATH_MAX];
	char *before = program_invocation_name;

	memset(path, 'x', sizeof(path));
	program_invocation_name = name;
	link_text = link;
	find_path(path);
	program_invocation_name = before;
	return path;
}

static void
test_path(void)
{
	static char absolute[] = "/usr/bin/latchkey", relative[] = "./latchkey";
	static char longest[PATH_MAX + 10];

	is(path_of(absolute, "/other"), "/usr/bin/latchkey",
	    "a program has the absolute name that it was started by");
	is(path_of(relative, "/usr/bin/latchkey"), "/usr/bin/latchkey",
	    "a program without an absolute name has the kernel's");
	is(path_of(relative, "/usr/bin/latchkey (deleted)"),
	    "/usr/bin/latchkey",
	    "a program that is another file now keeps its name");
	is(path_of(relative, "/ (deleted)"), "/",
	    "a name of one character keeps it");
	is(path_of(relative, " (deleted)"), " (deleted)",
	    "a name does not become empty");
	is(path_of(relative, "/a"), "/a", "a short name stays as it is");
	is(path_of(relative, ""), "", "an empty name stays as it is");
	is(path_of(relative, NULL), "", "a program may have no name");
	memset(longest, 'a', sizeof(longest) - 1);
	is_int((long long)strlen(path_of(relative, longest)), PATH_MAX - 1,
	    "the longest name ends where its memory ends");
}

static void
test_same(void)
{
	const struct stat one = { .st_dev = 1,
		.st_ino = 2,
		.st_size = 3,
		.st_mtim = { .tv_sec = 4, .tv_nsec = 5 } };
	struct stat other[5];
	size_t i;

	ok(is_same(&one, &one), "a file is the same as itself");
	for (i = 0; i < ARRAY_LEN(other); i++)
		other[i] = one;
	other[0].st_dev++;
	other[1].st_ino++;
	other[2].st_size++;
	other[3].st_mtim.tv_sec++;
	other[4].st_mtim.tv_nsec++;
	ok(!is_same(&one, &other[0]), "a file of another device is another");
	ok(!is_same(&one, &other[1]), "a file of another number is another");
	ok(!is_same(&one, &other[2]), "a file of another size is another");
	ok(!is_same(&one, &other[3]), "a file of another second is another");
	ok(!is_same(&one, &other[4]),
	    "a file of another nanosecond is another");
}

#define CODE "7f00-7f01 r-xp 00028000 08:01 1234   "

static void
test_stale(void)
{
	static const struct {
		const char *title, *line;
		bool is_stale;
	} lines[] = {
		{ "a removed library", CODE "/usr/lib/l.so (deleted)\n", true },
		{ "one without an end", CODE "/usr/lib/l.so (deleted)", true },
		{ "a library", CODE "/usr/lib/l.so\n", false },
		{ "another end", CODE "/usr/lib/l.so (deletes)\n", false },
		{ "sealed memory", CODE "/memfd:jit (deleted)\n", false },
		{ "no file", CODE "\n", false },
		{ "a removed file that is read",
		    "7f00-7f01 r--p 00028000 08:01 12 /l (deleted)\n", false },
		{ "a removed file that is written",
		    "7f00-7f01 rw-p 00028000 08:01 12 /l (deleted)\n", false },
		{ "the shortest", " --x/ (deleted)\n", true },
		{ "no permissions", "/usr/lib/libssl.so.3(deleted)\n", false },
		{ "no path", "a --x a-long-name-here (deleted)\n", false },
		{ "nothing but an end", " (deleted)\n", false },
		{ "an empty line", "\n", false },
		{ "nothing", "", false },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++)
		ok(is_stale_code(lines[i].line) == lines[i].is_stale,
		    tap_with("a line of the map of memory has stale code",
		        lines[i].title));
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
test_due(void)
{
	char folder[] = "/tmp/latchkey-upgrade-XXXXXX";
	static struct upgrade u;
	static char path[64];
	char *before = program_invocation_name;

	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/program", folder);
	write_file(path, "first");
	program_invocation_name = path;
	maps_text = CODE "/usr/lib/libssl.so.3\n";
	upgrade_begin(&u, "settings");
	program_invocation_name = before;
	ok(strcmp(u.path, path) == 0 && strcmp(u.settings, "settings") == 0,
	    "a program knows its path and its settings");
	ok(!upgrade_is_due(&u), "no upgrade is due at the start");
	maps_text = CODE "/usr/lib/libssl.so.3\n" CODE
	                 "/usr/lib/libpq.so.5 (deleted)\n" CODE "/usr/lib/l\n";
	ok(upgrade_is_due(&u), "an upgrade is due when a library was replaced");
	maps_text = NULL;
	ok(!upgrade_is_due(&u), "no upgrade is due where the map is not read");
	ok(!upgrade_is_tried(&u), "no program was tried at the start");
	write_file(path, "another");
	ok(upgrade_is_due(&u), "an upgrade is due when the program is another");
	upgrade_note_trial(&u);
	ok(upgrade_is_tried(&u), "a program that was tried is known");
	unlink(path);
	ok(upgrade_is_due(&u) && !upgrade_is_tried(&u),
	    "a program that is gone is another one");
	upgrade_note_trial(&u);
	ok(upgrade_is_tried(&u), "that there was no program is known");
	rmdir(folder);
}

/* --- what is to run --- */

static void
test_execute(void)
{
	static struct upgrade u = { .path = "/usr/bin/latchkey",
		.settings = "/etc/latchkey.conf" };
	static struct handover h;

	did_nothing_yet();
	listen_to_stderr();
	upgrade_execute(&u, &h);
	ok(strstr(said(), "/usr/bin/latchkey cannot be executed: Exec format "
	                  "error") != NULL,
	    "a program that is not executed is told");
	did_this("leave, execute /usr/bin/latchkey: /usr/bin/latchkey -c "
	         "/etc/latchkey.conf serve, withdraw, ",
	    "a program is executed with its settings, or nothing is left");
	can_leave = false;
	listen_to_stderr();
	upgrade_execute(&u, &h);
	ok(strstr(said(), "cannot be executed: Too many open files") != NULL,
	    "a handover that is not possible is told");
	did_this("leave, ", "without a handover nothing is executed");
}

int
main(void)
{
	test_path();
	test_same();
	test_stale();
	test_due();
	test_execute();
	return done();
}
