/*
 * Common definitions: the error type, and a few macros.
 */
#ifndef LATCHKEY_BASE_H
#define LATCHKEY_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LATCHKEY_VERSION "0.1.0"

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The only error type that crosses files; http/reply.c maps it to a status. */
enum err {
	ERR_OK,
	ERR_MALFORMED, /* the body cannot be parsed at all */
	ERR_INVALID,   /* it can, but breaks a rule: req.problems says which */
	ERR_UNAUTH,    /* not authenticated */
	ERR_DENIED,    /* authenticated, but not allowed */
	ERR_NOTFOUND,  /* no such thing */
	ERR_CONFLICT,  /* it exists already */
	ERR_TOOBIG,    /* longer than the maximum */
	ERR_LIMIT,     /* too many attempts: ctx.retry_after_s */
	ERR_BUSY,      /* a dependency does not answer: try again later */
	ERR_INTERNAL,  /* a bug, or a failing machine */
	ERR_COUNT      /* how many there are */
};

#endif
