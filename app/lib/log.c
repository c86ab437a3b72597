/*
 * The log: one line an event on standard error.
 */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
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

static const char *const event_name[] = {
	[EVENT_READY] = "ready",
	[EVENT_START] = "start",
	[EVENT_STOP] = "stop",
	[EVENT_REQUEST] = "request",
	[EVENT_LOGIN] = "login",
	[EVENT_LOGIN_FAILED] = "login_failed",
	[EVENT_SIGNUP] = "signup",
	[EVENT_HASH_UPGRADED] = "hash_upgraded",
	[EVENT_PASSWORD_CHANGED] = "password_changed",
	[EVENT_SERVICE_LIMIT] = "service_limit_reached",
	[EVENT_PASSWORD_REFUSED] = "password_refused",
	[EVENT_SHED] = "login_shed",
	[EVENT_WRONG_LANE] = "wrong_lane",
	[EVENT_RELOAD] = "reload",
	[EVENT_WORKER_ENDED] = "worker_ended",
	[EVENT_DB_CONNECTED] = "db_connected",
	[EVENT_DB_FAILED] = "db_failed",
	[EVENT_REQUEST_BROKEN] = "request_broken",
	[EVENT_REPLY_CUT] = "reply_cut",
	[EVENT_NO_MEMORY] = "no_memory",
	[EVENT_BLOCKLIST] = "blocklist",
	[EVENT_BUG] = "bug",
};

static char request_id[65] = "-";
static enum log_level level_max = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	level_max = level;
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

/*
 * Write a text as one line, in one write, so that lines of several workers
 * never mix. line: room for four times the text and one more.
 */
static void
write_line(const char *text, char *line)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f)
			line[n++] = (char)c;
		else
			n += (size_t)snprintf(line + n, 5, "\\x%02x", c);
	}
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to complain to */
}

void
log_event(enum log_level level, enum event event, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES], line[4 * LINE_MAX_BYTES + 1];
	va_list args;
	int head;

	if (level > level_max)
		return;
	head = snprintf(text, sizeof(text), "level=%s req=%s event=%s ",
	    level_name[level], request_id, event_name[event]);
	va_start(args, fmt);
	vsnprintf(text + head, sizeof(text) - (size_t)head, fmt, args);
	va_end(args);
	write_line(text, line);
}

void
log_say(const char *fmt, ...)
{
	static const char head[] = "latchkey: ";
	char text[SAID_MAX_BYTES], line[4 * SAID_MAX_BYTES + 1];
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
	write_line(text, line);
}
