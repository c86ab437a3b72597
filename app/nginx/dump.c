/*
 * Files of a configuration as `nginx -T` prints them.
 *
 * nginx writes for each file "# configuration file NAME:", the file as it is,
 * and an empty line; a file that is included twice comes once. Source:
 * nginx 1.22, main() of src/core/nginx.c.
 */
#include "base.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "nginx/dump.h"

#define MARK "# configuration file "
#define VERSION "nginx version: nginx/"

struct line {
	const char *s;
	size_t n; /* without the newline */
};

/* The line at *s, which moves behind it. False: end is reached. */
static bool
next_line(const char **s, const char *end, struct line *out)
{
	const char *newline;

	if (*s == end)
		return false;
	newline = memchr(*s, '\n', (size_t)(end - *s));
	out->s = *s;
	out->n = (size_t)((newline != NULL ? newline : end) - *s);
	*s = newline != NULL ? newline + 1 : end;
	return true;
}

static bool
begins_with(const struct line *line, const char *word)
{
	size_t n = strlen(word);

	return line->n >= n && memcmp(line->s, word, n) == 0;
}

/* Is this the head of a file? */
static bool
is_mark(const struct line *line)
{
	return begins_with(line, MARK "/") && line->s[line->n - 1] == ':';
}

static size_t
count_marks(const char *text, const char *end)
{
	struct line line;
	size_t n = 0;

	while (next_line(&text, end, &line))
		n += is_mark(&line);
	return n;
}

/* If this line, which a newline ends, has the version, keep it. */
static void
take_version(struct arena *a, const struct line *line, struct nginx_dump *out)
{
	static const char digits[] = "0123456789.";
	const char *version;

	if (out->version != NULL || !begins_with(line, VERSION))
		return;
	version = line->s + strlen(VERSION);
	out->version = arena_strndup(a, version, strspn(version, digits));
}

/* The file behind its head, until the next one. */
static void
open_file(struct arena *a, const struct line *head, const char *text,
    struct nginx_file *out)
{
	const size_t skipped = strlen(MARK);

	out->name = arena_strndup(a, head->s + skipped, head->n - skipped - 1);
	out->text = text;
}

/* It ends here: without the empty line that nginx puts behind it. */
static void
close_file(struct nginx_file *file, const char *end)
{
	file->n = (size_t)(end - file->text);
	if (file->n > 0 && file->text[file->n - 1] == '\n')
		file->n--;
}

void
nginx_dump_read(struct arena *a, const char *text, size_t n, const char *name,
    struct nginx_dump *out)
{
	const char *end = text + n, *next = text;
	size_t files = count_marks(text, end);
	struct line line;

	*out = (struct nginx_dump){ 0 };
	out->files =
	    arena_alloc(a, (files > 0 ? files : 1) * sizeof(*out->files));
	while (files > 0 && next_line(&next, end, &line)) {
		if (is_mark(&line)) {
			if (out->n > 0)
				close_file(&out->files[out->n - 1], line.s);
			open_file(a, &line, next, &out->files[out->n++]);
		} else if (out->n == 0)
			take_version(a, &line, out);
	}
	if (out->n > 0)
		close_file(&out->files[out->n - 1], end);
	else
		out->files[out->n++] = (struct nginx_file){ name, text, n };
}

/* --- include --- */

static int
by_name(const void *a, const void *b)
{
	const struct nginx_file *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* The pattern as an absolute name, as ngx_conf_full_name() makes it. */
static const char *
full_pattern(
    struct arena *a, const struct nginx_dump *dump, const char *pattern)
{
	const char *base = dump->files[0].name;
	const char *slash = strrchr(base, '/');
	struct buf full;

	if (*pattern == '/')
		return pattern;
	buf_init(&full, a);
	buf_add(&full, base, slash != NULL ? (size_t)(slash - base) + 1 : 0);
	buf_adds(&full, pattern);
	return full.s;
}

size_t
nginx_dump_find(struct arena *a, const struct nginx_dump *dump,
    const char *pattern, const struct nginx_file ***out)
{
	const char *full = full_pattern(a, dump, pattern);
	size_t i, n = 0;

	*out = arena_alloc(a, dump->n * sizeof(void *));
	for (i = 0; i < dump->n; i++)
		if (strcmp(full, dump->files[i].name) == 0 ||
		    fnmatch(full, dump->files[i].name,
		        FNM_PATHNAME | FNM_PERIOD) == 0)
			(*out)[n++] = &dump->files[i];
	if (n > 1)
		qsort(*out, n, sizeof(void *), by_name);
	return n;
}
