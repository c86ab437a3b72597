/*
 * Client address, normalised for rate limiting.
 */
#ifndef LATCHKEY_LIB_ADDRESS_H
#define LATCHKEY_LIB_ADDRESS_H

#include "base.h"

#define ADDRESS_BYTES 48

/*
 * The client of an address in the web server's form (NULL: none given), as
 * text: of IPv4 the address; of IPv6, where one client has 2^64, the first 64
 * bits; an IPv4 address embedded in an IPv6 one (mapped, NAT64's 64:ff9b::/96,
 * Teredo, 6to4) as itself. Anything that is not an address is "unknown", and
 * all such clients are one.
 */
void address_network(const char *address, char out[ADDRESS_BYTES]);

/*
 * The first 48 bits of an IPv6 address, of which one customer may have that
 * many networks, as text. False: not an IPv6 address, or an embedded IPv4 one.
 */
bool address_site(const char *address, char out[ADDRESS_BYTES]) MUST_CHECK;

/*
 * The network within which a client's address changes: the first 24 bits of an
 * IPv4 address, also of an embedded one, or the first 48 of another IPv6
 * address, as text. False: not an address.
 */
bool address_block(const char *address, char out[ADDRESS_BYTES]) MUST_CHECK;

#endif
