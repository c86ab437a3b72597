/*
 * Ended sessions and raised epochs, in shared memory.
 *
 * Hash tables, half full at most. Keys are apart from values, so that a search
 * nearly always needs one line of the cache. Most need none: before the keys
 * are marks, a bit for each, which stay in a cache that a million keys do not
 * fit into; an eighth of the bits are set at most. Of a slot the value is
 * written first, then the mark, and then the key: a reader that finds a key has
 * the others. A copy is written again only while it is not current; a reader
 * that was still in it meets a store behind the one that made the other copy
 * current, and looks again.
 */
#include "base.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "crypto/revoked.h"

#ifndef BITS_MIN    /* smaller in its unit test */
#define BITS_MIN 9U /* of a table's number of slots */
#define SESSION_BITS 21U
#define USER_BITS 18U
#endif
#define SILENCE_MS 1000 /* of the database; longer is an outage */
#define OUTAGE_MAX_MS 3600000
#define MINUTE_MS 60000
#define NOWHERE SIZE_MAX /* no place */
#define TRIES 16         /* of a reader, while the table is rewritten */

/* A slot's value: 31 bits of an epoch, 33 of a time in seconds. */
#define UNTIL_BITS 33
#define UNTIL_MAX ((INT64_C(1) << UNTIL_BITS) - 1)

/* Of a place the bits within a line of the cache, which has eight keys. */
#define LINE ((size_t)7)

/* Of 2^bits slots: words of the marks, four bits for a slot. */
#define MARK_BITS(bits) ((bits) + 2)
#define MARK_WORDS(bits) ((size_t)1 << (MARK_BITS(bits) - 6))

/*
 * Which copy is current, how large, and how often that has changed: one word,
 * so that a reader has all of it at once. All 0 is a table that is empty.
 */
struct head {
	_Alignas(64) _Atomic uint64_t current;
};

static struct memory {
	_Alignas(64) _Atomic int64_t heard_ms; /* 0: never */
	_Atomic int64_t answered_ms; /* that, or when there was no room */
	_Atomic bool failed;         /* once at least */
	/* the last time that it had not answered for longer than usual */
	_Atomic int64_t silent_ms, silence_ms;
	_Atomic uint64_t everybody; /* a slot's value, for all users */
	struct head session_head, user_head;
	/* 0: empty, and the end of a search */
	_Alignas(64) _Atomic uint64_t session_keys[2][1U << SESSION_BITS];
	_Alignas(64) _Atomic uint64_t user_keys[2][1U << USER_BITS];
	_Atomic uint64_t session_values[2][1U << SESSION_BITS];
	_Atomic uint64_t user_values[2][1U << USER_BITS];
	_Atomic uint64_t session_marks[2][MARK_WORDS(SESSION_BITS)];
	_Atomic uint64_t user_marks[2][MARK_WORDS(USER_BITS)];
} own;

/* One of the two copies of a table. */
struct copy {
	_Atomic uint64_t *keys, *values, *marks;
};

/* A table as this process sees it: no size or address is read from memory. */
struct table {
	struct head *head;
	struct copy copy[2];
	unsigned bits_max;
	size_t used; /* the writer's count */
};

static struct memory *memory = &own;
static int wake_fd = -1;
static bool has_awaited; /* this process, the writer's first word */
static struct table sessions = { &own.session_head,
	{ { own.session_keys[0], own.session_values[0], own.session_marks[0] },
	    { own.session_keys[1], own.session_values[1],
	        own.session_marks[1] } },
	SESSION_BITS, 0 };
static struct table users = { &own.user_head,
	{ { own.user_keys[0], own.user_values[0], own.user_marks[0] },
	    { own.user_keys[1], own.user_values[1], own.user_marks[1] } },
	USER_BITS, 0 };

_Static_assert(REVOKED_SESSIONS_MAX == 1U << (SESSION_BITS - 1) &&
                   REVOKED_USERS_MAX == 1U << (USER_BITS - 1),
    "a table is half full at most");

static void
use_memory(void *shared)
{
	struct memory *m = shared;
	size_t i;

	memory = m;
	sessions.head = &m->session_head;
	users.head = &m->user_head;
	for (i = 0; i < 2; i++) {
		sessions.copy[i] = (struct copy){ m->session_keys[i],
			m->session_values[i], m->session_marks[i] };
		users.copy[i] = (struct copy){ m->user_keys[i],
			m->user_values[i], m->user_marks[i] };
	}
}

const struct shm_section revoked_section = {
	.name = "revoked",
	.bytes = sizeof(own),
	.use = use_memory,
};

/* --- the word of a table: one bit of the copy, seven of its size --- */

static const struct copy *
copy_of(const struct table *t, uint64_t word)
{
	return &t->copy[word & 1];
}

/* The size within its limits, whatever the word says. */
static unsigned
bits_of(const struct table *t, uint64_t word)
{
	unsigned bits = (unsigned)(word >> 1) & 127;

	return bits < BITS_MIN      ? BITS_MIN
	       : bits > t->bits_max ? t->bits_max
	                            : bits;
}

/* The word after this one: the other copy is current, and so large. */
static uint64_t
word_after(uint64_t word, unsigned bits)
{
	return ((word >> 8) + 1) << 8 | bits << 1 | (~word & 1);
}

/* Users' numbers follow each other, which places should not. */
static uint64_t
spread(uint64_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15);
}

/* --- readers --- */

/* The word of a key's mark, and its bit in *bit. */
static _Atomic uint64_t *
mark_of(const struct copy *copy, unsigned bits, uint64_t key, uint64_t *bit)
{
	size_t i = (size_t)(spread(key) >> (64 - MARK_BITS(bits)));

	*bit = UINT64_C(1) << (i & 63);
	return &copy->marks[i >> 6];
}

/* False: the key is not in a copy. */
static bool
is_marked(const struct copy *copy, unsigned bits, uint64_t key)
{
	uint64_t bit;
	_Atomic uint64_t *word = mark_of(copy, bits, key, &bit);

	return (atomic_load_explicit(word, memory_order_acquire) & bit) != 0;
}

/*
 * The place of a search's n-th step: all of the line in which it begins, and
 * then the lines behind.
 */
static size_t
place_of(size_t start, size_t n, size_t mask)
{
	return ((start & ~LINE) + (n & ~LINE) + ((start + n) & LINE)) & mask;
}

/*
 * In the search for a key in a copy the place of what is wanted: the key, or 0
 * for the first that is empty. NOWHERE: there is none before that.
 */
static inline size_t
find_in(const struct copy *copy, unsigned bits, uint64_t key, uint64_t wanted)
{
	size_t mask = ((size_t)1 << bits) - 1, n, place;
	size_t start = (size_t)(spread(key) >> (64 - bits));
	uint64_t found;

	for (n = 0; n <= mask; n++) {
		place = place_of(start, n, mask);
		found = atomic_load_explicit(
		    &copy->keys[place], memory_order_acquire);
		if (found == wanted)
			return place;
		if (found == 0)
			return NOWHERE;
	}
	return NOWHERE;
}

/* Is a key in the current one? value: NULL, or 0 if it is not there. */
static inline enum revoked
find(const struct table *t, uint64_t key, uint64_t *value)
{
	_Atomic uint64_t *current = &t->head->current;
	size_t place;
	const struct copy *copy;
	uint64_t word;
	unsigned bits;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		word = atomic_load_explicit(current, memory_order_acquire);
		copy = copy_of(t, word);
		bits = bits_of(t, word);
		place = is_marked(copy, bits, key)
		            ? find_in(copy, bits, key, key)
		            : NOWHERE;
		if (value != NULL)
			*value = place != NOWHERE ? atomic_load_explicit(
			                                &copy->values[place],
			                                memory_order_acquire)
			                          : 0;
		/* the loads before are acquire: this one stays behind them */
		if (atomic_load_explicit(current, memory_order_relaxed) == word)
			return place != NOWHERE ? REVOKED_YES : REVOKED_NO;
	}
	return REVOKED_UNKNOWN;
}

/* 0 is an empty slot's key; an id that is 0 shares that of another. */
static uint64_t
key_of(uint64_t id)
{
	return id != 0 ? id : 1;
}

enum revoked
revoked_session(uint64_t sid)
{
	return find(&sessions, key_of(sid), NULL);
}

int32_t
revoked_everybody(void)
{
	return (int32_t)(atomic_load_explicit(
	                     &memory->everybody, memory_order_acquire) >>
	                 UNTIL_BITS);
}

enum revoked
revoked_user(int64_t user_id, int32_t epoch)
{
	uint64_t value;

	if (revoked_everybody() > epoch)
		return REVOKED_YES;
	if (find(&users, key_of((uint64_t)user_id), &value) == REVOKED_UNKNOWN)
		return REVOKED_UNKNOWN;
	return (int64_t)(value >> UNTIL_BITS) > epoch ? REVOKED_YES
	                                              : REVOKED_NO;
}

int64_t
revoked_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool
revoked_is_stale(void)
{
	int64_t heard =
	    atomic_load_explicit(&memory->heard_ms, memory_order_acquire);

	return heard == 0 || revoked_clock_ms() - heard > REVOKED_STALE_MS;
}

int64_t
revoked_outage_s(void)
{
	int64_t answered = atomic_load(&memory->answered_ms);
	int64_t now = revoked_clock_ms(), silence = now - answered;

	if (answered == 0)
		return 0;
	if (silence <= SILENCE_MS) {
		if (now - atomic_load(&memory->silent_ms) > MINUTE_MS)
			return 0;
		silence = atomic_load(&memory->silence_ms);
	}
	return silence < OUTAGE_MAX_MS ? silence / 1000 + 1
	                               : OUTAGE_MAX_MS / 1000;
}

static void
sleep_ms(int64_t ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

void
revoked_await(int64_t ms)
{
	int64_t end;

	if (has_awaited)
		return;
	end = revoked_clock_ms() + ms;
	while (atomic_load(&memory->heard_ms) == 0 &&
	       !atomic_load(&memory->failed) && revoked_clock_ms() < end)
		sleep_ms(1);
	has_awaited = true;
}

/* --- the wake-up --- */

bool
revoked_open_wake(void)
{
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return wake_fd >= 0;
}

void
revoked_close_wake(void)
{
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
}

void
revoked_wake(void)
{
	if (wake_fd >= 0 && eventfd_write(wake_fd, 1) != 0) {
		/* so many have come that it is awake */
	}
}

/* --- the writer --- */

static uint64_t
value_of(int32_t epoch, int64_t until_s)
{
	if (until_s < 1)
		until_s = 1;
	if (until_s > UNTIL_MAX)
		until_s = UNTIL_MAX;
	return (uint64_t)epoch << UNTIL_BITS | (uint64_t)until_s;
}

static int64_t
until_of(uint64_t value)
{
	return (int64_t)(value & (uint64_t)UNTIL_MAX);
}

/* Of two values for a key: the higher epoch and the later time. */
static uint64_t
merge(uint64_t a, uint64_t b)
{
	uint64_t high = a > b ? a : b;
	int64_t until = until_of(a) > until_of(b) ? until_of(a) : until_of(b);

	return high >> UNTIL_BITS << UNTIL_BITS | (uint64_t)until;
}

/* Write an entry into a copy that has room. True: it is one more. */
static bool
put(const struct copy *copy, unsigned bits, uint64_t key, uint64_t value)
{
	size_t place = find_in(copy, bits, key, key);
	bool is_new = place == NOWHERE;
	uint64_t bit;
	_Atomic uint64_t *mark = mark_of(copy, bits, key, &bit);

	if (is_new)
		place = find_in(copy, bits, key, 0);
	else
		value = merge(value, atomic_load_explicit(&copy->values[place],
		                         memory_order_relaxed));
	atomic_store_explicit(
	    &copy->values[place], value, memory_order_release);
	atomic_store_explicit(mark,
	    atomic_load_explicit(mark, memory_order_relaxed) | bit,
	    memory_order_release);
	atomic_store_explicit(&copy->keys[place], key, memory_order_release);
	return is_new;
}

/* Copy what ends after now_s into the other copy of 2^bits slots: current. */
static void
rewrite(struct table *t, unsigned bits, int64_t now_s)
{
	uint64_t key, value, word = atomic_load(&t->head->current);
	size_t i, n = (size_t)1 << bits_of(t, word);
	const struct copy *from = copy_of(t, word), *to = copy_of(t, word + 1);

	for (i = 0; i < (size_t)1 << bits; i++)
		atomic_store_explicit(&to->keys[i], 0, memory_order_release);
	for (i = 0; i < MARK_WORDS(bits); i++)
		atomic_store_explicit(&to->marks[i], 0, memory_order_release);
	t->used = 0;
	for (i = 0; i < n; i++) {
		key = atomic_load(&from->keys[i]);
		value = atomic_load(&from->values[i]);
		if (key != 0 && until_of(value) > now_s)
			t->used += put(to, bits, key, value);
	}
	atomic_store_explicit(
	    &t->head->current, word_after(word, bits), memory_order_release);
}

/* How many entries there are, and how many of them end after now_s. */
static size_t
count(const struct table *t, int64_t now_s, size_t *live)
{
	uint64_t word = atomic_load(&t->head->current);
	size_t i, used = 0, n = (size_t)1 << bits_of(t, word);
	const struct copy *copy = copy_of(t, word);

	*live = 0;
	for (i = 0; i < n; i++) {
		if (atomic_load(&copy->keys[i]) == 0)
			continue;
		used++;
		*live += until_of(atomic_load(&copy->values[i])) > now_s;
	}
	return used;
}

static bool
add(struct table *t, uint64_t key, uint64_t value)
{
	uint64_t word = atomic_load(&t->head->current);
	unsigned bits = bits_of(t, word);

	if (t->used >= (size_t)1 << (bits - 1) &&
	    find_in(copy_of(t, word), bits, key, key) == NOWHERE) {
		if (bits == t->bits_max)
			return false;
		rewrite(t, ++bits, 0);
		word = atomic_load(&t->head->current);
	}
	t->used += put(copy_of(t, word), bits, key, value);
	return true;
}

/* Without the entries that have ended, and no larger than it has to be. */
static void
expire(struct table *t, int64_t now_s)
{
	unsigned bits = BITS_MIN;
	size_t live;

	if (count(t, now_s, &live) == live)
		return;
	while (bits < t->bits_max && live >= (size_t)1 << (bits - 2))
		bits++;
	rewrite(t, bits, now_s);
}

void
revoked_take_over(void)
{
	size_t live;

	sessions.used = count(&sessions, 0, &live);
	users.used = count(&users, 0, &live);
}

bool
revoked_add_session(uint64_t sid, int64_t until_s)
{
	return add(&sessions, key_of(sid), value_of(0, until_s));
}

bool
revoked_add_user(int64_t user_id, int32_t epoch, int64_t until_s)
{
	uint64_t value = value_of(epoch, until_s);

	if (user_id != REVOKED_EVERYBODY)
		return add(&users, key_of((uint64_t)user_id), value);
	value = merge(value, atomic_load(&memory->everybody));
	atomic_store_explicit(&memory->everybody, value, memory_order_release);
	return true;
}

void
revoked_expire(int64_t now_s)
{
	expire(&sessions, now_s);
	expire(&users, now_s);
	if (until_of(atomic_load(&memory->everybody)) <= now_s)
		atomic_store_explicit(
		    &memory->everybody, 0, memory_order_release);
}

/* The database has answered: how long had it been silent? */
static void
note_answer(int64_t when_ms)
{
	int64_t last = atomic_load(&memory->answered_ms);

	if (last != 0 && when_ms - last > SILENCE_MS) {
		atomic_store(&memory->silence_ms, when_ms - last);
		atomic_store(&memory->silent_ms, when_ms);
	}
	atomic_store(&memory->answered_ms, when_ms);
}

void
revoked_heard(int64_t when_ms)
{
	note_answer(when_ms);
	atomic_store_explicit(&memory->heard_ms, when_ms, memory_order_release);
}

void
revoked_missed(int64_t when_ms, bool has_answered)
{
	if (has_answered)
		note_answer(when_ms);
	atomic_store(&memory->failed, true);
}

void
revoked_wait(int64_t least_ms, int64_t most_ms)
{
	struct pollfd p = { .fd = wake_fd, .events = POLLIN };
	eventfd_t n;

	sleep_ms(least_ms);
	if (poll(&p, 1, (int)(most_ms - least_ms)) > 0 &&
	    eventfd_read(wake_fd, &n) != 0) {
		/* another process has taken it */
	}
}

size_t
revoked_count(void)
{
	return sessions.used + users.used;
}
