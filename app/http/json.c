/*
 * JSON as clients send it: checked to the letter, then read.
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "http/json.h"
#include "lib/text.h"

#define INT64_SAFE_DIGITS 18 /* json-c reads so many exactly */

/* The validator: what is left of the text, and what json-c will be given. */
struct scan {
	const char *start, *p, *end;
	struct buf *out;
	uint64_t objects; /* a bit a level: is this container an object? */
	int depth, values;
	enum err err;
	struct json_error *why;
};

static bool
fail(struct scan *s, const char *at, const char *what)
{
	s->err = ERR_INVALID;
	*s->why = (struct json_error){ (size_t)(at - s->start), what };
	return false;
}

static bool
give_up(struct scan *s)
{
	s->err = ERR_MALFORMED;
	return false;
}

/* The next byte, or -1 at the end. */
static int
peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	                            *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

/* Four hexadecimal digits at p, or -1. */
static int
hex4(const struct scan *s, const char *p)
{
	int i, v = 0;

	if (s->end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		if (text_hex(p[i]) < 0)
			return -1;
		v = v << 4 | text_hex(p[i]);
	}
	return v;
}

/* A code point in UTF-8; U+0000 and surrogates in the form http/json.h tells.
 */
static void
put_code_point(struct buf *out, int c)
{
	char u[4];
	size_t n = 0;

	if (c > 0 && c < 0x80) {
		u[n++] = (char)c;
	} else if (c < 0x800) {
		u[n++] = (char)(0xc0 | c >> 6);
		u[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		u[n++] = (char)(0xe0 | c >> 12);
		u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		u[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		u[n++] = (char)(0xf0 | c >> 18);
		u[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		u[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_add(out, u, n);
}

/* After "\u". */
static bool
scan_unicode_escape(struct scan *s)
{
	int low, c = hex4(s, s->p);

	if (c < 0)
		return fail(s, s->p, "four hexadecimal digits must follow \\u");
	s->p += 4;
	if (c >= 0xd800 && c <= 0xdbff && s->end - s->p >= 6 &&
	    s->p[0] == '\\' && s->p[1] == 'u' &&
	    (low = hex4(s, s->p + 2)) >= 0xdc00 && low <= 0xdfff) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		s->p += 6;
	}
	if ((c > 0 && c < 0x20) || c == '"' || c == '\\')
		buf_addf(s->out, "\\u%04x", (unsigned)c);
	else
		put_code_point(s->out, c);
	return true;
}

/* After the opening quote, which stands at open. */
static bool
scan_string(struct scan *s)
{
	const char *open = s->p++;
	int c;

	buf_add(s->out, "\"", 1);
	for (;;) {
		const char *plain = s->p;

		while ((c = peek(s)) >= 0x20 && c != '"' && c != '\\')
			s->p++;
		buf_add(s->out, plain, (size_t)(s->p - plain));
		if (c == -1)
			return fail(s, open, "a string is not ended");
		if (c < 0x20)
			return fail(s, s->p,
			    "a control character in a string must be escaped");
		s->p++;
		if (c == '"')
			break;
		if ((c = peek(s)) == -1)
			return fail(s, open, "a string is not ended");
		if (strchr("\"\\/bfnrtu", c) == NULL || c == '\0')
			return fail(s, s->p - 1, "no such escape");
		s->p++;
		if (c != 'u')
			buf_addf(s->out, "\\%c", c);
		else if (!scan_unicode_escape(s))
			return false;
	}
	buf_add(s->out, "\"", 1);
	return true;
}

static size_t
skip_digits(struct scan *s)
{
	const char *first = s->p;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->p++;
	return (size_t)(s->p - first);
}

static bool
scan_number(struct scan *s)
{
	const char *first = s->p, *mantissa;
	size_t digits;
	bool integer = true;

	s->p += *s->p == '-';
	if (peek(s) == '0') {
		s->p++;
		digits = 1;
	} else if ((digits = skip_digits(s)) == 0) {
		return fail(s, first, "a digit must follow the minus");
	}
	if (peek(s) == '.') {
		integer = false;
		s->p++;
		if (skip_digits(s) == 0)
			return fail(s, s->p, "a digit must follow the point");
	}
	mantissa = s->p;
	if (peek(s) == 'e' || peek(s) == 'E') {
		integer = false;
		s->p++;
		if (peek(s) == '+' || peek(s) == '-')
			s->p++;
		if (skip_digits(s) == 0)
			return fail(s, s->p, "the exponent has no digit");
	}
	if (integer && digits > JSON_INTEGER_MAX_DIGITS)
		return give_up(s);
	/*
	 * Of a number with an exponent json-c keeps the source. So a wide
	 * integer gets one, in the small letter that no other has then.
	 */
	buf_add(s->out, first, (size_t)(mantissa - first));
	if (integer && digits > INT64_SAFE_DIGITS)
		buf_adds(s->out, "e0");
	else if (s->p > mantissa)
		buf_addf(
		    s->out, "E%.*s", (int)(s->p - mantissa - 1), mantissa + 1);
	return true;
}

static bool
scan_word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		n = strlen(words[i]);
		if ((size_t)(s->end - s->p) < n ||
		    memcmp(s->p, words[i], n) != 0)
			continue;
		buf_add(s->out, words[i], n);
		s->p += n;
		return true;
	}
	return fail(s, s->p, "a value must stand here");
}

/* The name of a member and its colon. */
static bool
scan_name(struct scan *s)
{
	skip_blanks(s);
	if (peek(s) != '"')
		return fail(s, s->p, "a name in double quotes must stand here");
	if (!scan_string(s))
		return false;
	skip_blanks(s);
	if (peek(s) != ':')
		return fail(s, s->p, "a colon must follow the name");
	s->p++;
	buf_add(s->out, ":", 1);
	return true;
}

static bool
in_object(const struct scan *s)
{
	return (s->objects >> (s->depth - 1) & 1) != 0;
}

/*
 * Open a container. *more: a value must follow, so that it is not empty.
 */
static bool
scan_open(struct scan *s, bool *more)
{
	bool object = *s->p == '{';

	if (s->depth == JSON_DEPTH_MAX)
		return give_up(s);
	buf_add(s->out, s->p++, 1);
	s->objects &= ~(UINT64_C(1) << s->depth);
	s->objects |= (uint64_t)object << s->depth;
	s->depth++;
	skip_blanks(s);
	*more = peek(s) != (object ? '}' : ']');
	return !*more || !object || scan_name(s);
}

/*
 * After a value: close the containers that end here. *more: a comma and
 * another value follow.
 */
static bool
scan_after_value(struct scan *s, bool *more)
{
	int c;

	for (*more = false; s->depth > 0 && !*more;) {
		skip_blanks(s);
		c = peek(s);
		if (c == (in_object(s) ? '}' : ']')) {
			s->depth--;
		} else if (c == ',') {
			*more = true;
		} else {
			return fail(s, s->p, "a comma or an end is missing");
		}
		buf_add(s->out, s->p++, 1);
	}
	return !*more || !in_object(s) || scan_name(s);
}

/* One value, a container without what it holds. *more: a value must follow. */
static bool
scan_value(struct scan *s, bool *more)
{
	int c;

	if (s->values++ == JSON_VALUES_MAX)
		return give_up(s);
	skip_blanks(s);
	c = peek(s);
	if (c == '{' || c == '[')
		return scan_open(s, more);
	*more = false;
	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	return scan_word(s);
}

/* The whole text. Loops rather than recurses: the client sets the depth. */
static enum err
scan_text(struct scan *s)
{
	bool more = true;

	while (more) {
		if (!scan_value(s, &more))
			return s->err;
		if (!more && !scan_after_value(s, &more))
			return s->err;
	}
	skip_blanks(s);
	if (s->p < s->end)
		(void)fail(s, s->p, "nothing may follow the value");
	return s->err;
}

/* Release a value; its strings are wiped, one may be a password. */
static void
wipe(json_object *o)
{
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_string:
		explicit_bzero((char *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(o); i++)
			wipe(json_object_array_get_idx(o, i));
		break;
	case json_type_object: {
		json_object_object_foreach(o, name, member)
		{
			(void)name;
			wipe(member);
		}
		break;
	}
	default:
		break;
	}
}

static void
release(void *node)
{
	wipe(node);
	json_object_put(node);
}

enum err
json_parse(struct arena *a, const char *text, size_t n, struct json *out,
    struct json_error *why)
{
	struct buf plain;
	struct scan s = { .start = text,
		.p = text,
		.end = text + n,
		.out = &plain,
		.err = ERR_OK,
		.why = why };
	json_tokener *tokener;
	json_object *o;
	enum json_tokener_error error;
	enum err e;

	if (!text_is_utf8(text, n))
		return ERR_MALFORMED;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	buf_init(&plain, a);
	if ((e = scan_text(&s)) != ERR_OK)
		return e;
	if ((tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1)) == NULL)
		abort();
	/* with its NUL, by which json-c sees that a number has ended */
	o = json_tokener_parse_ex(tokener, plain.s, (int)plain.len + 1);
	error = json_tokener_get_error(tokener);
	explicit_bzero(tokener->pb->buf, (size_t)tokener->pb->size);
	json_tokener_free(tokener);
	if (error != json_tokener_success)
		abort(); /* the validator let something through */
	arena_defer(a, release, o);
	out->node = o;
	return ERR_OK;
}

/* json-c's functions take no const, and change nothing here. */
static json_object *
node_of(struct json v)
{
	return (json_object *)(uintptr_t)v.node;
}

enum json_kind
json_kind(struct json v)
{
	switch (json_object_get_type(node_of(v))) {
	case json_type_null:
		return JSON_NULL;
	case json_type_string:
		return JSON_TEXT;
	case json_type_object:
		return JSON_OBJECT;
	default:
		return JSON_OTHER;
	}
}

bool
json_get(struct json object, const char *name, struct json *out)
{
	json_object *member;

	if (json_kind(object) != JSON_OBJECT ||
	    !json_object_object_get_ex(node_of(object), name, &member))
		return false;
	out->node = member;
	return true;
}

const char *
json_text(struct json v, size_t *len)
{
	if (len != NULL)
		*len = (size_t)json_object_get_string_len(node_of(v));
	return json_object_get_string(node_of(v));
}

static void
write_number(struct buf *b, json_object *o)
{
	const char *source = json_object_get_userdata(o);

	/* without the exponent that scan_number() gave a wide integer */
	buf_add(b, source, strcspn(source, "e"));
}

/* Is this one of the words in mask, which may be NULL, in any case? */
static bool
is_masked(const char *mask, const char *name)
{
	size_t n;

	for (; mask != NULL && *mask != '\0'; mask += n) {
		mask += strspn(mask, " ");
		n = strcspn(mask, " ");
		if (n == strlen(name) && strncasecmp(mask, name, n) == 0)
			return true;
	}
	return false;
}

static void
write_object(struct buf *b, json_object *o, const char *mask)
{
	const char *comma = "";

	buf_adds(b, "{");
	json_object_object_foreach(o, name, member)
	{
		buf_adds(b, comma);
		comma = ",";
		buf_add_json(b, name, strlen(name));
		buf_adds(b, ":");
		if (is_masked(mask, name))
			buf_adds(b, JSON_MASK);
		else
			json_write(b, (struct json){ member }, mask);
	}
	buf_adds(b, "}");
}

void
json_write(struct buf *b, struct json v, const char *mask)
{
	json_object *o = node_of(v);
	size_t i;

	switch (json_object_get_type(o)) {
	case json_type_null:
		buf_adds(b, "null");
		break;
	case json_type_boolean:
		buf_adds(b, json_object_get_boolean(o) ? "true" : "false");
		break;
	case json_type_int:
		buf_addf(b, "%" PRId64, json_object_get_int64(o));
		break;
	case json_type_double:
		write_number(b, o);
		break;
	case json_type_string:
		buf_add_json(b, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		buf_adds(b, "[");
		for (i = 0; i < json_object_array_length(o); i++) {
			if (i > 0)
				buf_adds(b, ",");
			json_write(b,
			    (struct json){ json_object_array_get_idx(o, i) },
			    mask);
		}
		buf_adds(b, "]");
		break;
	case json_type_object:
		write_object(b, o, mask);
		break;
	}
}
