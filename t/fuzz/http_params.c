/*
 * http/params.c with http/path.c, fed a path and a query string: each field is
 * within its limits, or there is a problem that can be shown.
 */
#include "fuzz.h"

#include "http/params.h"
#include "http/problem.h"
#include "lib/text.h"

enum { ID, NAME, SIZE, FLAG, KIND, FIELDS };

static const struct field want[FIELDS] = {
	[ID] = { .name = "id",
	    .source = SOURCE_PATH,
	    .kind = FIELD_NUMBER,
	    .min = 1,
	    .max = INT64_MAX },
	[NAME] = { .name = "name",
	    .source = SOURCE_QUERY,
	    .normal = true,
	    .min_chars = 2,
	    .max_chars = 5 },
	[SIZE] = { .name = "size",
	    .source = SOURCE_QUERY,
	    .kind = FIELD_NUMBER,
	    .min = -3,
	    .max = 100 },
	[FLAG] = { .name = "flag", .source = SOURCE_QUERY, .kind = FIELD_BOOL },
	[KIND] = { .name = "kind",
	    .source = SOURCE_QUERY,
	    .required = true,
	    .must_be = "code" },
};

static void
check_values(const struct param *v)
{
	size_t chars;

	assert(v[ID].given && v[ID].number >= 1);
	assert(v[SIZE].number >= (v[SIZE].given ? -3 : 0));
	assert(v[SIZE].number <= 100 && (v[SIZE].given || v[SIZE].number == 0));
	assert(v[FLAG].given || !v[FLAG].on);
	assert(strcmp(v[KIND].text, "code") == 0);
	assert(v[NAME].given == (v[NAME].text != NULL));
	if (!v[NAME].given)
		return;
	chars = text_chars(v[NAME].text);
	assert(chars >= 2 && chars <= 5);
	assert(text_is_utf8(v[NAME].text, strlen(v[NAME].text)));
}

/* What is wrong is told once a field, and as JSON. */
static void
check_problems(struct req *r)
{
	struct json_error why;
	struct json parsed;
	const struct problem *p;
	struct buf b;
	enum err e;
	int n = 0;

	for (p = r->problems; p != NULL; p = p->next)
		n++;
	assert(n > 0 && n <= FIELDS);
	buf_init(&b, r->ctx->arena);
	problem_write(&b, r->problems);
	e = json_parse(r->ctx->arena, b.s, b.len, &parsed, &why);
	assert(e == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	struct ctx c = { .arena = &a };
	struct req r = { .ctx = &c, .body = "" };
	struct param v[FIELDS];
	const char *uri;
	char *path;
	size_t n;
	enum err e;

	arena_init(&a);
	uri = exact_text(&a, data, size);
	n = strcspn(uri, "?");
	path = exactly(&a, uri, n);
	r.query = uri + n + (uri[n] == '?');
	n = text_percent_decode(path, n, false);
	if (path_fits("/sessions/{id}", path, n, &r.path)) {
		e = params_read(&r, want, FIELDS, v);
		if (e == ERR_OK)
			check_values(v);
		else if (e == ERR_INVALID)
			check_problems(&r);
		else
			assert(e == ERR_MALFORMED && r.malformed != NULL);
	}
	arena_free(&a);
	return 0;
}
