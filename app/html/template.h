/*
 * Templates of HTML pages. A value is escaped by the place where it stands, and
 * no form of a template leaves one as it is.
 *
 * In a template stand
 *	{name}	a value: in the text between tags, or within the double quotes
 *		of an attribute
 *	{=key}	a sentence of the page's language, which may name values itself
 *	{?name}…{/}	that part if there is such a value or list, and it is
 *not empty
 *	{!name}…{/}	that part if not
 *	{*name}…{/}	that part for each row of a list
 *	{>name}	another template
 *
 * A place that could run something or lead elsewhere takes none: names of
 * elements and attributes, and on…, style, srcdoc, srcset and content. A
 *template has no attribute without double quotes, no comment, and nothing
 *within script and style. Where an attribute is an address (href, src, action
 *…) a value at its beginning has to be a path of this host, or "/" stands in
 *its place; further behind, it is percent-encoded.
 */
#ifndef LATCHKEY_HTML_TEMPLATE_H
#define LATCHKEY_HTML_TEMPLATE_H

#include "lib/buf.h"

#define TEMPLATE_DEPTH_MAX 8 /* of templates in one another */

struct template_text {
	const char *name, *text;
};

struct template_value {
	const char *name;
	const char *text; /* NULL: there is none */
};

struct template_scope;

struct template_list {
	const char *name;
	const struct template_scope *rows;
	size_t count;
};

/* Values of names; one that this scope lacks, the outer one may have. */
struct template_scope {
	const struct template_value *values;
	size_t value_count;
	const struct template_list *lists;
	size_t list_count;
	const struct template_scope *outer; /* NULL: none */
};

struct template_set {
	const struct template_text
	    *templates; /* ends with a name that is NULL */
	/* the sentence of this key, NULL: there is none; of: what it takes */
	const char *(*sentence)(const void *of, const char *key);
	const void *of;
};

/*
 * Append the template of this name to b. NULL: it is done. Otherwise what is
 * wrong with the template or one that it includes, in a few words; what is in b
 * then is no page. A value that is not UTF-8, or a control character in it,
 * becomes U+FFFD.
 */
const char *template_render(const struct template_set *set, const char *name,
    const struct template_scope *scope, struct buf *b) MUST_CHECK;

/*
 * Append a sentence with its values to b as plain text, to become a value
 * itself. NULL: it is done; otherwise what is wrong with it.
 */
const char *template_sentence(const struct template_set *set, const char *key,
    const struct template_scope *scope, struct buf *b) MUST_CHECK;

/*
 * The defect of a template, whatever the values: checked with all its parts,
 * lists having one row, and with none of them. NULL: it has none.
 */
const char *template_problem(
    const struct template_set *set, const char *name, struct arena *a);

/*
 * Is this a path of this host, for every browser: "/", not followed by another
 * or by "\", of at most TEMPLATE_PATH_MAX_BYTES visible ASCII characters
 * without "\"? Source: WHATWG URL, section 4.4 (special authority, ignored
 * characters).
 */
bool template_path_is_local(const char *path) MUST_CHECK;

#define TEMPLATE_PATH_MAX_BYTES 2048

/* How many bytes a value (NULL: none) has on a page, at most: it is escaped. */
size_t template_value_bytes(const char *value);

#endif
