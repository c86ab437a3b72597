/*
 * A request's body, and typed, bounded fields out of it.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "http/params.h"
#include "http/problem.h"
#include "lib/text.h"
#include "lib/unicode.h"

#define ECHO_MAX_BYTES 1024 /* of a value that is shown, as JSON */

/* A field as it was sent. */
struct value {
	enum { ABSENT, NOTHING, TEXT, OTHER } kind; /* NOTHING: null */
	const char *text;
	size_t len;
	struct json json; /* to be echoed, from a JSON body */
};

/* Is this media type JSON? As the original decides it, by the sub-type. */
static bool
is_json(const char *type)
{
	size_t n;

	if (type == NULL)
		return false;
	n = strcspn(type, ";");
	while (n > 0 && strchr(" \t", type[n - 1]) != NULL)
		n--;
	if (strncasecmp(type, "application/", 12) != 0 || n < 12 ||
	    memchr(type + 12, '/', n - 12) != NULL)
		return false;
	type += 12;
	n -= 12;
	return (n == 4 && strncasecmp(type, "json", 4) == 0) ||
	       (n >= 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

static enum err
refuse_body(struct req *r, enum problem_kind kind)
{
	/* whatever was sent instead of an object may be a password */
	problem_add(
	    r, (struct problem){ .kind = kind,
	           .input = kind == PROBLEM_NOT_OBJECT ? JSON_MASK : NULL });
	return ERR_INVALID;
}

static enum err
parse_json(struct req *r)
{
	struct json_error why;
	enum err e;

	if (r->body_len == 0)
		return refuse_body(r, PROBLEM_MISSING);
	if (!is_json(r->content_type))
		return text_is_utf8(r->body, r->body_len)
		           ? refuse_body(r, PROBLEM_NOT_OBJECT)
		           : ERR_MALFORMED;
	e = json_parse(r->ctx->arena, r->body, r->body_len, &r->json, &why);
	if (e == ERR_INVALID)
		problem_add(r, (struct problem){ .kind = PROBLEM_NOT_JSON,
		                   .input = "{}",
		                   .number = (int64_t)why.offset,
		                   .detail = why.what });
	if (e != ERR_OK)
		return e;
	switch (json_kind(r->json)) {
	case JSON_OBJECT:
		return ERR_OK;
	case JSON_NULL:
		return refuse_body(r, PROBLEM_MISSING);
	default:
		return refuse_body(r, PROBLEM_NOT_OBJECT);
	}
}

enum err
params_parse(struct req *r)
{
	switch (r->body_kind) {
	case BODY_JSON:
		return parse_json(r);
	case BODY_FORM:
		return form_parse(r->ctx->arena, r->content_type, r->body,
		    r->body_len, &r->form);
	default:
		return ERR_OK;
	}
}

static struct value
get_json(const struct req *r, const char *name)
{
	struct value v = { .kind = ABSENT };

	if (!json_get(r->json, name, &v.json))
		return v;
	switch (json_kind(v.json)) {
	case JSON_NULL:
		v.kind = NOTHING;
		break;
	case JSON_TEXT:
		v.kind = TEXT;
		v.text = json_text(v.json, &v.len);
		break;
	default:
		v.kind = OTHER;
	}
	return v;
}

static struct value
get_form(const struct req *r, const char *name)
{
	const struct form_field *f = form_get(&r->form, name);

	if (f == NULL || (f->value_len == 0 && !f->is_file))
		return (struct value){ .kind = ABSENT };
	return (struct value){ .kind = f->is_file ? OTHER : TEXT,
		.text = f->value,
		.len = f->value_len };
}

/*
 * What bodies call a secret, parted by blanks: "password", and what is one of
 * these fields. It is not shown, whatever else is wrong with a body.
 */
static const char *
secrets_of(struct req *r, const struct field *want, size_t n)
{
	struct buf b;
	size_t i;

	buf_init(&b, r->ctx->arena);
	buf_adds(&b, "password");
	for (i = 0; i < n; i++)
		if (want[i].secret)
			buf_addf(&b, " %s", want[i].name);
	return b.s;
}

/*
 * What the client is shown of the value that a problem is about, as JSON. Not
 * what is long: six times as much as was sent would come back.
 */
static const char *
echo(struct req *r, const struct field *f, const struct value *v,
    enum problem_kind kind, const char *secrets)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	if (kind == PROBLEM_MISSING && r->body_kind == BODY_JSON)
		json_write(&b, r->json, secrets);
	else if (kind == PROBLEM_MISSING)
		return NULL;
	else if (f->secret)
		return JSON_MASK;
	else if (r->body_kind == BODY_JSON)
		json_write(&b, v->json, secrets);
	else if (v->kind == TEXT && v->len <= ECHO_MAX_BYTES &&
	         text_is_utf8(v->text, v->len))
		buf_add_json(&b, v->text, v->len);
	else
		return NULL; /* a file, long, or bytes that JSON cannot hold */
	return b.len <= ECHO_MAX_BYTES ? b.s : NULL;
}

/* Is this no text that can be stored, where it may be? Why, into *out. */
static bool
is_not_text(const struct field *f, const struct value *v, struct problem *out)
{
	bool stored = !f->ignored && f->must_be == NULL;

	if (stored && (memchr(v->text, '\0', v->len) != NULL ||
	                  memmem(v->text, v->len, "\xc0\x80", 2) != NULL)) {
		out->kind = PROBLEM_NUL;
		out->detail = "a NUL character is not allowed";
		return true;
	}
	if (!text_is_utf8(v->text, v->len)) {
		out->kind = PROBLEM_NOT_UNICODE;
		return true;
	}
	return false;
}

/*
 * The first rule that a value breaks, into *out; text is what is made of it.
 * False: it keeps all.
 */
static bool
find_fault(const struct field *f, const struct value *v, const char *text,
    struct problem *out)
{
	int64_t chars = (int64_t)text_chars(text);

	if (chars < f->min_chars) {
		out->kind = PROBLEM_TOO_SHORT;
		out->number = f->min_chars;
		return true;
	}
	if (f->max_chars != 0 && chars > f->max_chars) {
		out->kind = PROBLEM_TOO_LONG;
		out->number = f->max_chars;
		return true;
	}
	/* with its end: it may hold a NUL */
	if (f->must_be != NULL &&
	    (v->len != strlen(f->must_be) ||
	        memcmp(v->text, f->must_be, v->len) != 0)) {
		out->kind = PROBLEM_PATTERN;
		return true;
	}
	return false;
}

/* One field; whatever is wrong with it joins the list. */
static const char *
read_one(struct req *r, const struct field *f, const char *secrets)
{
	struct problem problem = { .kind = PROBLEM_MISSING, .field = f->name };
	const char *text;
	struct buf pattern;
	struct value v = r->body_kind == BODY_JSON ? get_json(r, f->name)
	                                           : get_form(r, f->name);

	if (v.kind == ABSENT && !f->required)
		return NULL;
	if (v.kind == NOTHING && f->nullable)
		return NULL;
	if (v.kind == NOTHING || v.kind == OTHER)
		problem.kind = PROBLEM_NOT_TEXT;
	if (v.kind == TEXT && !is_not_text(f, &v, &problem)) {
		text = f->normal ? unicode_nfc(r->ctx->arena, v.text) : v.text;
		if (!find_fault(f, &v, text, &problem))
			return text;
	}
	if (problem.kind == PROBLEM_PATTERN) {
		buf_init(&pattern, r->ctx->arena);
		buf_addf(&pattern, "^%s$", f->must_be);
		problem.detail = pattern.s;
	}
	problem.input = echo(r, f, &v, problem.kind, secrets);
	problem_add(r, problem);
	return NULL;
}

enum err
params_read(
    struct req *r, const struct field *want, size_t n, const char **values)
{
	const char *secrets = secrets_of(r, want, n);
	size_t i;

	for (i = 0; i < n; i++)
		values[i] = read_one(r, &want[i], secrets);
	return r->problems == NULL ? ERR_OK : ERR_INVALID;
}
