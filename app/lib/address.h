/*
 * The address of a client, as somebody who counts wants it.
 */
#ifndef LATCHKEY_LIB_ADDRESS_H
#define LATCHKEY_LIB_ADDRESS_H

#include "base.h"

#define ADDRESS_BYTES 48

/*
 * Who is behind an address in the web server's form (NULL: it said none), as
 * text: of IPv4 the address; of IPv6, where one client has 2^64, the first 64
 * bits; of IPv6 that has an IPv4 address in it (mapped, NAT64's 64:ff9b::/96,
 * Teredo, 6to4) that one. Whatever is no address is "unknown", and all such
 * clients are one.
 */
void address_network(const char *address, char out[ADDRESS_BYTES]);

/*
 * The first 48 bits of an IPv6 address, of which one customer may have that
 * many networks, as text. False: it is none, or an IPv4 one in disguise.
 */
bool address_site(const char *address, char out[ADDRESS_BYTES]) MUST_CHECK;

/*
 * The network of somebody whose address changes within it: the first 24 bits of
 * an IPv4 address, also of one in an IPv6 address, or the first 48 of another
 * IPv6 address, as text. False: it is no address.
 */
bool address_block(const char *address, char out[ADDRESS_BYTES]) MUST_CHECK;

#endif
