/*
 * Tests of crypto/pwhash.c: the work it gives to libxcrypt, and its own before
 * and after.
 */
#include "base.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/event.h"
#include "stats/metrics.h"

/* A hash as it is computed: what was given to libxcrypt, and what was said. */
static struct {
	const struct crypt_data *data;
	int times, observed, reused, open, logged;
	int64_t now_us, took_us;
	uint64_t matches;
	bool fails, finds_memory, was_clean, was_open;
	size_t wiped_bytes;
	size_t phrase_bytes;
	char setting[CRYPT_OUTPUT_SIZE];
} call;

static bool
is_clean(const struct crypt_data *data)
{
	static const struct crypt_data clean;

	return memcmp(data, &clean, sizeof(clean)) == 0;
}

static char *
crypt_of_ours(const char *phrase, const char *setting, void *data, int size)
{
	call.data = data;
	call.phrase_bytes = strlen(phrase);
	snprintf(call.setting, sizeof(call.setting), "%s", setting);
	call.times++;
	call.was_clean = is_clean(data);
	call.was_open = call.open == 1;
	call.matches += call.finds_memory;
	call.now_us += 250;
	if (call.fails)
		errno = ENOMEM;
	return call.fails ? NULL : crypt_rn(phrase, setting, data, size);
}

static void
wipe_of_ours(void *p, size_t n)
{
	explicit_bzero(p, n);
	call.wiped_bytes += n;
}

static uint64_t
matches_of_ours(void)
{
	return call.matches;
}

static int64_t
clock_of_ours(void)
{
	return call.now_us;
}

static void
begin_of_ours(void)
{
	call.open++;
}

static void
end_of_ours(void)
{
	call.open--;
}

static void
observe_of_ours(enum histogram h, int64_t us)
{
	call.observed += h == HISTOGRAM_HASH;
	call.took_us = us;
}

static void
event_of_ours(enum event e, const char *fmt, ...)
{
	(void)fmt;
	call.reused += e == EVENT_HASH_REUSED;
	call.logged += e == EVENT_NO_MEMORY;
}

#define crypt_rn crypt_of_ours
#define explicit_bzero wipe_of_ours
#define clock_us clock_of_ours
#define hashmem_matches matches_of_ours
#define hashmem_begin begin_of_ours
#define hashmem_end end_of_ours
#define metrics_observe observe_of_ours
#define event(...) event_of_ours(__VA_ARGS__)
#define pwhash_make tested_make
#define pwhash_verify tested_verify
#define pwhash_waste tested_waste
#define pwhash_no_memory tested_no_memory
#define pwhash_yescrypt_cost tested_yescrypt_cost
#define pwhash_is_weaker tested_is_weaker
#include "crypto/pwhash.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

/* One hash, whose memory was kept from another or not. */
static void
test_work(bool finds_memory)
{
	char out[PWHASH_BYTES];

	memset(&call, 0, sizeof(call));
	call.now_us = 1000;
	call.finds_memory = finds_memory;
	ok(pwhash_make(1, "p", out) == ERR_OK && call.times == 1,
	    "a hash is computed once");
	ok(call.was_clean && is_clean(call.data),
	    "a hash is computed in memory that is empty before and after");
	ok(call.was_open && call.open == 0,
	    "only memory that libxcrypt maps for a hash may be kept");
	is_int(call.observed, 1, "a hash is counted");
	is_int(call.took_us, 250, "a hash is counted with its time");
	is_int(call.reused, finds_memory,
	    "a hash is counted with whether it found memory kept");
}

/* Work without a hash to compare with. */
static void
test_waste(void)
{
	memset(&call, 0, sizeof(call));
	ok(pwhash_waste(2, "p") == PWHASH_DONE && call.times == 1,
	    "a name without a hash takes the work of one");
	is(call.setting, "$y$j85$......................",
	    "the work for nothing has the current cost and no salt");
}

/* A stored hash is what libxcrypt gets, whole. */
static void
test_stored(void)
{
	char out[PWHASH_BYTES];
	bool matches = false;

	if (pwhash_make(1, "p", out) != ERR_OK)
		exit(1);
	call.wiped_bytes = 0;
	ok(pwhash_verify("p", out, &matches) == PWHASH_DONE && matches,
	    "a stored hash matches its password");
	is(call.setting, out, "libxcrypt gets the stored hash as its setting");
	is_int((long long)call.wiped_bytes,
	    (long long)sizeof(struct crypt_data) + (long long)sizeof(out),
	    "libxcrypt's memory and the hash are wiped");
	matches = false;
	ok(pwhash_verify("p", "*0", &matches) == PWHASH_INVALID && !matches,
	    "a text that libxcrypt refuses is invalid, not want of memory");
}

static void
test_no_memory(void)
{
	char out[PWHASH_BYTES] = "";
	bool matches = false;

	memset(&call, 0, sizeof(call));
	call.fails = true;
	ok(pwhash_make(1, "p", out) == ERR_BUSY && out[0] == '\0',
	    "without memory no hash is made");
	ok(pwhash_waste(1, "p") == PWHASH_NO_MEMORY &&
	        pwhash_verify("p", "$y$j75$x$x", &matches) ==
	            PWHASH_NO_MEMORY &&
	        !matches,
	    "without memory no hash matches");
	is_int(call.logged, 1, "want of memory is logged");
}

int
main(void)
{
	test_waste();
	test_stored();
	test_no_memory();
	test_work(false);
	test_work(true);
	return done();
}
