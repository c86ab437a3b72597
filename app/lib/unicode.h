/*
 * Unicode normalisation: text that looks alike and is typed alike becomes the
 * same bytes. Alone knows utf8proc.
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
 * So do texts with more combining marks in a row, which no language has:
 * sorting them takes the square of their number.
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
 * The text for comparison without case: case folded, then in the form of
 * unicode_nfc().
 */
const char *unicode_fold(struct arena *a, const char *s);

#endif
