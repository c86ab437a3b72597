/*
 * nginx/dump.c and nginx/parse.c: files of a dump, words, blocks, includes,
 * lines, and what is refused.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "lib/buf.h"
#include "nginx/tree.h"
#include "tap.h"

static struct arena arena;
static struct nginx_problem problem;

/* The tree of n bytes, or NULL: refused, see problem. */
static struct nginx_directive *
parse_bytes(const char *text, size_t n)
{
	struct nginx_directive *root;
	struct nginx_dump dump;

	arena_reset(&arena);
	nginx_dump_read(&arena, text, n, "conf", &dump);
	return nginx_parse(&arena, &dump, &root, &problem) ? root : NULL;
}

static struct nginx_directive *
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static void
write_words(struct buf *b, const struct nginx_directive *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		buf_addf(b, "<%s>", d->words[i]);
}

/* The tree as a text: <words>; and <words>{...}. */
static const char *
written(const char *text)
{
	const struct nginx_directive *root = parse(text), *d = root, *up;
	struct buf b;

	if (root == NULL)
		return NULL;
	buf_init(&b, &arena);
	buf_adds(&b, "");
	while (d != NULL) {
		write_words(&b, d);
		if (d->first != NULL) {
			buf_adds(&b, d != root ? "{" : "");
			d = d->first;
			continue;
		}
		if (d != root)
			buf_adds(&b, d->is_block ? "{}" : ";");
		for (up = d; up != root && up->next == NULL; up = up->parent)
			if (up->parent != root)
				buf_adds(&b, "}");
		d = up != root ? up->next : NULL;
	}
	return b.s;
}

/* A title with an input on one line. */
static const char *
with(const char *title, const char *input)
{
	struct buf b;

	buf_init(&b, &arena);
	buf_add_visible(&b, input);
	return tap_with(title, b.len > 0 ? b.s : "");
}

static void
test_words(void)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "# a; b {", "" },
		{ "a;", "<a>;" },
		{ "a b\tc\r\nd;", "<a><b><c><d>;" },
		{ "a;b;", "<a>;<b>;" },
		{ "a{}", "<a>{}" },
		{ "a { b; } c;", "<a>{<b>;}<c>;" },
		{ "a { b { c; d; } }", "<a>{<b>{<c>;<d>;}}" },
		{ "a 'b c';", "<a><b c>;" },
		{ "a \"b;{}#c\";", "<a><b;{}#c>;" },
		{ "a \"b\\\"c\" 'd\\'e';", "<a><b\"c><d'e>;" },
		{ "a 'b\"c' \"d'e\";", "<a><b\"c><d'e>;" },
		{ "a \"\" '';", "<a><><>;" },
		{ "a b\\ c\\;d\\{e;", "<a><b\\ c\\;d\\{e>;" },
		{ "a b\\\\c\\'d\\\"e;", "<a><b\\c'd\"e>;" },
		{ "a \\t\\r\\n\\x;", "<a><\t\r\n\\x>;" },
		{ "a b'c'd\"e;", "<a><b'c'd\"e>;" },
		{ "a b#c; #d;", "<a><b#c>;" },
		{ "a # b;\nc;", "<a><c>;" },
		{ "a ${b}c $d{ }", "<a><${b}c><$d>{}" },
		{ "a b}c;", "<a><b}c>;" },
		{ "a \\#b;", "<a><\\#b>;" },
		{ "if ($a ~ \"b c\") { d; }", "<if><($a><~><b c><)>{<d>;}" },
		{ "if ($a = 'b'){}", "<if><($a><=><b><)>{}" },
		{ "a \"b\";", "<a><b>;" },
		{ "\"a b\" c;", "<a b><c>;" },
		{ "a \"b\nc\";", "<a><b\nc>;" },
		{ "a \xff\xfe;", "<a><\xff\xfe>;" },
		{ "a \"b\"{}", "<a><b>{}" },
	};
	const char *tree;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		tree = written(cases[i].text);
		is(tree, cases[i].tree,
		    with("words and blocks", cases[i].text));
	}
}

static void
test_refused(void)
{
	static const struct {
		const char *text, *reason;
		unsigned line;
	} cases[] = {
		{ "a", "ends", 1 },
		{ "a\nb\n", "ends", 3 },
		{ "a {", "} should be", 1 },
		{ "a {\n b;\n", "} should be", 3 },
		{ "}", "} without", 1 },
		{ "a;}", "} without", 1 },
		{ "a }", "} where ;", 1 },
		{ "\n;", "without a directive", 2 },
		{ "{}", "without a directive", 1 },
		{ "a 'b;", "quote", 1 },
		{ "a \"b\\\";", "quote", 1 },
		{ "a \"b\"c;", "follows a quote", 1 },
		{ "a 'b''c';", "follows a quote", 1 },
		{ "a \"b\"#c\n;", "follows a quote", 1 },
		{ "a \"b\"", "ends", 1 },
		{ "include other;", "included file", 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		ok(parse(cases[i].text) == NULL,
		    with("refused", cases[i].text));
		ok(problem.text != NULL &&
		        strstr(problem.text, cases[i].reason) != NULL,
		    with("the reason is told", cases[i].text));
		is_int(problem.line, cases[i].line,
		    with("the line is told", cases[i].text));
	}
	ok(parse_bytes("a\0b;", 4) == NULL, "a NUL is refused");
	is(problem.file, "conf", "the file of a problem is named");
}

/* A text that ends anywhere is not read beyond its end. */
static void
test_ends(void)
{
	static const char text[] = "a b\\\\ \"c\\\\\" 'd' ${e} # f\n{ g\\; }";
	static const char *const ends[] = { "a \\", "a \"\\", "a b\\", "\\",
		"\"", "a $", "a ${", "#", "a \"b\"" };
	size_t i, taken = 0;

	for (i = 0; i < sizeof(text) - 1; i++) {
		struct exact exact = exact_copy(text, i);

		taken += parse_bytes(exact.bytes, i) != NULL;
		free(exact.memory);
	}
	is_int((long long)taken, 1,
	    "of a text that is cut short the empty one alone is taken");
	for (i = 0; i < ARRAY_LEN(ends); i++) {
		struct exact exact = exact_copy(ends[i], strlen(ends[i]));

		ok((parse_bytes(exact.bytes, strlen(ends[i])) != NULL) ==
		        (*ends[i] == '#'),
		    tap_with("a text ends with", ends[i]));
		free(exact.memory);
	}
}

/* --- limits --- */

static char *
repeat(const char *s, size_t n, const char *between, const char *t)
{
	size_t a = strlen(s), b = strlen(between), c = strlen(t), i;
	char *text = malloc(n * (a + c) + b + 1), *to = text;

	if (text == NULL)
		abort();
	for (i = 0; i < n; i++, to += a)
		memcpy(to, s, a);
	memcpy(to, between, b);
	for (to += b, i = 0; i < n; i++, to += c)
		memcpy(to, t, c);
	*to = '\0';
	return text;
}

static bool
takes(char *text)
{
	bool taken = parse(text) != NULL;

	free(text);
	return taken;
}

static void
test_limits(void)
{
	ok(takes(repeat("a{", NGINX_DEPTH_MAX, "", "}")),
	    "64 levels of blocks are taken");
	ok(!takes(repeat("a{", NGINX_DEPTH_MAX + 1, "", "}")),
	    "65 levels of blocks are refused");
	ok(takes(repeat("a", NGINX_WORD_MAX_BYTES, ";", "")),
	    "a word of 4095 bytes is taken");
	ok(!takes(repeat("a", NGINX_WORD_MAX_BYTES + 1, ";", "")),
	    "a word of 4096 bytes is refused");
	ok(takes(repeat("a;", NGINX_DIRECTIVES_MAX - 1, "", "")),
	    "as many directives as the limit allows are taken");
	ok(!takes(repeat("a;", NGINX_DIRECTIVES_MAX, "", "")),
	    "one directive more is refused");
	ok(takes(repeat("a ", 100000, ";", "")),
	    "a directive has any number of words");
}

/* --- dumps --- */

#define MARK(name) "# configuration file " name ":\n"

static void
test_dump(void)
{
	const struct nginx_directive *d;
	struct nginx_dump dump;
	const char *text;

	text = "nginx version: nginx/1.22.1\nnginx: ok\n" MARK("/e/nginx.conf") "a;\ninclude /e/d/*.conf;\nz;\n\n" MARK(
	    "/e/d/"
	    "b.conf") "\nb; # said\n\n" MARK("/e/d/a.conf") "c {\n include m;\n}\n\n" MARK("/e/m") "m;\n\n" MARK("/e/d/.h.conf") "hidden;\n\n";
	is(written(text), "<a>;<c>{<m>;}<b>;<z>;",
	    "included files are in place, in the order of their names");
	nginx_dump_read(&arena, text, strlen(text), "conf", &dump);
	is_int((long long)dump.n, 5, "a dump has as many files as heads");
	is(dump.version, "1.22.1", "the version that nginx tells is known");
	is(dump.files[1].name, "/e/d/b.conf", "a file of a dump has its name");
	d = parse(text);
	d = d->first->next->next;
	is(d->file, "/e/d/b.conf", "a directive knows its file");
	is_int(d->line, 2, "a directive knows its line in that file");
	is(d->comment, " said", "a comment behind a directive is kept");
	is_int(d->next->line, 3, "lines go on behind an include");
	is(written(MARK("/n") "include x/*.conf;"), "",
	    "a pattern that names no file is nothing");
	ok(parse(MARK("/n") "include /n;") == NULL,
	    "a file that includes itself is refused");
	is(problem.text, "includes are nested too deep",
	    "the reason of a file that includes itself is told");
	ok(parse(MARK("/n") "a { include m; }\n" MARK("/m") "}\n") == NULL,
	    "an included file closes no block of another");
	ok(parse(MARK("/n") "include m; }\n" MARK("/m") "a {\n") == NULL,
	    "an included file leaves no block open");
	nginx_dump_read(&arena, "# configuration file x:\n", 24, "c", &dump);
	is_int((long long)dump.n, 1, "a head needs an absolute name");
	is(dump.files[0].name, "c",
	    "without heads it is the file that is given");
	ok(dump.version == NULL, "no version is told");
	text = "nginx version: nginx/1.1.1\na;";
	nginx_dump_read(&arena, text, strlen(text), "c", &dump);
	ok(dump.version == NULL, "without heads there is no version");
	text = "nginx version: nginx/\nnginx version: nginx/1.1\n" MARK("/n");
	nginx_dump_read(&arena, text, strlen(text), "c", &dump);
	is(dump.version, "", "an empty version is told, and no later one");
	is_int((long long)dump.files[0].n, 0,
	    "a dump may end with the head of a file");
	text = MARK("/n") "\n" MARK("/m") "a\n\n" MARK("/l") "b";
	nginx_dump_read(&arena, text, strlen(text), "c", &dump);
	is_int((long long)dump.files[0].n, 0, "a file of a dump may be empty");
	is_int((long long)dump.files[1].n, 2,
	    "a file of a dump ends before the empty line behind it");
	is_int((long long)dump.files[2].n, 1,
	    "the last file of a dump may end without a newline");
	text =
	    "nginx: [warn] it warns\nnginx version: nginx/1.26.0 (Debian)\nnginx version: nginx/1.1\n" MARK(
	        "/n") "a;\nnginx version: nginx/9;\n";
	nginx_dump_read(&arena, text, strlen(text), "c", &dump);
	is(dump.version, "1.26.0",
	    "the version is that of its line, and of the first one");
}

/* Each file includes the next one ten times. */
static void
test_bomb(void)
{
	struct buf b;
	int i, j;

	arena_reset(&arena);
	buf_init(&b, &arena);
	for (i = 0; i < 20; i++) {
		buf_addf(&b, MARK("/f%d"), i);
		for (j = 0; j < 10; j++)
			buf_addf(&b, "include /f%d;\n", i + 1);
	}
	buf_adds(&b, MARK("/f20") "#\n");
	i = (int)b.len;
	{
		char *copy = malloc(b.len);

		if (copy == NULL)
			abort();
		memcpy(copy, b.s, b.len);
		ok(parse_bytes(copy, (size_t)i) == NULL,
		    "includes that multiply are refused");
		free(copy);
	}
}

/* So many files, each included by the one before. */
static bool
takes_chain(int files)
{
	struct buf b;
	char *copy;
	int i;

	arena_reset(&arena);
	buf_init(&b, &arena);
	for (i = 1; i < files; i++)
		buf_addf(&b, MARK("/f%d") "include /f%d;\n", i, i + 1);
	buf_addf(&b, MARK("/f%d") "a;\n", files);
	copy = malloc(b.len + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, b.s, b.len + 1);
	return takes(copy);
}

static void
test_chains(void)
{
	ok(takes_chain(NGINX_DEPTH_MAX), "64 files may include each other");
	ok(!takes_chain(NGINX_DEPTH_MAX + 1),
	    "65 files that include each other are refused");
}

/* --- search --- */

static void
test_tree(void)
{
	const struct nginx_directive *root, *server, *inner, *d;
	int n = 0;

	root = parse("http { x 1; x 2; y on; map $a $b { server z; }\n"
	             "server { x 3; location /l { y off; z a b; } } }");
	for (d = nginx_next(root, root); d != NULL; d = nginx_next(root, d))
		n += nginx_is(d, "server");
	is_int(n, 1, "entries of a map are no directives");
	server = nginx_first(root->first, "server");
	inner = nginx_first(server, "location");
	is(nginx_arg(nginx_inherited(inner, "x"), 1), "3",
	    "the nearest level that has a directive counts");
	d = nginx_inherited(root->first, "x");
	is(nginx_arg(nginx_same(d), 1), "2", "the next one of a name follows");
	ok(nginx_same(nginx_same(d)) == NULL,
	    "the last one of a name has none");
	ok(nginx_says(inner, "y", "off") && nginx_says(server, "y", "on"),
	    "a switch of an inner level holds there");
	ok(!nginx_says(inner, "none", ""),
	    "a switch that is not set says nothing");
	d = nginx_first(inner, "z");
	ok(nginx_has_arg(d, "b") && !nginx_has_arg(d, "z"),
	    "the name is no argument");
	is(nginx_arg(d, 3), "", "an argument that is not there is empty");
	ok(nginx_around(d, "server") == server &&
	        nginx_around(server, "server") == server &&
	        nginx_around(server, "location") == NULL,
	    "the block around a directive is found");
}

int
main(void)
{
	arena_init(&arena);
	test_words();
	test_refused();
	test_ends();
	test_limits();
	test_dump();
	test_bomb();
	test_chains();
	test_tree();
	arena_free(&arena);
	return done();
}
