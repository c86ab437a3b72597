/*
 * Random bytes for salts and identifiers.
 */
#ifndef LATCHKEY_RAND_H
#define LATCHKEY_RAND_H

#include "base.h"

/*
 * Fill n bytes (at most 256) from the kernel. Ends the process if the kernel
 * has none: nothing here can go on without.
 * Source: getrandom(2).
 */
void rand_bytes(void *out, size_t n);

/*
 * A random identifier of 128 bits: 32 hexadecimal digits and a NUL.
 */
void rand_id(char out[33]);

#endif
