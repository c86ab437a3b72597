/*
 * Tests of svc/device.c: what a device cookie proves, for which account and for
 * how long. One was made by another library's HMAC-SHA-256.
 */
#include "base.h"

#include <stdlib.h>

#include "mac.h"

#define device_read tested_read
#define device_make tested_make
#include "svc/device.c" /* NOLINT(bugprone-suspicious-include) */

#include "tap.h"

#define NOW INT64_C(1700000000)
#define DAY_S INT64_C(86400)

static struct secrets secrets, other_secrets;
static const struct conf conf = { .token_leeway_s = 5 };
static const struct device unknown = { .id = "" };

/* clang-format off */
static const char known[] = "1700000000.00112233445566778899aabbccddeeff."
	"5c520b7a01b3848622406b74a6972d27fb16d6c0bc0cf98246d61dbfafe5909f";
/* clang-format on */

static struct app app = { .conf = &conf, .secrets = &secrets };

static bool
knows(struct ctx *c, const char *proof, const char *name)
{
	return device_read(c, proof, name).id[0] != '\0';
}

static void
test_known(struct ctx *c)
{
	struct device d = device_read(c, known, "ada");

	is(d.id, "00112233445566778899aabbccddeeff",
	    "a device cookie made by Python is read");
	ok(!d.is_old, "a new device cookie is not old");
	ok(!knows(c, known, "Ada"), "a device cookie is no other account's");
	ok(!knows(c, known, ""),
	    "a device cookie is not that of the empty name");
	app.secrets = &other_secrets;
	ok(!knows(c, known, "ada"),
	    "a device cookie of another key is not known");
	app.secrets = &secrets;
}

static void
test_time(struct ctx *c)
{
	c->now_s = NOW - 5;
	ok(knows(c, known, "ada"),
	    "a device cookie from within the leeway ahead is known");
	c->now_s = NOW - 6;
	ok(!knows(c, known, "ada"),
	    "a device cookie from beyond the leeway ahead is not known");
	c->now_s = NOW + 30 * DAY_S - 1;
	ok(!device_read(c, known, "ada").is_old,
	    "a device cookie is not old for 30 days");
	c->now_s = NOW + 30 * DAY_S;
	ok(device_read(c, known, "ada").is_old,
	    "a device cookie is old after 30 days");
	c->now_s = NOW + DEVICE_LIFE_S - 1;
	ok(knows(c, known, "ada"), "a device cookie is known for a year");
	c->now_s = NOW + DEVICE_LIFE_S;
	ok(!knows(c, known, "ada"),
	    "a device cookie is not known after a year");
	c->now_s = NOW;
}

/* Each byte changed, each shorter piece, and some that are longer. */
static void
test_forged(struct ctx *c)
{
	char proof[sizeof(known) + 1];
	size_t i, accepted = 0;

	for (i = 0; i < sizeof(known) - 1; i++) {
		memcpy(proof, known, sizeof(known));
		proof[i] ^= 1;
		accepted += knows(c, proof, "ada");
		memcpy(proof, known, sizeof(known));
		proof[i] = '\0';
		accepted += knows(c, proof, "ada");
	}
	is_int((long long)accepted, 0,
	    "a device cookie that was changed is not known");
	memcpy(proof, known, sizeof(known));
	memcpy(proof + sizeof(known) - 1, "0", 2);
	ok(!knows(c, proof, "ada"),
	    "a device cookie with more behind it is not known");
	ok(!knows(c, "", "ada"), "an empty device cookie is not known");
	ok(!knows(c, NULL, "ada"), "a missing device cookie is not known");
	ok(!knows(c, ".00112233445566778899aabbccddeeff.", "ada"),
	    "a device cookie without a time or a signature is not known");
}

static void
test_made(struct ctx *c)
{
	const char *first, *second, *renewed;
	struct device d;

	if (device_make(c, &unknown, "ada", &first) != ERR_OK ||
	    device_make(c, &unknown, "ada", &second) != ERR_OK)
		exit(1);
	ok(knows(c, first, "ada"), "a device cookie that was made is known");
	ok(!knows(c, first, "eve"),
	    "a device cookie that was made is no other account's");
	ok(strcmp(first, second) != 0, "each device has its own id");
	c->now_s += 40 * DAY_S;
	d = device_read(c, first, "ada");
	if (device_make(c, &d, "ada", &renewed) != ERR_OK)
		exit(1);
	is(device_read(c, renewed, "ada").id, d.id,
	    "a renewed device cookie keeps its id");
	ok(!device_read(c, renewed, "ada").is_old,
	    "a renewed device cookie is not old");
}

static void
test_failing(struct ctx *c)
{
	const char *proof = NULL;

	mac_fails = true;
	ok(device_make(c, &unknown, "ada", &proof) == ERR_INTERNAL &&
	        proof == NULL,
	    "no device cookie is made without a MAC");
	ok(!knows(c, known, "ada"), "no device cookie is known without a MAC");
	mac_fails = false;
}

int
main(void)
{
	struct arena arena;
	struct ctx c = { .app = &app, .arena = &arena, .now_s = NOW };

	make_secrets(&secrets, KEY_TEXT);
	make_secrets(&other_secrets, "0123456789abcdef0123456789abcdeF");
	arena_init(&arena);
	test_known(&c);
	test_time(&c);
	test_forged(&c);
	test_made(&c);
	test_failing(&c);
	arena_free(&arena);
	return done();
}
