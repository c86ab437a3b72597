/*
 * Refresh tokens: a session's id, a counter, and a MAC of both and the client.
 * Nothing of them is stored: a stolen database has none, and neither has a
 * stolen key, since ids are not in it.
 */
#ifndef LATCHKEY_CRYPTO_REFRESH_H
#define LATCHKEY_CRYPTO_REFRESH_H

#include "crypto/mac.h"
#include "crypto/token.h"

#define REFRESH_MAC_CHARS 32
#define REFRESH_CHARS (1 + TOKEN_SID_CHARS + 8 + REFRESH_MAC_CHARS)
#define REFRESH_COUNTER_MAX 2147483646 /* its successor is an SQL integer */

struct refresh {
	char sid[TOKEN_SID_CHARS + 1];
	int32_t counter; /* of the session's renewals before it */
};

/*
 * The token for this client (its client_id): a version, and hexadecimal digits.
 * False: OpenSSL failed; it is logged.
 */
bool refresh_make(const struct secrets *secrets, const struct refresh *r,
    const char *client, char out[REFRESH_CHARS + 1]) MUST_CHECK;

/*
 * Read one that was made for this client. ERR_UNAUTH: it was not, or is no
 * refresh token; in its one spelling. ERR_INTERNAL: OpenSSL failed.
 */
enum err refresh_read(const struct secrets *secrets, const char *token,
    const char *client, struct refresh *out) MUST_CHECK;

#endif
