/*
 * The address of a client, as somebody who counts wants it.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "address.h"

static bool
is_ipv6(const char *address, unsigned char b[16])
{
	return address != NULL && inet_pton(AF_INET6, address, b) == 1;
}

/* IPv4, written as IPv6. */
static bool
is_mapped(const unsigned char b[16])
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(b, prefix, sizeof(prefix)) == 0;
}

void
address_network(const char *address, char out[ADDRESS_BYTES])
{
	unsigned char b[16];

	if (address != NULL && inet_pton(AF_INET, address, b) == 1)
		snprintf(
		    out, ADDRESS_BYTES, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
	else if (!is_ipv6(address, b))
		snprintf(out, ADDRESS_BYTES, "unknown");
	else if (is_mapped(b))
		snprintf(out, ADDRESS_BYTES, "%u.%u.%u.%u", b[12], b[13], b[14],
		    b[15]);
	else
		snprintf(out, ADDRESS_BYTES,
		    "%02x%02x:%02x%02x:%02x%02x:%02x%02x::", b[0], b[1], b[2],
		    b[3], b[4], b[5], b[6], b[7]);
}

bool
address_site(const char *address, char out[ADDRESS_BYTES])
{
	unsigned char b[16];

	if (!is_ipv6(address, b) || is_mapped(b))
		return false;
	snprintf(out, ADDRESS_BYTES, "%02x%02x:%02x%02x:%02x%02x::/48", b[0],
	    b[1], b[2], b[3], b[4], b[5]);
	return true;
}
