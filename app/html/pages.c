/*
 * The product's own pages.
 */
#include "base.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "html/language.h"
#include "html/pages.h"
#include "lib/log.h"

#include "embedded_pages.h" /* made of web/pages/ by the Makefile */

#define PATH_BYTES 4400

/* --- files --- */

static bool
read_all(int fd, char *to, size_t n)
{
	ssize_t got = 1;

	for (; n > 0 && got > 0; to += got, n -= (size_t)got)
		got = read(fd, to, n);
	return n == 0;
}

/* A whole file into the arena. False, after a line: it cannot be read. */
static bool
read_file(const char *path, struct arena *a, struct page_file *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *bytes;
	bool good;

	if (fd < 0 || fstat(fd, &st) != 0) {
		log_say("%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	good = S_ISREG(st.st_mode) && st.st_size <= PAGES_FILE_MAX_BYTES;
	if (!good) {
		log_say("%s: must be a regular file of at most %d bytes", path,
		    PAGES_FILE_MAX_BYTES);
		close(fd);
		return false;
	}
	out->n = (size_t)st.st_size;
	bytes = arena_alloc(a, out->n + 1);
	out->bytes = bytes;
	if (!(good = read_all(fd, bytes, out->n)))
		log_say("%s: cannot be read whole", path);
	close(fd);
	return good;
}

/* --- languages --- */

static bool
parse(const char *path, const struct page_file *file, struct arena *a,
    struct sentences *out)
{
	struct sentences_problem problem;

	if (sentences_parse(file->bytes, file->n, a, out, &problem))
		return true;
	log_say("%s:%d: %s", path, problem.line, problem.what);
	return false;
}

/* Is each {name} of a text one that the English sentence has, too? */
static bool
names_known(const char *text, const char *english)
{
	char name[64];
	size_t n;

	for (text += strcspn(text, "{"); *text != '\0';
	     text += strcspn(text, "{")) {
		n = strcspn(text, "}") + 1;
		if (n >= sizeof(name) || text[n - 1] != '}')
			return false;
		snprintf(name, sizeof(name), "%.*s", (int)n, text);
		if (strstr(english, name) == NULL)
			return false;
		text += n;
	}
	return true;
}

/* Each sentence of a file is one of the pages', and names what that can. */
static bool
fit(const char *path, const struct sentences *s,
    const struct sentences *english)
{
	const char *text;
	size_t i;

	for (i = 0; i < s->count; i++) {
		text = sentences_find(english, s->all[i].key);
		if (text != NULL && names_known(s->all[i].text, text))
			continue;
		if (text == NULL)
			log_say("%s: the pages have no sentence %s", path,
			    s->all[i].key);
		else
			log_say("%s: %s names a value that it has not got; in "
			        "English it is: %s",
			    path, s->all[i].key, text);
		return false;
	}
	return true;
}

/* A language is shown by its name, so it needs one. */
static bool
has_name(const char *path, const struct sentences *s)
{
	if (sentences_find(s, "language_name") != NULL)
		return true;
	log_say("%s: needs a line: language_name = Deutsch", path);
	return false;
}

/* Behind those that are built in, in the order of their tags. */
static void
insert(struct pages *p, const struct sentences *s)
{
	size_t i = p->count++;

	for (; i > ARRAY_LEN(pages_languages) &&
	       strcmp(p->languages[i - 1]->tag, s->tag) > 0;
	     i--)
		p->languages[i] = p->languages[i - 1];
	p->languages[i] = s;
}

/* A file of pages_dir: a new language, or other sentences of a known one. */
static bool
add_language(struct pages *p, const char *path, const char *tag)
{
	struct sentences *s = arena_alloc(&p->arena, sizeof(*s));
	size_t i = language_find(p->languages, p->count, tag);
	struct page_file file;

	if (i == PAGES_LANGUAGES_MAX) {
		log_say("%s: there are %d languages already", path,
		    PAGES_LANGUAGES_MAX);
		return false;
	}
	if (!read_file(path, &p->arena, &file) ||
	    !parse(path, &file, &p->arena, s) || !fit(path, s, p->languages[0]))
		return false;
	snprintf(s->tag, sizeof(s->tag), "%s", tag);
	if (i < p->count) {
		s->next_choice = p->languages[i];
		p->languages[i] = s;
		return true;
	}
	if (!has_name(path, s))
		return false;
	s->next_choice = p->languages[0];
	insert(p, s);
	return true;
}

/* English first, which has all; of the others a test compares the keys. */
static void
add_built_in(struct pages *p)
{
	struct sentences_problem problem;
	size_t i;

	for (i = 0; i < ARRAY_LEN(pages_languages); i++) {
		struct sentences *s = arena_alloc(&p->arena, sizeof(*s));

		if (!sentences_parse(pages_languages[i].text,
		        pages_languages[i].n, &p->arena, s, &problem))
			assert(false);
		snprintf(s->tag, sizeof(s->tag), "%s", pages_languages[i].name);
		s->next_choice = i > 0 ? p->languages[0] : NULL;
		p->languages[p->count++] = s;
	}
}

/* --- pages_dir --- */

/* Of two the order of the folder would choose, on each machine another. */
static bool
take_logo(struct pages *p, const char *path, const char *type)
{
	if (p->logo.bytes != (const char *)page_logo_svg) {
		log_say("%s: there is another logo beside it: keep one", path);
		return false;
	}
	p->logo.type = type;
	return read_file(path, &p->arena, &p->logo);
}

/* A file of pages_dir, by its name; others are nobody's here. */
static bool
take_file(struct pages *p, const char *dir, const char *name)
{
	char path[PATH_BYTES], tag[SENTENCES_TAG_BYTES];
	size_t n = strlen(name);

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (strcmp(name, "style.css") == 0)
		return read_file(path, &p->arena, &p->style);
	if (strcmp(name, "logo.svg") == 0)
		return take_logo(p, path, "image/svg+xml");
	if (strcmp(name, "logo.png") == 0)
		return take_logo(p, path, "image/png");
	if (n < 5 || strcmp(name + n - 4, ".txt") != 0)
		return true;
	snprintf(tag, sizeof(tag), "%.*s", (int)(n - 4), name);
	if (n - 4 < sizeof(tag) && sentences_tag_is_good(tag))
		return add_language(p, path, tag);
	log_say("%s: a language's file has its tag as its name: de.txt, "
	        "pt-br.txt",
	    path);
	return false;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool
take_files(struct pages *p, const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	bool good = true;

	if (d == NULL) {
		log_say("pages_dir %s: %s", dir, strerror(errno));
		return false;
	}
	while (good && (entry = readdir(d)) != NULL)
		if (is_visible(entry))
			good = take_file(p, dir, entry->d_name);
	closedir(d);
	return good;
}

/* FNV-1a: a browser asks again when a file has changed. */
static uint64_t
hash(uint64_t h, const struct page_file *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		h = (h ^ (unsigned char)f->bytes[i]) * UINT64_C(1099511628211);
	return h;
}

static void
set_version(struct pages *p)
{
	uint64_t h = UINT64_C(14695981039346656037);

	h = hash(hash(hash(h, &p->style), &p->logo), &p->script);
	snprintf(p->version, sizeof(p->version), "%016" PRIx64, h);
}

bool
pages_open(const char *dir, struct pages *out)
{
	*out = (struct pages){
		.style = { "text/css; charset=utf-8",
		    (const char *)page_style_css, sizeof(page_style_css) - 1 },
		.logo = { "image/svg+xml", (const char *)page_logo_svg,
		    sizeof(page_logo_svg) - 1 },
		.script = { "text/javascript; charset=utf-8",
		    (const char *)page_show_js, sizeof(page_show_js) - 1 },
	};
	arena_init(&out->arena);
	add_built_in(out);
	if (*dir != '\0' && !take_files(out, dir))
		return false;
	set_version(out);
	return true;
}

void
pages_close(struct pages *p)
{
	arena_free(&p->arena);
	*p = (struct pages){ 0 };
}

/* --- pages --- */

static const char *
sentence(const void *of, const char *key)
{
	return sentences_find(of, key);
}

/* A bug in a template, or a sentence of pages_dir that names a wrong value. */
static void
end_if(const char *name, const char *problem)
{
	if (problem != NULL)
		log_say("page %s: %s", name, problem);
	assert(problem == NULL);
}

void
pages_write(const struct sentences *language, const char *name,
    const struct template_scope *scope, struct buf *b)
{
	const struct template_set set = { pages_templates, sentence, language };

	end_if(name, template_render(&set, name, scope, b));
}

const char *
pages_sentence(const struct sentences *language, const char *key,
    const struct template_scope *scope, struct arena *a)
{
	const struct template_set set = { pages_templates, sentence, language };
	struct buf b;

	buf_init(&b, a);
	end_if(key, template_sentence(&set, key, scope, &b));
	return b.s;
}

const char *
pages_problem(size_t i, const struct sentences *language, struct arena *a,
    const char **name)
{
	const struct template_set set = { pages_templates, sentence, language };

	*name = i < ARRAY_LEN(pages_templates) ? pages_templates[i].name : NULL;
	return *name != NULL ? template_problem(&set, *name, a) : NULL;
}
