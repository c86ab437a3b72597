/*
 * Password hashes: made with yescrypt, verified as yescrypt or bcrypt.
 */
#include "base.h"

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
#define BCRYPT_CHARS 60
#define YESCRYPT_CHARS 43 /* after its last '$' */
#define BCRYPT_COST_MIN "04"
#define BCRYPT_COST_MAX "16" /* about 4 s */
#define BCRYPT_NO_SALT "......................"

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
 * False: it failed.
 */
static bool
hash_with(const char *password, const char *setting, char out[PWHASH_BYTES])
{
	static struct crypt_data data;
	uint64_t matches = hashmem_matches();
	int64_t start_us = clock_us();
	const char *hash;

	hashmem_begin();
	hash = crypt_rn(password, setting, &data, sizeof(data));
	hashmem_end();
	metrics_observe(HISTOGRAM_HASH, clock_us() - start_us);
	if (hashmem_matches() > matches)
		event(EVENT_HASH_REUSED, NULL);
	if (hash != NULL)
		snprintf(out, PWHASH_BYTES, "%s", hash);
	explicit_bzero(&data, sizeof(data));
	return hash != NULL;
}

static enum err
no_memory(int64_t cost)
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
	if (hash_with(password, setting, out))
		return ERR_OK;
	return no_memory(cost);
}

/*
 * The cost of a yescrypt hash by its parameters, "j9T$" being those of 5; 0:
 * none that pwhash_make() could have used.
 */
static int64_t
yescrypt_cost(const char *hash)
{
	static const char no_salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	int64_t cost;

	for (cost = 1; cost <= PWHASH_COST_MAX; cost++) {
		make_setting(cost, no_salt, setting);
		if (strncmp(hash, setting, strcspn(setting + 3, "$") + 4) == 0)
			return cost;
	}
	return 0;
}

/* By its prefix: bcrypt's cost of 31 would take a week. */
static bool
is_bcrypt(const char *hash)
{
	return (strncmp(hash, "$2a$", 4) == 0 ||
	           strncmp(hash, "$2b$", 4) == 0 ||
	           strncmp(hash, "$2y$", 4) == 0) &&
	       strspn(hash + 4, "0123456789") == 2 && hash[6] == '$' &&
	       strncmp(hash + 4, BCRYPT_COST_MIN, 2) >= 0 &&
	       strncmp(hash + 4, BCRYPT_COST_MAX, 2) <= 0;
}

/* By its prefix. */
static bool
is_yescrypt(const char *hash, int64_t mib_max)
{
	int64_t cost = yescrypt_cost(hash);

	return cost > 0 && PWHASH_MIB(cost) <= mib_max;
}

bool
pwhash_is_usable(const char *hash, int64_t mib_max)
{
	if (hash == NULL)
		return false;
	if (is_yescrypt(hash, mib_max))
		return strlen(strrchr(hash, '$') + 1) == YESCRYPT_CHARS;
	return is_bcrypt(hash) && strlen(hash) == BCRYPT_CHARS;
}

/*
 * A dummy setting that takes the work of a hash with this prefix, if allowed;
 * else that of the current cost.
 */
static void
imitate(const char *hash, int64_t cost, int64_t mib_max,
    char out[CRYPT_GENSALT_OUTPUT_SIZE])
{
	static const char no_salt[SALT_BYTES];

	if (hash != NULL && is_bcrypt(hash)) {
		snprintf(out, CRYPT_GENSALT_OUTPUT_SIZE, "%.*s%s",
		    PWHASH_KIND_CHARS, hash, BCRYPT_NO_SALT);
		return;
	}
	if (hash != NULL && is_yescrypt(hash, mib_max))
		cost = yescrypt_cost(hash);
	make_setting(cost, no_salt, out);
}

enum err
pwhash_check(int64_t cost, int64_t mib_max, const char *password,
    const char *hash, bool *matches)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], made[PWHASH_BYTES] = "";
	char cut[PWHASH_PASSWORD_MAX_BYTES + 1];
	bool fits = strlen(password) <= PWHASH_PASSWORD_MAX_BYTES, computed;

	*matches = false;
	if (!fits) {
		/* matches nothing, but costs what a wrong password costs */
		memcpy(cut, password, sizeof(cut) - 1);
		cut[sizeof(cut) - 1] = '\0';
		password = cut;
	}
	computed =
	    pwhash_is_usable(hash, mib_max) && hash_with(password, hash, made);
	if (computed) {
		*matches = fits && strlen(made) == strlen(hash) &&
		           mac_equal(made, hash, strlen(hash));
	} else {
		/* of the stored cost, so that lack of memory shows here too */
		imitate(hash, cost, mib_max, setting);
		computed = hash_with(password, setting, made);
	}
	explicit_bzero(made, sizeof(made));
	explicit_bzero(cut, sizeof(cut));
	/* our own setting fails only for lack of memory */
	return computed ? ERR_OK : no_memory(cost);
}

bool
pwhash_is_weaker(const char *hash, int64_t cost)
{
	return strncmp(hash, "$y$", 3) != 0 || yescrypt_cost(hash) < cost;
}
