/*
 * argon2. The only file that knows libargon2.
 */
#ifndef LATCHKEY_CRYPTO_PWARGON2_H
#define LATCHKEY_CRYPTO_PWARGON2_H

#include "crypto/pwspec.h"

/*
 * argon2 in this thread alone, lane after lane, in memory that is kept for the
 * next hash (crypto/hashmem.h). Source: RFC 9106.
 */
pwspec_derive pwargon2_derive;

#endif
