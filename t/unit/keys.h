/*
 * Keys for tests: a keyring of one key, and the keys of all purposes.
 */
#ifndef LATCHKEY_KEYS_H
#define LATCHKEY_KEYS_H

#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"

#define KEY_TEXT "0123456789abcdef0123456789abcdef"

static inline struct secret
secret_of(const char *text)
{
	struct secret s = { .len = strlen(text) };

	memcpy(s.bytes, text, s.len);
	return s;
}

static inline void
make_keyring(struct keyring *out, const char *text)
{
	const struct secret s = secret_of(text);

	*out = (struct keyring){ .count = 0 };
	if (!keyring_add(out, &s, 1))
		abort();
}

static inline void
make_secrets(struct secrets *out, const char *text)
{
	/* kept until the process ends, where a sanitizer finds them */
	static struct secrets secrets_made[32];
	static size_t n;
	struct secret s = secret_of(text);

	if (n == sizeof(secrets_made) / sizeof(secrets_made[0]) ||
	    !mac_derive(&s, PURPOSE_ALL, out))
		abort();
	/* cppcheck-suppress ctuuninitvar ; mac_derive() has filled it */
	secrets_made[n++] = *out;
}

#endif
