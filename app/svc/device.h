/*
 * Devices that have logged in before. Each has something signed that says so
 * of one account, and so goes on to log in while strangers guess at that
 * account's password and are refused.
 */
#ifndef LATCHKEY_SVC_DEVICE_H
#define LATCHKEY_SVC_DEVICE_H

#include "ctx.h"

#define DEVICE_LIFE_S INT64_C(31536000) /* a year */
#define DEVICE_ID_BYTES 33

struct device {
	char id[DEVICE_ID_BYTES]; /* "": it is not known */
	bool is_old; /* known, and worth a new proof before it expires */
};

/*
 * Is this proof (what device_make() gave, as the client sent it, or NULL) one
 * that the account of this name has logged in there within DEVICE_LIFE_S?
 */
struct device device_read(
    const struct ctx *c, const char *proof, const char *username);

/*
 * A proof for the device that has just logged in: letters, digits and dots,
 * bound to the name. Where the device had one, the new one has its id, so that
 * a renewal opens no new budget. ERR_INTERNAL: OpenSSL could not.
 */
enum err device_make(struct ctx *c, const struct device *known,
    const char *username, const char **out) MUST_CHECK;

#endif
