/*
 * Tests of svc/unsettled.c: writes whose outcome nobody could learn.
 */
#include "base.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void bzero_of_ours(void *p, size_t n);

/* All of it once more, by names of its own and another clock. */
#define clock_ms tested_clock_ms
#define unsettled_section tested_section
#define unsettled_begin tested_begin
#define unsettled_end tested_end
#define unsettled_drop tested_drop
#define unsettled_find tested_find
#define unsettled_worker_died tested_worker_died
#define explicit_bzero bzero_of_ours
#include "svc/unsettled.c" /* NOLINT(bugprone-suspicious-include) */
#undef explicit_bzero

#define TEXT_MAX 1023
#define FIVE_MINUTES_MS 300000

static struct arena arena;
static int64_t now_ms = 1000;

int64_t
tested_clock_ms(void)
{
	return now_ms;
}

static int copies_wiped;

static void
bzero_of_ours(void *p, size_t n)
{
	copies_wiped += p < (void *)own || p >= (void *)(own + ENTRIES);
	if (p != NULL)
		explicit_bzero(p, n);
}

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
	unsettled_end(&arena, e, ERR_BUSY);
	ok(is_found("ada", "hash"), "a write without an answer is kept");
	unsettled_drop(e);
	ok(!is_found("ada", "hash"), "a write that was refused is not found");
	unsettled_drop(NULL);
	e = unsettled_begin(&ada);
	unsettled_end(&arena, e, ERR_OK);
	ok(!is_found("ada", "hash"), "a write with an answer is not found");
	unsettled_worker_died(getpid() + 1);
	ok(!is_found("ada", "hash"),
	    "a write with an answer is not found when another worker dies");
	unsettled_worker_died(getpid());
	ok(is_found("ada", "hash"),
	    "a write is found whose worker dies before it answers");
	arena_reset(&arena);
	ok(!is_found("ada", "hash"), "a write that was answered is forgotten");
	e = unsettled_begin(&ada);
	unsettled_end(&arena, e, ERR_CONFLICT);
	ok(!is_found("ada", "hash"), "a write that failed is forgotten");
	unsettled_end(&arena, NULL, ERR_OK);
	ok(true, "a write that was not noted can end");
}

static void
test_values(void)
{
	const struct unsettled like = {
		.kind = UNSETTLED_DELETION, .user_id = 7, .epoch = 3
	};
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
	unsettled_end(&arena, e, ERR_CONFLICT);
}

/* A deletion that was undone by hand, and another one of the same account. */
static void
test_epochs(void)
{
	struct unsettled was, w = { .kind = UNSETTLED_DELETION,
		.user_id = 7,
		.epoch = 3,
		.username = "ada",
		.hash = "third" };
	struct unsettled_entry *third = unsettled_begin(&w), *fourth;

	w.epoch = 4;
	w.hash = "fourth";
	fourth = unsettled_begin(&w);
	w.hash = NULL;
	ok(unsettled_find(&arena, &w, &was),
	    "a deletion behind an older one is found");
	/* NOLINTNEXTLINE(clang-analyzer-*): begun above */
	is(was.hash, "fourth", "a deletion is found by its epoch");
	w.epoch = 0;
	ok(!unsettled_find(&arena, &w, &was),
	    "the epoch 0 is one like any other");
	unsettled_end(&arena, third, ERR_DENIED);
	unsettled_end(&arena, fourth, ERR_DENIED);
}

static void
test_limits(void)
{
	struct unsettled_entry *all[ENTRIES];
	char text[TEXT_MAX + 2] = { 0 };
	struct unsettled w = signup_of(text, "hash");
	struct unsettled_entry *e;
	size_t i;

	memset(text, 'a', TEXT_MAX);
	text[TEXT_MAX] = '\0';
	e = unsettled_begin(&w);
	ok(e != NULL && is_found(text, "hash"),
	    "a name of 1023 bytes is noted");
	unsettled_end(&arena, e, ERR_DENIED);
	text[TEXT_MAX] = 'a';
	text[TEXT_MAX + 1] = '\0';
	ok(unsettled_begin(&w) == NULL, "a name of 1024 bytes is not noted");
	w = signup_of("ada", text);
	ok(unsettled_begin(&w) == NULL, "a hash of 1024 bytes is not noted");
	w = signup_of("ada", "hash");
	w.fullname = text;
	ok(unsettled_begin(&w) == NULL,
	    "a full name of 1024 bytes is not noted");

	w = signup_of("ada", "hash");
	for (i = 0; i < ENTRIES; i++)
		all[i] = unsettled_begin(&w);
	ok(all[ENTRIES - 1] != NULL, "128 writes are noted");
	ok(unsettled_begin(&w) == NULL, "the 129th write is not noted");
	unsettled_end(&arena, all[5], ERR_DENIED);
	all[5] = unsettled_begin(&w);
	ok(all[5] != NULL, "one that has ended leaves its place");
	for (i = 0; i < ENTRIES; i++)
		unsettled_end(&arena, all[i], ERR_DENIED);
	ok(!is_found("ada", NULL), "nothing is left of writes that have ended");
}

/* Entries that nobody ends, as of a login worker that was killed. */
static void
test_time(void)
{
	struct unsettled w = signup_of("ada", "a-hash-that-is-longer");
	struct unsettled_entry *e;

	/* NOLINTNEXTLINE(misc-redundant-expression): two calls */
	ok(unsettled_begin(&w) != NULL && unsettled_begin(&w) != NULL,
	    "two writes are noted that do not end");
	now_ms += FIVE_MINUTES_MS - 1;
	ok(is_found("ada", NULL), "a write is kept for five minutes");
	now_ms++;
	ok(!is_found("ada", NULL), "a write is found no more after that");
	w = signup_of("bob", "short");
	e = unsettled_begin(&w);
	ok(is_found("bob", "short"), "a write takes the place of an old one");
	ok(memmem(own, sizeof(own), "ada", 3) == NULL &&
	        memmem(own, sizeof(own), "hash-that-is-longer", 19) == NULL,
	    "no byte is left of writes whose time has passed");
	unsettled_end(&arena, e, ERR_DENIED);
}

/* Of two writes whose time has passed one place is taken, and one is free. */
static void
test_places(void)
{
	struct unsettled w = signup_of("ada", "hash");
	const struct unsettled_entry *e;
	size_t i, taken = 0;

	/* NOLINTNEXTLINE(misc-redundant-expression): two calls */
	if (unsettled_begin(&w) == NULL || unsettled_begin(&w) == NULL)
		abort();
	now_ms += FIVE_MINUTES_MS;
	e = unsettled_begin(&w);
	for (i = 0; i < ENTRIES; i++)
		taken += own[i].until_ms != 0;
	ok(taken == 1 && e == &own[0] &&
	        own[0].until_ms == now_ms + FIVE_MINUTES_MS,
	    "places of writes whose time has passed are free");
	own[0].until_ms++;
	ok(!is_found("ada", NULL),
	    "a time that is further ahead is no write's");
	own[0].until_ms--;
	ok(is_found("ada", NULL), "a write of this moment is found");
	own[0].version++;
	ok(!is_found("ada", NULL), "a write that is being noted is not found");
	own[0].version++;
	unsettled_end(&arena, &own[0], ERR_DENIED);
}

/* Readers take a copy that changed meanwhile for none, by its version. */
static void
test_versions(void)
{
	const struct unsettled w = signup_of("ada", "hash");
	struct unsettled_entry *e;
	uint32_t before = own[0].version, noted;

	e = unsettled_begin(&w);
	if (e != &own[0])
		abort();
	noted = own[0].version;
	ok(before % 2 == 0 && noted % 2 == 0 && noted != before,
	    "a write that was noted has another version");
	unsettled_end(&arena, e, ERR_DENIED);
	ok(own[0].version % 2 == 0 && own[0].version != noted,
	    "a write that is forgotten has another version");
	own[0].version |= 1; /* its worker was killed while it wrote */
	e = unsettled_begin(&w);
	ok(e == &own[0] && is_found("ada", "hash"),
	    "a place whose worker was killed is used again");
	copies_wiped = 0;
	ok(is_found("ada", "hash") && !is_found("bob", "hash") &&
	        copies_wiped == 2,
	    "what was read of writes is wiped");
	unsettled_end(&arena, e, ERR_DENIED);
	e = unsettled_begin(&w);
	unsettled_end(&arena, e, ERR_OK);
	arena_reset(&arena);
	e = unsettled_begin(&w);
	ok(e == &own[0] && is_found("ada", "hash"),
	    "the place of a write that was answered is used again");
	unsettled_end(&arena, e, ERR_DENIED);
}

/* Anything may be in the memory that all workers share. */
static void
test_broken(void)
{
	struct unsettled was, w = { .kind = UNSETTLED_DELETION,
		.user_id = 7,
		.username = "ada",
		.fullname = "Ada",
		.hash = "hash" };
	struct unsettled_entry *e = unsettled_begin(&w);

	w = (struct unsettled){ .kind = UNSETTLED_DELETION, .user_id = 7 };
	if (e == NULL || !unsettled_find(&arena, &w, &was))
		abort();
	is(was.fullname, "Ada", "a write has its full name");
	memset(e->values.username, 'a', TEXT_BYTES);
	memset(e->values.fullname, 'a', TEXT_BYTES);
	memset(e->values.hash, 'a', TEXT_BYTES);
	ok(unsettled_find(&arena, &w, &was) &&
	        strlen(was.username) == TEXT_MAX &&
	        strlen(was.fullname) == TEXT_MAX &&
	        strlen(was.hash) == TEXT_MAX,
	    "texts without an end are cut");
	unsettled_end(&arena, e, ERR_DENIED);
}

static void
test_like(void)
{
	struct unsettled w = { .kind = UNSETTLED_CHANGE,
		.user_id = 7,
		.epoch = 3,
		.hash = "hash" };
	struct unsettled was, like = w;
	struct unsettled_entry *e = unsettled_begin(&w);

	ok(unsettled_find(&arena, &like, &was) && was.username == NULL &&
	        was.kind == UNSETTLED_CHANGE && was.user_id == 7,
	    "a change has no name");
	like.kind = UNSETTLED_RESET;
	ok(!unsettled_find(&arena, &like, NULL),
	    "a write of another kind is not found");
	like.kind = UNSETTLED_CHANGE;
	like.user_id = 8;
	ok(!unsettled_find(&arena, &like, NULL),
	    "a write of another account is not found");
	like.user_id = 0;
	ok(unsettled_find(&arena, &like, NULL),
	    "a write is found without its account");
	unsettled_end(&arena, e, ERR_DENIED);
}

/* The last of all: other memory. */
static void
test_section(void)
{
	static struct unsettled_entry shared[ENTRIES];
	const struct unsettled w = signup_of("ada", "hash");

	ok(tested_section.bytes == sizeof(shared),
	    "the section has room for all writes");
	tested_section.use(shared);
	ok(unsettled_begin(&w) == &shared[0] && is_found("ada", "hash"),
	    "writes are noted in the memory that workers share");
}

int
main(void)
{
	arena_init(&arena);
	test_ends();
	test_values();
	test_epochs();
	test_limits();
	test_time();
	test_places();
	test_versions();
	test_broken();
	test_like();
	test_section();
	arena_free(&arena);
	return done();
}
