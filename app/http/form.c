/*
 * Form bodies: URL-encoded and multipart/form-data.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/form.h"
#include "lib/text.h"

static const char unparsable[] = "There was an error parsing the body";

/* A piece of the body; not NUL-terminated. */
struct span {
	const char *p;
	size_t n;
};

static bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

static struct span
trim(struct span s)
{
	while (s.n > 0 && strchr(" \t\r\n\v\f", *s.p) != NULL && *s.p != '\0')
		s.p++, s.n--;
	while (s.n > 0 && strchr(" \t\r\n\v\f", s.p[s.n - 1]) != NULL &&
	       s.p[s.n - 1] != '\0')
		s.n--;
	return s;
}

static struct form_field *
add_field(struct arena *a, struct form *f)
{
	struct form_field *fields;

	if (f->count == f->size) {
		f->size = f->size == 0 ? 16 : f->size * 2;
		fields = arena_alloc(a, f->size * sizeof(*fields));
		if (f->count > 0)
			memcpy(fields, f->fields, f->count * sizeof(*fields));
		f->fields = fields;
	}
	return &f->fields[f->count++];
}

/* Count a field before it is added. */
static enum err
check_count(struct form *f, bool is_file)
{
	size_t fields = f->count - f->files;

	if ((is_file ? f->files : fields) < FORM_FIELDS_MAX)
		return ERR_OK;
	f->error = is_file
	               ? "Too many files. Maximum number of files is 1000."
	               : "Too many fields. Maximum number of fields is 1000.";
	return ERR_MALFORMED;
}

static enum err
parse_urlencoded(struct arena *a, const char *body, size_t n, struct form *out)
{
	const char *end = body + n, *amp, *eq;
	struct form_field *f;
	char *name, *value;

	for (; body < end; body = amp + 1) {
		amp = memchr(body, '&', (size_t)(end - body));
		if (amp == NULL)
			amp = end;
		if (amp == body)
			continue;
		if (check_count(out, false) != ERR_OK)
			return ERR_MALFORMED;
		eq = memchr(body, '=', (size_t)(amp - body));
		if (eq == NULL)
			eq = amp;
		f = add_field(a, out);
		name = arena_strndup(a, body, (size_t)(eq - body));
		f->name_len =
		    text_percent_decode(name, (size_t)(eq - body), true);
		name[f->name_len] = '\0';
		f->name = name;
		eq += eq < amp;
		value = arena_strndup(a, eq, (size_t)(amp - eq));
		f->value_len =
		    text_percent_decode(value, (size_t)(amp - eq), true);
		value[f->value_len] = '\0';
		f->value = value;
	}
	return ERR_OK;
}

/*
 * Cut the next piece off *rest at a semicolon that is not within quotes.
 * False: nothing is left.
 */
static bool
next_parameter(struct span *rest, struct span *out)
{
	bool quoted = false;
	size_t i;

	if (rest->p == NULL)
		return false;
	for (i = 0; i < rest->n; i++) {
		if (rest->p[i] == '"' && (i == 0 || rest->p[i - 1] != '\\'))
			quoted = !quoted;
		if (rest->p[i] == ';' && !quoted)
			break;
	}
	*out = (struct span){ rest->p, i };
	if (i < rest->n)
		*rest = (struct span){ rest->p + i + 1, rest->n - i - 1 };
	else
		*rest = (struct span){ NULL, 0 };
	return true;
}

/* Replace each pair of bytes "xy" by "y", from left to right. */
static size_t
drop_first_of(char *s, size_t n, const char pair[2])
{
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		if (i + 1 < n && s[i] == pair[0] && s[i + 1] == pair[1])
			i++;
		s[len++] = s[i];
	}
	return len;
}

/* A parameter's value without its quotes. */
static struct span
unquote(struct arena *a, struct span v)
{
	char *s;

	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return v;
	s = arena_strndup(a, v.p + 1, v.n - 2);
	v.n = drop_first_of(s, v.n - 2, "\\\\");
	v.n = drop_first_of(s, v.n, "\\\"");
	return (struct span){ s, v.n };
}

/*
 * The value of a parameter after the first semicolon of a header, the last of
 * several. False: it has none of this name.
 */
static bool
get_parameter(
    struct arena *a, struct span header, const char *name, struct span *out)
{
	struct span piece, key;
	bool found = false;
	const char *eq;

	(void)next_parameter(&header, &piece);
	while (next_parameter(&header, &piece)) {
		eq = memchr(piece.p, '=', piece.n);
		key = piece;
		if (eq != NULL)
			key.n = (size_t)(eq - piece.p);
		if (!span_is(trim(key), name))
			continue;
		found = true;
		*out = (struct span){ piece.p + piece.n, 0 };
		if (eq != NULL)
			*out = unquote(
			    a, trim((struct span){ eq + 1,
			           (size_t)(piece.p + piece.n - eq - 1) }));
	}
	return found;
}

static bool
is_token(struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		        (c >= 'a' && c <= 'z') ||
		        (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return true;
}

/* State of a multipart parser. */
struct multipart {
	struct arena *arena;
	const char *p, *end;
	struct span boundary; /* with its leading CR LF and dashes */
	struct form *form;
	bool done; /* the closing boundary, or the body cut short */
};

static enum err
broken(struct multipart *m)
{
	m->form->error = unparsable;
	return ERR_MALFORMED;
}

/*
 * One header of a part, and the line's end. *last: an empty line, after which
 * the data begin. A body that ends here is done, not an error.
 */
static enum err
read_header(
    struct multipart *m, struct span *name, struct span *value, bool *last)
{
	const char *colon, *cr, *first = m->p;

	*last = m->p < m->end && *m->p == '\r';
	if (!*last) {
		colon = memchr(m->p, ':', (size_t)(m->end - m->p));
		name->p = m->p;
		name->n = (size_t)((colon != NULL ? colon : m->end) - m->p);
		if (name->n > FORM_PART_HEADER_MAX_BYTES || !is_token(*name) ||
		    (colon != NULL && name->n == 0))
			return broken(m);
		if (colon == NULL) {
			m->done = true;
			return ERR_OK;
		}
		m->p = colon + 1;
		while (m->p < m->end && *m->p == ' ')
			m->p++;
		cr = memchr(m->p, '\r', (size_t)(m->end - m->p));
		value->p = m->p;
		m->p = cr != NULL ? cr : m->end;
		value->n = (size_t)(m->p - value->p);
		if (m->p - first > FORM_PART_HEADER_MAX_BYTES)
			return broken(m);
	}
	if (m->end - m->p < 2) {
		m->done = true;
		return ERR_OK;
	}
	if (m->p[1] != '\n')
		return broken(m);
	m->p += 2;
	return ERR_OK;
}

/* The headers of a part, of which one names the field. */
static enum err
read_headers(struct multipart *m, struct form_field *field)
{
	struct span name, value, disposition = { "", 0 }, parameter;
	bool last = false;
	int count = 0;
	enum err e;

	for (;;) {
		if (count++ == FORM_PART_HEADERS_MAX && m->p < m->end &&
		    *m->p != '\r')
			return broken(m);
		if ((e = read_header(m, &name, &value, &last)) != ERR_OK ||
		    m->done)
			return e;
		if (last)
			break;
		if (span_is(name, "content-disposition"))
			disposition = value;
	}
	if (!get_parameter(m->arena, disposition, "name", &parameter)) {
		m->form->error =
		    "The Content-Disposition header field \"name\" must "
		    "be provided.";
		return ERR_MALFORMED;
	}
	field->name = arena_strndup(m->arena, parameter.p, parameter.n);
	field->name_len = parameter.n;
	field->is_file =
	    get_parameter(m->arena, disposition, "filename", &parameter);
	return check_count(m->form, field->is_file);
}

/* The data of a part, and the boundary after them. */
static void
read_data(struct multipart *m, struct form_field *field)
{
	const char *data = m->p, *from = m->p, *b, *after;

	while ((b = memmem(from, (size_t)(m->end - from), m->boundary.p,
	            m->boundary.n)) != NULL) {
		after = b + m->boundary.n;
		if (m->end - after < 2)
			break;
		if (memcmp(after, "\r\n", 2) == 0 ||
		    memcmp(after, "--", 2) == 0) {
			field->value =
			    arena_strndup(m->arena, data, (size_t)(b - data));
			field->value_len = (size_t)(b - data);
			m->done = *after == '-';
			m->p = after + 2;
			return;
		}
		from = after;
	}
	m->done = true;
}

/* Everything before the first part. */
static enum err
read_start(struct multipart *m)
{
	struct span line = { m->boundary.p + 2, m->boundary.n - 2 };
	size_t left;

	if (m->p < m->end && (*m->p == '\r' || *m->p == '\n')) {
		m->p = memchr(m->p, '-', (size_t)(m->end - m->p));
		if (m->p == NULL)
			m->p = m->end;
	}
	left = (size_t)(m->end - m->p);
	m->done = left < line.n + 2;
	if (memcmp(m->p, line.p, left < line.n ? left : line.n) != 0)
		return broken(m);
	if (left <= line.n)
		return ERR_OK;
	m->p += line.n;
	if (*m->p != '\r' && *m->p != '-')
		return broken(m);
	if (m->done)
		return ERR_OK;
	if (m->p[1] != (*m->p == '\r' ? '\n' : '-'))
		return broken(m);
	m->done = *m->p == '-';
	m->p += 2;
	return ERR_OK;
}

static enum err
parse_multipart(struct arena *a, const char *type, const char *body, size_t n,
    struct form *out)
{
	struct multipart m = {
		.arena = a, .p = body, .end = body + n, .form = out
	};
	struct span b;
	char *boundary;
	enum err e;

	if (!get_parameter(
	        a, (struct span){ type, strlen(type) }, "boundary", &b)) {
		out->error = "Missing boundary in multipart.";
		return ERR_MALFORMED;
	}
	if (b.n > FORM_BOUNDARY_MAX_BYTES)
		return broken(&m);
	boundary = arena_alloc(a, b.n + 5);
	snprintf(boundary, b.n + 5, "\r\n--%.*s", (int)b.n, b.p);
	m.boundary = (struct span){ boundary, b.n + 4 };
	if ((e = read_start(&m)) != ERR_OK)
		return e;
	while (!m.done) {
		struct form_field field = { 0 };

		if ((e = read_headers(&m, &field)) != ERR_OK)
			return e;
		if (!m.done)
			read_data(&m, &field);
		if (field.value != NULL) {
			*add_field(a, out) = field;
			out->files += field.is_file;
		}
	}
	return ERR_OK;
}

enum err
form_parse(struct arena *a, const char *type, const char *body, size_t n,
    struct form *out)
{
	struct span media;

	*out = (struct form){ 0 };
	if (type == NULL)
		return ERR_OK;
	media = trim((struct span){ type, strcspn(type, ";") });
	if (span_is(media, "application/x-www-form-urlencoded"))
		return parse_urlencoded(a, body, n, out);
	if (!span_is(media, "multipart/form-data"))
		return ERR_OK;
	if (type[strcspn(type, ";")] == ';' &&
	    memcmp(media.p, "multipart/form-data", media.n) != 0)
		return ERR_OK;
	return parse_multipart(a, type, body, n, out);
}

enum err
form_parse_query(struct arena *a, const char *query, struct form *out)
{
	size_t n = strlen(query);

	*out = (struct form){ 0 };
	if (n > FORM_QUERY_MAX_BYTES) {
		out->error = "The query string is too long.";
		return ERR_MALFORMED;
	}
	return parse_urlencoded(a, query, n, out);
}

static bool
is_named(const struct form_field *field, const char *name)
{
	size_t n = strlen(name);

	return field->name_len == n && memcmp(field->name, name, n) == 0;
}

size_t
form_count(const struct form *f, const char *name)
{
	size_t i, found = 0;

	for (i = 0; i < f->count; i++)
		found += is_named(&f->fields[i], name);
	return found;
}

const struct form_field *
form_get(const struct form *f, const char *name)
{
	size_t i = f->count;

	while (i-- > 0)
		if (is_named(&f->fields[i], name))
			return &f->fields[i];
	return NULL;
}
