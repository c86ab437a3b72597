/*
 * Typed, bounded fields of a request: of its body, query string and path.
 */
#include "base.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "http/params.h"
#include "http/problem.h"
#include "lib/pattern.h"
#include "lib/text.h"
#include "lib/unicode.h"

#define ECHO_MAX_BYTES 1024 /* of a value that is shown, as JSON */

/* A field as it was sent. */
struct sent {
	enum { ABSENT, NOTHING, TEXT, NUMBER, TRUTH, OTHER } kind;
	const char *text; /* of a TEXT; NOTHING is JSON's null */
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
	enum err e;

	if (r->body_kind == BODY_EITHER)
		r->body_kind = is_json(r->content_type) ? BODY_JSON : BODY_FORM;
	switch (r->body_kind) {
	case BODY_JSON:
		return parse_json(r);
	case BODY_FORM:
		e = form_parse(r->ctx->arena, r->content_type, r->body,
		    r->body_len, &r->form);
		r->malformed = r->form.error;
		return e;
	default:
		return ERR_OK;
	}
}

/* Parse the query string, if one of these fields is to be found there. */
static enum err
parse_query(struct req *r, const struct field *want, size_t n)
{
	enum err e;

	while (n > 0 && want[n - 1].source != SOURCE_QUERY)
		n--;
	if (n == 0 || r->parsed_query != NULL)
		return ERR_OK;
	r->parsed_query = arena_alloc(r->ctx->arena, sizeof(struct form));
	e = form_parse_query(r->ctx->arena, r->query, r->parsed_query);
	r->malformed = r->parsed_query->error;
	return e;
}

static struct sent
get_json(const struct req *r, const char *name)
{
	static const int kinds[] = { [JSON_NULL] = NOTHING,
		[JSON_TEXT] = TEXT,
		[JSON_OBJECT] = OTHER,
		[JSON_INTEGER] = NUMBER,
		[JSON_BOOL] = TRUTH,
		[JSON_OTHER] = OTHER };
	struct sent v = { .kind = ABSENT };

	if (!json_get(r->json, name, &v.json))
		return v;
	v.kind = kinds[json_kind(v.json)];
	if (v.kind == TEXT)
		v.text = json_text(v.json, &v.len);
	return v;
}

static struct sent
get_form(const struct form *form, const char *name, bool may_be_empty)
{
	const struct form_field *f = form_get(form, name);

	if (f == NULL || (f->value_len == 0 && !f->is_file && !may_be_empty))
		return (struct sent){ .kind = ABSENT };
	return (struct sent){ .kind = f->is_file ? OTHER : TEXT,
		.text = f->value,
		.len = f->value_len };
}

/* Each that a row's handler wants is in the row's path. */
static struct sent
get_path(const struct req *r, const char *name)
{
	const struct path_param *p = r->path.params;
	size_t i = 0, n = strlen(name);

	while (i < r->path.count &&
	       (p[i].name_len != n || memcmp(p[i].name, name, n) != 0))
		i++;
	assert(i < r->path.count);
	return (struct sent){ .kind = TEXT,
		.text =
		    arena_strndup(r->ctx->arena, p[i].value, p[i].value_len),
		.len = p[i].value_len };
}

static bool
is_json_field(const struct req *r, const struct field *f)
{
	return f->source == SOURCE_BODY && r->body_kind == BODY_JSON;
}

static struct sent
get(const struct req *r, const struct field *f)
{
	if (f->source == SOURCE_PATH)
		return get_path(r, f->name);
	if (f->source == SOURCE_QUERY)
		return get_form(r->parsed_query, f->name, true);
	return is_json_field(r, f) ? get_json(r, f->name)
	                           : get_form(&r->form, f->name, false);
}

/*
 * Names of secrets in bodies, separated by spaces: "password", and the secret
 * ones of these fields. They are never shown, whatever is wrong with a body.
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
 * The value of a problem as the client sees it, as JSON. Not a long one: six
 * times as much as was sent would come back.
 */
static const char *
echo(struct req *r, const struct field *f, const struct sent *v,
    enum problem_kind kind, const char *secrets)
{
	struct buf b;

	buf_init(&b, r->ctx->arena);
	if (kind == PROBLEM_MISSING && is_json_field(r, f))
		json_write(&b, r->json, secrets);
	else if (kind == PROBLEM_MISSING)
		return NULL;
	else if (f->secret)
		return JSON_MASK;
	else if (is_json_field(r, f))
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
is_not_text(const struct field *f, const struct sent *v, struct problem *out)
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
 * The first rule that a text breaks, into *out; text is what is made of it.
 * False: it keeps all.
 */
static bool
find_fault(struct req *r, const struct field *f, const struct sent *v,
    const char *text, struct problem *out)
{
	int64_t chars = (int64_t)text_chars(text);
	struct buf pattern;

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
	if (f->pattern != NULL && *f->pattern != '\0' &&
	    !pattern_matches(f->pattern, text)) {
		out->kind = PROBLEM_PATTERN;
		out->detail = f->pattern;
		return true;
	}
	/* with its end: it may hold a NUL */
	if (f->must_be != NULL &&
	    (v->len != strlen(f->must_be) ||
	        memcmp(v->text, f->must_be, v->len) != 0)) {
		buf_init(&pattern, r->ctx->arena);
		buf_addf(&pattern, "^%s$", f->must_be);
		out->kind = PROBLEM_PATTERN;
		out->detail = pattern.s;
		return true;
	}
	return false;
}

/* False: it is none, or breaks a rule; why, into *problem. */
static bool
read_text(struct req *r, const struct field *f, const struct sent *v,
    struct param *out, struct problem *problem)
{
	problem->kind = PROBLEM_NOT_TEXT;
	if (v->kind != TEXT || is_not_text(f, v, problem))
		return false;
	out->text = f->normal ? unicode_nfc(r->ctx->arena, v->text) : v->text;
	return !find_fault(r, f, v, out->text, problem);
}

/* As read_text(). */
static bool
read_number(const struct req *r, const struct field *f, const struct sent *v,
    struct param *out, struct problem *problem)
{
	if (v->kind == NUMBER) {
		out->number = json_int64(v->json);
	} else if (v->kind != TEXT || is_json_field(r, f)) {
		problem->kind = PROBLEM_NOT_NUMBER;
		return false;
	} else if (is_not_text(f, v, problem)) {
		return false;
	} else if (!text_to_i64(v->text, INT64_MIN, INT64_MAX, &out->number)) {
		problem->kind = PROBLEM_NUMBER_UNREADABLE;
		return false;
	}
	problem->kind =
	    out->number < f->min ? PROBLEM_TOO_SMALL : PROBLEM_TOO_LARGE;
	problem->number = out->number < f->min ? f->min : f->max;
	return out->number >= f->min && out->number <= f->max;
}

/* As read_text(). The words are pydantic's. */
static bool
read_truth(const struct req *r, const struct field *f, const struct sent *v,
    struct param *out, struct problem *problem)
{
	static const char *const words[] = { "false", "true", "0", "1", "no",
		"yes", "off", "on", "f", "t", "n", "y" };
	size_t i;

	if (v->kind == TRUTH) {
		out->on = json_truth(v->json);
		return true;
	}
	problem->kind = PROBLEM_NOT_BOOL;
	if (v->kind != TEXT || is_json_field(r, f) ||
	    is_not_text(f, v, problem))
		return false;
	problem->kind = PROBLEM_BOOL_UNREADABLE;
	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i], v->text) == 0) {
			out->on = i % 2 == 1;
			return true;
		}
	return false;
}

/* A value that is present. */
static bool
read_value(struct req *r, const struct field *f, const struct sent *v,
    struct param *out, struct problem *problem)
{
	switch (f->kind) {
	case FIELD_NUMBER:
		return read_number(r, f, v, out, problem);
	case FIELD_BOOL:
		return read_truth(r, f, v, out, problem);
	default:
		return read_text(r, f, v, out, problem);
	}
}

/* Where OAuth alone counts, what is sent twice is not what anybody meant. */
static bool
is_twice(const struct req *r, const struct field *f)
{
	return r->face == FACE_OAUTH && f->source == SOURCE_BODY &&
	       r->body_kind == BODY_FORM && form_count(&r->form, f->name) > 1;
}

/* One field; its problems are added to the list. */
static struct param
read_one(struct req *r, const struct field *f, const char *secrets)
{
	struct problem problem = {
		.kind = PROBLEM_MISSING, .source = f->source, .field = f->name
	};
	struct sent v = get(r, f);
	struct param out = { .given = true };

	if (is_twice(r, f)) {
		problem.kind = PROBLEM_TWICE;
		problem_add(r, problem);
		return (struct param){ .given = false };
	}
	if ((v.kind == ABSENT && !f->required) ||
	    (v.kind == NOTHING && f->nullable))
		return (struct param){ .given = false };
	if (v.kind != ABSENT && read_value(r, f, &v, &out, &problem))
		return out;
	problem.input = echo(r, f, &v, problem.kind, secrets);
	problem_add(r, problem);
	return (struct param){ .given = false };
}

enum err
params_read(
    struct req *r, const struct field *want, size_t n, struct param *values)
{
	const char *secrets = secrets_of(r, want, n);
	enum err e;
	size_t i;

	if ((e = parse_query(r, want, n)) != ERR_OK)
		return e;
	for (i = 0; i < n; i++)
		values[i] = read_one(r, &want[i], secrets);
	return r->problems == NULL ? ERR_OK : ERR_INVALID;
}
