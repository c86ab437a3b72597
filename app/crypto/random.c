/*
 * Random bytes for salts and identifiers.
 */
#include "base.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "crypto/random.h"

void
random_bytes(void *out, size_t n)
{
	ssize_t got;

	do
		got = getrandom(out, n, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 || (size_t)got != n)
		abort();
}

void
random_id(char out[33])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char bytes[16];
	size_t i;

	random_bytes(bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = digit[bytes[i] >> 4];
		out[2 * i + 1] = digit[bytes[i] & 15];
	}
	out[32] = '\0';
}
