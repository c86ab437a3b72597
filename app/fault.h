/*
 * What is wrong with a request's fields: the list that FastAPI answers with
 * status 422, in pydantic's shapes.
 */
#ifndef LATCHKEY_FAULT_H
#define LATCHKEY_FAULT_H

#include "req.h"

enum fault_kind {
	FAULT_MISSING,
	FAULT_NOT_TEXT,    /* some other JSON value, or a file */
	FAULT_NOT_UNICODE, /* a lone surrogate, or bytes that are not UTF-8 */
	FAULT_NUL,         /* PostgreSQL and crypt(3) end a text there */
	FAULT_TOO_SHORT,
	FAULT_TOO_LONG,
	FAULT_TOO_MANY_BYTES,
	FAULT_PASSWORD_COMMON,
	FAULT_PASSWORD_IS_NAME,
	FAULT_PATTERN,
	FAULT_NOT_OBJECT,
	FAULT_NOT_JSON
};

struct fault {
	enum fault_kind kind;
	const char *field; /* NULL: the body itself */
	const char *input; /* JSON: what was sent, secrets masked; NULL: null */
	int64_t number;    /* the limit; of FAULT_NOT_JSON the offset */
	const char *detail; /* the pattern; of FAULT_NOT_JSON the reason */
	struct fault *next;
};

/* Add a copy of f to the end of the request's list. */
void fault_add(struct req *r, struct fault f);

/* Append the list as FastAPI's body, {"detail":[…]}. */
void fault_write(struct buf *b, const struct fault *list);

#endif
