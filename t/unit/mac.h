/*
 * A failing MAC, for a test that includes the file it tests: that file's
 * token_mac() fails while mac_fails is set, as it does when OpenSSL has no
 * memory.
 */
#ifndef LATCHKEY_MAC_H
#define LATCHKEY_MAC_H

#include "crypto/token.h"

static bool mac_fails;

static bool
mac_of_ours(const struct token_key *key, const char *purpose,
    const char *const *texts, unsigned char out[TOKEN_MAC_BYTES])
{
	return !mac_fails && token_mac(key, purpose, texts, out);
}

#define token_mac mac_of_ours

#endif
