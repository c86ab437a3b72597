/*
 * Templates of HTML pages.
 */
#include "base.h"

#include <string.h>
#include <strings.h>

#include "html/template.h"
#include "lib/text.h"

#define NAME_MAX_BYTES 40 /* of values, sentences, elements, attributes */

/* A place in the page that is being written. */
enum place {
	PLACE_TEXT,     /* between tags */
	PLACE_TAG_NAME, /* behind < */
	PLACE_TAG,      /* within a tag, outside an attribute's value */
	PLACE_ATTR_NAME,
	PLACE_EQUALS, /* behind the name of an attribute */
	PLACE_VALUE,  /* within double quotes */
	PLACE_RAW,    /* within script or style */
	PLACE_COMMENT
};

/* The use that an attribute makes of a value. */
enum attr { ATTR_PLAIN, ATTR_ADDRESS, ATTR_FORBIDDEN };

struct spot {
	enum place place;
	enum attr attr;
	bool begun; /* an address has a character already */
	char element[NAME_MAX_BYTES];
	char name[NAME_MAX_BYTES]; /* of the attribute, or of the tag */
};

struct run {
	const struct template_set *set;
	const struct template_scope *scope;
	struct buf *out;
	bool check; /* values need not be there */
	bool all;   /* then: each part once, or none */
	bool plain; /* a sentence alone, which is no HTML yet */
	bool skip;  /* a part that is not shown: nothing is written */
	int depth;
	struct spot spot;
	const char *problem;
};

static bool
fail(struct run *r, const char *problem)
{
	if (r->problem == NULL)
		r->problem = problem;
	return false;
}

/* --- the place --- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter more of a name. False: it is too long. */
static bool
lengthen(struct run *r, char *name, char c)
{
	size_t n = strlen(name);

	if (n + 1 >= NAME_MAX_BYTES)
		return fail(r, "a name is too long");
	name[n] = c;
	name[n + 1] = '\0';
	return true;
}

static enum attr
attr_of(const char *name)
{
	static const char *const addresses[] = { "href", "src", "action",
		"formaction", "data", "poster", "cite", "background",
		"manifest", "ping", "icon", "xlink:href" };
	static const char *const forbidden[] = { "style", "srcdoc", "srcset",
		"content", "http-equiv", "integrity", "imagesrcset", "nonce" };
	size_t i;

	if (strncasecmp(name, "on", 2) == 0)
		return ATTR_FORBIDDEN;
	for (i = 0; i < ARRAY_LEN(forbidden); i++)
		if (strcasecmp(name, forbidden[i]) == 0)
			return ATTR_FORBIDDEN;
	for (i = 0; i < ARRAY_LEN(addresses); i++)
		if (strcasecmp(name, addresses[i]) == 0)
			return ATTR_ADDRESS;
	return ATTR_PLAIN;
}

/* At the > of a tag. */
static void
end_tag(struct spot *s)
{
	bool raw = strcasecmp(s->element, "script") == 0 ||
	           strcasecmp(s->element, "style") == 0;

	s->place = raw ? PLACE_RAW : PLACE_TEXT;
}

static bool
step_tag_name(struct run *r, char c)
{
	struct spot *s = &r->spot;

	if (is_letter(c) || (c >= '0' && c <= '9') || c == '!' || c == '/' ||
	    c == '-') {
		if (!lengthen(r, s->element, c))
			return false;
		return strcmp(s->element, "!--") != 0 || fail(r, "a comment");
	}
	if (s->element[0] == '\0' || (c != '>' && !is_blank(c)))
		return fail(r, "a tag has no name");
	if (c == '>')
		end_tag(s);
	else
		s->place = PLACE_TAG;
	return true;
}

static bool
step_tag(struct run *r, char c)
{
	struct spot *s = &r->spot;

	if (is_blank(c) || c == '/')
		return true;
	if (c == '>') {
		end_tag(s);
		return true;
	}
	if (!is_letter(c))
		return fail(r, "an attribute has no name");
	s->name[0] = c;
	s->name[1] = '\0';
	s->place = PLACE_ATTR_NAME;
	return true;
}

static bool
step_attr_name(struct run *r, char c)
{
	struct spot *s = &r->spot;

	if (c == '=') {
		s->place = PLACE_EQUALS;
	} else if (is_blank(c)) {
		s->place = PLACE_TAG;
	} else if (c == '>') {
		end_tag(s);
	} else if (is_letter(c) || (c >= '0' && c <= '9') || c == '-' ||
	           c == ':') {
		return lengthen(r, s->name, c);
	} else {
		return fail(r, "an attribute has no name");
	}
	return true;
}

/* Within a script or style, whose text nothing could escape. */
static bool
step_raw(struct run *r, const char *at)
{
	if (at[0] != '<' || at[1] != '/')
		return fail(r, "a script or style stands within the page");
	r->spot.place = PLACE_TAG_NAME;
	r->spot.element[0] = '\0';
	return true;
}

/* The place behind the character at this one of a template. */
static bool
step(struct run *r, const char *at)
{
	struct spot *s = &r->spot;

	switch (s->place) {
	case PLACE_TEXT:
		if (*at == '<') {
			s->place = PLACE_TAG_NAME;
			s->element[0] = '\0';
		}
		return true;
	case PLACE_TAG_NAME:
		return step_tag_name(r, *at);
	case PLACE_TAG:
		return step_tag(r, *at);
	case PLACE_ATTR_NAME:
		return step_attr_name(r, *at);
	case PLACE_EQUALS:
		if (*at != '"')
			return fail(r, "an attribute has no double quotes");
		s->place = PLACE_VALUE;
		s->attr = attr_of(s->name);
		s->begun = false;
		return true;
	case PLACE_VALUE:
		if (*at == '"')
			s->place = PLACE_TAG;
		s->begun = true;
		return true;
	default:
		return step_raw(r, at);
	}
}

/* --- values --- */

bool
template_path_is_local(const char *path)
{
	size_t n;

	if (path[0] != '/' || path[1] == '/')
		return false;
	for (n = 0; path[n] != '\0'; n++)
		if (path[n] < 0x21 || path[n] > 0x7e || path[n] == '\\')
			return false;
	return n <= TEMPLATE_PATH_MAX_BYTES;
}

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

/* May no page have the character at s, of n bytes (0: it is not UTF-8)? */
static bool
is_replaced(const char *s, size_t n)
{
	return n == 0 || *s == 0x7f ||
	       ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t');
}

/* Escaped for text and for attributes in quotes alike. */
static void
add_escaped(struct buf *b, const char *s)
{
	size_t left = strlen(s), n;

	for (; left > 0; s += n, left -= n) {
		n = text_utf8_len(s, left);
		if (*s == '&')
			buf_adds(b, "&amp;");
		else if (*s == '<')
			buf_adds(b, "&lt;");
		else if (*s == '>')
			buf_adds(b, "&gt;");
		else if (*s == '"')
			buf_adds(b, "&quot;");
		else if (*s == '\'')
			buf_adds(b, "&#39;");
		else if (is_replaced(s, n))
			buf_adds(b, REPLACED);
		else
			buf_add(b, s, n);
		n = n > 0 ? n : 1;
	}
}

size_t
template_value_bytes(const char *value)
{
	size_t left = value != NULL ? strlen(value) : 0, bytes = 0, n;

	for (; left > 0; value += n, left -= n) {
		n = text_utf8_len(value, left);
		if (strchr("&<>\"'", *value) != NULL)
			bytes += 6; /* &quot; the longest of five */
		else
			bytes +=
			    is_replaced(value, n) ? sizeof(REPLACED) - 1 : n;
		n = n > 0 ? n : 1;
	}
	return bytes;
}

/* A value at the present place. */
static bool
add_value(struct run *r, const char *text)
{
	struct spot *s = &r->spot;
	bool forbidden = s->place != PLACE_TEXT && s->place != PLACE_VALUE;

	if (forbidden || (s->place == PLACE_VALUE && s->attr == ATTR_FORBIDDEN))
		return fail(r, "a value stands where none may");
	if (r->skip)
		return true;
	if (r->plain)
		buf_adds(r->out, text);
	else if (s->place == PLACE_TEXT || s->attr == ATTR_PLAIN)
		add_escaped(r->out, text);
	else if (s->begun)
		buf_add_percent(r->out, text);
	else
		add_escaped(r->out, template_path_is_local(text) ? text : "/");
	s->begun = true;
	return true;
}

/* --- names --- */

static const struct template_value *
find_value(const struct template_scope *s, const char *name)
{
	size_t i;

	for (; s != NULL; s = s->outer)
		for (i = 0; i < s->value_count; i++)
			if (strcmp(s->values[i].name, name) == 0)
				return &s->values[i];
	return NULL;
}

static const struct template_list *
find_list(const struct template_scope *s, const char *name)
{
	size_t i;

	for (; s != NULL; s = s->outer)
		for (i = 0; i < s->list_count; i++)
			if (strcmp(s->lists[i].name, name) == 0)
				return &s->lists[i];
	return NULL;
}

/* Is there something of this name to be shown? */
static bool
has(const struct run *r, const char *name)
{
	const struct template_value *v = find_value(r->scope, name);
	const struct template_list *l = find_list(r->scope, name);

	return (v != NULL && v->text != NULL && *v->text != '\0') ||
	       (l != NULL && l->count > 0);
}

/* --- a template --- */

static const char *render(struct run *r, const char *p, bool inner);

/*
 * The name in braces at p, which begins with its kind if it has one. Returns
 * what is behind the closing brace; NULL: it is none.
 */
static const char *
read_name(struct run *r, const char *p, char *kind, char name[NAME_MAX_BYTES])
{
	size_t n;

	p++;
	*kind = *p != '\0' && strchr("=?!*>/", *p) != NULL ? *p++ : ' ';
	n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (p[n] != '}' || n >= NAME_MAX_BYTES || (n == 0) != (*kind == '/')) {
		fail(r, "a brace is not closed");
		return NULL;
	}
	memcpy(name, p, n);
	name[n] = '\0';
	return p + n + 1;
}

static bool
add_named(struct run *r, const char *name)
{
	const struct template_value *v = find_value(r->scope, name);

	if (v == NULL && !r->check && !r->skip)
		return fail(r, "a value is not there");
	return add_value(r, v != NULL && v->text != NULL ? v->text : "");
}

/* A sentence's text is escaped like a value; so are the values that it names.
 */
static bool
add_sentence(struct run *r, const char *key)
{
	const char *text = r->set->sentence(r->set->of, key), *end;
	char kind, name[NAME_MAX_BYTES];
	size_t n;

	if (text == NULL)
		return fail(r, "a sentence is not there");
	while (*text != '\0') {
		n = strcspn(text, "{");
		if (n > 0 &&
		    !add_value(r, arena_strndup(r->out->arena, text, n)))
			return false;
		text += n;
		if (*text == '\0')
			break;
		if ((end = read_name(r, text, &kind, name)) == NULL)
			return false;
		if (kind != ' ')
			return fail(r, "a sentence names more than values");
		if (!add_named(r, name))
			return false;
		text = end;
	}
	return true;
}

static bool
include(struct run *r, const char *name)
{
	const struct template_text *t = r->set->templates;
	bool good;

	while (t->name != NULL && strcmp(t->name, name) != 0)
		t++;
	if (t->name == NULL)
		return fail(r, "a template is not there");
	if (++r->depth > TEMPLATE_DEPTH_MAX)
		return fail(r, "templates are nested too deeply");
	good = render(r, t->text, false) != NULL;
	r->depth--;
	return good;
}

/* Names that have ended, or not, without an attribute's value behind them. */
static bool
is_in_tag(enum place p)
{
	return p == PLACE_TAG_NAME || p == PLACE_TAG || p == PLACE_ATTR_NAME;
}

/* A part once. NULL: something is wrong. */
static const char *
render_once(struct run *r, const char *p, bool shown)
{
	const struct spot before = r->spot;
	bool outer_skip = r->skip;
	const char *end;

	r->skip = outer_skip || !shown;
	if (++r->depth > 4 * TEMPLATE_DEPTH_MAX)
		fail(r, "parts are nested too deeply");
	end = r->problem == NULL ? render(r, p, true) : NULL;
	r->depth--;
	r->skip = outer_skip;
	if (end != NULL && r->spot.place != before.place &&
	    !(is_in_tag(r->spot.place) && is_in_tag(before.place))) {
		fail(r, "a part ends at another place than it began");
		return NULL;
	}
	if (!shown) /* or the place would depend on what is not there */
		r->spot = before;
	return end;
}

/* A part for each row. */
static const char *
render_rows(struct run *r, const char *p, const struct template_list *list)
{
	const struct template_scope *outer = r->scope;
	struct template_scope row;
	const char *end = NULL;
	size_t i;

	if (list == NULL || list->count == 0 || r->skip)
		return render_once(r, p, r->all);
	for (i = 0; i < list->count; i++) {
		row = list->rows[i];
		row.outer = outer;
		r->scope = &row;
		end = render_once(r, p, true);
		r->scope = outer;
		if (end == NULL)
			return NULL;
	}
	return end;
}

/* Do as a pair of braces says; returns what is behind it, or its part. */
static const char *
follow(struct run *r, const char *p, char kind, const char *name)
{
	bool shown;

	switch (kind) {
	case ' ':
		return add_named(r, name) ? p : NULL;
	case '=':
		return add_sentence(r, name) ? p : NULL;
	case '>':
		return include(r, name) ? p : NULL;
	case '*':
		return render_rows(r, p, find_list(r->scope, name));
	default:
		shown = r->check ? r->all : has(r, name) == (kind == '?');
		return render_once(r, p, shown);
	}
}

/*
 * From p to the end, or of an inner part to its {/}. Returns what is behind
 * that; NULL: something is wrong.
 */
static const char *
render(struct run *r, const char *p, bool inner)
{
	char kind, name[NAME_MAX_BYTES];
	const char *end;

	while (*p != '\0') {
		if (*p != '{') {
			if (!step(r, p))
				return NULL;
			if (!r->skip)
				buf_add(r->out, p, 1);
			p++;
			continue;
		}
		if ((end = read_name(r, p, &kind, name)) == NULL)
			return NULL;
		if (kind == '/') {
			if (inner)
				return end;
			fail(r, "a part ends that has not begun");
			return NULL;
		}
		if ((p = follow(r, end, kind, name)) == NULL)
			return NULL;
	}
	if (!inner)
		return p;
	fail(r, "a part does not end");
	return NULL;
}

static const char *
render_page(struct run *r, const char *name)
{
	if (include(r, name) && r->spot.place != PLACE_TEXT)
		fail(r, "the page ends within a tag");
	return r->problem;
}

const char *
template_render(const struct template_set *set, const char *name,
    const struct template_scope *scope, struct buf *b)
{
	struct run r = { .set = set, .scope = scope, .out = b };

	return render_page(&r, name);
}

const char *
template_sentence(const struct template_set *set, const char *key,
    const struct template_scope *scope, struct buf *b)
{
	struct run r = { .set = set, .scope = scope, .out = b, .plain = true };

	add_sentence(&r, key);
	return r.problem;
}

const char *
template_problem(
    const struct template_set *set, const char *name, struct arena *a)
{
	struct run all = { .set = set, .check = true, .all = true };
	struct run none = { .set = set, .check = true };
	const char *problem;
	struct buf b;

	buf_init(&b, a);
	all.out = none.out = &b;
	problem = render_page(&all, name);
	return problem != NULL ? problem : render_page(&none, name);
}
