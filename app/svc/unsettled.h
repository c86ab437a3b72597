/*
 * Writes whose outcome nobody could learn: the database, or the worker, went
 * away between the statement and its answer. Each is noted before it is sent,
 * in memory that all login workers of this machine share, and forgotten when
 * the client has its outcome; or else after five minutes, when it counts no
 * more, and the next one that is noted wipes it. The same request again can
 * then get the right answer, though its name is taken by itself, its password
 * the old one, or its account gone.
 */
#ifndef LATCHKEY_SVC_UNSETTLED_H
#define LATCHKEY_SVC_UNSETTLED_H

#include <sys/types.h>

#include "lib/arena.h"
#include "stats/shm.h"

/* Kinds of writes. */
enum unsettled_kind {
	UNSETTLED_SIGNUP,  /* an account of this name, with this hash */
	UNSETTLED_CHANGE,  /* this hash, for an account of this epoch */
	UNSETTLED_RESET,   /* this hash, by the link that username is of */
	UNSETTLED_DELETION /* an account that is this one */
};

struct unsettled {
	enum unsettled_kind kind;
	int64_t user_id;      /* 0: of a sign-up */
	int32_t epoch;        /* of the account before; 0: of a sign-up */
	const char *username; /* NULL: of a change; of a reset its link's */
	const char *fullname; /* of a deletion, or NULL; of a reset the name */
	const char *hash;
};

struct unsettled_entry;

/* The section of shared memory; processes that share nothing have their own. */
extern const struct shm_section unsettled_section;

/*
 * Note a write that is about to be sent. NULL: it is not noted, since a text is
 * over 1023 bytes, or too many are unsettled.
 */
struct unsettled_entry *unsettled_begin(
    const struct unsettled *write) MUST_CHECK;

/*
 * It has ended with e. Unless that is ERR_BUSY it is not found any more, and
 * forgotten: at once, or, of ERR_OK, at the reset of arena a, which is after
 * the reply to the request. entry may be NULL.
 */
void unsettled_end(struct arena *a, struct unsettled_entry *entry, enum err e);

/*
 * It was ERR_BUSY and not done: refused, or never sent. Kept, those of a full
 * disk would soon leave no entry for one that is unsettled. entry may be NULL.
 */
void unsettled_drop(struct unsettled_entry *entry);

/*
 * For the supervisor: this worker has died, and with it the answers that it was
 * about to give; their writes are unsettled again.
 */
void unsettled_worker_died(pid_t pid);

/*
 * Is a write like this one unsettled? Of *like, a NULL and the user_id 0 fit
 * everything; kind and epoch have to be the same. *out, in arena a, is that
 * write; NULL: it is not needed.
 */
bool unsettled_find(struct arena *a, const struct unsettled *like,
    struct unsettled *out) MUST_CHECK;

#endif
