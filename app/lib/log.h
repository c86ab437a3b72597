/*
 * The log: one line an event on standard error,
 *   level=info req=4f2a… event=login_failed user=42
 * Never a name, password, token, hash or cookie: accounts are told by number.
 */
#ifndef LATCHKEY_LIB_LOG_H
#define LATCHKEY_LIB_LOG_H

#include "base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

enum event {
	EVENT_READY,         /* all workers have begun */
	EVENT_START,         /* a worker is ready to accept */
	EVENT_STOP,          /* it has answered its last request */
	EVENT_REQUEST,       /* a request was answered */
	EVENT_LOGIN,         /* a password login succeeded */
	EVENT_LOGIN_FAILED,  /* wrong password, unknown, inactive, no hash, or
	                      * too many attempts */
	EVENT_SIGNUP,        /* an account was made */
	EVENT_HASH_UPGRADED, /* a stored hash was made anew with today's cost */
	EVENT_SERVICE_LIMIT, /* too many wrong passwords in the whole service */
	EVENT_PASSWORD_CHANGED, /* by its owner */
	EVENT_PASSWORD_REFUSED, /* wrong current one, or too many */
	EVENT_SHED,         /* a login or sign-up waited too long, or its client
	                     * has gone */
	EVENT_WRONG_LANE,   /* the web server's locations do not fit */
	EVENT_RELOAD,       /* settings and key were read anew, or kept */
	EVENT_WORKER_ENDED, /* one that was not told to, or could not begin */
	EVENT_DB_CONNECTED,
	EVENT_DB_FAILED,      /* no connection, or a statement failed */
	EVENT_REQUEST_BROKEN, /* not a request that a web server would send */
	EVENT_REPLY_CUT,      /* the web server did not take a reply whole */
	EVENT_NO_MEMORY,      /* not enough of it to hash a password */
	EVENT_BLOCKLIST,      /* the list of common passwords cannot be read */
	EVENT_BUG             /* an error that only a bug of ours explains */
};

/* Write lines of this level and graver ones only; LOG_LEVEL_INFO to begin with.
 */
void log_set_level(enum log_level level);

/*
 * The request that the following lines belong to, by the web server's id for
 * it (hexadecimal digits; anything else is not taken over). NULL: none.
 */
void log_set_request(const char *id);

/*
 * Write one line. fmt: "key=value …" as for printf(3). Control characters and
 * bytes beyond ASCII come out as \xNN, so no value can begin a line of its own.
 * At most 1000 bytes before that; the rest is cut. The line goes out by one
 * write of less than PIPE_BUF, so none is torn by another process.
 */
void log_event(enum log_level level, enum event event, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * Say one line, "latchkey: …", to whoever starts the program or has it read its
 * settings anew: no event, and of no request. What is not printable ASCII comes
 * out as above, but for a newline at the end, which others' messages have; so
 * settings and messages of others cannot begin a line either.
 */
void log_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
