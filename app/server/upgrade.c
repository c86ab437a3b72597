/*
 * Upgrade: another program in the place of the supervisor's, by exec.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "server/upgrade.h"

#define DELETED " (deleted)" /* behind a path that is another file's now */
#define LINE_BYTES (PATH_MAX + 128)

/* --- what runs --- */

/*
 * The name that it was started by, if that is absolute: it may be a link, which
 * then leads to the next version.
 */
static void
find_path(char path[PATH_MAX])
{
	size_t end = strlen(DELETED);
	ssize_t n;

	if (*program_invocation_name == '/') {
		snprintf(path, PATH_MAX, "%s", program_invocation_name);
		return;
	}
	n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = '\0';
	if ((size_t)n > end && n > 0 &&
	    strcmp(path + (size_t)n - end, DELETED) == 0)
		path[(size_t)n - end] = '\0';
}

/* All 0: there is no such file. */
static void
look_at(const char *path, struct stat *out)
{
	if (stat(path, out) != 0)
		memset(out, 0, sizeof(*out));
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool
is_at_path(const struct upgrade *u, const struct stat *known)
{
	struct stat now;

	look_at(u->path, &now);
	return is_same(&now, known);
}

/*
 * Does a line of /proc/self/maps show code of a file that has been removed, as
 * a package that is upgraded does with the one before? "7f…-7f… r-xp 00028000
 * 08:01 1234   /usr/lib/libssl.so.3 (deleted)"
 */
static bool
is_stale_code(const char *line)
{
	const char *permissions = strchr(line, ' '), *path = strchr(line, '/');
	size_t n = strcspn(line, "\n"), end = strlen(DELETED);

	return permissions != NULL && path != NULL && n > end &&
	       permissions[3] == 'x' &&
	       strncmp(path, "/memfd:", strlen("/memfd:")) != 0 &&
	       strncmp(line + n - end, DELETED, end) == 0;
}

static bool
has_stale_code(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[LINE_BYTES];
	bool stale = false;

	if (maps == NULL)
		return false;
	while (!stale && fgets(line, sizeof(line), maps) != NULL)
		stale = is_stale_code(line);
	fclose(maps);
	return stale;
}

void
upgrade_begin(struct upgrade *u, const char *settings)
{
	find_path(u->path);
	u->settings = settings;
	look_at(u->path, &u->started);
}

bool
upgrade_is_due(const struct upgrade *u)
{
	return !is_at_path(u, &u->started) || has_stale_code();
}

/* --- what is to run --- */

void
upgrade_note_trial(struct upgrade *u)
{
	look_at(u->path, &u->tried);
}

bool
upgrade_is_tried(const struct upgrade *u)
{
	return is_at_path(u, &u->tried);
}

void
upgrade_execute(const struct upgrade *u, const struct handover *h)
{
	char option[] = "-c", command[] = "serve";
	char path[PATH_MAX], settings[PATH_MAX];
	char *arguments[] = { path, option, settings, command, NULL };

	snprintf(path, sizeof(path), "%s", u->path);
	snprintf(settings, sizeof(settings), "%s", u->settings);
	if (handover_leave(h)) {
		execve(path, arguments, environ);
		handover_withdraw(h);
	}
	log_say("%s cannot be executed: %s", u->path, strerror(errno));
}
