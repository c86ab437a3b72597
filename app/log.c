/*
 * The log: one line an event on standard error.
 */
#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "text.h"

#define LINE_MAX_BYTES 1000
#define SAID_MAX_BYTES 8192 /* it may name a path */

static const char *const level_name[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
};

static const char *const event_name[] = {
	[LOG_READY] = "ready",
	[LOG_START] = "start",
	[LOG_STOP] = "stop",
	[LOG_REQUEST] = "request",
	[LOG_LOGIN] = "login",
	[LOG_LOGIN_FAILED] = "login_failed",
	[LOG_SIGNUP] = "signup",
	[LOG_HASH_UPGRADED] = "hash_upgraded",
	[LOG_PASSWORD_CHANGED] = "password_changed",
	[LOG_BUDGET_SPENT] = "budget_spent",
	[LOG_PASSWORD_REFUSED] = "password_refused",
	[LOG_NOT_HASHED] = "not_hashed",
	[LOG_WRONG_LANE] = "wrong_lane",
	[LOG_RELOAD] = "reload",
	[LOG_WORKER_ENDED] = "worker_ended",
	[LOG_DB_CONNECTED] = "db_connected",
	[LOG_DB_FAILED] = "db_failed",
	[LOG_REQUEST_BROKEN] = "request_broken",
	[LOG_REPLY_CUT] = "reply_cut",
	[LOG_NO_MEMORY] = "no_memory",
	[LOG_BLOCKLIST] = "blocklist",
	[LOG_BUG] = "bug",
};

static char request_id[65] = "-";
static enum log_level level_max = LOG_INFO;

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
log_event(enum log_level level, enum log_event event, const char *fmt, ...)
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
