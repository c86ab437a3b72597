/*
 * Password hashes: made with yescrypt, checked as yescrypt or bcrypt.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>

#include "log.h"
#include "pwhash.h"
#include "rand.h"
#include "text.h"

#define SALT_BYTES 16 /* NIST SP 800-132 asks for 128 bits */
#define COST_MAX 11

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
 * crypt_rn(3) with its 32 KiB of scratch space wiped. False: it failed.
 */
static bool
hash_with(const char *password, const char *setting, char out[PWHASH_BYTES])
{
	static struct crypt_data data;
	const char *hash;

	memset(&data, 0, sizeof(data));
	hash = crypt_rn(password, setting, &data, sizeof(data));
	if (hash != NULL)
		snprintf(out, PWHASH_BYTES, "%s", hash);
	explicit_bzero(&data, sizeof(data));
	return hash != NULL;
}

enum err
pwhash_make(int64_t cost, const char *password, char out[PWHASH_BYTES])
{
	char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (strlen(password) > PWHASH_PASSWORD_MAX_BYTES)
		return ERR_TOOBIG;
	rand_bytes(salt, sizeof(salt));
	make_setting(cost, salt, setting);
	if (hash_with(password, setting, out))
		return ERR_OK;
	log_event(LOG_ERROR, LOG_BUG, "what=crypt cost=%d", (int)cost);
	return ERR_INTERNAL;
}

/* Formats that are checked: prefix and length of the whole hash (0: varies). */
static bool
is_known(const char *hash)
{
	static const struct {
		const char *prefix;
		size_t len;
	} known[] = { { "$y$", 0 }, { "$2b$", 60 }, { "$2a$", 60 },
		{ "$2y$", 60 } };
	size_t i, n;

	for (i = 0; hash != NULL && i < ARRAY_LEN(known); i++) {
		n = strlen(known[i].prefix);
		if (strncmp(hash, known[i].prefix, n) == 0)
			return known[i].len == 0 ||
			       strlen(hash) == known[i].len;
	}
	return false;
}

bool
pwhash_check(int64_t cost, const char *password, const char *hash)
{
	static const char no_salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], made[PWHASH_BYTES];
	char cut[PWHASH_PASSWORD_MAX_BYTES + 1];
	bool equal = false;

	if (strlen(password) > PWHASH_PASSWORD_MAX_BYTES) {
		/* matches nothing, but costs what a wrong password costs */
		memcpy(cut, password, sizeof(cut) - 1);
		cut[sizeof(cut) - 1] = '\0';
		password = cut;
		hash = NULL;
	}
	if (is_known(hash) && hash_with(password, hash, made)) {
		equal = strlen(made) == strlen(hash) &&
		        text_equal_secret(made, hash, strlen(hash));
	} else {
		make_setting(cost, no_salt, setting);
		(void)hash_with(password, setting, made);
	}
	explicit_bzero(made, sizeof(made));
	explicit_bzero(cut, sizeof(cut));
	return equal;
}

bool
pwhash_is_weaker(const char *hash, int64_t cost)
{
	static const char no_salt[SALT_BYTES];
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	size_t parameters;
	int64_t c;

	if (strncmp(hash, "$y$", 3) != 0)
		return true;
	/* "$y$j9T$": what stands before the salt tells the cost */
	for (c = 1; c < cost && c <= COST_MAX; c++) {
		make_setting(c, no_salt, setting);
		parameters = strcspn(setting + 3, "$") + 4;
		if (strncmp(hash, setting, parameters) == 0)
			return true;
	}
	return false;
}
