/*
 * The log: one line an event on standard error,
 *   level=info req=4f2a… event=login_failed user=42 reason=password
 */
#ifndef LATCHKEY_LIB_LOG_H
#define LATCHKEY_LIB_LOG_H

#include <stdarg.h>
#include <stdatomic.h>

#include "base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

/* "error", "warning" or "info". */
const char *log_level_name(enum log_level level);

/*
 * Write lines of this level or more severe ones only; at first LOG_LEVEL_INFO.
 */
void log_set_level(enum log_level level);

/*
 * Begin each line from now on with the time in UTC and a blank, as in
 * "2026-11-28T20:44:14.123Z ", unless standard error leads to systemd's
 * journal, which notes the time itself. Source: systemd.exec(5),
 * JOURNAL_STREAM.
 */
void log_show_time(void);

/*
 * For a process that serves, before it is confined: from now on no line is
 * waited for. A line that no reader of the pipe, socket or terminal takes is
 * lost, after 10 ms once. Standard error gets its own open file description
 * where it can have one, which processes forked or executed by this one share,
 * and no others. Until then, as in a command, a line is waited for.
 */
void log_never_wait(void);

/* Shared state of the processes that write to one log. */
struct log_state {
	_Atomic uint64_t lost; /* lines that nobody has said to be lost yet */
	_Atomic bool torn;     /* the last line has no end */
};

/*
 * Have that in this memory, which is zero, from now on; NULL: in this process's
 * own, as at its start.
 */
void log_share(struct log_state *state);

/*
 * How many lines could not be written, if the last one could; none of them is
 * returned again. They, or the rest of one, were refused by a full file system,
 * or by a pipe that nobody reads, say.
 */
uint64_t log_take_lost(void) MUST_CHECK;

/* They could not be said to be lost. */
void log_return_lost(uint64_t n);

/*
 * The request that the following lines belong to, by the web server's id for
 * it (hexadecimal digits; anything else is ignored). NULL: none.
 */
void log_set_request(const char *id);

/*
 * Write one line: the event of this name, its fields by fmt and args
 * ("key=value …" as for vprintf(3); NULL: none), then reason= and the reason
 * (NULL: not). Control characters and bytes beyond ASCII come out as \xNN, so
 * no value can begin a line. At most 1000 bytes before that; the rest is cut.
 * The line is one write of less than PIPE_BUF, so no other process tears it;
 * after one that was cut it begins on a new line.
 * False: it could not be written.
 */
bool log_event(enum log_level level, const char *event, const char *reason,
    const char *fmt, va_list args) __attribute__((format(printf, 4, 0)));

/*
 * Write one line, "latchkey: …", for a person who starts the program or reloads
 * its settings: neither an event nor part of a request. Bytes other than
 * printable ASCII come out as above, except for a newline at the end, which
 * messages of libraries have; so settings and such messages cannot begin a line
 * either.
 */
void log_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
