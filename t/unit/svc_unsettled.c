/*
 * Tests of svc/unsettled.c: writes whose outcome nobody could learn.
 */
#include "base.h"

#include <string.h>

#include "svc/unsettled.h"
#include "tap.h"

#define ENTRIES 128
#define TEXT_MAX 1023

static struct arena arena;

static struct unsettled
signup_of(const char *name, const char *hash)
{
	return (struct unsettled){
		.kind = UNSETTLED_SIGNUP, .username = name, .hash = hash
	};
}

static bool
is_found(const char *name, const char *hash)
{
	const struct unsettled like = signup_of(name, hash);

	return unsettled_find(&arena, &like, NULL);
}

static void
test_ends(void)
{
	const struct unsettled ada = signup_of("ada", "hash");
	struct unsettled_entry *e = unsettled_begin(&ada);

	ok(e != NULL && is_found("ada", "hash"), "a write is found");
	ok(is_found("ada", NULL), "a write is found by its name alone");
	ok(!is_found("ada", "other") && !is_found("bob", "hash"),
	    "a write with another name or hash is not found");
	unsettled_end(e, ERR_BUSY);
	ok(is_found("ada", "hash"), "a write without an answer is kept");
	unsettled_end(e, ERR_OK);
	ok(!is_found("ada", "hash"), "a write with an answer is forgotten");
	unsettled_end(NULL, ERR_OK);
	ok(true, "a write that was not noted can end");
}

static void
test_values(void)
{
	const struct unsettled like = { .kind = UNSETTLED_DELETION,
		.user_id = 7 };
	struct unsettled was = { .kind = UNSETTLED_DELETION,
		.user_id = 7,
		.epoch = 3,
		.username = "ada",
		.fullname = NULL,
		.hash = "$y$" };
	struct unsettled_entry *e = unsettled_begin(&was);

	ok(unsettled_find(&arena, &like, &was),
	    "a deletion is found by its id");
	is_int(was.epoch, 3, "a write has its epoch");
	is(was.username, "ada", "a write has its name");
	ok(was.fullname == NULL,
	    "a write has no full name where there is none");
	is(was.hash, "$y$", "a write has its hash");
	unsettled_end(e, ERR_CONFLICT);
}

static void
test_limits(void)
{
	struct unsettled_entry *all[ENTRIES];
	char text[TEXT_MAX + 2];
	struct unsettled w = signup_of(text, "hash");
	struct unsettled_entry *e;
	size_t i;

	memset(text, 'a', TEXT_MAX);
	text[TEXT_MAX] = '\0';
	e = unsettled_begin(&w);
	ok(e != NULL && is_found(text, "hash"),
	    "a name of 1023 bytes is noted");
	unsettled_end(e, ERR_OK);
	text[TEXT_MAX] = 'a';
	text[TEXT_MAX + 1] = '\0';
	ok(unsettled_begin(&w) == NULL, "a name of 1024 bytes is not noted");

	w.username = "ada";
	for (i = 0; i < ENTRIES; i++)
		all[i] = unsettled_begin(&w);
	ok(all[ENTRIES - 1] != NULL, "128 writes are noted");
	ok(unsettled_begin(&w) == NULL, "the 129th write is not noted");
	unsettled_end(all[5], ERR_OK);
	all[5] = unsettled_begin(&w);
	ok(all[5] != NULL, "one that has ended leaves its place");
	for (i = 0; i < ENTRIES; i++)
		unsettled_end(all[i], ERR_OK);
	ok(!is_found("ada", NULL), "nothing is left of writes that have ended");
}

int
main(void)
{
	arena_init(&arena);
	test_ends();
	test_values();
	test_limits();
	arena_free(&arena);
	return done();
}
