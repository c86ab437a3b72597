/*
 * Typed, bounded fields of a request: of its body, query string and path.
 */
#ifndef LATCHKEY_HTTP_PARAMS_H
#define LATCHKEY_HTTP_PARAMS_H

#include "http/req.h"

/* A text, true or false, or an integer. */
enum field_kind { FIELD_TEXT, FIELD_BOOL, FIELD_NUMBER };

/* A field that a handler wants. */
struct field {
	const char *name;
	enum source source;
	enum field_kind kind;
	bool required;
	bool nullable; /* JSON's null counts as not given */
	bool secret;   /* never echoed */
	bool ignored;  /* not used, so it may hold a NUL */
	bool normal;   /* its NFC is counted, and is the value */
	int64_t min_chars;
	int64_t max_chars;   /* 0: no limit */
	const char *must_be; /* NULL: anything */
	const char *pattern; /* as lib/pattern.h has it; NULL, "": any */
	int64_t min, max;    /* of a FIELD_NUMBER, themselves included */
};

/* Its value. */
struct param {
	const char *text; /* of a FIELD_TEXT; NULL: not given */
	int64_t number;   /* of a FIELD_NUMBER */
	bool on;          /* of a FIELD_BOOL */
	bool given;
};

/*
 * Parse the body, as r->body_kind says, into r->json or r->form; of
 * BODY_EITHER, which becomes one of the others, the media type decides.
 * ERR_MALFORMED: it cannot be read; of a form, r->malformed says why.
 * ERR_INVALID: r->problems says why; the original's answers to a body
 * that is not JSON, of another type, or not an object.
 */
enum err params_parse(struct req *r) MUST_CHECK;

/*
 * Read n fields of the parsed body, the query string and the path into values.
 * A text is UTF-8 without NUL and within its limits, a number within its own;
 * what was not given is all 0. Of several of one name the last counts; in a
 * form of FACE_OAUTH that is an error (RFC 6749, section 3.2). An empty field
 * of a form counts as not given, as the original has it; one of a query string
 * is an empty text. In JSON numbers and truth values are JSON's; elsewhere a
 * number is decimal, and a truth value true, 1, yes, on, t, y or the opposite
 * of these, in any case. ERR_INVALID: r->problems lists all that is wrong, in
 * the order of want, with the value that was sent: secrets masked, null if it
 * takes over 1 KiB as JSON. ERR_MALFORMED: the query string is too long
 * (FORM_QUERY_MAX_BYTES), or has too many fields; r->malformed says so.
 */
enum err params_read(struct req *r, const struct field *want, size_t n,
    struct param *values) MUST_CHECK;

#endif
