/*
 * Patterns that a text has to match: extended regular expressions, matched in
 * time that is linear in the text.
 */
#ifndef LATCHKEY_LIB_PATTERN_H
#define LATCHKEY_LIB_PATTERN_H

#include "base.h"

#define PATTERN_MAX_BYTES 255

/*
 * Can this be a pattern? As regex(7) has extended ones, of characters and not
 * of bytes, with these differences: classes such as [:alpha:] are ASCII's;
 * there are no back-references, no [.x.] and [=x=], and a backslash is for
 * punctuation; each of * + ? {} follows an element that has none. The empty one
 * matches the empty text. Written out, each {m,n} as often as it says, it has
 * some 2,000 steps at most.
 * NULL: yes. Otherwise why not, as the end of a sentence.
 * Source: POSIX.1-2017, Base Definitions 9.4.
 */
const char *pattern_problem(const char *pattern) MUST_CHECK;

/*
 * Does the whole text, which is UTF-8, match a pattern that is good? Each
 * character takes as many steps as the pattern has, at most; no memory is kept.
 */
bool pattern_matches(const char *pattern, const char *text) MUST_CHECK;

#endif
