/*
 * Password hashes made here, with yescrypt, and all that libxcrypt verifies.
 */
#include "base.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>

#include "crypto/hashmem.h"
#include "crypto/mac.h"
#include "crypto/pwhash.h"
#include "crypto/random.h"
#include "lib/clock.h"
#include "stats/event.h"
#include "stats/metrics.h"

#define SALT_BYTES 16 /* NIST SP 800-132 asks for 128 bits */

_Static_assert(PWHASH_BYTES >= CRYPT_OUTPUT_SIZE, "a hash fits");
_Static_assert(PWHASH_PASSWORD_MAX_BYTES == CRYPT_MAX_PASSPHRASE_SIZE - 1,
    "the limit is libxcrypt's");

/* The setting for a new hash: "$y$", parameters, salt. */
static void
make_setting(int64_t cost, const char salt[SALT_BYTES],
    char out[CRYPT_GENSALT_OUTPUT_SIZE])
{
	if (crypt_gensalt_rn("$y$", (unsigned long)cost, salt, SALT_BYTES, out,
	        CRYPT_GENSALT_OUTPUT_SIZE) == NULL)
		abort(); /* conf.c let a wrong cost through */
}

/*
 * crypt_rn(3), whose 32 KiB of scratch space are zero before and wiped after.
 */
static enum pwhash_result
hash_with(const char *password, const char *setting, char out[PWHASH_BYTES])
{
	static struct crypt_data data;
	uint64_t matches = hashmem_matches();
	int64_t start_us = clock_us();
	enum pwhash_result result = PWHASH_DONE;
	const char *hash;
	bool no_memory;

	hashmem_begin();
	errno = 0;
	hash = crypt_rn(password, setting, &data, sizeof(data));
	no_memory = errno == ENOMEM;
	hashmem_end();
	metrics_observe(HISTOGRAM_HASH, clock_us() - start_us);
	if (hashmem_matches() > matches)
		event(EVENT_HASH_REUSED, NULL);
	if (hash != NULL)
		snprintf(out, PWHASH_BYTES, "%s", hash);
	else
		result = no_memory ? PWHASH_NO_MEMORY : PWHASH_INVALID;
	explicit_bzero(&data, sizeof(data));
	return result;
}

enum err
pwhash_no_memory(int64_t cost)
{
	event(EVENT_NO_MEMORY, "what=crypt cost=%d", (int)cost);
	return ERR_BUSY;
}

enum err
pwhash_make(int64_t cost, const char *password, char out[PWHASH_BYTES])
{
	char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (strlen(password) > PWHASH_PASSWORD_MAX_BYTES)
		return ERR_TOOBIG;
	random_bytes(salt, sizeof(salt));
	make_setting(cost, salt, setting);
	if (hash_with(password, setting, out) == PWHASH_DONE)
		return ERR_OK;
	return pwhash_no_memory(cost);
}

int64_t
pwhash_yescrypt_cost(const char *params)
{
	static const char no_salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	int64_t cost;

	for (cost = 1; cost <= PWHASH_COST_MAX; cost++) {
		make_setting(cost, no_salt, setting);
		if (strncmp(params, setting + 3,
		        strcspn(setting + 3, "$") + 1) == 0)
			return cost;
	}
	return 0;
}

enum pwhash_result
pwhash_verify(const char *password, const char *hash, bool *matches)
{
	char made[PWHASH_BYTES] = "";
	enum pwhash_result result = hash_with(password, hash, made);

	if (result == PWHASH_DONE)
		*matches = strlen(made) == strlen(hash) &&
		           mac_equal(made, hash, strlen(hash));
	explicit_bzero(made, sizeof(made));
	return result;
}

enum pwhash_result
pwhash_waste(int64_t cost, const char *password)
{
	static const char no_salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], made[PWHASH_BYTES];
	enum pwhash_result result;

	make_setting(cost, no_salt, setting);
	result = hash_with(password, setting, made);
	explicit_bzero(made, sizeof(made));
	/* a setting of our own fails for want of memory only */
	return result == PWHASH_DONE ? PWHASH_DONE : PWHASH_NO_MEMORY;
}

bool
pwhash_is_weaker(const char *hash, int64_t cost)
{
	return strncmp(hash, "$y$", 3) != 0 ||
	       pwhash_yescrypt_cost(hash + 3) < cost;
}
