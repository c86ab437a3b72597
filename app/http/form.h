/*
 * Form bodies, as browsers and OAuth clients send them: URL-encoded and
 * multipart/form-data.
 */
#ifndef LATCHKEY_HTTP_FORM_H
#define LATCHKEY_HTTP_FORM_H

#include "lib/arena.h"

#define FORM_FIELDS_MAX 1000      /* fields, and apart from them files */
#define FORM_QUERY_MAX_BYTES 8192 /* as nginx takes of a request line */
#define FORM_BOUNDARY_MAX_BYTES 256
#define FORM_PART_HEADERS_MAX 8
#define FORM_PART_HEADER_MAX_BYTES 4224

struct form_field {
	const char *name; /* NUL-terminated bytes; may hold any others */
	const char *value;
	size_t name_len, value_len;
	bool is_file;
};

struct form {
	struct form_field *fields;
	size_t count, size;
	size_t files;
	const char *error; /* after ERR_MALFORMED: a sentence for the client */
};

/*
 * Parse a body of this media type (NULL: none was sent). A type that is no
 * form's gives an empty form, as the original has it: media types compare
 * case-insensitively, but multipart/form-data with parameters does not.
 * ERR_MALFORMED: out->error says why.
 * Source: WHATWG URL, application/x-www-form-urlencoded; RFC 7578; and where
 * both leave it open, what the original was recorded to do.
 */
enum err form_parse(struct arena *a, const char *type, const char *body,
    size_t n, struct form *out) MUST_CHECK;

/*
 * Parse a query string, as it came, like an URL-encoded body. ERR_MALFORMED: it
 * has more than FORM_QUERY_MAX_BYTES, or too many fields; out->error says so.
 */
enum err form_parse_query(
    struct arena *a, const char *query, struct form *out) MUST_CHECK;

/* How many fields have this name? */
size_t form_count(const struct form *f, const char *name);

/* The last field of this name, or NULL. */
const struct form_field *form_get(const struct form *f, const char *name);

#endif
