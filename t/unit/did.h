/*
 * What is called in the place of others, in its order: a text that each of
 * these functions adds to, and that a test compares.
 */
#ifndef LATCHKEY_DID_H
#define LATCHKEY_DID_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "tap.h"

static char did_text[1000];

static void PRINTF_LIKE(1, 2) did(const char *fmt, ...)
{
	size_t n = strlen(did_text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(did_text + n, sizeof(did_text) - n, fmt, args);
	va_end(args);
}

static inline void
did_nothing_yet(void)
{
	did_text[0] = '\0';
}

/* Is that what was done since the last time? */
static inline void
did_this(const char *want, const char *title)
{
	is(did_text, want, title);
	did_nothing_yet();
}

#endif
