/*
 * Random bytes for salts and identifiers.
 */
#ifndef LATCHKEY_CRYPTO_RANDOM_H
#define LATCHKEY_CRYPTO_RANDOM_H

#include "base.h"

/*
 * Fill n bytes (at most 256) from the kernel. Ends the process if the kernel
 * has none: nothing here can go on without them.
 * Source: getrandom(2).
 */
void random_bytes(void *out, size_t n);

/*
 * A random identifier of 128 bits: 32 hexadecimal digits and a NUL.
 */
void random_id(char out[33]);

#endif
