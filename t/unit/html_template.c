/*
 * html/template.c: what templates say, how values are escaped by their place,
 * and which templates are refused.
 */
#include "base.h"

#include <string.h>

#include "html/template.h"
#include "tap.h"

static const char *
sentence(const void *of, const char *key)
{
	(void)of;
	if (strcmp(key, "hello") == 0)
		return "Hello <b>{name}</b> & {other}!";
	if (strcmp(key, "bare") == 0)
		return "\"Bare\"";
	if (strcmp(key, "deep") == 0)
		return "{=bare}";
	if (strcmp(key, "open") == 0)
		return "a {name";
	if (strcmp(key, "name") == 0)
		return "{name}{other}x";
	return NULL;
}

static struct arena arena;

/* What a template gives with these values; on a problem that, behind "!". */
static const char *
rendered(const char *text, const struct template_scope *scope)
{
	const struct template_text all[] = { { "page", text },
		{ "part", "[{name}]" }, { "self", "{>self}" }, { NULL, NULL } };
	const struct template_set set = { all, sentence, NULL };
	const char *problem;
	struct buf b;

	buf_init(&b, &arena);
	problem = template_render(&set, "page", scope, &b);
	if (problem == NULL)
		return b.s;
	buf_init(&b, &arena);
	buf_addf(&b, "!%s", problem);
	return b.s;
}

/* What is wrong with it, whatever the values. */
static const char *
problem_of(const char *text)
{
	const struct template_text all[] = { { "page", text },
		{ "part", "[{name}]" }, { "self", "{>self}" }, { NULL, NULL } };
	const struct template_set set = { all, sentence, NULL };

	return template_problem(&set, "page", &arena);
}

/* With name, other (NULL), empty and a list of two. */
static const struct template_scope *
scope_of(const char *name)
{
	static struct template_value values[3], rows[2];
	static const struct template_scope scopes[2] = {
		{ .values = &rows[0], .value_count = 1 },
		{ .values = &rows[1], .value_count = 1 },
	};
	static const struct template_list lists[] = { { "two", scopes, 2 },
		{ "none", scopes, 0 } };
	static struct template_scope scope;

	values[0] = (struct template_value){ "name", name };
	values[1] = (struct template_value){ "other", NULL };
	values[2] = (struct template_value){ "empty", "" };
	rows[0] = (struct template_value){ "row", "1" };
	rows[1] = (struct template_value){ "row", "<2>" };
	scope = (struct template_scope){ values, 3, lists, 2, NULL };
	return &scope;
}

static void
test_parts(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "plain <b>text</b>", "plain <b>text</b>" },
		{ "{name}", "Ada" },
		{ "a{other}b", "ab" },
		{ "{?name}yes{/}{!name}no{/}", "yes" },
		{ "{?other}yes{/}{!other}no{/}", "no" },
		{ "{?empty}yes{/}{!empty}no{/}", "no" },
		{ "{?unknown}yes{/}{!unknown}no{/}", "no" },
		{ "{?two}yes{/}{?none}no{/}", "yes" },
		{ "{?name}{?other}a{/}{!other}b{/}{/}", "b" },
		{ "{?other}{?name}a{/}b{/}c", "c" },
		{ "{*two}<i>{row}{name}</i>{/}",
		    "<i>1Ada</i><i>&lt;2&gt;Ada</i>" },
		{ "{*none}x{/}{*unknown}y{/}.", "." },
		{ "{?other}{*two}x{/}{/}.", "." },
		{ "{>part}{>part}", "[Ada][Ada]" },
		{ "{=hello}", "Hello &lt;b&gt;Ada&lt;/b&gt; &amp; !" },
		{ "<a title=\"{=bare}\">", "<a title=\"&quot;Bare&quot;\">" },
		{ "<!doctype html><input{?name} disabled{/}>",
		    "<!doctype html><input disabled>" },
		{ "<p{?name} class=\"{name}\"{/} id=\"x\">",
		    "<p class=\"Ada\" id=\"x\">" },
		{ "<script src=\"/x.js\"></script>{name}",
		    "<script src=\"/x.js\"></script>Ada" },
		{ "<br/>{name}", "<br/>Ada" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		is(rendered(cases[i].text, scope_of("Ada")), cases[i].want,
		    tap_with("a template gives", cases[i].text));
		is(problem_of(cases[i].text), NULL,
		    tap_with("a template is right", cases[i].text));
	}
}

#define NESTED (4 * TEMPLATE_DEPTH_MAX - 1) /* in the page */

/* What this many parts in one another give. */
static const char *
nested(size_t depth)
{
	static const char begin[] = "{?name}", end[] = "{/}";
	struct buf b;
	size_t i;

	buf_init(&b, &arena);
	for (i = 0; i < depth; i++)
		buf_add(&b, begin, sizeof(begin) - 1);
	buf_add(&b, "x", 1);
	for (i = 0; i < depth; i++)
		buf_add(&b, end, sizeof(end) - 1);
	return rendered(b.s, scope_of("Ada"));
}

static void
test_depth(void)
{
	is(nested(NESTED), "x", "parts may be nested as deeply as that");
	is(nested(NESTED + 1), "!parts are nested too deeply",
	    "parts may not be nested more deeply by one");
	is(rendered("{>part}{>part}{>part}{>part}{>part}{>part}{>part}{>part}"
	            "{>part}",
	       scope_of("A")),
	    "[A][A][A][A][A][A][A][A][A]",
	    "more templates follow one another than may be nested");
}

static void
test_escaping(void)
{
	static const struct {
		const char *text, *value, *want;
	} cases[] = {
		{ "<p>{name}</p>", "<script>alert(1)</script>",
		    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" },
		{ "{name}", "&amp; \" ' < >",
		    "&amp;amp; &quot; &#39; &lt; &gt;" },
		{ "<a title=\"{name}\">", "\"><script>",
		    "<a title=\"&quot;&gt;&lt;script&gt;\">" },
		{ "<a title=\"x {name} y\">", "' onclick='",
		    "<a title=\"x &#39; onclick=&#39; y\">" },
		{ "{name}", "{other}{=hello}", "{other}{=hello}" },
		{ "{name}",
		    "\x01"
		    "a\x7f\tb\n",
		    "\xef\xbf\xbd"
		    "a\xef\xbf\xbd\tb\n" },
		{ "{name}",
		    "\xff"
		    "a\xc3",
		    "\xef\xbf\xbd"
		    "a\xef\xbf\xbd" },
		{ "{name}", "\xed\x95\x9c", "\xed\x95\x9c" },
		{ "<a href=\"{name}\">", "/a?b=1&c=2",
		    "<a href=\"/a?b=1&amp;c=2\">" },
		{ "<a href=\"{name}\">", "javascript:alert(1)",
		    "<a href=\"/\">" },
		{ "<a href=\"{name}\">", "//evil.test/", "<a href=\"/\">" },
		{ "<a href=\"{name}\">", "/\\evil.test", "<a href=\"/\">" },
		{ "<a href=\"{name}\">", "/\t/evil.test", "<a href=\"/\">" },
		{ "<a href=\"{name}\">", "https://evil.test",
		    "<a href=\"/\">" },
		{ "<a href=\"{name}\">", "", "<a href=\"/\">" },
		{ "<a HREF=\"{name}\">", "data:x", "<a HREF=\"/\">" },
		{ "<form action=\"{name}x\">", "/auth/",
		    "<form action=\"/auth/x\">" },
		{ "<a href=\"/x?next={name}\">", "/a?b&c=\"#\xed\x95\x9c",
		    "<a href=\"/x?next=%2Fa%3Fb%26c%3D%22%23%ED%95%9C\">" },
		{ "<a href=\"{name}{name}\">", "/a", "<a href=\"/a%2Fa\">" },
		{ "<a href=\"{?name}/b{/}{name}\">", "/c",
		    "<a href=\"/b%2Fc\">" },
		{ "<a href=\"{?other}/b{/}{name}\">", "//c", "<a href=\"/\">" },
		{ "<a href=\"{=name}\">", "/a", "<a href=\"/ax\">" },
		{ "<a href=\"{=name}\">", "//a", "<a href=\"/x\">" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(rendered(cases[i].text, scope_of(cases[i].value)),
		    cases[i].want,
		    tap_with("a value is escaped", cases[i].text));
}

/*
 * How long a value is on a page, which has to have room for it: a page of
 * characters that are replaced was three times as long.
 */
static void
test_bytes(void)
{
	static const char *const values[] = { "", "a", "a\tb\n", "\x7f\x7f",
		"\x1f ", "\xed\x95\x9c", "\xff\xc3", "a\xe2\x82",
		"\xf0\x9f\x98\x80", "&&", "<", ">", "\"", "'", "&\xff<\x01\"" };
	char value[] = "?";
	size_t i, few = 0;

	for (i = 1; i < 0x100; i++) {
		value[0] = (char)i;
		few += template_value_bytes(value) <
		       strlen(rendered("{name}", scope_of(value)));
	}
	is_int((long long)few, 0, "no byte takes more room than is counted");
	is_int((long long)template_value_bytes(NULL), 0,
	    "what is not there takes no room");
	for (i = 0; i < ARRAY_LEN(values); i++) {
		const char *shown = rendered("{name}", scope_of(values[i]));

		ok(template_value_bytes(values[i]) >= strlen(shown) &&
		        (strpbrk(values[i], "&<>\"'") != NULL ||
		            template_value_bytes(values[i]) == strlen(shown)),
		    tap_with("the room that a value takes", shown));
	}
	is_int((long long)template_value_bytes("&<>\"'"), 30,
	    "what is escaped takes up to six bytes each");
}

#define LETTERS_39 "abcdefghijklmnopqrstuvwxyzabcdefghijklm"

/* Names at their limits, in characters and length. */
static void
test_names(void)
{
	static const char *const good[] = { "<h0 h9>", "<Z z=\"\" A a>",
		"<a x0=\"\" x9=\"\" x-y=\"\" x:z=\"\">", "<a\tb\nc>", "<x-y>",

		"{a-z_09}", "<script\n></script>", "<a / b>" };
	static const char *const bad[] = { "<h:>", "<h;>", "<a @>", "<a [>",
		"<a `>", "<a 0>", "<a -x>", "<a x;>", "<a x/>", "<a x.>",
		"<a\rb>", "<a b\r>", "<\ta>", "{a.}", "{A}", "{=a b}",
		"<script>/", "<script></script x", "<script><b>" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++)
		is(problem_of(good[i]), NULL,
		    tap_with("names of a template are good", good[i]));
	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(problem_of(bad[i]) != NULL,
		    tap_with("names of a template are refused", bad[i]));
	is(problem_of("<" LETTERS_39 ">"), NULL,
	    "an element may have 39 characters");
	is(problem_of("<a " LETTERS_39 ">"), NULL,
	    "an attribute may have 39 characters");
	is(problem_of("{" LETTERS_39 "}"), NULL,
	    "a value's name may have 39 characters");
	is(problem_of("<" LETTERS_39 "n>"), "a name is too long",
	    "an element of 40 characters is refused");
	is(problem_of("<a " LETTERS_39 "n>"), "a name is too long",
	    "an attribute of 40 characters is refused");
	is(problem_of("{" LETTERS_39 "n}"), "a brace is not closed",
	    "a value's name of 40 characters is refused");
}

/* A template of one element with a value in this attribute. */
static const char *
with_attribute(const char *name)
{
	struct buf b;

	buf_init(&b, &arena);
	buf_addf(&b, "<a %s=\"{name}\">", name);
	return b.s;
}

static void
test_attributes(void)
{
	static const char *const addresses[] = { "href", "src", "action",
		"formaction", "data", "poster", "cite", "background",
		"manifest", "ping", "icon", "xlink:href", "HREF" };
	static const char *const forbidden[] = { "style", "srcdoc", "srcset",
		"content", "http-equiv", "integrity", "imagesrcset", "nonce",
		"on", "onx", "ONX", "STYLE" };
	static const char *const plain[] = { "o", "title", "hrefx", "hre",
		"xon", "styl", "value", "data-x" };
	const char *text;
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(addresses); i++) {
		text = with_attribute(addresses[i]);
		buf_init(&b, &arena);
		buf_addf(&b, "<a %s=\"/\">", addresses[i]);
		is(rendered(text, scope_of("//evil.test")), b.s,
		    tap_with("no address of another host is in", text));
	}
	for (i = 0; i < ARRAY_LEN(forbidden); i++) {
		text = with_attribute(forbidden[i]);
		is(problem_of(text), "a value stands where none may",
		    tap_with("no value is in", text));
	}
	for (i = 0; i < ARRAY_LEN(plain); i++) {
		text = with_attribute(plain[i]);
		buf_init(&b, &arena);
		buf_addf(&b, "<a %s=\"//x &amp;\">", plain[i]);
		is(rendered(text, scope_of("//x &")), b.s,
		    tap_with("a value is escaped, and no more, in", text));
	}
}

/* A sentence alone is no HTML yet. */
static void
test_sentences(void)
{
	static const struct template_text none[] = { { NULL, NULL } };
	const struct template_set set = { none, sentence, NULL };
	struct buf b;

	buf_init(&b, &arena);
	is(template_sentence(&set, "hello", scope_of("A&B"), &b), NULL,
	    "a sentence has its values");
	is(b.s, "Hello <b>A&B</b> & !", "a sentence alone is not escaped");
	is(template_sentence(&set, "nothing", scope_of("A"), &b),
	    "a sentence is not there", "a sentence that is not there is told");
	is(template_sentence(&set, "deep", scope_of("A"), &b),
	    "a sentence names more than values",
	    "a sentence has no other sentences");
	is(template_sentence(&set, "open", scope_of("A"), &b),
	    "a brace is not closed", "a sentence closes its braces");
}

/* Each level of lists and values goes before the one around it. */
static void
test_scopes(void)
{
	static const struct template_value outer_values[] = { { "a", "1" },
		{ "b", "2" } };
	static const struct template_value row_values[] = { { "a", "3" } };
	static const struct template_scope rows[] = { { .values = row_values,
	    .value_count = 1 } };
	static const struct template_list lists[] = { { "x", rows, 1 },
		{ "y", rows, 1 } };
	static const struct template_scope outer = { outer_values, 2, lists, 2,
		NULL };

	is(rendered("{*y}{a}{b}{*x}{a}{/}{/}{a}", &outer), "3231",
	    "a row's value goes before one of the same name around it");
	is(rendered("{?y}{b}{/}{!x}{b}{/}", &outer), "2",
	    "a list that has rows is there");
}

static void
test_refused(void)
{
	static const char *const bad[] = { "<{name}>", "<a {name}>",
		"<a {name}=\"x\">", "<a x={name}>", "<a x='{name}'>", "<a x=1>",
		"<a x='y'>", "<a onclick=\"{name}\">",
		"<a OnClick=\"{=bare}\">", "<a style=\"{name}\">",
		"<iframe srcdoc=\"{name}\">", "<meta content=\"{name}\">",
		"<img srcset=\"{name}\">", "<script>{name}</script>",
		"<script>x</script>", "<style>p{}</style>",
		"<STYLE>{name}</STYLE>", "<!-- {name} -->", "<!--", "<", "<>",
		"< a>", "<a", "<a href=\"", "{name", "{Name}", "{na me}", "{}",
		"{=}", "{/}", "{?name}", "{/x}", "{?name}{name}",
		"{?name}<b {/}>", "{?name}<b>{/}{/}", "<p {?name}>{/}",
		"<a{?name} x=\"\"{/}y=\"\">", "{=nothing}", "{=deep}",
		"{=open}", "{>nothing}", "{>self}", "{%name}", "{name}{" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(problem_of(bad[i]) != NULL,
		    tap_with("a template is refused", bad[i]));
	is(rendered("{unknown}", scope_of("Ada")), "!a value is not there",
	    "a value that nobody gave is no empty text");
}

static void
test_paths(void)
{
	static const struct {
		const char *path;
		bool local;
	} cases[] = {
		/* as Chromium was seen to take them: design/gate.md, h */
		{ "/", true },
		{ "/a", true },
		{ "/%2f%2fevil.test", true },
		{ "/..//evil.test", true },
		{ "/.//evil.test", true },
		{ "/%09/evil.test", true },
		{ "/@evil.test", true },
		{ "/;@evil.test", true },
		{ "/%5cevil.test", true },
		{ "/a#//evil.test", true },
		{ "/a?u=https://x", true },
		{ "", false },
		{ "a", false },
		{ "//evil.test/x", false },
		{ "/\\evil.test/x", false },
		{ "\\\\evil.test", false },
		{ "/\t/evil.test", false },
		{ "///evil.test", false },
		{ "https://evil.test/", false },
		{ "https:evil.test", false },
		{ "javascript:alert(1)", false },
		{ "/a\\b", false },
		{ "/a b", false },
		{ "/a\r\nx", false },
		{ "/\v", false },
		{ "/\xed\x95\x9c", false },
		{ "/\x7f", false },
		{ " /a", false },
		{ "/\x01", false },
	};
	char path[TEMPLATE_PATH_MAX_BYTES + 2];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(template_path_is_local(cases[i].path) == cases[i].local,
		    tap_with(cases[i].local ? "a path of this host"
		                            : "no path of this host",
		        cases[i].path));
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[TEMPLATE_PATH_MAX_BYTES + 1] = '\0';
	ok(!template_path_is_local(path), "a path of 2,049 bytes is refused");
	path[TEMPLATE_PATH_MAX_BYTES] = '\0';
	ok(template_path_is_local(path), "a path of 2,048 bytes is good");
}

int
main(void)
{
	arena_init(&arena);
	test_parts();
	test_depth();
	test_escaping();
	test_bytes();
	test_names();
	test_attributes();
	test_sentences();
	test_scopes();
	test_refused();
	test_paths();
	arena_free(&arena);
	return done();
}
