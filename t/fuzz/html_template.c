/*
 * Fuzz target of html/template.c: a template, and behind a line end the value
 * of all names. Whatever the value, the page has the tags and attributes that
 * it has with an ordinary one.
 */
#include "fuzz.h"

#include "html/template.h"
#include "lib/text.h"

static const char *
sentence(const void *of, const char *key)
{
	return strcmp(key, "s") == 0 ? of : NULL;
}

/* The page with this value, or NULL: the template is wrong. */
static const char *
page(struct arena *a, const char *text, const char *value)
{
	const struct template_text all[] = { { "page", text },
		{ "part", "<i>{v}</i>" }, { NULL, NULL } };
	const struct template_set set = { all, sentence, "a <{v}> b" };
	const struct template_value values[] = { { "v", value },
		{ "n", NULL } };
	const struct template_scope row = { .values = values,
		.value_count = 2 };
	const struct template_list list = { "l", &row, 1 };
	const struct template_scope scope = { values, 2, &list, 1, NULL };
	struct buf b;

	buf_init(&b, a);
	if (template_render(&set, "page", &scope, &b) != NULL)
		return NULL;
	assert(!text_is_utf8(text, strlen(text)) || text_is_utf8(b.s, b.len));
	return b.s;
}

/* What a value would need to get out of its place. */
static void
marks(const char *s, char *out)
{
	for (; *s != '\0'; s++)
		if (strchr("<>\"'", *s) != NULL)
			*out++ = *s;
	*out = '\0';
}

static bool
same_marks(struct arena *a, const char *one, const char *other)
{
	char *x = arena_alloc(a, strlen(one) + 1);
	char *y = arena_alloc(a, strlen(other) + 1);

	marks(one, x);
	marks(other, y);
	return strcmp(x, y) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t n = end != NULL ? (size_t)(end - data) : size;
	const char *text, *value, *hostile, *plain;
	struct arena a;

	arena_init(&a);
	text = exact_text(&a, data, n);
	value =
	    exact_text(&a, data + n + (end != NULL), size - n - (end != NULL));
	hostile = page(&a, text, *value != '\0' ? value : "'\">");
	plain = page(&a, text, "x");
	assert((hostile == NULL) == (plain == NULL));
	if (plain != NULL)
		assert(same_marks(&a, hostile, plain));
	arena_free(&a);
	return 0;
}
