/*
 * crypto/pwformat.c, against hashes that the original tools made:
 * t/vectors/formats, lines of format, tool, password and hash.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/hashmem.h"
#include "crypto/pwformat.h"
#include "crypto/pwhash.h"
#include "lib/log.h"
#include "tap.h"

#define VECTORS "t/vectors/formats"

static const struct pwformat_policy all = {
	.cost = 1, .mib_max = 1024, .weak = true
};
static const struct pwformat_policy usual = { .cost = 1, .mib_max = 16 };

static bool
check(const struct pwformat_policy *p, const char *password, const char *hash)
{
	bool matches = false;

	return pwformat_check(p, password, hash, &matches) == ERR_OK && matches;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* --- the table of vectors --- */

#define COSTLY_MS 50 /* of a CPU, for one password */

static struct {
	const char *field[4]; /* format, tool, password, hash */
	bool is_costly;
} vector[400];
static size_t vectors;

static void
read_vectors(void)
{
	static char text[200000];
	FILE *f = fopen(VECTORS, "r");
	char *line = text, *end;
	size_t i;

	if (f == NULL || fread(text, 1, sizeof(text) - 1, f) == 0)
		exit(1);
	fclose(f);
	for (; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (*line == '#')
			continue;
		for (i = 0; i < 4; i++) {
			vector[vectors].field[i] = line;
			line += strcspn(line, "\t");
			if (*line != '\0')
				*line++ = '\0';
		}
		vectors++;
	}
}

/*
 * Wrong passwords take what right ones take, which under a sanitizer is seconds
 * for some: there the others are enough.
 */
static bool
is_left_out(size_t i)
{
#ifdef __SANITIZE_ADDRESS__
	return vector[i].is_costly;
#else
	(void)i;
	return false;
#endif
}

static void
test_vectors(void)
{
	const char *name, *tool, *password, *hash;
	struct pwformat_info info;
	char wrong[600], longer[2000];
	double start_ms;
	size_t i;

	for (i = 0; i < vectors; i++) {
		name = vector[i].field[0];
		tool = vector[i].field[1];
		password = vector[i].field[2];
		hash = vector[i].field[3];
		snprintf(wrong, sizeof(wrong), "x%s", password);
		snprintf(longer, sizeof(longer), "%sx", hash);
		if (pwformat_state(&all, hash, &info) != PWFORMAT_GOOD)
			info.name = "not good";
		is(info.name, name, tap_with("the format is recognised", tool));
		start_ms = now_ms();
		ok(check(&all, password, hash),
		    tap_with("a hash matches its password", tool));
		vector[i].is_costly = now_ms() - start_ms > COSTLY_MS;
		if (is_left_out(i))
			continue;
		ok(!check(&all, wrong, hash),
		    tap_with("a hash matches no other password", tool));
		ok(!check(&all, password, longer) ||
		        strcmp(name, "salted-md5") == 0 || hash[0] == '{',
		    tap_with("a longer hash does not match", tool));
	}
}

/*
 * A hash cut short never matches. PBKDF2's and scrypt's bytes are as good in
 * part, if there are 16 of them, and base64's padding means nothing.
 */
static void
test_cut(void)
{
	char cut[PWFORMAT_HASH_MAX + 1];
	const char *hash;
	int bad = 0;
	size_t i, n;

	for (i = 0; i < vectors; i++) {
		hash = vector[i].field[3];
		if (strncmp(vector[i].field[0], "pbkdf2", 6) == 0 ||
		    strncmp(vector[i].field[0], "scrypt", 6) == 0)
			continue;
		for (n = 0; n < strlen(hash) && hash[n] != '='; n++) {
			snprintf(cut, sizeof(cut), "%.*s", (int)n, hash);
			if (pwformat_state(&usual, cut, NULL) ==
			        PWFORMAT_GOOD &&
			    check(&usual, vector[i].field[2], cut)) {
				printf("# %s\n", cut);
				bad++;
			}
		}
	}
	is_int(bad, 0, "no part of a hash matches");
}

static void
test_every_format(void)
{
	const char *name;
	size_t i, j;

	for (i = 0; (name = pwformat_name(i)) != NULL; i++) {
		for (j = 0; j < vectors; j++)
			if (strcmp(vector[j].field[0], name) == 0)
				break;
		if (strcmp(name, "unknown") == 0)
			break;
		ok(j < vectors, tap_with("a format has a vector", name));
	}
	is(pwformat_name(i + 2), "none", "what is no hash has a name");
	is(pwformat_name(i + 3), NULL, "the names of formats end");
	ok(i > 25, "the table has more than 25 formats");
}

/* --- the policy --- */

struct judged {
	const char *hash;
	enum pwformat_state state;
	int64_t mib;
};

#define A43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A86 A43 A43
#define A53 A43 "AAAAAAAAAA"
#define F64 "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* clang-format off */
static const struct judged judged[] = {
	/* what the settings refuse, and no more */
	{ "$argon2id$v=19$m=16384,t=3,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_GOOD, 16 },
	{ "$argon2id$v=19$m=16385,t=3,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_MEMORY, 17 },
	{ "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_MEMORY, 64 },
	{ "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_MEMORY, 100 },
	{ "$scrypt$ln=14,r=8,p=1$c2FsdA$" A43, PWFORMAT_GOOD, 16 },
	{ "$scrypt$ln=15,r=8,p=1$c2FsdA$" A43, PWFORMAT_MEMORY, 32 },
	{ "$y$j9T$uoSOH62xfGKDMcCeB0gkr0$" A43, PWFORMAT_GOOD, 16 },
	{ "$y$jAT$uoSOH62xfGKDMcCeB0gkr0$" A43, PWFORMAT_MEMORY, 32 },
	{ "pbkdf2_sha256$1000000$salt$" A43 "=", PWFORMAT_GOOD, 1 },
	/* what no login may take: of each family the most that it may, and one more */
	{ "$2b$16$" A53, PWFORMAT_GOOD, 1 },
	{ "$2b$17$" A53, PWFORMAT_WORK, 1 },
	{ "pbkdf2_sha256$5000000$salt$" A43 "=", PWFORMAT_GOOD, 1 },
	{ "pbkdf2_sha256$5000001$salt$" A43 "=", PWFORMAT_WORK, 1 },
	{ "keycloak$pbkdf2-sha256$2500000$c2FsdA$" A86, PWFORMAT_GOOD, 1 },
	{ "keycloak$pbkdf2-sha256$2500001$c2FsdA$" A86, PWFORMAT_WORK, 1 },
	{ "$6$rounds=1000000$saltsalt$" A86, PWFORMAT_GOOD, 1 },
	{ "$6$rounds=1000001$saltsalt$" A86, PWFORMAT_WORK, 1 },
	{ "$5$rounds=1000000$saltsalt$" A43, PWFORMAT_GOOD, 1 },
	{ "$5$rounds=1000001$saltsalt$" A43, PWFORMAT_WORK, 1 },
	{ "$md5,rounds=2495904$saltsalt$$AAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_GOOD, 1 },
	{ "$md5,rounds=2495905$saltsalt$$AAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "$sha1$1666666$saltsalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_GOOD, 1 },
	{ "$sha1$1666667$saltsalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "$P$IAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_GOOD, 1 },
	{ "$P$JAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "$argon2id$v=19$m=1024,t=1626,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_GOOD, 1 },
	{ "$argon2id$v=19$m=1024,t=1627,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_WORK, 1 },
	{ "scrypt:1024:8:256$salt$" F64 F64, PWFORMAT_GOOD, 1 },
	{ "scrypt:1024:8:257$salt$" F64 F64, PWFORMAT_WORK, 1 },
	{ "scrypt:16384:8:38$salt$" F64 F64, PWFORMAT_GOOD, 16 },
	{ "scrypt:16384:8:39$salt$" F64 F64, PWFORMAT_WORK, 16 },
	/* memory in whole MiB */
	{ "$argon2id$v=19$m=1025,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_GOOD, 2 },
	{ "$argon2id$v=19$m=2048,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_GOOD, 2 },
	{ "$argon2id$v=19$m=2049,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_GOOD, 3 },
	/* and what is beyond all reason */
	{ "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_WORK, 4096 },
	{ "$argon2id$v=19$m=64,t=1000000,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_WORK, 1 },
	{ "$argon2id$v=19$m=99999999999999999999,t=99999999999999999999,p=4$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_WORK, 976562500 },
	{ "pbkdf2_sha256$1000000000$salt$" A43 "=", PWFORMAT_WORK, 1 },
	{ "pbkdf2:sha256:99999999999999999999$salt$" F64, PWFORMAT_WORK, 1 },
	{ "$pbkdf2-sha512$1000000000$c2FsdA$" A86, PWFORMAT_WORK, 1 },
	{ "scrypt:1073741824:8:1$salt$" F64 F64, PWFORMAT_WORK, 1048576 },
	{ "scrypt:1024:99999999999:99999999999$salt$" F64 F64, PWFORMAT_WORK, 1 },
	{ "$scrypt$ln=63,r=8,p=1$c2FsdA$" A43, PWFORMAT_WORK, 1 },
	{ "$scrypt$ln=10,r=1,p=2049$c2FsdA$" A43, PWFORMAT_WORK, 1 },
	{ "$6$rounds=999999999$saltsalt$" A86, PWFORMAT_WORK, 1 },
	{ "$md5,rounds=4294963199$saltsalt$$AAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "$sha1$4294967295$saltsalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "$7$z6..../....SodiumChloride$" A43, PWFORMAT_UNKNOWN, 1 },
	{ "$7$U6..../....SodiumChloride$" A43, PWFORMAT_WORK, 1 },
	{ "$y$jzT$uoSOH62xfGKDMcCeB0gkr0$" A43, PWFORMAT_WORK, 1 },
	{ "$scrypt$ln=20,r=8,p=1$c2FsdA$" A43, PWFORMAT_WORK, 1024 },
	{ "$P$SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_WORK, 1 },
	{ "_zzzzsalt" "AAAAAAAAAAA", PWFORMAT_WORK, 1 },
	/* what a setting allows */
	{ "4cecaff2b30bbe75ce7322109164cfb5", PWFORMAT_WEAK, 1 },
	{ "4cecaff2b30bbe75ce7322109164cfb5:s", PWFORMAT_WEAK, 1 },
	{ "{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=", PWFORMAT_WEAK, 1 },
	{ "{CRYPT}3eYgctuy2DEEM", PWFORMAT_WEAK, 1 },
	{ "3eYgctuy2DEEM", PWFORMAT_WEAK, 1 },
	{ "$2x$05$" A53, PWFORMAT_WEAK, 1 },
	{ "$3$$3e057cd123205aa168af5f121716b335", PWFORMAT_WEAK, 1 },
	{ "_J9..fMvU5CUBdZmiUO6", PWFORMAT_WEAK, 1 },
	{ "{SSHA}Yv5pjxiwBRwrB4K7cNvqNBWm8+2uq8CE", PWFORMAT_GOOD, 1 },
	/* no hashes: never a password as it is */
	{ NULL, PWFORMAT_LOCKED, 1 },
	{ "", PWFORMAT_LOCKED, 1 },
	{ "!", PWFORMAT_LOCKED, 1 },
	{ "!$2b$05$" A53, PWFORMAT_LOCKED, 1 },
	{ "*0", PWFORMAT_LOCKED, 1 },
	{ "wonderland", PWFORMAT_UNKNOWN, 1 },
	{ "{noop}wonderland", PWFORMAT_UNKNOWN, 1 },
	{ "{PLAIN}wonderland", PWFORMAT_UNKNOWN, 1 },
	{ "{CLEARTEXT}wonderland", PWFORMAT_UNKNOWN, 1 },
	{ "{CRYPT}", PWFORMAT_UNKNOWN, 1 },
	{ "{CRYPT}{CRYPT}$1$x$AAAAAAAAAAAAAAAAAAAAAA", PWFORMAT_UNKNOWN, 1 },
	{ "{CRYPT}$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_UNKNOWN, 1 },
	{ "{SSHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=", PWFORMAT_UNKNOWN, 1 },
	{ "$", PWFORMAT_UNKNOWN, 1 },
	{ "$2b$03$" A53, PWFORMAT_UNKNOWN, 1 },
	{ "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_UNKNOWN, 1 },
	{ "$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_UNKNOWN, 1 },
	{ "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$AAAA", PWFORMAT_UNKNOWN, 1 },
	{ "$argon2id$v=20$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$" A43, PWFORMAT_UNKNOWN, 1 },
	{ "scrypt:1000:8:1$salt$" F64, PWFORMAT_UNKNOWN, 1 },
	{ "pbkdf2_sha256$0$salt$" A43 "=", PWFORMAT_UNKNOWN, 1 },
	{ "pbkdf2_sha256$-1$salt$" A43 "=", PWFORMAT_UNKNOWN, 1 },
	{ "pbkdf2_sha256$1000$salt$AAAA", PWFORMAT_UNKNOWN, 1 },
	{ "keycloak$pbkdf2-sha256$1000$$", PWFORMAT_UNKNOWN, 1 },
	{ "4cecaff2b30bbe75ce7322109164cfb5:", PWFORMAT_UNKNOWN, 1 },
};
/* clang-format on */

static void
test_policy(void)
{
	struct pwformat_info info = { 0 };
	enum pwformat_state state = PWFORMAT_UNKNOWN;
	double start_ms, took_ms;
	size_t i;
	int tries;

	for (i = 0; i < ARRAY_LEN(judged); i++) {
		/* the quickest of several: a machine may stand still */
		for (tries = 0, took_ms = 1; tries < 20 && took_ms >= 1;
		     tries++) {
			start_ms = now_ms();
			state = pwformat_state(&usual, judged[i].hash, &info);
			took_ms = now_ms() - start_ms;
		}
		ok(took_ms < 1,
		    tap_with("a hash is judged within a millisecond",
		        judged[i].hash));
		is_int(state, judged[i].state,
		    tap_with(
		        "a hash is judged by its parameters", judged[i].hash));
		if (state != PWFORMAT_UNKNOWN && judged[i].mib > 1)
			is_int(info.mib, judged[i].mib,
			    tap_with("the memory of a hash is told",
			        judged[i].hash));
		if (state == PWFORMAT_UNKNOWN)
			is(info.name, "unknown",
			    tap_with("what is no hash has no format",
			        judged[i].hash));
		if (state != PWFORMAT_GOOD)
			ok(!check(&usual, "wonderland", judged[i].hash),
			    tap_with("a hash that is not good never matches",
			        judged[i].hash));
	}
}

static void
test_long(void)
{
	char hash[PWFORMAT_HASH_MAX + 3],
	    password[PWHASH_PASSWORD_MAX_BYTES + 2];
	size_t i;

	memset(hash, 'A', sizeof(hash));
	memcpy(hash, "$argon2id$", 10);
	hash[sizeof(hash) - 1] = '\0';
	is_int(pwformat_state(&all, hash, NULL), PWFORMAT_UNKNOWN,
	    "a text beyond all hashes is none");
	memset(password, 'p', sizeof(password));
	password[sizeof(password) - 1] = '\0';
	for (i = 0; i < vectors; i++)
		if (!is_left_out(i) &&
		    (check(&usual, password, vector[i].field[3]) ||
		        check(&usual, password + 1, vector[i].field[3])))
			break;
	is_int((long long)i, (long long)vectors,
	    "passwords of 511 and 512 bytes are computed, and do not match");
}

/* argon2's memory is kept as yescrypt's is, and neither stands beside it. */
static void
test_kept(void)
{
	static const char hash[] =
	    "$argon2id$v=19$m=8192,t=1,p=4$c2FsdHNhbHRzYWx0$" A43;
	uint64_t before;

	hashmem_keep(true);
	ok(!check(&usual, "p", hash), "a hash of 8 MiB");
	before = hashmem_matches();
	ok(!check(&usual, "p", hash), "a second hash of 8 MiB");
#ifndef HASHMEM_ABSENT
	is_int((long long)(hashmem_matches() - before), 1,
	    "argon2 finds its memory kept");
	before = hashmem_matches();
	ok(!check(&usual, "p", "$scrypt$ln=14,r=8,p=1$c2FsdA$" A43) &&
	        !check(&usual, "p", hash) && hashmem_matches() == before,
	    "kept memory is released before OpenSSL takes its own");
#endif
	(void)before;
	hashmem_keep(false);
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	read_vectors();
	test_every_format();
	test_vectors();
	test_cut();
	test_policy();
	test_long();
	test_kept();
	return done();
}
