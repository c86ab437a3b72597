/*
 * Fuzz target of server/systemd.c: the environment. The first two lines are the
 * number of passed sockets and their names, the third NOTIFY_SOCKET.
 */
#include "file.h"

#include <fcntl.h>

#include "lib/buf.h"
#include "server/systemd.h"

/* The line at *p, which goes on behind it; NULL: there is none. */
static const char *
next_line(struct arena *a, const char **p, const char *end)
{
	const char *line = *p, *newline;

	if (line == end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*p = newline != NULL ? newline + 1 : end;
	return arena_strndup(
	    a, line, (size_t)((newline != NULL ? newline : end) - line));
}

/* Until the arena is emptied: setenv(3) would keep each value for ever. */
static void
set(struct arena *a, const char *variable, const char *value)
{
	struct buf b;

	if (unsetenv(variable) != 0)
		abort();
	if (value == NULL)
		return;
	buf_init(&b, a);
	buf_addf(&b, "%s=%s", variable, value);
	if (putenv(b.s) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "check", "api", "login" };
	const char *p = (const char *)data, *end = p + size, *notify;
	int fds[ARRAY_LEN(names)], flags[3 + 16];
	enum systemd_sockets found;
	char number[16];
	struct arena a;
	size_t i;

	silence(&stderr);
	arena_init(&a);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	set(&a, "LISTEN_PID", number);
	set(&a, "LISTEN_FDS", next_line(&a, &p, end));
	set(&a, "LISTEN_FDNAMES", next_line(&a, &p, end));
	/* libFuzzer's own descriptors stay as they are */
	for (i = 3; i < ARRAY_LEN(flags); i++)
		flags[i] = fcntl((int)i, F_GETFD);
	found = systemd_take_sockets(names, fds, ARRAY_LEN(names));
	for (i = 3; i < ARRAY_LEN(flags); i++)
		if (flags[i] >= 0)
			fcntl((int)i, F_SETFD, flags[i]);
	if (found == SYSTEMD_GOOD)
		assert(strtol(getenv("LISTEN_FDS"), NULL, 10) == 3);
	for (i = 0; found == SYSTEMD_GOOD && i < ARRAY_LEN(names); i++) {
		assert(fds[i] >= 3 && fds[i] < 3 + 16);
		assert(fds[i] != fds[(i + 1) % ARRAY_LEN(names)]);
		assert(strstr(getenv("LISTEN_FDNAMES"), names[i]) != NULL);
	}
	/* one that nobody listens on; else it would hear of it */
	notify = arena_strndup(&a, p, (size_t)(end - p));
	if (*notify == '@' || strncmp(notify, "/nowhere", 8) == 0 ||
	    strlen(notify) >= 108 || (*notify != '/' && *notify != '\0')) {
		set(&a, "NOTIFY_SOCKET", notify);
		systemd_notify("READY=1");
	}
	set(&a, "LISTEN_PID", NULL);
	set(&a, "LISTEN_FDS", NULL);
	set(&a, "LISTEN_FDNAMES", NULL);
	set(&a, "NOTIFY_SOCKET", NULL);
	arena_free(&a);
	return 0;
}
