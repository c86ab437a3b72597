/*
 * JSON as clients send it, strictly parsed. json-c holds the values; its own
 * parser is not used (http/json.h says why).
 */
#include "base.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "http/json.h"
#include "lib/text.h"

#define INT64_SAFE_DIGITS 18 /* so many fit into an int64_t, whichever */

/* The parser: what is left of the text, and what was made of the rest. */
struct scan {
	const char *start, *p, *end;
	struct arena *arena;
	json_object *root;
	json_object *open[JSON_DEPTH_MAX]; /* containers, outermost first */
	const char *name; /* of the member whose value comes next */
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

/* A code point in UTF-8; U+0000 and surrogates in the form of http/json.h. */
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
scan_unicode_escape(struct scan *s, struct buf *out)
{
	int low, c = hex4(s, s->p);

	if (c < 0)
		return fail(
		    s, s->p, "expected four hexadecimal digits after \\u");
	s->p += 4;
	if (c >= 0xd800 && c <= 0xdbff && s->end - s->p >= 6 &&
	    s->p[0] == '\\' && s->p[1] == 'u' &&
	    (low = hex4(s, s->p + 2)) >= 0xdc00 && low <= 0xdfff) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		s->p += 6;
	}
	put_code_point(out, c);
	return true;
}

/* After a backslash, in a string that begins at open. */
static bool
scan_escape(struct scan *s, const char *open, struct buf *out)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	int c = peek(s);
	const char *letter;

	if (c == -1)
		return fail(s, open, "unterminated string");
	letter = memchr(letters, c, sizeof(letters) - 1);
	if (letter == NULL && c != 'u')
		return fail(s, s->p - 1, "invalid escape");
	s->p++;
	if (c == 'u')
		return scan_unicode_escape(s, out);
	buf_add(out, &bytes[letter - letters], 1);
	return true;
}

/* From the opening quote on; its text goes to out. */
static bool
scan_string(struct scan *s, struct buf *out)
{
	const char *open = s->p++, *plain;
	int c;

	buf_init(out, s->arena);
	for (;;) {
		plain = s->p;
		while ((c = peek(s)) >= 0x20 && c != '"' && c != '\\')
			s->p++;
		buf_add(out, plain, (size_t)(s->p - plain));
		if (c == -1)
			return fail(s, open, "unterminated string");
		if (c < 0x20)
			return fail(
			    s, s->p, "unescaped control character in a string");
		s->p++;
		if (c == '"')
			return true;
		if (!scan_escape(s, open, out))
			return false;
	}
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

/* json-c has no memory left. */
static json_object *
made(json_object *o)
{
	if (o == NULL)
		abort();
	return o;
}

/* Put a value, which may be NULL for null, into the innermost container. */
static void
attach(struct scan *s, json_object *value)
{
	json_object *parent, *before;
	int failed;

	if (s->depth == 0) {
		s->root = value;
		arena_defer(s->arena, release, value);
		return;
	}
	parent = s->open[s->depth - 1];
	if (json_object_is_type(parent, json_type_array)) {
		failed = json_object_array_add(parent, value);
	} else {
		/* json-c frees what another one of this name had */
		if (json_object_object_get_ex(parent, s->name, &before))
			wipe(before);
		/* the name lives in the arena, which is wiped, too */
		failed = json_object_object_add_ex(
		    parent, s->name, value, JSON_C_OBJECT_ADD_CONSTANT_KEY);
	}
	if (failed != 0)
		abort();
}

static bool
scan_text_value(struct scan *s)
{
	struct buf text;

	if (!scan_string(s, &text))
		return false;
	attach(s, made(json_object_new_string_len(text.s, (int)text.len)));
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

/* ".5", "e-7", ".5e-7" or nothing. */
static bool
scan_fraction(struct scan *s)
{
	if (peek(s) == '.') {
		s->p++;
		if (skip_digits(s) == 0)
			return fail(s, s->p,
			    "expected a digit after the decimal point");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->p++;
		if (peek(s) == '+' || peek(s) == '-')
			s->p++;
		if (skip_digits(s) == 0)
			return fail(
			    s, s->p, "expected a digit in the exponent");
	}
	return true;
}

/* A number that an int64_t holds, or any other as it was written. */
static void
attach_number(struct scan *s, const char *first, bool is_narrow)
{
	char *source = arena_strndup(s->arena, first, (size_t)(s->p - first));
	int64_t n;

	if (is_narrow && text_to_i64(source, INT64_MIN, INT64_MAX, &n))
		attach(s, made(json_object_new_int64(n)));
	else
		attach(s, made(json_object_new_double_s(0, source)));
}

static bool
scan_number(struct scan *s)
{
	const char *first = s->p, *point;
	size_t digits = 1;

	s->p += *s->p == '-';
	if (peek(s) == '0')
		s->p++;
	else if ((digits = skip_digits(s)) == 0)
		return fail(s, first, "expected a digit after the minus sign");
	point = s->p;
	if (!scan_fraction(s))
		return false;
	if (s->p == point && digits > JSON_INTEGER_MAX_DIGITS)
		return give_up(s);
	attach_number(s, first, s->p == point && digits <= INT64_SAFE_DIGITS);
	return true;
}

static bool
is_next(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool
scan_word(struct scan *s)
{
	if (is_next(s, "true"))
		attach(s, made(json_object_new_boolean(true)));
	else if (is_next(s, "false"))
		attach(s, made(json_object_new_boolean(false)));
	else if (is_next(s, "null"))
		attach(s, NULL);
	else
		return fail(s, s->p, "expected a value");
	return true;
}

/* The name of a member and its colon. */
static bool
scan_name(struct scan *s)
{
	struct buf name;

	skip_blanks(s);
	if (peek(s) != '"')
		return fail(s, s->p, "expected a name in double quotes");
	if (!scan_string(s, &name))
		return false;
	s->name = name.s;
	skip_blanks(s);
	if (peek(s) != ':')
		return fail(s, s->p, "expected a colon after the name");
	s->p++;
	return true;
}

static bool
in_object(const struct scan *s)
{
	return json_object_is_type(s->open[s->depth - 1], json_type_object);
}

/*
 * Open a container. *more: a value must follow, so that it is not empty.
 */
static bool
scan_open(struct scan *s, bool *more)
{
	bool object = *s->p++ == '{';
	json_object *container;

	if (s->depth == JSON_DEPTH_MAX)
		return give_up(s);
	container =
	    made(object ? json_object_new_object() : json_object_new_array());
	attach(s, container);
	s->open[s->depth++] = container;
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
			return fail(
			    s, s->p, "expected a comma or a closing bracket");
		}
		s->p++;
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
		return scan_text_value(s);
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
		(void)fail(s, s->p, "unexpected data after the value");
	return s->err;
}

enum err
json_parse(struct arena *a, const char *text, size_t n, struct json *out,
    struct json_error *why)
{
	struct scan s = { .start = text,
		.p = text,
		.end = text + n,
		.arena = a,
		.why = why };

	if (!text_is_utf8(text, n))
		return ERR_MALFORMED;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	if (scan_text(&s) == ERR_OK)
		out->node = s.root;
	return s.err;
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
	case json_type_int:
		return JSON_INTEGER;
	case json_type_boolean:
		return JSON_BOOL;
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

int64_t
json_int64(struct json v)
{
	return json_object_get_int64(node_of(v));
}

bool
json_truth(struct json v)
{
	return json_object_get_boolean(node_of(v));
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
		buf_adds(b, json_object_get_userdata(o)); /* its source */
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
