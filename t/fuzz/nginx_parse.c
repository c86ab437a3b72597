/*
 * Fuzz target of nginx/: the output of nginx -T. What is taken parses to the
 * same again when it is written out with every word in quotes; the rules find
 * what they find within the files, and no more than they may.
 */
#include "fuzz.h"

#include "lib/buf.h"
#include "nginx/lint.h"

/* A word in quotes. */
static void
write_word(struct buf *b, const char *word)
{
	buf_adds(b, "\"");
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			buf_adds(b, "\\");
		buf_add(b, word, 1);
	}
	buf_adds(b, "\" ");
}

static void
write_head(struct buf *b, const struct nginx_directive *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		write_word(b, d->words[i]);
	buf_adds(b, d->is_block ? "{" : ";");
}

/* The tree as nginx would read it. */
static void
write_tree(struct buf *b, const struct nginx_directive *root)
{
	const struct nginx_directive *d = root->first;

	buf_adds(b, "");
	while (d != NULL) {
		write_head(b, d);
		if (d->first != NULL) {
			d = d->first;
			continue;
		}
		if (d->is_block)
			buf_adds(b, "}");
		while (d != root && d->next == NULL) {
			d = d->parent;
			if (d != root)
				buf_adds(b, "}");
		}
		d = d != root ? d->next : NULL;
	}
}

/* Is any word too long when its escapes are written out? */
static bool
may_differ(const struct nginx_directive *root)
{
	const struct nginx_directive *d = root->first;
	size_t i;

	while (d != NULL) {
		for (i = 0; i < d->n; i++)
			if (2 * strlen(d->words[i]) > NGINX_WORD_MAX_BYTES)
				return true;
		if (d->n == 2 && strcmp(d->words[0], "include") == 0)
			return true;
		if (d->first != NULL) {
			d = d->first;
			continue;
		}
		while (d != root && d->next == NULL)
			d = d->parent;
		d = d != root ? d->next : NULL;
	}
	return false;
}

static void
check_again(struct arena *a, const struct nginx_directive *root)
{
	struct nginx_directive *again;
	struct nginx_problem problem;
	struct nginx_dump dump;
	struct buf once, twice;

	if (may_differ(root))
		return;
	buf_init(&once, a);
	buf_init(&twice, a);
	write_tree(&once, root);
	nginx_dump_read(a, once.s, once.len, "again", &dump);
	if (dump.files[0].name[0] == '/')
		return; /* a word has what looks like a file's head */
	assert(nginx_parse(a, &dump, &again, &problem));
	write_tree(&twice, again);
	assert(once.len == twice.len && memcmp(once.s, twice.s, once.len) == 0);
}

static void
check_findings(const struct lint *l)
{
	const struct lint_finding *f;
	size_t n = 0;

	for (f = l->findings; f != NULL; f = f->next, n++) {
		assert(f->rule != NULL && f->cure != NULL && f->file != NULL);
		assert(f->text != NULL && strlen(f->text) < 1024);
	}
	assert(n == l->n_findings && n <= LINT_FINDINGS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nginx_directive *root;
	struct nginx_problem problem = { 0 };
	struct nginx_dump dump;
	struct arena a;
	struct lint l;

	arena_init(&a);
	nginx_dump_read(&a, exactly(&a, data, size), size, "fuzz", &dump);
	if (nginx_parse(&a, &dump, &root, &problem)) {
		check_again(&a, root);
		lint_run(&a, root, dump.version, &l);
		check_findings(&l);
	} else
		assert(problem.text != NULL && problem.file != NULL);
	arena_free(&a);
	return 0;
}
