/*
 * Tests of lib/address.c: addresses that count as one.
 */
#include "base.h"

#include "lib/address.h"
#include "tap.h"

int
main(void)
{
	static const struct {
		const char *address, *network;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002::" },
		{ "2001:DB8:1:2::", "2001:0db8:0001:0002::" },
		{ "2001:db8:1:3::", "2001:0db8:0001:0003::" },
		{ "::1", "0000:0000:0000:0000::" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::ffff:c000:201", "192.0.2.1" },
		{ "::fffe:c000:201", "0000:0000:0000:0000::" },
		{ "64:ff9b::192.0.2.1", "192.0.2.1" },
		{ "64:ff9b::ffff:ffff", "255.255.255.255" },
		{ "64:ff9b::1:c000:201", "0064:ff9b:0000:0000::" },
		{ "64:ff9b:1::c000:201", "0064:ff9b:0001:0000::" },
		{ "64:ff9a::c000:201", "0064:ff9a:0000:0000::" },
		{ "2001::5ef5:79fd:380c:3f57:3fff:fdfe", "192.0.2.1" },
		{ "2001:0:5ef5:79fd:0:59d:ffff:ffff", "0.0.0.0" },
		{ "2001:1::3fff:fdfe", "2001:0001:0000:0000::" },
		{ "2002:c000:201::1", "192.0.2.1" },
		{ "2002:c000:201:ffff::1", "192.0.2.1" },
		{ "2002:ffff:ffff::", "255.255.255.255" },
		{ "2003:c000:201::1", "2003:c000:0201:0000::" },
		{ NULL, "unknown" },
		{ "", "unknown" },
		{ "unix:", "unknown" },
		{ "192.0.2", "unknown" },
		{ "192.0.2.256", "unknown" },
		{ "192.0.2.1 ", "unknown" },
		{ "192.0.2.1, 192.0.2.2", "unknown" },
		{ "[2001:db8::1]", "unknown" },
		{ "fe80::1%eth0", "unknown" },
		{ "localhost", "unknown" },
	};
	char network[ADDRESS_BYTES], site[ADDRESS_BYTES];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		address_network(cases[i].address, network);
		is(network, cases[i].network,
		    tap_with("the network of an address", cases[i].address));
	}
	ok(address_site("2001:DB8:1:2::3", site), "an IPv6 address has a site");
	is(site, "2001:0db8:0001::/48",
	    "the site of an IPv6 address has 48 bits");
	ok(!address_site("192.0.2.1", site), "an IPv4 address has no site");
	ok(!address_site("::ffff:192.0.2.1", site),
	    "an IPv4-mapped address has no site");
	ok(!address_site("64:ff9b::192.0.2.1", site),
	    "an address behind NAT64 has no site");
	ok(!address_site("2001::1:3fff:fdfe", site),
	    "an address of Teredo has no site");
	ok(!address_site("2002:c000:201::1", site),
	    "an address of 6to4 has no site");
	ok(!address_site(NULL, site), "no address has no site");
	ok(!address_site("2001:db8::1 ", site),
	    "a text that is not an address has no site");
	ok(address_block("192.0.2.255", site), "an IPv4 address has a block");
	is(site, "192.0.2.0/24", "the block of an IPv4 address has 24 bits");
	ok(address_block("64:ff9b::c000:201", site),
	    "an address behind NAT64 has a block");
	is(site, "192.0.2.0/24",
	    "the block of an address behind NAT64 is that of its IPv4 address");
	ok(address_block("2001:DB8:1:2::3", site),
	    "an IPv6 address has a block");
	is(site, "2001:0db8:0001::/48",
	    "the block of an IPv6 address is its site");
	ok(!address_block("unix:", site) && !address_block(NULL, site),
	    "a text that is not an address has no block");
	return done();
}
