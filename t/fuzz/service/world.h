/*
 * Fake world around the service in t/fuzz/service.c: database, hashes, time and
 * random bytes. All start again with each input, so an input always has the
 * same effect.
 */
#ifndef LATCHKEY_FUZZ_WORLD_H
#define LATCHKEY_FUZZ_WORLD_H

#include "fuzz.h"

#define WORLD_BEGINS_S INT64_C(1790000000)
#define WORLD_GUESSES_MAX \
	3 /* wrong ones at once, of unknown clients or devices */

/* How the database takes the statements that come. */
enum mood {
	MOOD_GOOD,
	MOOD_AWAY,   /* it does not answer */
	MOOD_LOST,   /* it does what it is told, but its answer is lost */
	MOOD_BROKEN, /* it fails by our mistake */
	MOOD_REFUSES /* a rule of the operator's forbids what is written */
};

struct account {
	int64_t id;
	const char *username, *fullname, *hash;
	const char *password; /* that hash was made of; NULL: of none */
	bool active;
	int epoch;
	int guesses; /* wrong ones that were looked at, since time last went on
	              */
};

/* What happened during a request. */
struct happened {
	bool broken;            /* a statement met MOOD_BROKEN */
	struct account *asked;  /* the account that was last looked for */
	struct account before;  /* one that got a new hash: as it was */
	int hashes;             /* that were made */
	const char *hashed[16]; /* the passwords that they were made of */
	char made[16][128];     /* and the hashes */
};

extern struct happened world_happened;

/* Everything is as it was. */
void world_begin(void);

/* Another request: nothing has happened yet. */
void world_request(void);

void world_mood(enum mood mood);

/* Time goes on. It stands still else. */
void world_wait(int64_t s);

int64_t world_now_s(void);

/* The account of this name, or NULL. */
struct account *world_account(const char *username);

/* Was a hash made of this password? Of bcrypt's the first 72 bytes count. */
bool world_has_hashed(const struct account *account);

#endif
