/*
 * Tests of crypto/pwhash.c and crypto/pwformat.c, against hashes made by
 * mkpasswd(1).
 */
#include "base.h"

#include <stdlib.h>

#include "crypto/pwformat.h"
#include "crypto/pwhash.h"
#include "tap.h"

/* clang-format off */
static const char yescrypt_5[] = "$y$j9T$uoSOH62xfGKDMcCeB0gkr0$CDIg5Jubd75IB0mtwCoR4NhVxmjQvC8q/W7Es5nRcr6";
static const char yescrypt_1[] = "$y$j75$l2awpwjZCrYp8DmXfzp0A0$kAT4NLEADn5GUijI7kWnpXEIvk7rAZfRckH0z4b6Zz0";
static const char yescrypt_11[] = "$y$jFT$z17dlu4dRZw6KioJxF6OK0$YofLNNH3BHTcUtkL0DWVM1Io.sdE0/7aS2y4OR8zQW4";
static const char bcrypt_2b[] = "$2b$05$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6";
static const char bcrypt_2a[] = "$2a$05$j6nJ7MeHpy0urO02jEj87u9qhDMFHbwwTR0ygk7oL566spZinrBkm";
/* clang-format on */

static bool
is_usable(const char *hash, int64_t mib_max)
{
	const struct pwformat_policy policy = { .cost = 1, .mib_max = mib_max };

	return pwformat_state(&policy, hash, NULL) == PWFORMAT_GOOD;
}

static bool
check(int64_t cost, const char *password, const char *hash)
{
	bool matches = false;

	return pwformat_check(
	           &(const struct pwformat_policy){ cost, 1024, false },
	           password, hash, &matches) == ERR_OK &&
	       matches;
}

static void
test_known(void)
{
	static const char *const hashes[] = { yescrypt_5, yescrypt_1, bcrypt_2b,
		bcrypt_2a };
	char y[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(hashes); i++) {
		ok(check(1, "wonderland", hashes[i]),
		    tap_with("another tool's hash matches", hashes[i]));
		ok(!check(1, "wonderlanD", hashes[i]),
		    tap_with(
		        "another tool's hash does not match another password",
		        hashes[i]));
	}
	snprintf(y, sizeof(y), "$2y%s", bcrypt_2b + 3);
	ok(check(1, "wonderland", y),
	    "a hash with $2y$ matches as one with $2b$");
}

static void
test_not_hashes(void)
{
	static const char *const bad[] = {
		NULL, "", "plain", "*0", "*", "$", "$y$", "$y$j9T$", "$2b$",
		"$2b$05$", "$2b$05$ufFVpH59M/bisp",
		"$2b$05$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn",
		"$6$saltsalt$x", "wonderland", "$1$x$y",
		"$2b$05$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6x",
		"$y$j9T$uoSOH62xfGKDMcCeB0gkr0$",
		"$2b$03$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		"$2b$0a$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		"$2b$055ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		"$2b$05$!!FVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		/* a worker would be lost for days, or its memory */
		"$2b$17$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		"$2b$31$ufFVpH59M/bispPNNITzEeUtKDUu0uqb.QjoLWTn7z6hd0bUFqYn6",
		"$y$jGT$z17dlu4dRZw6KioJxF6OK0$YofLNNH3BHTcUtkL0DWVM1Io.sdE0/7aS2y4OR8zQW4",
		"$y$jzT$z17dlu4dRZw6KioJxF6OK0$YofLNNH3BHTcUtkL0DWVM1Io.sdE0/7aS2y4OR8zQW4",
		"$y$j9z$z17dlu4dRZw6KioJxF6OK0$YofLNNH3BHTcUtkL0DWVM1Io.sdE0/7aS2y4OR8zQW4"
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		ok(!check(1, "wonderland", bad[i]),
		    tap_with("a broken hash does not match", bad[i]));
}

static void
test_bcrypt_cost(void)
{
	char h[sizeof(bcrypt_2b) + 16]; /* for any int */
	int cost;

	for (cost = 0; cost <= 31; cost++) {
		snprintf(h, sizeof(h), "$2b$%02d%s", cost, bcrypt_2b + 6);
		if (is_usable(h, 1) != (cost >= 4 && cost <= 16))
			break;
	}
	is_int(
	    cost, 32, "bcrypt's costs of 4 to 16 are computed, and no others");
}

static void
test_memory(void)
{
	bool matches = true;

	ok(is_usable(yescrypt_5, 16) && !is_usable(yescrypt_5, 15),
	    "yescrypt of cost 5 takes 16 MiB");
	ok(is_usable(yescrypt_1, 1) && !is_usable(yescrypt_1, 0),
	    "yescrypt of cost 1 takes one");
	ok(is_usable(yescrypt_11, 1024) && !is_usable(yescrypt_11, 1023),
	    "yescrypt of cost 11 takes 1024 MiB");
	ok(is_usable(bcrypt_2a, 1), "bcrypt takes no more than 1 MiB");
	ok(!is_usable(NULL, 1024),
	    "an account without a hash has none that can be verified");
	ok(!is_usable(
	       "$y$j75.$l2awpwjZCrYp8DmXfzp0A0$kAT4NLEADn5GUijI7kWnpXEIvk7rAZfRckH0z4b6Zz0",
	       1024),
	    "yescrypt with parameters of no cost is not verified");
	ok(pwformat_check(&(const struct pwformat_policy){ 1, 15, false },
	       "wonderland", yescrypt_5, &matches) == ERR_OK &&
	        !matches,
	    "a hash that takes more memory than allowed matches nothing");
	ok(pwformat_check(&(const struct pwformat_policy){ 1, 16, false },
	       "wonderland", yescrypt_5, &matches) == ERR_OK &&
	        matches,
	    "a hash that takes as much memory as is allowed matches");
}

static void
test_make(void)
{
	char one[PWHASH_BYTES], two[PWHASH_BYTES];
	char password[PWHASH_PASSWORD_MAX_BYTES + 2];
	int64_t cost;

	ok(pwhash_make(5, "p", one) == ERR_OK &&
	        strncmp(one, "$y$j9T$", 7) == 0,
	    "cost 5 is yescrypt's $y$j9T$");
	ok(pwhash_make(1, "p", one) == ERR_OK &&
	        pwhash_make(1, "p", two) == ERR_OK && strcmp(one, two) != 0,
	    "every hash has a salt of its own");
	ok(check(1, "p", one) && !check(1, "q", one),
	    "a hash matches its own password, and no other");
	for (cost = 1; cost <= 3; cost++)
		ok(pwhash_make(cost, "p", one) == ERR_OK &&
		        !pwhash_is_weaker(one, cost) &&
		        pwhash_is_weaker(one, cost + 1) &&
		        (cost == 1 || !pwhash_is_weaker(one, cost - 1)),
		    "a hash is weaker than one of a higher cost alone");

	memset(password, 'p', sizeof(password));
	password[PWHASH_PASSWORD_MAX_BYTES] = '\0';
	ok(pwhash_make(1, password, one) == ERR_OK && check(1, password, one),
	    "a password of 511 bytes is hashed");
	password[PWHASH_PASSWORD_MAX_BYTES - 1] = 'q';
	ok(!check(1, password, one),
	    "a password of 511 bytes that differs in its last byte does not match");
	password[PWHASH_PASSWORD_MAX_BYTES - 1] = 'p';
	password[PWHASH_PASSWORD_MAX_BYTES] = 'p';
	password[PWHASH_PASSWORD_MAX_BYTES + 1] = '\0';
	ok(pwhash_make(1, password, two) == ERR_TOOBIG,
	    "a password of 512 bytes is not hashed");
	ok(!check(1, password, one),
	    "a password of 512 bytes is not cut to match");
	ok(pwhash_make(1, "", one) == ERR_OK && check(1, "", one) &&
	        !check(1, "p", one),
	    "an empty password is a password");
}

int
main(void)
{
	test_known();
	test_not_hashes();
	test_bcrypt_cost();
	test_memory();
	test_make();
	ok(pwhash_is_weaker(bcrypt_2b, 1), "bcrypt is weaker than any cost");
	ok(pwhash_is_weaker(yescrypt_1, 2) && !pwhash_is_weaker(yescrypt_1, 1),
	    "yescrypt of a lower cost is weaker");
	ok(!pwhash_is_weaker(yescrypt_11, 5) &&
	        !pwhash_is_weaker(yescrypt_5, 5),
	    "yescrypt of an equal or higher cost is not weaker");
	return done();
}
