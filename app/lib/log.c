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
		return; /* nowhere left to report it */
}

void
log_event(enum log_level level, const char *event, const char *reason,
    const char *fmt, va_list args)
{
	char text[LINE_MAX_BYTES], line[4 * LINE_MAX_BYTES + 1];
	size_t n;

	if (level > level_max)
		return;
	n = (size_t)snprintf(text, sizeof(text), "level=%s req=%s event=%s%s",
	    level_name[level], request_id, event, fmt != NULL ? " " : "");
	if (fmt != NULL)
		vsnprintf(text + n, sizeof(text) - n, fmt, args);
	n = strlen(text);
	if (reason != NULL)
		snprintf(text + n, sizeof(text) - n, " reason=%s", reason);
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
