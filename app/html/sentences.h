/*
 * Sentences of the pages in one language: a file of lines "key = sentence".
 */
#ifndef LATCHKEY_HTML_SENTENCES_H
#define LATCHKEY_HTML_SENTENCES_H

#include "lib/arena.h"

#define SENTENCES_MAX 400         /* of a language */
#define SENTENCES_MAX_BYTES 65536 /* of a file */
#define SENTENCES_TAG_BYTES 16

struct sentence {
	const char *key, *text;
};

/* One language. */
struct sentences {
	char tag[SENTENCES_TAG_BYTES]; /* as HTML has it: "en", "pt-br" */
	const struct sentences
	    *next_choice; /* for what is missing; NULL: none */
	size_t count;
	struct sentence *all; /* in the order of their keys */
};

/* A mistake in a file. */
struct sentences_problem {
	int line;
	const char *what; /* in a few words; NULL: none */
};

/*
 * The sentences of a file's n bytes, into the arena, which has to live as long:
 * lines "key = sentence", empty ones, and those that begin with #. A key
 * is small letters, digits and _; a sentence is UTF-8 without control
 * characters. False: *problem is the first mistake.
 */
bool sentences_parse(const char *bytes, size_t n, struct arena *a,
    struct sentences *out, struct sentences_problem *problem) MUST_CHECK;

/*
 * The sentence of this key, in this language or the next choice. NULL: there is
 * none.
 */
const char *sentences_find(const struct sentences *s, const char *key);

/* Is this the tag of a language: "en", "pt-br"? */
bool sentences_tag_is_good(const char *tag) MUST_CHECK;

#endif
