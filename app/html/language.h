/*
 * Choice of a language by Accept-Language.
 */
#ifndef LATCHKEY_HTML_LANGUAGE_H
#define LATCHKEY_HTML_LANGUAGE_H

#include "html/sentences.h"

#define LANGUAGE_RANGES_MAX 32 /* of a header are read */

/*
 * The best of n languages for this header (NULL: none was sent): that of the
 * range with the highest quality, of several the first; "ko-KR" and "ko" find
 * each other, and "*" the first language. The first one if none is wanted.
 * Source: RFC 9110, section 12.5.4; RFC 4647, section 3.4 (look-up).
 */
size_t language_choose(
    const struct sentences *const *languages, size_t n, const char *header);

/* The language of this tag, in any case. n: there is none; NULL never is one.
 */
size_t language_find(
    const struct sentences *const *languages, size_t n, const char *tag);

#endif
