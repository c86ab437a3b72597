/*
 * The cookie of known devices.
 */
#include "base.h"

#include "api/device.h"
#include "http/header.h"
#include "svc/device.h"

#define NAME "__Host-latchkey-device"

const char *
api_device_cookie(const struct req *r)
{
	return header_cookie(r->cookie, NAME, r->ctx->arena);
}

void
api_device_remember(struct req *r, const struct login *l)
{
	if (l->new_device != NULL &&
	    origin_is_accepted(ORIGIN_NOT_CROSS_SITE, &r->from, ""))
		header_set_cookie(r, NAME, l->new_device, DEVICE_LIFE_S);
}
