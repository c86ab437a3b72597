/*
 * Monotonic clock, for measuring and waiting. The time of day is read once in
 * each request, in http/fcgi.c.
 */
#ifndef LATCHKEY_LIB_CLOCK_H
#define LATCHKEY_LIB_CLOCK_H

#include "base.h"

/* Microseconds since some moment in the past, the same for all processes. */
int64_t clock_us(void);

/* The same in milliseconds. */
int64_t clock_ms(void);

#endif
