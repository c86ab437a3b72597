/*
 * Places that `latchkey serve` takes: sockets, ports, the status file.
 */
#include "base.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/place.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "server/listener.h"
#include "stats/shm.h"

#define PATH_BYTES 4097 /* of the longest, as conf.c bounds it */

/*
 * Does a process listen on this Unix socket? Not by connecting, which would
 * start a service that systemd holds the socket for. Source: proc(5), net/unix.
 */
static bool
is_listened(const char *path)
{
	static const char listening[] = " 00010000 ";
	FILE *f = fopen("/proc/net/unix", "r");
	char line[512];
	const char *p;
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		p = strchr(line, '/');
		found = p != NULL && strcmp(p, path) == 0 &&
		        strstr(line, listening) != NULL;
	}
	fclose(f);
	return found;
}

/* May a file be made in the folder of this path? Says why not. */
static void
check_folder(const char *setting, const char *path)
{
	char copy[PATH_BYTES];
	const char *folder;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (access(folder, W_OK | X_OK) == 0)
		return;
	if (errno == ENOENT)
		log_say("warning: %s: the folder %s does not exist; systemd "
		        "makes it with the service; without systemd do: "
		        "install -d -m 2750 -o latchkey -g latchkey-web %s",
		    setting, folder, folder);
	else
		log_say("warning: %s: this user cannot make a file in %s: %s; "
		        "do: chown latchkey %s",
		    setting, folder, strerror(errno), folder);
}

static void
note(struct buf *unseen, const char *what, const char *place)
{
	buf_addf(unseen, "%s%s %s", unseen->len > 0 ? "; " : "", what, place);
}

/* A Unix socket. */
static bool
check_unix(
    const char *setting, const char *path, bool serves, struct buf *unseen)
{
	struct stat st;

	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		log_say("%s: %s: exists and is not a socket; name another "
		        "place, or remove it",
		    setting, path);
		return false;
	}
	if (serves)
		return true; /* it has made them */
	if (is_listened(path))
		note(unseen, "which process listens on", path);
	else
		check_folder(setting, path);
	return true;
}

/* A port. */
static bool
check_port(const char *setting, const char *address, bool serves)
{
	int error = listener_try(address);

	if (error == EINVAL) {
		log_say("%s: %s: is neither an absolute path nor a numeric "
		        "ADDRESS:PORT, such as 127.0.0.1:9001",
		    setting, address);
		return false;
	}
	if (error == EADDRINUSE && !serves)
		log_say("warning: %s: %s: another process listens there; stop "
		        "that, or choose another port",
		    setting, address);
	else if (error == EACCES)
		log_say("warning: %s: %s: this port is for root alone; choose "
		        "one from 1024 on",
		    setting, address);
	else if (error != 0 && error != EADDRINUSE)
		log_say(
		    "warning: %s: %s: %s", setting, address, strerror(error));
	return true;
}

bool
place_check(const struct conf *conf, struct arena *a, const char **unseen)
{
	bool good = true, serves = shm_is_served(conf->status_file);
	char setting[32];
	struct buf notes;
	enum role lane;

	buf_init(&notes, a);
	for (lane = 0; lane < ROLE_COUNT; lane++) {
		const char *place = conf->listen[lane];

		if (!roles[lane].is_lane)
			continue;
		snprintf(
		    setting, sizeof(setting), "listen_%s", roles[lane].name);
		good &= *place == '/'
		            ? check_unix(setting, place, serves, &notes)
		            : check_port(setting, place, serves);
	}
	if (!serves)
		check_folder("status_file", conf->status_file);
	if (geteuid() == 0)
		note(&notes, "what the service's user may read and write,",
		    "since this was run as root");
	*unseen = notes.len > 0 ? notes.s : NULL;
	return good;
}
