/*
 * Files that hold a secret: whether others can read or replace them.
 */
#include "base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "lib/log.h"

#define PATH_BYTES 4096 /* of the longest path, as the kernel has it */

/* May this user be trusted with it? Root asks in the place of another. */
static bool
is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid() || geteuid() == 0;
}

/* The folder of the file at path, which has been opened, so it is not longer.
 */
static bool
folder_is_safe(const char *setting, const char *path)
{
	char folder[PATH_BYTES] = ".";
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;
	struct stat st;

	if (slash == path)
		n = 1; /* the root */
	if (n > 0 && n < sizeof(folder)) {
		memcpy(folder, path, n);
		folder[n] = '\0';
	}
	if (stat(folder, &st) != 0) {
		log_say(
		    "%s %s: %s: %s", setting, path, folder, strerror(errno));
		return false;
	}
	if (!is_ours(st.st_uid)) {
		log_say("%s %s: its folder %s belongs to user %u, who could "
		        "replace the file; do: chown root %s",
		    setting, path, folder, (unsigned)st.st_uid, folder);
		return false;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
	    (st.st_mode & S_ISVTX) != 0)
		return true;
	log_say("%s %s: its folder %s is writable by others, who could "
	        "replace the file; do: chmod go-w %s",
	    setting, path, folder, folder);
	return false;
}

static bool
file_is_safe(const char *setting, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
		log_say("%s %s: must be a regular file that others cannot read "
		        "and the group cannot write; do: chmod g-w,o= %s",
		    setting, path, path);
		return false;
	}
	if (is_ours(st.st_uid))
		return true;
	log_say("%s %s: belongs to user %u, who could change it; do: "
	        "chown root %s",
	    setting, path, (unsigned)st.st_uid, path);
	return false;
}

bool
secret_is_safe(const char *setting, const char *path, int fd)
{
	char real[PATH_BYTES];

	if (!file_is_safe(setting, path, fd) || !folder_is_safe(setting, path))
		return false;
	/* it may be a link, as where an orchestrator puts secrets */
	if (realpath(path, real) != NULL)
		return folder_is_safe(setting, real);
	log_say("%s %s: %s", setting, path, strerror(errno));
	return false;
}
