/*
 * crypto/revoked.c: what is found, also while it is written, and after its
 * writer was killed at any instruction. With small tables, so that they grow,
 * fill and are rewritten soon.
 */
#include "base.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define BITS_MIN 4U
#define SESSION_BITS 7U
#define USER_BITS 5U
#define REVOKED_SESSIONS_MAX 64
#define REVOKED_USERS_MAX 16
#define revoked_section tested_section
#define revoked_session tested_session
#define revoked_user tested_user
#define revoked_everybody tested_everybody
#define revoked_is_stale tested_is_stale
#define revoked_take_over tested_take_over
#define revoked_add_session tested_add_session
#define revoked_add_user tested_add_user
#define revoked_expire tested_expire
#define revoked_heard tested_heard
#define revoked_clock_ms tested_clock_ms
#define revoked_count tested_count
#define revoked_outage_s tested_outage_s
#define revoked_await tested_await
#define revoked_missed tested_missed
#define revoked_open_wake tested_open_wake
#define revoked_close_wake tested_close_wake
#define revoked_wake tested_wake
#define revoked_wait tested_wait
#define clock_gettime clock_of_ours
#define nanosleep nanosleep_of_ours
#define poll poll_of_ours
#define eventfd eventfd_of_ours
#define eventfd_read read_of_ours
#undef atomic_load_explicit
#ifdef __clang__
#define atomic_load_explicit(p, order) \
	(look(order), __c11_atomic_load(p, order))
#else
#define atomic_load_explicit(p, order) (look(order), __atomic_load_n(p, order))
#endif

static int clock_of_ours(clockid_t clock, struct timespec *out);
static int nanosleep_of_ours(
    const struct timespec *t, struct timespec *remaining);
static int poll_of_ours(struct pollfd *p, nfds_t n, int timeout_ms);
static int eventfd_of_ours(unsigned begin, int flags);
static int read_of_ours(int fd, eventfd_t *out);
static void look(int order);

#include "crypto/revoked.c" /* NOLINT(bugprone-suspicious-include) */

#undef clock_gettime
#undef nanosleep
#undef poll
#undef eventfd
#undef eventfd_read

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tap.h"

static struct memory *shared;

/* --- time, which may stand still, and what is waited for --- */

#define MS INT64_C(1000000)
#define TRIES_OF_A_READER 16

static int64_t frozen_ns; /* 0: the system's time */
static int sleeps;
static struct timespec slept;
static int word_at, failure_at; /* of the database: in this sleep */

static void
freeze(int64_t ns)
{
	frozen_ns = ns;
	sleeps = word_at = failure_at = 0;
}

static int
clock_of_ours(clockid_t clock, struct timespec *out)
{
	if (frozen_ns == 0)
		return clock_gettime(clock, out);
	*out =
	    (struct timespec){ frozen_ns / 1000000000, frozen_ns % 1000000000 };
	return clock == CLOCK_MONOTONIC_COARSE ? 0 : -1;
}

static int
nanosleep_of_ours(const struct timespec *t, struct timespec *remaining)
{
	if (frozen_ns == 0)
		return nanosleep(t, remaining);
	slept = *t;
	frozen_ns += t->tv_sec * 1000000000 + t->tv_nsec;
	if (++sleeps > 1000)
		abort(); /* it would never end */
	if (sleeps == word_at)
		revoked_heard(frozen_ns / MS);
	if (sleeps == failure_at)
		revoked_missed(frozen_ns / MS, false);
	return 0;
}

static struct pollfd polled;
static nfds_t polled_count;
static int polled_ms, poll_answer, reads;

static int
poll_of_ours(struct pollfd *p, nfds_t n, int timeout_ms)
{
	if (frozen_ns == 0)
		return poll(p, n, timeout_ms);
	polled = *p;
	polled_count = n;
	polled_ms = timeout_ms;
	return poll_answer;
}

static int
read_of_ours(int fd, eventfd_t *out)
{
	reads++;
	return eventfd_read(fd, out);
}

static bool no_eventfd;
static unsigned eventfd_begin;
static int eventfd_flags;

static int
eventfd_of_ours(unsigned begin, int flags)
{
	eventfd_begin = begin;
	eventfd_flags = flags;
	return no_eventfd ? -1 : eventfd(begin, flags);
}

/* How often a table is rewritten while a reader searches it. */
static int rewritings;

/* Before each load; the reader's last one is the relaxed one. */
static void
look(int order)
{
	if (order != memory_order_relaxed || rewritings == 0)
		return;
	rewritings--;
	atomic_fetch_add(&sessions.head->current, 256);
	atomic_fetch_add(&users.head->current, 256);
}

static struct memory *
new_memory(void)
{
	void *m = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		abort();
	return m;
}

/* A session's id, from a number. */
static uint64_t
id(uint64_t i)
{
	i = (i + 1) * UINT64_C(0xbf58476d1ce4e5b9);
	return i ^ i >> 31;
}

static void
begin(void)
{
	memset(shared, 0, sizeof(*shared));
	tested_section.use(shared);
	revoked_take_over();
}

static int
missing(uint64_t from, uint64_t to)
{
	int n = 0;

	for (; from < to; from++)
		n += revoked_session(id(from)) != REVOKED_YES;
	return n;
}

/* --- the parts of a table --- */

static void
test_memory(void)
{
	struct table s = sessions, u = users;

	is_int(wake_fd, -1, "a process begins without a wake-up");
	is_int(
	    (long long)revoked_count(), 0, "a process begins without an entry");
	tested_section.use(&own);
	ok(s.head == sessions.head && u.head == users.head &&
	        memcmp(s.copy, sessions.copy, sizeof(s.copy)) == 0 &&
	        memcmp(u.copy, users.copy, sizeof(u.copy)) == 0,
	    "a process begins with the tables that its memory has");
	ok(s.bits_max == SESSION_BITS && u.bits_max == USER_BITS,
	    "each table has its limit");
	is_int((long long)(offsetof(struct memory, user_marks) +
	                   sizeof(own.user_marks) -
	                   offsetof(struct memory, session_keys)),
	    (long long)REVOKED_BYTES_MAX,
	    "both copies of the tables take 66 bytes for an entry");
}

static void
test_word(void)
{
	unsigned bits;
	int wrong_sizes = 0;

	for (bits = 0; bits < 128; bits++)
		wrong_sizes += bits_of(&sessions, bits << 1 | 0xff01) !=
		               (bits < 4      ? 4
		                   : bits > 7 ? 7
		                              : bits);
	is_int(wrong_sizes, 0, "the size of a table is within its limits");
	is_int((long long)word_after(0, 5), 0x10b,
	    "after a table's first word the second copy is current");
	is_int((long long)word_after(0x10b, 6), 0x20c,
	    "after its second word the first copy is current again");
	is_int((long long)word_after(0xff0c, 4), 0x10009,
	    "a table's words are counted");
	ok(copy_of(&sessions, 0x20c) == &sessions.copy[0] &&
	        copy_of(&sessions, 0x10b) == &sessions.copy[1],
	    "a word names the current copy");
}

/* All places are searched, those of the line in which it begins first. */
static void
test_places(void)
{
	size_t start, n, place;
	int outside = 0, behind = 0, missed = 0;

	for (start = 0; start < 32; start++) {
		uint32_t seen = 0;

		for (n = 0; n < 32; n++) {
			place = place_of(start, n, 31);
			seen |= UINT32_C(1) << (place & 31);
			outside += place > 31;
			behind += place / 8 != (start / 8 + n / 8) % 4;
		}
		missed += seen != UINT32_MAX;
	}
	is_int(outside, 0, "a search stays in its table");
	is_int(behind, 0, "a search goes on line by line");
	is_int(missed, 0, "a search comes to each place");
	ok(spread(UINT64_C(1) << 63) != 0,
	    "keys that differ in their highest bit alone are spread");
}

static void
test_mark_of(void)
{
	const struct copy *copy = &sessions.copy[0];
	uint64_t i, bit, bits_seen[MARK_WORDS(5)] = { 0 };
	int bad = 0;

	for (i = 0; i < 5000; i++) {
		ptrdiff_t word = mark_of(copy, 5, id(i), &bit) - copy->marks;

		bad += word < 0 || word >= (ptrdiff_t)MARK_WORDS(5) ||
		       bit == 0 || (bit & (bit - 1)) != 0;
		if (word >= 0 && word < (ptrdiff_t)MARK_WORDS(5))
			bits_seen[word] |= bit;
	}
	is_int(bad, 0, "a key has a mark of one bit");
	is_int((long long)MARK_WORDS(5), 2, "32 slots have 128 marks");
	ok(bits_seen[0] == UINT64_MAX && bits_seen[1] == UINT64_MAX,
	    "each mark is some key's");
}

static void
test_values(void)
{
	const uint64_t high = value_of(3, 5), late = value_of(2, 9);

	is_int(until_of(value_of(5, -1)), 1, "a time below 0 is 1");
	is_int(until_of(value_of(5, 0)), 1, "a time of 0 is 1");
	is_int(until_of(value_of(5, 2)), 2, "a time is kept");
	is_int(until_of(value_of(0, INT64_C(8589934591))), INT64_C(8589934591),
	    "the latest time is kept");
	is_int(until_of(value_of(0, INT64_C(8589934592))), INT64_C(8589934591),
	    "a time behind the latest is that");
	is_int((long long)(value_of(4, INT64_MAX) >> 33), 4,
	    "the latest time leaves the epoch as it is");
	ok(merge(high, late) == value_of(3, 9) &&
	        merge(late, high) == value_of(3, 9) &&
	        merge(late, late) == late,
	    "of two values the higher epoch and the later time are kept");
}

/* A key, this one or a higher one, of which the search begins at this place. */
static uint64_t
key_at(unsigned bits, size_t place, uint64_t key)
{
	while ((size_t)(spread(key) >> (64 - bits)) != place)
		key++;
	return key;
}

static void
test_edges(void)
{
	const uint64_t first = key_at(4, 0, 1), last = key_at(4, 15, 1);
	const size_t slots = 32;
	size_t i, keys = 0, marks = 0;
	const uint64_t alone = key_at(4, 15, last + 1);

	begin();
	memset(shared->session_keys[1], 0xff, sizeof(shared->session_keys[1]));
	memset(
	    shared->session_marks[1], 0xff, sizeof(shared->session_marks[1]));
	ok(revoked_add_session(first, 9) && revoked_add_session(last, 9),
	    "the first and the last place are taken");
	revoked_take_over();
	is_int((long long)revoked_count(), 2,
	    "the first and the last place are counted");
	for (i = 0; i < 7; i++)
		if (!revoked_add_session(id(i), 9))
			abort();
	ok(revoked_session(first) == REVOKED_YES &&
	        revoked_session(last) == REVOKED_YES,
	    "a larger table has what was in the first and the last place");
	for (i = 0; i < slots; i++)
		keys += atomic_load(&shared->session_keys[1][i]) != 0;
	for (i = 0; i < slots * 4; i++)
		marks +=
		    (size_t)(atomic_load(&shared->session_marks[1][i / 64]) >>
		                 i % 64 &
		             1);
	is_int((long long)keys, 9, "of the copy before no key is left");
	ok(marks > 0 && marks <= 9, "of the copy before no mark is left");
	ok(atomic_load(&shared->session_keys[1][slots]) == UINT64_MAX &&
	        atomic_load(&shared->session_marks[1][slots * 4 / 64]) ==
	            UINT64_MAX,
	    "what is behind a table is not written");

	begin();
	memset(shared->session_keys, 0xff, sizeof(shared->session_keys));
	memset(shared->session_marks, 0xff, sizeof(shared->session_marks));
	i = place_of((size_t)(spread(alone) >> 60), 15, 15);
	atomic_store(&shared->session_keys[0][i], alone);
	is_int(revoked_session(alone), REVOKED_YES,
	    "a search of a full table comes to its last place");
}

static void
test_collision(void)
{
	const uint64_t fifth = key_at(4, 5, 2);
	const uint64_t beside = key_at(4, (size_t)(spread(1) >> 60), 2);

	begin();
	ok(revoked_add_session(fifth, 9) &&
	        atomic_load(&shared->session_keys[0][5]) == fifth,
	    "a key is where its search begins");
	ok(revoked_add_session(0, 9) && revoked_add_session(beside, 9) &&
	        revoked_session(beside) == REVOKED_YES &&
	        revoked_session(0) == REVOKED_YES &&
	        revoked_session(1) == REVOKED_YES,
	    "two keys may begin at one place, also with an id of 0");
}

/* The size of the current copy. */
static int
size_of(const struct table *t)
{
	return (int)bits_of(t, atomic_load(&t->head->current));
}

static void
test_growth(void)
{
	int wrong_sizes = 0, wrong_counts = 0;
	uint64_t i;

	begin();
	for (i = 1; i <= REVOKED_SESSIONS_MAX; i++) {
		if (!revoked_add_session(id(i), 0))
			abort();
		wrong_sizes += size_of(&sessions) != (i <= 8       ? 4
		                                         : i <= 16 ? 5
		                                         : i <= 32 ? 6
		                                                   : 7);
		wrong_counts += revoked_count() != i;
	}
	is_int(wrong_sizes, 0, "a table grows when it is more than half full");
	is_int(wrong_counts, 0, "a table that grows knows its entries");
	is_int(missing(1, REVOKED_SESSIONS_MAX + 1), 0,
	    "what a larger table is made of has not ended");
	if (!revoked_add_user(7, 1, 9))
		abort();
	is_int((long long)revoked_count(), REVOKED_SESSIONS_MAX + 1,
	    "sessions and users are counted together");
}

static void
test_shrink(void)
{
	static const struct {
		uint64_t live;
		int bits;
	} cases[] = { { 0, 4 }, { 3, 4 }, { 4, 5 }, { 7, 5 }, { 8, 6 },
		{ 15, 6 }, { 16, 7 }, { 31, 7 }, { 63, 7 } };
	char name[32];
	uint64_t i, word;
	size_t k;

	for (k = 0; k < ARRAY_LEN(cases); k++) {
		snprintf(name, sizeof(name), "%d", (int)cases[k].live);
		begin();
		for (i = 0; i <= cases[k].live; i++)
			if (!revoked_add_session(id(i), i == 0 ? 5 : 6))
				abort();
		word = atomic_load(&sessions.head->current);
		revoked_expire(4);
		ok(atomic_load(&sessions.head->current) == word,
		    tap_with("a table of which nothing ended stays", name));
		revoked_expire(5);
		is_int(size_of(&sessions), cases[k].bits,
		    tap_with("a table is a quarter full at most when its "
		             "first entry has ended",
		        name));
		ok(revoked_count() == cases[k].live &&
		        missing(1, cases[k].live + 1) == 0 &&
		        revoked_session(id(0)) == REVOKED_NO,
		    tap_with("a smaller table has what has not ended", name));
	}
}

/* The key of an empty slot is no session's. */
static void
test_zero(void)
{
	begin();
	if (!revoked_add_session(0, 9) || !revoked_add_session(id(1), 5))
		abort();
	revoked_take_over();
	is_int((long long)revoked_count(), 2,
	    "a session whose id begins with 0 is counted");
	revoked_expire(5);
	is_int(revoked_session(0), REVOKED_YES,
	    "a session whose id begins with 0 is in the next copy");
	is_int((long long)revoked_count(), 1,
	    "a session whose id begins with 0 is one entry");
}

static void
test_rewritten(void)
{
	begin();
	if (!revoked_add_session(id(1), 9) || !revoked_add_user(7, 3, 9))
		abort();
	rewritings = TRIES_OF_A_READER - 1;
	is_int(revoked_session(id(1)), REVOKED_YES,
	    "a session is found at the sixteenth try");
	rewritings = TRIES_OF_A_READER - 1;
	is_int(revoked_user(7, 2), REVOKED_YES,
	    "a user is found at the sixteenth try");
	rewritings = TRIES_OF_A_READER;
	is_int(revoked_session(id(1)), REVOKED_UNKNOWN,
	    "a session is not known after sixteen tries");
	is_int(rewritings, 0, "a session is searched sixteen times");
	rewritings = TRIES_OF_A_READER;
	is_int(revoked_user(7, 2), REVOKED_UNKNOWN,
	    "a user is not known after sixteen tries");
	rewritings = 0;
}

/* --- what is found --- */

static void
test_found(void)
{
	bool added;

	begin();
	is_int(revoked_session(id(1)), REVOKED_NO,
	    "an empty table has no session");
	is_int(revoked_user(1, 0), REVOKED_NO, "an empty table has no user");
	added = revoked_add_session(id(1), 100) &&
	        revoked_add_session(0, 100) && revoked_add_user(7, 3, 100);
	ok(added, "entries are added");
	is_int(
	    revoked_session(id(1)), REVOKED_YES, "an ended session is found");
	is_int(
	    revoked_session(id(2)), REVOKED_NO, "another session is not found");
	is_int(revoked_session(0), REVOKED_YES,
	    "a session whose id begins with 0 is found");
	is_int(revoked_user(7, 2), REVOKED_YES,
	    "a token of a lower epoch than its user's has ended");
	is_int(revoked_user(7, 3), REVOKED_NO,
	    "a token of its user's epoch has not ended");
	is_int(revoked_user(8, 0), REVOKED_NO,
	    "a token of another user has not ended");
	added = revoked_add_user(7, 2, 200) && revoked_add_user(7, 5, 50);
	ok(added, "a user's entries may come in any order");
	is_int(revoked_user(7, 4), REVOKED_YES, "the highest epoch counts");
	revoked_expire(150);
	is_int(revoked_user(7, 4), REVOKED_YES, "the latest time counts");
	revoked_expire(200);
	is_int(revoked_user(7, 4), REVOKED_NO,
	    "an entry goes when its time has come");
	is_int(revoked_session(id(1)), REVOKED_NO,
	    "a session's entry goes when its time has come");
	is_int(
	    (long long)revoked_count(), 0, "after their time no entry is left");
	ok(revoked_add_user(INT64_MAX, INT32_MAX, INT64_MAX),
	    "the highest values are taken");
	is_int(revoked_user(INT64_MAX, INT32_MAX - 1), REVOKED_YES,
	    "the highest epoch is above all others");
	is_int(revoked_user(INT64_MAX, INT32_MAX), REVOKED_NO,
	    "the highest epoch is not above itself");
	added = revoked_add_user(REVOKED_EVERYBODY, 9, 500) &&
	        revoked_add_user(REVOKED_EVERYBODY, 8, 600);
	ok(added, "everybody is added");
	is_int(revoked_everybody(), 9, "everybody's highest epoch is known");
	is_int(revoked_user(8, 8), REVOKED_YES,
	    "with everybody's a token of any user has ended, of a lower epoch");
	is_int(revoked_user(8, 9), REVOKED_NO,
	    "with everybody's a token of that epoch has not ended");
	is_int(revoked_user(INT64_MAX, INT32_MAX - 1), REVOKED_YES,
	    "beside everybody's a user's own counts");
	revoked_take_over();
	revoked_expire(599);
	is_int(
	    revoked_user(8, 8), REVOKED_YES, "everybody's latest time counts");
	revoked_expire(600);
	is_int(revoked_user(8, 0), REVOKED_NO,
	    "everybody's goes when its time has come");
	is_int(revoked_everybody(), 0, "with its entry everybody's epoch goes");
	ok(atomic_load(&shared->everybody) == 0,
	    "everybody's entry is empty when its time has come");
	revoked_expire(INT64_C(1) << 32);
	is_int(revoked_user(INT64_MAX, 0), REVOKED_YES,
	    "the latest time is beyond 2^32");
}

static void
test_limit(void)
{
	uint64_t i;
	int refused = 0;

	begin();
	for (i = 0; i < REVOKED_SESSIONS_MAX; i++)
		refused += !revoked_add_session(id(i), (int64_t)i + 1);
	is_int(refused, 0, "the table grows up to its limit");
	is_int(missing(0, REVOKED_SESSIONS_MAX), 0,
	    "at its limit the table has all of them");
	ok(!revoked_add_session(id(i), 9),
	    "one more than the limit is refused");
	is_int(revoked_session(id(i)), REVOKED_NO,
	    "what was refused is not there");
	ok(revoked_add_session(id(0), 99),
	    "what is there already is taken at the limit, too");
	is_int(missing(0, REVOKED_SESSIONS_MAX), 0,
	    "what is there stays when one is refused");
	revoked_expire(REVOKED_SESSIONS_MAX - 1);
	is_int((long long)revoked_count(), 2, "entries leave by their time");
	is_int(revoked_session(id(0)), REVOKED_YES,
	    "the one with a later time stays");
	is_int(revoked_session(id(1)), REVOKED_NO,
	    "an entry goes whose time has come");
	is_int(bits_of(&sessions, atomic_load(&sessions.head->current)),
	    BITS_MIN, "the table is small again");
	for (i = 1; i <= REVOKED_USERS_MAX; i++)
		refused += !revoked_add_user((int64_t)i, 1, 9);
	is_int(refused, 0, "users have a table of their own");
	ok(!revoked_add_user((int64_t)i, 1, 9),
	    "one user more than the limit is refused");
}

/* Places and marks are shared: all keys of a size, and as many others. */
static void
test_marks(void)
{
	uint64_t i, bit;
	int invented = 0, marked = 0;
	unsigned bits;
	const struct copy *copy;

	begin();
	for (i = 0; i < REVOKED_SESSIONS_MAX; i++) {
		if (!revoked_add_session(id(i), 9))
			abort();
		if (missing(0, i + 1) != 0)
			break;
	}
	is_int((long long)i, REVOKED_SESSIONS_MAX,
	    "each entry is found, whatever shares its place and its mark");
	bits = bits_of(&sessions, atomic_load(&sessions.head->current));
	copy = copy_of(&sessions, atomic_load(&sessions.head->current));
	for (i = 1000; i < 11000; i++) {
		invented += revoked_session(id(i)) != REVOKED_NO;
		marked +=
		    (atomic_load(mark_of(copy, bits, id(i), &bit)) & bit) != 0;
	}
	is_int(invented, 0, "a mark of another key is no entry");
	ok(marked > 500 && marked < 2000,
	    "about one in nine keys has the mark of another");
}

static void
test_next_writer(void)
{
	uint64_t i;

	begin();
	for (i = 0; i < 20; i++)
		if (!revoked_add_session(id(i), 9))
			abort();
	sessions.used = 0;
	revoked_take_over();
	is_int((long long)revoked_count(), 20,
	    "the next writer knows how many there are");
	for (; i < REVOKED_SESSIONS_MAX; i++)
		if (!revoked_add_session(id(i), 9))
			abort();
	is_int(missing(0, REVOKED_SESSIONS_MAX), 0,
	    "the next writer goes on where the last one ended");
}

static void
test_rubbish(void)
{
	uint64_t word;
	int answered = 0;

	begin();
	for (word = 0; word < 256; word++) {
		atomic_store(&sessions.head->current, word);
		answered += revoked_session(id(1)) == REVOKED_NO;
	}
	is_int(answered, 256, "any size that a table may claim is bounded");
	memset(shared->session_keys, 0xff, sizeof(shared->session_keys));
	memset(shared->session_marks, 0xff, sizeof(shared->session_marks));
	is_int(revoked_session(id(1)), REVOKED_NO,
	    "a table without an empty slot is searched once");
}

static void
test_clock(void)
{
	freeze(INT64_C(5999999999));
	is_int(revoked_clock_ms(), 5999, "the clock has milliseconds");
	freeze(INT64_C(7000000000));
	is_int(revoked_clock_ms(), 7000, "the clock has whole seconds");
	sleep_ms(2345);
	ok(slept.tv_sec == 2 && slept.tv_nsec == 345000000,
	    "a sleep has milliseconds");
	freeze(0);
	ok(revoked_clock_ms() > 0, "the clock goes");
}

static void
test_stale(void)
{
	begin();
	freeze(2000 * MS);
	ok(revoked_is_stale(),
	    "before the first word from the database it is stale");
	revoked_heard(2000);
	ok(!revoked_is_stale(), "with word from the database it is not stale");
	freeze(5000 * MS);
	ok(!revoked_is_stale(),
	    "without word for as long as the limit it is not stale");
	freeze(5001 * MS);
	ok(revoked_is_stale(),
	    "without word for longer than the limit it is stale");
	revoked_heard(5001);
	ok(!revoked_is_stale(), "with the next word it is not stale");
	freeze(0);
}

/* What is said of an outage at this time. */
static long long
outage_at(int64_t ms)
{
	freeze(ms * MS);
	return revoked_outage_s();
}

static void
test_outage(void)
{
	begin();
	is_int(outage_at(500), 0, "before the first word there is no outage");
	is_int(outage_at(100000), 0,
	    "however late, before the first word there is no outage");
	revoked_heard(100000);
	is_int(outage_at(100000), 0, "with the first word there is no outage");
	is_int(outage_at(101000), 0, "a silence of a second is no outage");
	is_int(outage_at(101001), 2, "a longer silence is an outage");
	is_int(outage_at(101999), 2, "an outage is told in seconds begun");
	is_int(outage_at(102000), 3, "while it lasts an outage grows");
	is_int(outage_at(100000 + 3599999), 3600,
	    "an outage of nearly an hour is told");
	is_int(outage_at(100000 + 3600000), 3600, "an outage is bounded");
	is_int(outage_at(100000 + 36000000), 3600,
	    "a long outage is told as an hour");
	begin();
	revoked_heard(200000);
	revoked_heard(201000);
	is_int(outage_at(201000), 0, "an answer after a second ends no outage");
	revoked_heard(202001);
	is_int(outage_at(202001), 2, "after an outage its length is known");
	revoked_heard(202500);
	is_int(outage_at(202500), 2,
	    "an outage is known at the next word as well");
	revoked_heard(262001);
	is_int(outage_at(262001), 60, "a second outage is known");
	atomic_store(&shared->silent_ms, 202001);
	is_int(outage_at(262001), 60, "an outage is told for a minute");
	freeze(262002 * MS);
	is_int(revoked_outage_s(), 0, "an outage is forgotten after a minute");
	freeze(0);
}

/* A database that answers is no outage, though there is no room. */
static void
test_no_room(void)
{
	int64_t now = revoked_clock_ms();

	begin();
	revoked_heard(now - 20000);
	revoked_missed(now - 10000, true);
	revoked_missed(now, false);
	is_int(revoked_outage_s(), 11,
	    "an outage begins with the last answer, for which there was room or not");
	ok(revoked_is_stale(), "ends without room leave the memory stale");
	begin();
	revoked_missed(now, false);
	is_int(revoked_outage_s(), 0,
	    "a database that never answered is not away for a known time");
}

/* How often it sleeps that waits for the first word, for 50 ms at most. */
static int
sleeps_of_await(int word, int failure)
{
	begin();
	has_awaited = false;
	freeze(100 * MS);
	word_at = word;
	failure_at = failure;
	revoked_await(50);
	return sleeps;
}

static void
test_await(void)
{
	is_int(sleeps_of_await(0, 0), 50,
	    "waiting for the first word ends when its time is over");
	ok(slept.tv_sec == 0 && slept.tv_nsec == MS,
	    "waiting for the first word looks every millisecond");
	revoked_await(50);
	is_int(sleeps, 50, "a process waits once");
	is_int(sleeps_of_await(3, 0), 3,
	    "waiting for the first word ends with that");
	is_int(sleeps_of_await(0, 4), 4,
	    "waiting for the first word ends when that cannot be had");
	begin();
	has_awaited = false;
	revoked_heard(100);
	freeze(100 * MS);
	revoked_await(50);
	is_int(sleeps, 0, "with the first word nobody waits");
	freeze(0);
}

/* How often the writer gets through revoked_wait() in half a second. */
static int
waits(int64_t least_ms, int64_t most_ms, bool flooded)
{
	int64_t end = revoked_clock_ms() + 500;
	pid_t pid = flooded ? fork() : -1;
	int n = 0, status;

	if (pid == 0)
		for (;;)
			revoked_wake();
	for (; revoked_clock_ms() < end; n++)
		revoked_wait(least_ms, most_ms);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return n;
}

/* The wake-up has descriptor 0, as when standard input is closed. */
static void
test_first_descriptor(void)
{
	int copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	eventfd_t n = 0;

	no_eventfd = true;
	ok(!revoked_open_wake(), "a wake-up that cannot be had is none");
	no_eventfd = false;
	close(STDIN_FILENO);
	ok(revoked_open_wake() && wake_fd == 0,
	    "a wake-up may have the descriptor 0");
	ok(eventfd_begin == 0 && eventfd_flags == (EFD_CLOEXEC | EFD_NONBLOCK),
	    "a wake-up never blocks, and no other program has it");
	revoked_wake();
	ok(eventfd_read(0, &n) == 0 && n == 1,
	    "a wake-up is written to the descriptor 0");
	revoked_close_wake();
	ok(wake_fd == -1 && fcntl(0, F_GETFD) == -1,
	    "the descriptor 0 is closed");
	if (copy >= 0) {
		dup2(copy, STDIN_FILENO);
		close(copy);
	}
}

static void
test_wait(void)
{
	freeze(100 * MS);
	reads = poll_answer = 0;
	revoked_wait(20, 100);
	ok(sleeps == 1 && slept.tv_nsec == 20 * MS,
	    "the writer sleeps for the least time");
	ok(polled.fd == wake_fd && polled.events == POLLIN &&
	        polled_count == 1 && polled_ms == 80,
	    "the writer waits for a wake-up until the longest time");
	is_int(reads, 0, "a wake-up that did not come is not read");
	poll_answer = 1;
	revoked_wait(20, 100);
	is_int(reads, 1, "a wake-up is read");
	freeze(0);
}

static void
test_wake(void)
{
	int64_t start;

	revoked_wake();
	ok(revoked_open_wake(), "a wake-up can be had");
	test_wait();
	ok(waits(20, 100, false) <= 6,
	    "the writer waits while nobody wakes it");
	start = revoked_clock_ms();
	revoked_wake();
	revoked_wake();
	revoked_wait(1, 60000);
	ok(revoked_clock_ms() - start < 30000,
	    "a wake-up before it waits is not lost");
	start = revoked_clock_ms();
	revoked_wait(0, 50);
	ok(revoked_clock_ms() - start >= 45, "two wake-ups are taken as one");
	ok(waits(20, 100, true) <= 26,
	    "however often it is woken, it waits for the least time");
	revoked_close_wake();
	revoked_wake();
	is_int(wake_fd, -1, "a process that ends no sessions cannot wake it");
}

/* --- a writer that is killed --- */

#define LIVE 10 /* entries at any time */

/* What a writer does in a round: one more, the oldest goes. */
static void
write_round(uint64_t round)
{
	if (!revoked_add_session(id(round + LIVE), (int64_t)(round + LIVE)))
		abort();
	revoked_expire((int64_t)round);
}

/*
 * Is what readers find now right in this round? Those are there that have not
 * ended, and none that never was. (One that just ended may be or not.)
 */
static int
wrong(uint64_t round)
{
	uint64_t i;
	int n = missing(round + 1, round + LIVE);

	for (i = 1000; i < 1020; i++)
		n += revoked_session(id(i)) != REVOKED_NO;
	return n;
}

/* As wrong(), of a copy, on which the next writer has worked. */
static int
wrong_after(uint64_t round)
{
	static struct memory *copy;
	int n;

	if (copy == NULL)
		copy = new_memory();
	memcpy(copy, shared, sizeof(*copy));
	tested_section.use(copy);
	revoked_take_over();
	write_round(round);
	n = missing(round + 1, round + LIVE + 1);
	tested_section.use(shared);
	return n;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* A round in a process that is stopped after each instruction. */
static void
step_through(uint64_t round, long *states, int *bad)
{
	static struct memory last;
	pid_t pid = fork();
	int status, stops = 0;

	if (pid < 0)
		abort();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)kill(getpid(), SIGSTOP);
		write_round(round);
		(void)kill(getpid(), SIGSTOP); /* its end takes long */
		_exit(0);
	}
	for (waitpid(pid, &status, 0); WIFSTOPPED(status);
	     waitpid(pid, &status, 0)) {
		if (memcmp((const char *)&last, (const char *)shared,
		        sizeof(last)) != 0) {
			memcpy(&last, shared, sizeof(last));
			++*states;
			*bad += wrong(round) + wrong_after(round);
		}
		stops += WSTOPSIG(status) == SIGSTOP;
		ptrace(stops < 2 ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, NULL,
		    NULL);
	}
	*bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void
test_steps(void)
{
	uint64_t i, round;
	long states = 0;
	int bad = 0;

	begin();
	for (i = 1; i < LIVE; i++)
		if (!revoked_add_session(id(i), (int64_t)i))
			abort();
	for (round = 0; round < 20; round++) {
		revoked_take_over();
		step_through(round, &states, &bad);
	}
	ok(states > 400, "the writer was stopped in many states");
	is_int(bad, 0,
	    "after each instruction of the writer all is found, by readers and the next writer");
}
#endif

/* Readers beside writers that are killed at random moments. */
static void
test_kills(void)
{
	uint64_t i, round;
	int kills, status, bad = 0;
	pid_t pid;

	begin();
	for (i = 1; i < LIVE; i++)
		if (!revoked_add_session(id(i), INT32_MAX))
			abort();
	for (kills = 0; kills < 200; kills++) {
		if ((pid = fork()) == 0) {
			revoked_take_over();
			for (round = 0;; round++) {
				if (!revoked_add_session(
				        id(100 + round), (int64_t)round + 9))
					_exit(1);
				revoked_expire((int64_t)round);
			}
		}
		for (i = 0; i < (uint64_t)(kills % 20 + 1) * 20; i++)
			bad += missing(1, LIVE) != 0;
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		bad += !WIFSIGNALED(status) || missing(1, LIVE) != 0;
		/* what it had added goes, as by its time */
		revoked_take_over();
		revoked_expire(INT32_MAX - 1);
	}
	is_int(bad, 0, "beside writers that are killed nothing is missed");
}

int
main(void)
{
	test_memory();
	shared = new_memory();
	begin();
	test_word();
	test_places();
	test_mark_of();
	test_values();
	test_edges();
	test_collision();
	test_growth();
	test_shrink();
	test_zero();
	test_rewritten();
	test_found();
	test_limit();
	test_marks();
	test_next_writer();
	test_rubbish();
	test_clock();
	test_stale();
	test_outage();
	test_no_room();
	test_await();
	test_first_descriptor();
	test_wake();
	(void)wrong_after;
	(void)wrong;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	test_steps();
#endif
	test_kills();
	return done();
}
