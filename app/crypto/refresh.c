/*
 * Refresh tokens.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include "crypto/refresh.h"
#include "lib/text.h"

#define VERSION "1" /* of the form, and of the key */
#define COUNTER_CHARS 8

/* The MAC is of version, id and counter, as the token has them. */
#define SIGNED_CHARS (1 + TOKEN_SID_CHARS + COUNTER_CHARS)

static bool
make_mac(const struct secrets *secrets, const char *text, const char *client,
    char out[REFRESH_MAC_CHARS + 1])
{
	unsigned char mac[MAC_BYTES];
	size_t i;

	if (!mac_make(secrets, PURPOSE_REFRESH,
	        (const char *[]){ text, client, NULL }, mac))
		return false;
	for (i = 0; i < REFRESH_MAC_CHARS / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
	explicit_bzero(mac, sizeof(mac));
	return true;
}

bool
refresh_make(const struct secrets *secrets, const struct refresh *r,
    const char *client, char out[REFRESH_CHARS + 1])
{
	snprintf(out, REFRESH_CHARS + 1, VERSION "%s%08x", r->sid,
	    (unsigned)r->counter);
	return make_mac(secrets, out, client, out + SIGNED_CHARS);
}

enum err
refresh_read(const struct secrets *secrets, const char *token,
    const char *client, struct refresh *out)
{
	char text[SIGNED_CHARS + 1], right[REFRESH_MAC_CHARS + 1];
	uint64_t counter;
	bool good;

	if (strnlen(token, REFRESH_CHARS + 1) != REFRESH_CHARS)
		return ERR_UNAUTH;
	snprintf(text, sizeof(text), "%s", token);
	if (!make_mac(secrets, text, client, right))
		return ERR_INTERNAL;
	good = mac_equal(right, token + SIGNED_CHARS, REFRESH_MAC_CHARS);
	explicit_bzero(right, sizeof(right));
	if (!good)
		return ERR_UNAUTH;
	/* a signed text has the form of refresh_make() */
	snprintf(out->sid, sizeof(out->sid), "%.*s", TOKEN_SID_CHARS, text + 1);
	counter = text_hex_value(text + 1 + TOKEN_SID_CHARS, COUNTER_CHARS);
	if (counter > REFRESH_COUNTER_MAX)
		return ERR_UNAUTH;
	out->counter = (int32_t)counter;
	return ERR_OK;
}
