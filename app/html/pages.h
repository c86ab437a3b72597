/*
 * The product's own pages: templates, sentences, style and logo, as they are
 * built in, or as pages_dir has them.
 */
#ifndef LATCHKEY_HTML_PAGES_H
#define LATCHKEY_HTML_PAGES_H

#include "html/sentences.h"
#include "html/template.h"

#define PAGES_LANGUAGES_MAX 16
#define PAGES_FILE_MAX_BYTES 65536 /* of a style, a logo, a language */
#define PAGES_VERSION_CHARS 16

struct page_file {
	const char *type; /* media type */
	const char *bytes;
	size_t n;
};

struct pages {
	struct arena arena; /* of all that is below */
	const struct sentences *languages[PAGES_LANGUAGES_MAX];
	size_t count;
	struct page_file style, logo, script;
	char version[PAGES_VERSION_CHARS + 1]; /* of these three files */
};

/*
 * Read what is in dir ("": nothing): style.css, logo.svg or logo.png, and
 * TAG.txt for languages, which add to the built-in ones or change sentences of
 * theirs. False, with a line on standard error: dir or a file in it cannot be
 * read, is too large, or has a mistake in this line. To be closed in either
 * case.
 */
bool pages_open(const char *dir, struct pages *out) MUST_CHECK;

/* Release what pages_open() read. */
void pages_close(struct pages *p);

/*
 * Append a page in this language. A template that is wrong is a bug, and ends
 * the process: t/unit/html_pages.c looks at each.
 */
void pages_write(const struct sentences *language, const char *name,
    const struct template_scope *scope, struct buf *b);

/*
 * A sentence of this language with the values that it names, as plain text, to
 * become a value of a page, which is escaped there. A key without a sentence is
 * a bug.
 */
const char *pages_sentence(const struct sentences *language, const char *key,
    const struct template_scope *scope, struct arena *a);

/* The defect of a built-in template, by its number; see template_problem(). */
const char *pages_problem(size_t i, const struct sentences *language,
    struct arena *a, const char **name);

#endif
