/*
 * Unicode's forms of one text: what looks alike and is typed alike shall be
 * the same bytes. The only file that knows utf8proc.
 */
#ifndef LATCHKEY_LIB_UNICODE_H
#define LATCHKEY_LIB_UNICODE_H

#include "lib/arena.h"

/*
 * Longer texts stay as they are. None that becomes one of 511 bytes is longer:
 * at most 7 bytes become 2.
 */
#define UNICODE_MAX_BYTES 1789

/*
 * So do texts with more accents and the like in a row, which no language has:
 * to bring them in order takes the square of their number.
 * Source: Unicode Standard Annex 15, Stream-Safe Text Format.
 */
#define UNICODE_MAX_MARKS 30

/*
 * The normalization form C of a UTF-8 text: s itself if that is s. It may be
 * longer than s, up to three times.
 * Source: Unicode Standard Annex 15.
 */
const char *unicode_nfc(struct arena *a, const char *s);

/*
 * A text in which the case of letters makes no difference, for comparing: case
 * folded, and then as unicode_nfc() has it.
 */
const char *unicode_fold(struct arena *a, const char *s);

#endif
