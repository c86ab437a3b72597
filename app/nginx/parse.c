/*
 * Parser of nginx's configuration language. It keeps its own stacks of blocks
 * and of files, so that no input makes it recurse.
 */
#include "base.h"

#include <string.h>

#include "nginx/parse.h"

#define WORDS_FIRST 8 /* room for words; it doubles */

/* A file that is being read, and those of the same include behind it. */
struct source {
	const struct nginx_file **files;
	size_t i, n;
	const char *s, *end;
	unsigned line;
	size_t depth; /* of blocks, where it was included */
};

/* Ends of a statement. */
enum end { END_DIRECTIVE, END_OPEN, END_CLOSE, END_FILE, END_ERROR };

struct parser {
	struct arena *arena;
	const struct nginx_dump *dump;
	struct source sources[NGINX_DEPTH_MAX], *source; /* the innermost */
	struct nginx_directive *block;                   /* the innermost */
	struct nginx_directive *before; /* finished last: may get a comment */
	size_t depth;
	int64_t bytes;
	uint32_t directives;
	const char **words; /* of the statement that is being read */
	size_t n, room;
	unsigned line; /* where it begins */
	struct nginx_problem *problem;
};

static enum end
fail(struct parser *p, const char *text)
{
	p->problem->file = p->source->files[p->source->i]->name;
	p->problem->line = p->source->line;
	p->problem->text = text;
	return END_ERROR;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- words --- */

/* A word of the n bytes at s, whose escapes become what they stand for. */
static const char *
unescape(struct arena *a, const char *s, size_t n)
{
	static const char from[] = "\"'\\trn", to[] = "\"'\\\t\r\n";
	char *word = arena_alloc(a, n + 1), *w = word;
	const char *end = s + n, *known;

	while (s < end) {
		known = *s == '\\' && s + 1 < end && s[1] != '\0'
		            ? strchr(from, s[1])
		            : NULL;
		*w++ = known != NULL ? to[known - from] : *s;
		s += known != NULL ? 2 : 1;
	}
	*w = '\0';
	return word;
}

static void
add_word(struct parser *p, const char *s, size_t n)
{
	const char **larger;

	if (p->n == p->room) {
		larger = arena_alloc(p->arena, 2 * p->room * sizeof(*larger));
		memcpy(larger, p->words, p->n * sizeof(*larger));
		p->words = larger;
		p->room *= 2;
	}
	p->words[p->n++] = unescape(p->arena, s, n);
}

/* The end of a word in quotes that begins at s: its quote, or NULL. */
static const char *
quoted_end(const char *s, const char *end)
{
	char quote = *s++;

	for (; s < end && *s != quote; s++)
		if (*s == '\\' && s + 1 < end)
			s++;
	return s < end ? s : NULL;
}

/* The end of a word without quotes: a blank, ; or { but for ${; or end. */
static const char *
plain_end(const char *s, const char *end)
{
	bool variable = false;

	for (; s < end; s++) {
		if (*s == '{' && variable)
			continue;
		if (is_blank(*s) || *s == ';' || *s == '{')
			break;
		variable = *s == '$';
		if (*s == '\\' && s + 1 < end)
			s++;
	}
	return s;
}

static void
count_lines(struct source *source, const char *to)
{
	for (; source->s < to; source->s++)
		source->line += *source->s == '\n';
}

/* May this follow a word in quotes? nginx takes ) for the next word. */
static bool
ends_quoted(const char *s, const char *end)
{
	return s == end || is_blank(*s) || strchr(";{)", *s) != NULL;
}

/* Read the word at the source's place. */
static enum end
read_word(struct parser *p)
{
	struct source *source = p->source;
	const char *s = source->s, *end;
	bool quoted = *s == '"' || *s == '\'';

	end = quoted ? quoted_end(s, source->end) : plain_end(s, source->end);
	if (end == NULL)
		return fail(p, "a quote without its end");
	s += quoted;
	if (end - s > NGINX_WORD_MAX_BYTES)
		return fail(p, "a word is too long; is a quote missing?");
	add_word(p, s, (size_t)(end - s));
	count_lines(source, end + quoted);
	if (quoted && !ends_quoted(source->s, source->end))
		return fail(p, "something follows a quote directly");
	return END_DIRECTIVE;
}

/* --- statements --- */

/* A comment at the source's place belongs to what ends on this line. */
static void
read_comment(struct parser *p)
{
	struct source *source = p->source;
	const char *newline =
	    memchr(source->s, '\n', (size_t)(source->end - source->s));
	const char *end = newline != NULL ? newline : source->end;
	const struct nginx_file *file = source->files[source->i];

	if (p->n == 0 && p->before != NULL &&
	    p->before->end_line == source->line &&
	    p->before->file == file->name)
		p->before->comment = arena_strndup(
		    p->arena, source->s + 1, (size_t)(end - source->s) - 1);
	source->s = end;
}

static void
skip_blanks(struct parser *p)
{
	struct source *source = p->source;

	while (source->s < source->end) {
		if (*source->s == '#')
			read_comment(p);
		else if (is_blank(*source->s))
			count_lines(source, source->s + 1);
		else
			break;
	}
}

static enum end
end_of_file(struct parser *p)
{
	if (p->n > 0)
		return fail(p, "the file ends, where ; or } should be");
	return END_FILE;
}

/* Read words until something ends them. */
static enum end
read_statement(struct parser *p)
{
	struct source *source = p->source;

	p->room = WORDS_FIRST;
	p->words = arena_alloc(p->arena, p->room * sizeof(*p->words));
	p->n = 0;
	for (;;) {
		skip_blanks(p);
		if (source->s == source->end)
			return end_of_file(p);
		if (p->n == 0)
			p->line = source->line;
		switch (*source->s) {
		case ';':
		case '{':
			if (p->n == 0)
				return fail(p, "; or { without a directive");
			return *source->s++ == ';' ? END_DIRECTIVE : END_OPEN;
		case '}':
			if (p->n > 0)
				return fail(p, "} where ; should be");
			source->s++;
			return END_CLOSE;
		default:
			if (read_word(p) == END_ERROR)
				return END_ERROR;
		}
	}
}

/* Add what has been read to the innermost block. */
static struct nginx_directive *
add_directive(struct parser *p, bool is_block)
{
	struct nginx_directive *d = arena_alloc(p->arena, sizeof(*d));

	d->words = p->words;
	d->n = p->n;
	d->file = p->source->files[p->source->i]->name;
	d->line = p->line;
	d->end_line = p->source->line;
	d->is_block = is_block;
	d->parent = p->block;
	if (p->block->last != NULL)
		p->block->last->next = d;
	else
		p->block->first = d;
	p->block->last = d;
	p->before = d;
	return d;
}

/* --- files --- */

/* Begin the file at the source's place in its list. */
static enum end
begin_file(struct parser *p)
{
	struct source *source = p->source;
	const struct nginx_file *file = source->files[source->i];

	source->s = file->text;
	source->end = file->text + file->n;
	source->line = 1;
	p->bytes += (int64_t)file->n;
	if (p->bytes > NGINX_BYTES_MAX)
		return fail(p, "the configuration is too large");
	if (memchr(file->text, '\0', file->n) != NULL)
		return fail(p, "a NUL: this is no text");
	return END_DIRECTIVE;
}

static enum end
include(struct parser *p, const char *pattern)
{
	const struct nginx_file **files;
	size_t n = nginx_dump_find(p->arena, p->dump, pattern, &files);

	if (n == 0)
		return strpbrk(pattern, "*?[") != NULL
		           ? END_DIRECTIVE
		           : fail(p, "the included file is not here: "
		                     "give what nginx -T prints");
	if (p->source + 1 == p->sources + NGINX_DEPTH_MAX)
		return fail(p, "includes are nested too deep");
	p->source++;
	*p->source =
	    (struct source){ .files = files, .n = n, .depth = p->depth };
	return begin_file(p);
}

/* The innermost file has ended. END_FILE: it was the last. */
static enum end
leave_file(struct parser *p)
{
	if (p->depth > p->source->depth)
		return fail(p, "the file ends, where } should be");
	if (++p->source->i < p->source->n)
		return begin_file(p);
	if (p->source == p->sources)
		return END_FILE;
	p->source--;
	p->before = NULL;
	return END_DIRECTIVE;
}

/* --- blocks --- */

static enum end
open_block(struct parser *p)
{
	if (p->depth == NGINX_DEPTH_MAX)
		return fail(p, "blocks are nested too deep");
	p->depth++;
	p->block = add_directive(p, true);
	return END_DIRECTIVE;
}

static enum end
close_block(struct parser *p)
{
	if (p->depth == p->source->depth)
		return fail(p, "} without its {");
	p->depth--;
	p->block = p->block->parent;
	return END_DIRECTIVE;
}

static enum end
take_statement(struct parser *p, enum end end)
{
	switch (end) {
	case END_DIRECTIVE:
		if (strcmp(p->words[0], "include") == 0 && p->n == 2)
			return include(p, p->words[1]);
		add_directive(p, false);
		return END_DIRECTIVE;
	case END_OPEN:
		return open_block(p);
	case END_CLOSE:
		return close_block(p);
	case END_FILE:
		return leave_file(p);
	default:
		return end;
	}
}

bool
nginx_parse(struct arena *a, const struct nginx_dump *dump,
    struct nginx_directive **out, struct nginx_problem *problem)
{
	struct parser *p = arena_alloc(a, sizeof(*p));
	const struct nginx_file *main_file = &dump->files[0];
	enum end end;

	*p = (struct parser){ .arena = a, .dump = dump, .problem = problem };
	p->block = *out = arena_alloc(a, sizeof(**out));
	(*out)->is_block = true;
	(*out)->file = main_file->name;
	p->source = p->sources;
	p->source->files = &main_file;
	p->source->n = 1;
	for (end = begin_file(p); end != END_ERROR && end != END_FILE;) {
		if (++p->directives > NGINX_DIRECTIVES_MAX)
			end = fail(p, "too many directives");
		else
			end = take_statement(p, read_statement(p));
	}
	return end == END_FILE;
}
