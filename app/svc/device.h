/*
 * Device cookies: a signed proof that a device has logged in to an account
 * before, so that it can log in still while unknown clients are refused for
 * guessing at that account's password.
 */
#ifndef LATCHKEY_SVC_DEVICE_H
#define LATCHKEY_SVC_DEVICE_H

#include "ctx.h"

#define DEVICE_LIFE_S INT64_C(31536000) /* a year */
#define DEVICE_ID_BYTES 33

struct device {
	char id[DEVICE_ID_BYTES]; /* "": unknown */
	bool is_old; /* known, and due for a new proof before it expires */
};

/*
 * Does this proof (made by device_make(), as the client sent it, or NULL) show
 * a login of the account of this name on the device within DEVICE_LIFE_S?
 */
struct device device_read(
    const struct ctx *c, const char *proof, const char *username);

/*
 * A proof for the device that has just logged in: letters, digits and dots,
 * bound to the name. If the device had one, the new one keeps its id, so that a
 * renewal does not start a new count. ERR_INTERNAL: OpenSSL failed.
 */
enum err device_make(struct ctx *c, const struct device *known,
    const char *username, const char **out) MUST_CHECK;

#endif
