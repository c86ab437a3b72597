/*
 * Sentences of the pages in one language.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "html/sentences.h"
#include "lib/text.h"

static const char small_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

static int
compare(const void *a, const void *b)
{
	const struct sentence *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static bool
has_control(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

/* A line of n bytes; *out is left as it is by one without a sentence. */
static const char *
read_line(const char *s, size_t n, struct arena *a, struct sentence *out)
{
	size_t key;

	if (!text_is_utf8(s, n) || has_control(s, n))
		return "it is not UTF-8 without control characters";
	while (n > 0 && s[n - 1] == ' ')
		n--;
	if (n == 0 || *s == '#')
		return NULL;
	s = arena_strndup(a, s, n);
	key = strspn(s, small_letters);
	if (key == 0 || strncmp(s + key, " =", 2) != 0 ||
	    (s[key + 2] != ' ' && s[key + 2] != '\0'))
		return "it is not \"key = sentence\"";
	out->key = arena_strndup(a, s, key);
	out->text = s + key + 2 + (s[key + 2] == ' ');
	return NULL;
}

/* Sort them by key. Returns the key that is present twice, or NULL. */
static const char *
sort(struct sentences *s)
{
	size_t i;

	qsort(s->all, s->count, sizeof(*s->all), compare);
	for (i = 1; i < s->count; i++)
		if (strcmp(s->all[i - 1].key, s->all[i].key) == 0)
			return s->all[i].key;
	return NULL;
}

/* A sentence more. NULL: it is taken, or the line of n bytes has none. */
static const char *
take_line(const char *s, size_t n, struct arena *a, struct sentences *out)
{
	struct sentence found = { .key = NULL };
	const char *problem = read_line(s, n, a, &found);

	if (problem != NULL || found.key == NULL)
		return problem;
	if (out->count == SENTENCES_MAX)
		return "there are too many sentences";
	out->all[out->count++] = found;
	return NULL;
}

bool
sentences_parse(const char *bytes, size_t n, struct arena *a,
    struct sentences *out, struct sentences_problem *problem)
{
	const char *end, *p = bytes;

	*problem = (struct sentences_problem){ 0 };
	out->all = arena_alloc(a, SENTENCES_MAX * sizeof(*out->all));
	out->count = 0;
	if (n > SENTENCES_MAX_BYTES)
		problem->what = "it is too long";
	for (; problem->what == NULL && n > 0;
	     n -= (size_t)(end - p), p = end) {
		end = memchr(p, '\n', n);
		end = end != NULL ? end : p + n;
		problem->line++;
		problem->what = take_line(p, (size_t)(end - p), a, out);
		end += end < p + n;
	}
	if (problem->what == NULL && sort(out) != NULL)
		problem->what = "a key is present twice";
	return problem->what == NULL;
}

const char *
sentences_find(const struct sentences *s, const char *key)
{
	const struct sentence wanted = { .key = key }, *found;

	for (; s != NULL; s = s->next_choice) {
		found = s->count == 0 ? NULL
		                      : bsearch(&wanted, s->all, s->count,
		                            sizeof(wanted), compare);
		if (found != NULL)
			return found->text;
	}
	return NULL;
}

bool
sentences_tag_is_good(const char *tag)
{
	size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return tag[n] == '\0' && n >= 2 && n < SENTENCES_TAG_BYTES &&
	       tag[0] >= 'a' && tag[1] >= 'a' && tag[n - 1] != '-';
}
