/*
 * Fuzz target of lib/address.c: whatever the web server says, the result is an
 * address in canonical form, or "unknown".
 */
#include "fuzz.h"

#include "lib/address.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[ADDRESS_BYTES], again[ADDRESS_BYTES];
	struct arena a;
	size_t n;
	const char *s;

	arena_init(&a);
	s = exact_text(&a, data, size);
	address_network(s, first);
	n = strlen(first);
	assert(n > 0 && n < ADDRESS_BYTES);
	if (strcmp(first, "unknown") != 0)
		assert(strspn(first, "0123456789abcdef.:") == n);
	address_network(first, again);
	/* but for what nobody has: beside NAT64's /96, in the same /64 */
	assert(strcmp(first, again) == 0 ||
	       strcmp(first, "0064:ff9b:0000:0000::") == 0);
	arena_free(&a);
	return 0;
}
