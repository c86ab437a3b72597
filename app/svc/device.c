/*
 * Device cookies: devices that have logged in before.
 *
 * A proof is TIME.ID.MAC: when it was made in seconds since 1970, 128 random
 * bits, and a MAC of both and of the account's name. The name and not the
 * number, so that a login is limited or admitted before any account is looked
 * up, and the answer cannot show whether it exists.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crypto/mac.h"
#include "crypto/random.h"
#include "lib/buf.h"
#include "lib/text.h"
#include "svc/device.h"

#define RENEW_S (30 * INT64_C(86400))
#define TIME_MAX_CHARS 12
#define ID_CHARS (DEVICE_ID_BYTES - 1)
#define MAC_CHARS ((size_t)2 * MAC_BYTES)

/* The MAC of "TIME.ID" and a name, in hexadecimal. */
static enum err
sign(const struct ctx *c, const char *said, const char *username,
    char out[MAC_CHARS + 1])
{
	const char *const parts[] = { said, username, NULL };
	unsigned char mac[MAC_BYTES];
	size_t i;

	if (!mac_make(c->app->secrets, PURPOSE_DEVICE, parts, mac))
		return ERR_INTERNAL;
	for (i = 0; i < sizeof(mac); i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
	return ERR_OK;
}

struct device
device_read(const struct ctx *c, const char *proof, const char *username)
{
	char said[TIME_MAX_CHARS + 1 + DEVICE_ID_BYTES], mac[MAC_CHARS + 1];
	struct device none = { .id = "" }, d = none;
	int64_t made_s;
	size_t digits, n;

	if (proof == NULL)
		return none;
	digits = strcspn(proof, ".");
	n = digits + 1 + ID_CHARS;
	if (digits > TIME_MAX_CHARS ||
	    strnlen(proof, n + 1 + MAC_CHARS + 1) != n + 1 + MAC_CHARS ||
	    proof[n] != '.')
		return none;
	memcpy(said, proof, n);
	said[n] = '\0';
	if (sign(c, said, username, mac) != ERR_OK ||
	    !mac_equal(mac, proof + n + 1, MAC_CHARS))
		return none;
	said[digits] = '\0';
	if (!text_to_i64(said, 0, INT64_MAX, &made_s) ||
	    made_s > c->now_s + c->app->conf->token_leeway_s ||
	    made_s <= c->now_s - DEVICE_LIFE_S)
		return none;
	memcpy(d.id, said + digits + 1, DEVICE_ID_BYTES);
	d.is_old = made_s <= c->now_s - RENEW_S;
	return d;
}

enum err
device_make(struct ctx *c, const struct device *known, const char *username,
    const char **out)
{
	char id[DEVICE_ID_BYTES], mac[MAC_CHARS + 1];
	struct buf b;
	enum err e;

	if (known->id[0] != '\0')
		memcpy(id, known->id, sizeof(id));
	else
		random_id(id);
	buf_init(&b, c->arena);
	buf_addf(&b, "%" PRId64 ".%s", c->now_s, id);
	if ((e = sign(c, b.s, username, mac)) != ERR_OK)
		return e;
	buf_addf(&b, ".%s", mac);
	*out = b.s;
	return ERR_OK;
}
