/*
 * Tests of crypto/pwhash.c: the work it gives to libxcrypt, and its own before
 * and after.
 */
#include "base.h"

#include <crypt.h>
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
#define pwhash_check tested_check
#define pwhash_is_usable tested_is_usable
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

/* Checked against a hash that cannot be one, with what setting? */
static void
test_imitation(
    const char *stored, int64_t mib_max, const char *setting, const char *name)
{
	bool matches = true;

	memset(&call, 0, sizeof(call));
	ok(pwhash_check(2, mib_max, "p", stored, &matches) == ERR_OK &&
	        !matches,
	    name);
	is_int(call.times, 1, "a failed check computes one hash");
	is(call.setting, setting,
	    "a failed check uses nothing of the stored salt");
}

static void
test_imitations(void)
{
	static const char today[] = "$y$j85$......................",
	                  bcrypt[] = "$2b$05$......................";

	test_imitation(NULL, 16, today,
	    "an account without a hash takes the work of the cost in force");
	test_imitation("plain", 16, today,
	    "a text that is not a hash takes the work of the cost in force");
	test_imitation("$y$j75$x$y", 16, "$y$j75$......................",
	    "a broken yescrypt hash takes the work of its cost");
	test_imitation("$y$j75$x$y", 0, today,
	    "a broken yescrypt hash that takes too much memory takes the work of the cost in force");
	test_imitation("$2b$05$x", 16, bcrypt,
	    "a broken bcrypt hash takes the work of its cost");
	test_imitation("$2b$17$x", 16, today,
	    "a broken bcrypt hash that takes too long takes the work of the cost in force");
}

static void
test_too_long(void)
{
	char out[PWHASH_BYTES], password[PWHASH_PASSWORD_MAX_BYTES + 2];
	bool matches = true;

	memset(password, 'p', sizeof(password));
	password[sizeof(password) - 1] = '\0';
	if (pwhash_make(1, password + 1, out) != ERR_OK)
		exit(1);
	call.wiped_bytes = 0;
	ok(pwhash_check(1, 16, password, out, &matches) == ERR_OK && !matches,
	    "a password of 512 bytes does not match");
	is(call.setting, out,
	    "a password of 512 bytes takes the work of the stored hash");
	is_int((long long)call.phrase_bytes, PWHASH_PASSWORD_MAX_BYTES,
	    "a password of 512 bytes is hashed as far as it can be");
	is_int((long long)call.wiped_bytes,
	    (long long)(sizeof(struct crypt_data) + sizeof(out) +
	                sizeof(password) - 1),
	    "a password and its hash are wiped after a check");
}

static void
test_no_memory(void)
{
	char out[PWHASH_BYTES] = "";
	bool matches = true;

	memset(&call, 0, sizeof(call));
	call.fails = true;
	ok(pwhash_make(1, "p", out) == ERR_BUSY && out[0] == '\0',
	    "no hash is made without memory");
	ok(pwhash_check(1, 16, "p", NULL, &matches) == ERR_BUSY && !matches,
	    "no hash matches without memory");
	is_int(call.logged, 2, "a lack of memory for hashes is logged");
}

int
main(void)
{
	test_imitations();
	test_too_long();
	test_no_memory();
	test_work(false);
	test_work(true);
	return done();
}
