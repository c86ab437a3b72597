/*
 * A stored password hash taken apart: what it costs.
 */
#include "base.h"

#include "crypto/pwspec.h"

#define US_SCRYPT_KIB 8 /* microseconds of a CPU for each KiB, as measured */

/* of scrypt's r * p: its second block, 128 bytes each, is small beside this */
#define SCRYPT_RP_MAX 2048

size_t
pwspec_digest_bytes(enum pwspec_digest digest)
{
	static const size_t bytes[] = { 16, 20, 32, 48, 64 };

	return bytes[digest];
}

int64_t
pwspec_work(int64_t times, int64_t us)
{
	return times >= PWSPEC_TOO_MUCH / us ? PWSPEC_TOO_MUCH : times * us;
}

bool
pwspec_set_scrypt(struct pwspec *s, int64_t n, int64_t r, int64_t p)
{
	if (n < 2 || r < 1 || p < 1 ||
	    (n < PWSPEC_TOO_MUCH && (n & (n - 1)) != 0))
		return false;
	if (n > INT64_C(1) << 31 || r > SCRYPT_RP_MAX ||
	    p > SCRYPT_RP_MAX / r) {
		s->us = PWSPEC_TOO_MUCH;
		return true;
	}
	s->n = n;
	s->r = (uint32_t)r;
	s->p = (uint32_t)p;
	s->kib = (n * r + 7) / 8; /* blocks of 128 bytes */
	s->us = pwspec_work(s->kib * p, US_SCRYPT_KIB);
	return true;
}
