/*
 * html/pages.c: the built-in templates and sentences, and what pages_dir may
 * change.
 */
#include "base.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "html/language.h"
#include "html/pages.h"
#include "said.h"
#include "tap.h"

static void
test_templates(const struct pages *p, struct arena *a)
{
	const char *name, *problem;
	size_t i, j = 0;

	for (i = 0; i < p->count; i++)
		for (j = 0;; j++) {
			problem = pages_problem(j, p->languages[i], a, &name);
			if (name == NULL)
				break;
			/* a part of a page begins and ends as it likes */
			is(problem, NULL,
			    tap_with("a template is right", name));
		}
	ok(j >= 8, "there are templates");
}

/* The {names} of a text, in their order. */
static void
names_of(const char *text, char *out)
{
	for (; *text != '\0'; text++)
		if (*text == '{')
			while (*text != '}' && *text != '\0')
				*out++ = *text++;
	*out = '\0';
}

/* Each language has each sentence, with the same values. */
static void
test_languages(const struct pages *p)
{
	const struct sentences *english = p->languages[0], *s;
	char wanted[1024], got[1024];
	size_t i, j;

	is(english->tag, "en", "English is the first language");
	ok(p->count >= 2, "there is another language");
	for (i = 1; i < p->count; i++) {
		s = p->languages[i];
		is_int((long long)s->count, (long long)english->count,
		    tap_with("a language has as many sentences", s->tag));
		for (j = 0; j < s->count && j < english->count; j++) {
			is(s->all[j].key, english->all[j].key,
			    tap_with("a sentence is one of English", s->tag));
			names_of(english->all[j].text, wanted);
			names_of(s->all[j].text, got);
			/* their order may differ, their number not */
			is_int((long long)strlen(got),
			    (long long)strlen(wanted),
			    tap_with("a sentence names the same values",
			        s->all[j].key));
		}
	}
}

static char dir[] = "/tmp/latchkey-pages-XXXXXX";

static void
put(const char *name, const char *text, size_t n)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n || close(fd) != 0)
		abort();
}

static void
take_away(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

#define PUT(name, text) put(name, text, sizeof(text) - 1)

/* pages_dir with this file is refused, with these words. */
static void
refused(const char *name, const char *text, const char *why)
{
	struct pages p;

	put(name, text, strlen(text));
	listen_to_stderr();
	ok(!pages_open(dir, &p), tap_with("pages_dir is refused", name));
	ok(strstr(said(), why) != NULL, tap_with("the message says", why));
	pages_close(&p);
	take_away(name);
}

static void
test_dir(void)
{
	static char big[PAGES_FILE_MAX_BYTES + 1];
	char version[PAGES_VERSION_CHARS + 1];
	struct pages p;

	memset(big, ' ', sizeof(big));
	if (mkdtemp(dir) == NULL)
		abort();
	ok(pages_open("", &p), "no pages_dir is good");
	memcpy(version, p.version, sizeof(version));
	pages_close(&p);
	ok(pages_open(dir, &p) && strcmp(p.version, version) == 0,
	    "an empty pages_dir changes nothing");
	pages_close(&p);
	PUT("de.txt", "language_name = Deutsch\nlogin_title = Anmelden\n");
	PUT("ko.txt",
	    "login_title = \xeb\x93\xa4\xec\x96\xb4\xea\xb0\x80\xea\xb8\xb0\n");
	PUT("logo.png", "PNG");
	put("style.css", big, PAGES_FILE_MAX_BYTES);
	PUT(".hidden", "x");
	PUT("README", "x");
	ok(pages_open(dir, &p), "a pages_dir is read");
	is_int((long long)p.count, 3, "a file is a third language");
	is(p.languages[2]->tag, "de", "a language has its file's name");
	is(sentences_find(p.languages[2], "login_title"), "Anmelden",
	    "a new language has its sentence");
	is(sentences_find(p.languages[2], "signup_button"), "Create account",
	    "what a new language lacks is English");
	is(sentences_find(p.languages[1], "login_title"),
	    "\xeb\x93\xa4\xec\x96\xb4\xea\xb0\x80\xea\xb8\xb0",
	    "a sentence of a built-in language is replaced");
	is(sentences_find(p.languages[1], "language_name"),
	    "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4",
	    "others of a built-in language stay");
	is(p.logo.type, "image/png", "a logo may be a PNG");
	is_int((long long)p.style.n, PAGES_FILE_MAX_BYTES,
	    "a style of 64 KiB is taken");
	ok(strcmp(p.version, version) != 0,
	    "the addresses of a style change with it");
	pages_close(&p);
	put("style.css", big, sizeof(big));
	listen_to_stderr();
	ok(!pages_open(dir, &p), "a style of one byte more is refused");
	said();
	pages_close(&p);
	take_away("style.css");
	refused("fr.txt", "login_title = X\n", "language_name");
	refused(
	    "fr.txt", "language_name = X\nlogin_titel = X\n", "login_titel");
	refused("en.txt", "login_title = {username}\n", "names a value");
	refused("en.txt", "login_title = {product\n", "names a value");
	refused("en.txt", "\nx\n", "en.txt:2:");
	refused("EN.txt", "", "tag");
	refused("logo.svg", "<svg/>", "another logo");
	take_away("de.txt");
	take_away("ko.txt");
	take_away("logo.png");
	take_away(".hidden");
	take_away("README");
	rmdir(dir);
	listen_to_stderr();
	ok(!pages_open(dir, &p), "a pages_dir that is not there is refused");
	said();
	pages_close(&p);
}

int
main(void)
{
	struct pages p;
	struct arena a;

	arena_init(&a);
	if (!pages_open("", &p))
		return 1;
	test_templates(&p, &a);
	test_languages(&p);
	pages_close(&p);
	test_dir();
	arena_free(&a);
	return done();
}
