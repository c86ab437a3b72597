/*
 * A request's body, and typed, bounded fields out of it, whichever way it was
 * sent.
 */
#ifndef LATCHKEY_HTTP_PARAMS_H
#define LATCHKEY_HTTP_PARAMS_H

#include "http/req.h"

/* What a handler wants; every field is a text. */
struct field {
	const char *name;
	bool required;
	bool nullable; /* JSON's null counts as not given */
	bool secret;   /* never echoed */
	bool ignored;  /* nobody reads it, so it may hold a NUL */
	bool normal;   /* its NFC is counted, and is the value */
	int64_t min_chars;
	int64_t max_chars;   /* 0: no limit */
	const char *must_be; /* NULL: anything */
};

/*
 * Parse the body, as r->body_kind says, into r->json or r->form.
 * ERR_MALFORMED: it cannot be read; of a form, r->form.error says why.
 * ERR_INVALID: r->problems says why; the original's answers to a body
 * that is not JSON, of another type, or not an object.
 */
enum err params_parse(struct req *r) MUST_CHECK;

/*
 * Read n fields of the parsed body into values: UTF-8 without NUL and within
 * the limits, or NULL for one that was not given. An empty field of a form
 * counts as not given, as the original has it.
 * ERR_INVALID: r->problems lists all that is wrong, in the order of want, with
 * the value that was sent: secrets masked, null if it takes over 1 KiB as JSON.
 */
enum err params_read(struct req *r, const struct field *want, size_t n,
    const char **values) MUST_CHECK;

#endif
