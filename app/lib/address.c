/*
 * Client address, normalised for rate limiting.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "lib/address.h"

/*
 * Forms of IPv6 addresses with an embedded IPv4 address, and its position. The
 * IPv4 address identifies the client: the bits before it are the same for all,
 * or, of Teredo, those of a server that thousands share; and the owner of an
 * IPv4 address has all of its embedded forms. The NAT64 prefix for local use,
 * 64:ff9b:1::/48 (RFC 8215), is missing, since only its owner knows where in it
 * the IPv4 address begins.
 * Source: RFC 4291, 2.5.5.2; RFC 6052, 2.1; RFC 4380, 4; RFC 3056, 2.
 */
/* clang-format off */
static const struct {
	unsigned char prefix_bytes, prefix[12];
	unsigned char at;   /* the IPv4 address's first byte */
	unsigned char flip; /* XORed with its bytes */
} embedded[] = {
	{ 12, { [10] = 0xff, [11] = 0xff }, 12, 0 },            /* mapped */
	{ 12, { 0x00, 0x64, 0xff, 0x9b }, 12, 0 },              /* NAT64 */
	{ 4,  { 0x20, 0x01, 0x00, 0x00 }, 12, 0xff },           /* Teredo */
	{ 2,  { 0x20, 0x02 }, 2, 0 },                           /* 6to4 */
};
/* clang-format on */

enum family { NONE, IPV4, IPV6 };

/* The IPv4 address in an IPv6 one, if there is one, in its place. */
static enum family
take_embedded(unsigned char b[16])
{
	size_t i, j;

	for (i = 0; i < ARRAY_LEN(embedded); i++) {
		if (memcmp(b, embedded[i].prefix, embedded[i].prefix_bytes) !=
		    0)
			continue;
		for (j = 0; j < 4; j++)
			b[j] = b[embedded[i].at + j] ^ embedded[i].flip;
		return IPV4;
	}
	return IPV6;
}

static enum family
parse(const char *address, unsigned char b[16])
{
	if (address == NULL)
		return NONE;
	if (inet_pton(AF_INET, address, b) == 1)
		return IPV4;
	return inet_pton(AF_INET6, address, b) == 1 ? take_embedded(b) : NONE;
}

void
address_network(const char *address, char out[ADDRESS_BYTES])
{
	unsigned char b[16];

	switch (parse(address, b)) {
	case IPV4:
		snprintf(
		    out, ADDRESS_BYTES, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		break;
	case IPV6:
		snprintf(out, ADDRESS_BYTES,
		    "%02x%02x:%02x%02x:%02x%02x:%02x%02x::", b[0], b[1], b[2],
		    b[3], b[4], b[5], b[6], b[7]);
		break;
	default:
		snprintf(out, ADDRESS_BYTES, "unknown");
	}
}

bool
address_site(const char *address, char out[ADDRESS_BYTES])
{
	unsigned char b[16];

	if (parse(address, b) != IPV6)
		return false;
	snprintf(out, ADDRESS_BYTES, "%02x%02x:%02x%02x:%02x%02x::/48", b[0],
	    b[1], b[2], b[3], b[4], b[5]);
	return true;
}

bool
address_block(const char *address, char out[ADDRESS_BYTES])
{
	unsigned char b[16];

	if (parse(address, b) != IPV4)
		return address_site(address, out);
	snprintf(out, ADDRESS_BYTES, "%u.%u.%u.0/24", b[0], b[1], b[2]);
	return true;
}
