/*
 * Writes whose outcome nobody could learn.
 *
 * No lock is taken, since a worker may be killed at any time: an entry belongs
 * to the process that has moved its time on, and one that is being written has
 * an odd version, which readers pass over.
 */
#include "base.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "svc/unsettled.h"

#define ENTRIES 128
#define KEPT_MS (INT64_C(5) * 60 * 1000)
#define TEXT_BYTES 1024

struct values {
	enum unsettled_kind kind;
	bool has_username, has_fullname;
	int64_t user_id;
	int32_t epoch;
	char username[TEXT_BYTES], fullname[TEXT_BYTES], hash[TEXT_BYTES];
};

struct unsettled_entry {
	_Atomic int64_t until_ms; /* of clock_ms(); it is free from then on */
	_Atomic uint32_t version;
	_Atomic int32_t answering; /* the process that knows; 0: none does */
	struct values values;
};

static struct unsettled_entry own[ENTRIES];
static struct unsettled_entry *entries = own;

static void
use_memory(void *shared)
{
	entries = shared;
}

const struct shm_section unsettled_section = {
	.name = "unsettled",
	.bytes = sizeof(own),
	.use = use_memory,
};

/* A time further ahead than our longest was written by somebody else. */
static bool
is_free(int64_t until_ms, int64_t now_ms)
{
	return until_ms <= now_ms || until_ms > now_ms + KEPT_MS;
}

/* For the process that an entry belongs to. */
static void
wipe(struct unsettled_entry *e)
{
	atomic_store(&e->version, atomic_load(&e->version) | 1);
	atomic_thread_fence(memory_order_seq_cst);
	/* NOLINTNEXTLINE(clang-analyzer-*): there is one */
	explicit_bzero(&e->values, sizeof(e->values));
	atomic_store(&e->answering, 0);
	atomic_fetch_add(&e->version, 1);
}

/*
 * A free entry, which is this process's now; NULL: there is none. All those
 * whose time has passed are wiped, and have the time 0 from then on.
 */
static struct unsettled_entry *
claim(void)
{
	int64_t now_ms = clock_ms(), until_ms;
	struct unsettled_entry *e, *claimed = NULL;

	for (e = entries; e < entries + ENTRIES; e++) {
		until_ms = atomic_load(&e->until_ms);
		if (!is_free(until_ms, now_ms) ||
		    (until_ms == 0 && claimed != NULL) ||
		    !atomic_compare_exchange_strong(
		        &e->until_ms, &until_ms, now_ms + KEPT_MS))
			continue;
		if (until_ms != 0)
			wipe(e);
		if (claimed == NULL)
			claimed = e;
		else
			atomic_store(&e->until_ms, 0);
	}
	return claimed;
}

static bool
fits(const char *text)
{
	return text == NULL || strlen(text) < TEXT_BYTES;
}

static void
put(char out[TEXT_BYTES], const char *text)
{
	snprintf(out, TEXT_BYTES, "%s", text != NULL ? text : "");
}

struct unsettled_entry *
unsettled_begin(const struct unsettled *w)
{
	struct unsettled_entry *e;

	if (!fits(w->username) || !fits(w->fullname) || !fits(w->hash) ||
	    (e = claim()) == NULL)
		return NULL;
	atomic_store(&e->version, atomic_load(&e->version) | 1);
	atomic_thread_fence(memory_order_seq_cst);
	e->values.kind = w->kind;
	e->values.user_id = w->user_id;
	e->values.epoch = w->epoch;
	e->values.has_username = w->username != NULL;
	e->values.has_fullname = w->fullname != NULL;
	put(e->values.username, w->username);
	put(e->values.fullname, w->fullname);
	put(e->values.hash, w->hash);
	atomic_fetch_add(&e->version, 1);
	return e;
}

static void
forget(void *of)
{
	struct unsettled_entry *entry = of;

	wipe(entry);
	atomic_store(&entry->until_ms, 0);
}

void
unsettled_end(struct arena *a, struct unsettled_entry *entry, enum err e)
{
	if (entry == NULL || e == ERR_BUSY)
		return;
	if (e != ERR_OK) {
		forget(entry);
		return;
	}
	/* before the answer: the same request may come right after it */
	atomic_store(&entry->answering, (int32_t)getpid());
	arena_defer(a, forget, entry);
}

void
unsettled_drop(struct unsettled_entry *entry)
{
	if (entry != NULL)
		forget(entry);
}

void
unsettled_worker_died(pid_t pid)
{
	struct unsettled_entry *e;

	for (e = entries; e < entries + ENTRIES; e++) {
		int32_t dead = (int32_t)pid;

		atomic_compare_exchange_strong(&e->answering, &dead, 0);
	}
}

/* A copy of an entry. False: it is free, being written, or answered. */
static bool
copy(const struct unsettled_entry *e, struct values *out)
{
	uint32_t version = atomic_load(&e->version);

	if (is_free(atomic_load(&e->until_ms), clock_ms()) ||
	    version % 2 != 0 || atomic_load(&e->answering) != 0)
		return false;
	*out = e->values;
	atomic_thread_fence(memory_order_seq_cst);
	out->username[TEXT_BYTES - 1] = '\0';
	out->fullname[TEXT_BYTES - 1] = '\0';
	out->hash[TEXT_BYTES - 1] = '\0';
	return atomic_load(&e->version) == version;
}

static bool
is_like(const struct values *v, const struct unsettled *like)
{
	return v->kind == like->kind && v->epoch == like->epoch &&
	       (like->user_id == 0 || v->user_id == like->user_id) &&
	       (like->username == NULL ||
	           strcmp(v->username, like->username) == 0) &&
	       (like->hash == NULL || strcmp(v->hash, like->hash) == 0);
}

static const char *
text_of(struct arena *a, const char *text)
{
	return arena_strndup(a, text, strlen(text));
}

static void
give(struct arena *a, const struct values *v, struct unsettled *out)
{
	*out = (struct unsettled){
		.kind = v->kind,
		.user_id = v->user_id,
		.epoch = v->epoch,
		.username = v->has_username ? text_of(a, v->username) : NULL,
		.fullname = v->has_fullname ? text_of(a, v->fullname) : NULL,
		.hash = text_of(a, v->hash),
	};
}

bool
unsettled_find(
    struct arena *a, const struct unsettled *like, struct unsettled *out)
{
	const struct unsettled_entry *e;
	struct values v;
	bool found = false;

	for (e = entries; e < entries + ENTRIES && !found; e++) {
		found = copy(e, &v) && is_like(&v, like);
		if (found && out != NULL)
			give(a, &v, out);
	}
	explicit_bzero(&v, sizeof(v));
	return found;
}
