/*
 * JSON as clients send it, strictly parsed. The only file that knows json-c,
 * which holds the values.
 *
 * json-c 0.16's own parser takes single quotes, NaN, overlong UTF-8 and more,
 * turns every lone surrogate into the same character, cuts a name at \u0000,
 * and keeps a text that may be a password in a buffer that nobody can wipe. So
 * the parser is ours. In a text or name a NUL is the bytes C0 80 and a lone
 * surrogate its three bytes: neither can come from a valid text, and no two
 * names become one.
 */
#ifndef LATCHKEY_HTTP_JSON_H
#define LATCHKEY_HTTP_JSON_H

#include "lib/buf.h"

#define JSON_DEPTH_MAX 64            /* containers within each other */
#define JSON_VALUES_MAX 1000         /* in all: json-c takes 800 bytes for {} */
#define JSON_INTEGER_MAX_DIGITS 4300 /* as Python's int() */

/* A value; passed by value, lives as long as the arena it was parsed in. */
struct json {
	const void *node; /* json-c's, NULL for null */
};

enum json_kind {
	JSON_NULL,
	JSON_TEXT,
	JSON_OBJECT,
	JSON_INTEGER, /* within 18 digits */
	JSON_BOOL,
	JSON_OTHER
};

/* Where and why a text is not JSON. */
struct json_error {
	size_t offset; /* in bytes from the start of the text */
	const char *what;
};

/*
 * Parse the n bytes at text, a byte order mark before them allowed.
 * ERR_MALFORMED: not UTF-8, nested deeper than JSON_DEPTH_MAX, more than
 * JSON_VALUES_MAX values, or an integer of more than JSON_INTEGER_MAX_DIGITS.
 * ERR_INVALID: not JSON; *why says where. Source: RFC 8259.
 */
enum err json_parse(struct arena *a, const char *text, size_t n,
    struct json *out, struct json_error *why) MUST_CHECK;

/* The kind of a value; JSON_OTHER: any other number, or an array. */
enum json_kind json_kind(struct json v);

/*
 * The member of this name of an object, the last of several. False: none, or
 * not an object.
 */
bool json_get(struct json object, const char *name, struct json *out);

/* The bytes of a JSON_TEXT, in the form above; *len may be NULL. */
const char *json_text(struct json v, size_t *len);

/* The value of a JSON_INTEGER. */
int64_t json_int64(struct json v);

/* The value of a JSON_BOOL. */
bool json_truth(struct json v);

/*
 * Append a value as JSON: numbers as they were written, the members of an
 * object in their order. mask: NULL, or names, separated by blanks, of members
 * that come out as "**********", however deep they are and in whichever case
 * their names are written.
 */
void json_write(struct buf *b, struct json v, const char *mask);

/* Replacement of a secret. */
#define JSON_MASK "\"**********\""

#endif
