/*
 * Growing text buffer in an arena. s is always NUL-terminated at s[len]; it
 * moves when the text grows, so keep the buf, not the pointer.
 */
#ifndef LATCHKEY_LIB_BUF_H
#define LATCHKEY_LIB_BUF_H

#include "lib/arena.h"

struct buf {
	struct arena *arena;
	char *s;
	size_t len, size;
};

/* An empty text in arena a. */
void buf_init(struct buf *b, struct arena *a);

/* Append n bytes. */
void buf_add(struct buf *b, const void *bytes, size_t n);

/* Append a C string. */
void buf_adds(struct buf *b, const char *s);

/* Append as printf(3) would. */
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Append a C string percent-encoded: of all bytes only RFC 3986's unreserved
 * characters stay as they are.
 */
void buf_add_percent(struct buf *b, const char *s);

/*
 * Append a C string in UTF-8 so that a terminal shows it on one line: control
 * characters, those that change the writing direction or are invisible, bytes
 * that are not UTF-8 and backslashes come out as \xNN.
 */
void buf_add_visible(struct buf *b, const char *s);

/*
 * Append n bytes of text as a JSON string with its quotes, escaping what
 * RFC 8259 asks for and no more. http/json.c's forms of a NUL and of a lone
 * surrogate (the bytes C0 80 and ED A0..BF xx) become \u escapes again, so
 * that the result is always UTF-8.
 */
void buf_add_json(struct buf *b, const char *s, size_t n);

#endif
