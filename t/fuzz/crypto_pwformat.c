/*
 * crypto/pwformat.c: a stored hash may be anything. What is judged good takes
 * no more than was allowed, and none but its own password matches. The password
 * stands before the first newline, the hash behind it.
 */
#include "fuzz.h"

#include <time.h>

#include "crypto/pwformat.h"
#include "lib/log.h"

#define MIB_MAX 1
#define JUDGED_MS_MAX 20 /* with sanitizers, on a busy machine */

static int64_t
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Does a number of four digits or more, or bcrypt's cost, make it slow? */
static bool
is_cheap(const char *hash)
{
	size_t digits = 0;

	if (strstr(hash, "$2") != NULL && strstr(hash, "$04$") == NULL)
		return false;
	if (strstr(hash, "{pbkdf2") != NULL || strstr(hash, "$P$") != NULL ||
	    strstr(hash, "$H$") != NULL || strstr(hash, "$md5") != NULL ||
	    strchr(hash, '_') == hash)
		return false;
	for (; *hash != '\0' && digits < 5; hash++)
		digits = *hash >= '0' && *hash <= '9' ? digits + 1 : 0;
	return digits < 5;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pwformat_policy policy = {
		.cost = 1, .mib_max = MIB_MAX, .weak = true
	};
	const uint8_t *newline = memchr(data, '\n', size);
	size_t n = newline != NULL ? (size_t)(newline - data) : 0;
	const char *password, *hash;
	struct pwformat_info info;
	int64_t start_ms;
	struct arena a;
	bool matches;
	enum err e;

	log_set_level(LOG_LEVEL_ERROR);
	arena_init(&a);
	password = exact_text(&a, data, n);
	hash = exact_text(&a, data + n, size - n);
	if (newline != NULL)
		hash++;
	start_ms = cpu_ms();
	if (pwformat_state(&policy, hash, &info) == PWFORMAT_GOOD) {
		assert(info.mib <= MIB_MAX);
		assert(strlen(hash) <= PWFORMAT_HASH_MAX);
		assert(cpu_ms() - start_ms < JUDGED_MS_MAX);
		if (is_cheap(hash)) {
			e = pwformat_check(&policy, password, hash, &matches);
			assert(e == ERR_OK);
			/* what hashes in the corpus are made of */
			assert(!matches ||
			       strncmp(password, "correct ", 8) == 0 ||
			       strncmp(password, "wonderla", 8) == 0);
		}
	}
	arena_free(&a);
	return 0;
}
