/*
 * The log: one line an event on standard error.
 */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/text.h"

#define LINE_MAX_BYTES 1000
#define SAID_MAX_BYTES 8192 /* it may name a path */

static const char *const level_name[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
};

#define TIME_BYTES 32

/*
 * For one line, until the next one is written: enough for a reader that has to
 * get a CPU first, so that a burst loses nothing, and nothing to a client.
 */
#define PATIENCE_MS 10

/* How to write, so that nobody who does not read keeps this process waiting. */
static enum {
	PLAINLY, /* a file, or an open file description that never waits */
	TO_SOCKET,
	WITH_ROOM, /* a pipe or terminal, shared with others */
} way = PLAINLY;

static struct log_state alone;
static struct log_state *shared = &alone;
static bool time_shown, last_lost;
static char request_id[65] = "-";
static enum log_level level_max = LOG_LEVEL_INFO;

const char *
log_level_name(enum log_level level)
{
	return level_name[level];
}

void
log_set_level(enum log_level level)
{
	level_max = level;
}

/* Is standard error the stream that systemd connected to its journal? */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, own) == 0;
}

void
log_show_time(void)
{
	time_shown = !is_journal();
}

/*
 * For descriptors that others have, as a shell has of its terminal, nothing
 * changes; O_NONBLOCK on the open file description would be theirs as well.
 */
static bool
open_own(void)
{
	int mode = fcntl(STDERR_FILENO, F_GETFL) & O_ACCMODE;
	int fd =
	    open("/proc/self/fd/2", mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	bool good = fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO;

	if (fd >= 0)
		close(fd);
	return good;
}

void
log_never_wait(void)
{
	struct stat st;

	way = PLAINLY;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode))
		way = TO_SOCKET;
	else if ((S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)) && !open_own())
		way = WITH_ROOM;
}

void
log_set_request(const char *id)
{
	size_t n = 0;

	if (id != NULL)
		while (text_hex(id[n]) >= 0)
			n++;
	if (n == 0 || id[n] != '\0' || n >= sizeof(request_id))
		snprintf(request_id, sizeof(request_id), "-");
	else
		memcpy(request_id, id, n + 1);
}

/* The time and a blank, if it is shown; returns how many bytes. */
static size_t
put_time(char out[TIME_BYTES])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	if (!time_shown || clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    gmtime_r(&now.tv_sec, &tm) == NULL)
		return 0;
	n = strftime(out, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(out + n, TIME_BYTES - n, ".%03dZ ",
	               (int)(now.tv_nsec / 1000000));
}

void
log_share(struct log_state *state)
{
	shared = state != NULL ? state : &alone;
}

uint64_t
log_take_lost(void)
{
	return last_lost ? 0 : atomic_exchange(&shared->lost, 0);
}

void
log_return_lost(uint64_t n)
{
	atomic_fetch_add(&shared->lost, n);
}

static bool
has_room(int wait_ms)
{
	struct pollfd log = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&log, 1, wait_ms) == 1;
}

/*
 * Write what can be written now: as write(2), which fails with EAGAIN if that
 * is nothing. A pipe that has room takes PIPE_BUF bytes at once, unless others
 * fill it at this very moment.
 */
static ssize_t
write_now(const char *line, size_t n)
{
	ssize_t done;

	if (way == TO_SOCKET) {
		done =
		    send(STDERR_FILENO, line, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		/* somebody who wants silence has put /dev/null there */
		if (done >= 0 || errno != ENOTSOCK)
			return done;
	}
	if (way == WITH_ROOM && !has_room(0)) {
		errno = EAGAIN;
		return -1;
	}
	if (way == WITH_ROOM && n > PIPE_BUF)
		n = PIPE_BUF;
	return write(STDERR_FILENO, line, n);
}

/* Write a line, or a part of it; returns how many bytes. */
static size_t
write_soon(const char *line, size_t n)
{
	int wait_ms = last_lost ? 0 : PATIENCE_MS;
	size_t done = 0;
	ssize_t part;

	while (done < n) {
		part = write_now(line + done, n - done);
		if (part > 0) {
			done += (size_t)part;
			continue;
		}
		if (part == 0 || errno != EAGAIN || wait_ms == 0)
			break;
		(void)has_room(wait_ms);
		wait_ms = 0;
	}
	return done;
}

/*
 * Write a line of n bytes. Before it is room for the end of one that was cut
 * short, which would go on with this one.
 */
static bool
put(char *line, size_t n)
{
	bool torn = atomic_exchange(&shared->torn, false);
	size_t done;

	if (torn) {
		*--line = '\n';
		n++;
	}
	done = write_soon(line, n);
	last_lost = done < n;
	if (!last_lost)
		return true;
	if (done > 0 || torn)
		atomic_store(&shared->torn, true);
	log_return_lost(1);
	return false;
}

/*
 * Write a text as one line, in one write, so that lines of several workers
 * never mix. line: room for the time, four times the text and two more.
 */
static bool
write_line(const char *text, char *line)
{
	size_t n = put_time(++line);

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			line[n++] = (char)c;
		else
			n += (size_t)snprintf(line + n, 5, "\\x%02x", c);
	}
	line[n++] = '\n';
	return put(line, n);
}

bool
log_event(enum log_level level, const char *event, const char *reason,
    const char *fmt, va_list args)
{
	char text[LINE_MAX_BYTES], line[TIME_BYTES + 4 * LINE_MAX_BYTES + 2];
	size_t n;

	if (level > level_max)
		return true;
	n = (size_t)snprintf(text, sizeof(text), "level=%s req=%s event=%s%s",
	    level_name[level], request_id, event, fmt != NULL ? " " : "");
	if (fmt != NULL)
		vsnprintf(text + n, sizeof(text) - n, fmt, args);
	n = strlen(text);
	if (reason != NULL)
		snprintf(text + n, sizeof(text) - n, " reason=%s", reason);
	return write_line(text, line);
}

void
log_say(const char *fmt, ...)
{
	static const char head[] = "latchkey: ";
	char text[SAID_MAX_BYTES], line[TIME_BYTES + 4 * SAID_MAX_BYTES + 2];
	va_list args;
	size_t n;

	memcpy(text, head, sizeof(head));
	va_start(args, fmt);
	vsnprintf(text + sizeof(head) - 1, sizeof(text) - sizeof(head) + 1, fmt,
	    args);
	va_end(args);
	n = strlen(text);
	if (text[n - 1] == '\n')
		text[n - 1] = '\0';
	(void)write_line(text, line); /* nowhere left to report it */
}
