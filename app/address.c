/*
 * The address of a client, as somebody who counts wants it.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "address.h"

void
address_network(const char *address, char out[ADDRESS_BYTES])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char b[16];

	if (address != NULL && inet_pton(AF_INET, address, b) == 1)
		snprintf(
		    out, ADDRESS_BYTES, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else if (address == NULL || inet_pton(AF_INET6, address, b) != 1)
		snprintf(out, ADDRESS_BYTES, "unknown");
	else if (memcmp(b, mapped, sizeof(mapped)) == 0)
		snprintf(out, ADDRESS_BYTES, "%u.%u.%u.%u", b[12], b[13], b[14],
		    b[15]);
	else
		snprintf(out, ADDRESS_BYTES,
		    "%02x%02x:%02x%02x:%02x%02x:%02x%02x::", b[0], b[1], b[2],
		    b[3], b[4], b[5], b[6], b[7]);
}
