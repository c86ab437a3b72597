/*
 * For a test that includes the file it tests: that file's mac_make() fails
 * while mac_fails is set, as it does where OpenSSL has no memory.
 */
#ifndef LATCHKEY_MAC_H
#define LATCHKEY_MAC_H

#include "keys.h"

static bool mac_fails;

static bool
mac_of_ours(const struct secrets *secrets, enum purpose purpose,
    const char *const *texts, unsigned char out[MAC_BYTES])
{
	return !mac_fails && mac_make(secrets, purpose, texts, out);
}

#define mac_make mac_of_ours

#endif
