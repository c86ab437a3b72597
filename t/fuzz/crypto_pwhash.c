/*
 * Fuzz target of crypto/pwhash.c: a stored hash may be anything. It is verified
 * if it is not too costly, costs no more than allowed, and matches only its own
 * password. The input is the password, a newline, and the hash.
 */
#include "fuzz.h"

#include "lib/log.h"
#include "crypto/pwhash.h"

#define MIB_MAX 1
#define BCRYPT_COST_MAX "05" /* of those that are computed here: 2 ms */

static bool
is_cheap(const char *hash)
{
	return strncmp(hash, "$2", 2) != 0 ||
	       strncmp(hash + 4, BCRYPT_COST_MAX, 2) <= 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	size_t n = newline != NULL ? (size_t)(newline - data) : 0;
	const char *password, *hash;
	bool usable, matches;
	struct arena a;
	enum err e;

	log_set_level(LOG_LEVEL_ERROR);
	arena_init(&a);
	password = exact_text(&a, data, n);
	hash = exact_text(&a, data + n, size - n);
	if (newline != NULL)
		hash++;
	usable = pwhash_is_usable(hash, MIB_MAX);
	/* yescrypt's parameters of 1 MiB; bcrypt takes 4 KiB */
	if (usable)
		assert(strncmp(hash, "$y$j75$", 7) == 0 || strlen(hash) == 60);
	(void)pwhash_is_weaker(hash, 1);
	if (usable && is_cheap(hash)) {
		e = pwhash_check(1, MIB_MAX, password, hash, &matches);
		assert(e == ERR_OK);
		/* the one password that hashes in the corpus are made of */
		assert(!matches || strncmp(password, "correct horse", 13) == 0);
	}
	arena_free(&a);
	return 0;
}
