/*
 * crypto/revoked.c: what is found, also while it is written, and after its
 * writer was killed at any instruction. With small tables, so that they grow,
 * fill and are rewritten soon.
 */
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
#include "crypto/revoked.c" /* NOLINT(bugprone-suspicious-include) */

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct memory *shared;

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
	revoked_expire(INT64_C(1) << 32);
	is_int(revoked_user(INT64_MAX, 0), REVOKED_YES,
	    "the latest time is beyond 2^32");
}

static int
missing(uint64_t from, uint64_t to)
{
	int n = 0;

	for (; from < to; from++)
		n += revoked_session(id(from)) != REVOKED_YES;
	return n;
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
test_stale(void)
{
	begin();
	ok(revoked_is_stale(),
	    "before the first word from the database it is stale");
	revoked_heard(revoked_clock_ms());
	ok(!revoked_is_stale(), "with word from the database it is not stale");
	revoked_heard(revoked_clock_ms() - REVOKED_STALE_MS);
	ok(!revoked_is_stale(),
	    "without word for as long as the limit it is not stale");
	revoked_heard(revoked_clock_ms() - REVOKED_STALE_MS - 100);
	ok(revoked_is_stale(),
	    "without word for longer than the limit it is stale");
}

static void
test_outage(void)
{
	int64_t now;

	begin();
	is_int(
	    revoked_outage_s(), 0, "before the first word there is no outage");
	now = revoked_clock_ms();
	revoked_heard(now - 20000);
	is_int(revoked_outage_s() >= 20, 1,
	    "while it lasts an outage is as long as it is");
	revoked_heard(now);
	is_int(revoked_outage_s(), 21, "after an outage its length is known");
	revoked_heard(now + 1);
	is_int(revoked_outage_s(), 21,
	    "an outage is known at the next word as well");
	atomic_store(&shared->silent_ms, now - MINUTE_MS - 100);
	is_int(revoked_outage_s(), 0, "an outage is forgotten after a minute");
	atomic_store(&shared->answered_ms, now - INT64_C(5) * OUTAGE_MAX_MS);
	is_int(
	    revoked_outage_s(), OUTAGE_MAX_MS / 1000, "an outage is bounded");
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
	ok(revoked_is_stale(), "what there was no room for leaves it stale");
	begin();
	revoked_missed(now, false);
	is_int(revoked_outage_s(), 0,
	    "a database that never answered is not away for a known time");
}

/* Milliseconds for which it waits, where it may do so for a minute. */
static int64_t
awaited_ms(void)
{
	int64_t start = revoked_clock_ms();

	revoked_await(60000);
	return revoked_clock_ms() - start;
}

static void
test_await(void)
{
	int64_t start = revoked_clock_ms();

	begin();
	revoked_await(50);
	ok(revoked_clock_ms() - start >= 50,
	    "waiting for the first word ends when its time is over");
	ok(awaited_ms() < 30000, "a process waits once");
	has_awaited = false;
	revoked_missed(start, false);
	ok(awaited_ms() < 30000,
	    "waiting for the first word ends when that cannot be had");
	begin();
	has_awaited = false;
	revoked_heard(start);
	ok(awaited_ms() < 30000, "with the first word nobody waits");
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

static void
test_wake(void)
{
	int64_t start;

	revoked_wake();
	ok(revoked_open_wake(), "a wake-up can be had");
	ok(waits(20, 100, false) <= 6, "nobody wakes the writer: it waits");
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
	shared = new_memory();
	test_found();
	test_limit();
	test_marks();
	test_next_writer();
	test_rubbish();
	test_stale();
	test_outage();
	test_no_room();
	test_await();
	test_wake();
	(void)wrong_after;
	(void)wrong;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	test_steps();
#endif
	test_kills();
	return done();
}
