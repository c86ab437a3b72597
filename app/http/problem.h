/*
 * Validation errors of a request's fields: the list that FastAPI answers with
 * status 422, in pydantic's format.
 */
#ifndef LATCHKEY_HTTP_PROBLEM_H
#define LATCHKEY_HTTP_PROBLEM_H

#include "http/req.h"

enum problem_kind {
	PROBLEM_MISSING,
	PROBLEM_TWICE,             /* where OAuth wants it once */
	PROBLEM_NOT_TEXT,          /* some other JSON value, or a file */
	PROBLEM_NOT_NUMBER,        /* no JSON integer */
	PROBLEM_NUMBER_UNREADABLE, /* a text that is no integer */
	PROBLEM_TOO_SMALL,
	PROBLEM_TOO_LARGE,
	PROBLEM_NOT_BOOL, /* no JSON truth value */
	PROBLEM_BOOL_UNREADABLE,
	PROBLEM_NOT_UNICODE, /* a lone surrogate, or bytes that are not UTF-8 */
	PROBLEM_NUL,         /* PostgreSQL and crypt(3) end a text there */
	PROBLEM_TOO_SHORT,
	PROBLEM_TOO_LONG,
	PROBLEM_TOO_MANY_BYTES,
	PROBLEM_PASSWORD_COMMON,
	PROBLEM_PASSWORD_IS_NAME,
	PROBLEM_PATTERN,
	PROBLEM_NOT_OBJECT,
	PROBLEM_NOT_JSON
};

struct problem {
	enum problem_kind kind;
	enum source source;
	const char *field; /* NULL: the body itself */
	const char *input; /* JSON: what was sent, secrets masked; NULL: null */
	int64_t number;    /* the limit; of PROBLEM_NOT_JSON the offset */
	const char *detail; /* the pattern; of PROBLEM_NOT_JSON the reason */
	struct problem *next;
};

/* Add a copy of f to the end of the request's list. */
void problem_add(struct req *r, struct problem f);

/* Append what a problem is, as a sentence. */
void problem_add_message(struct buf *b, const struct problem *f);

/* Append the list as JSON, the detail of FastAPI's 422: […]. */
void problem_write(struct buf *b, const struct problem *list);

#endif
