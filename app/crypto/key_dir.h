/*
 * Directory of key pairs: a file for each, and one that says since when each
 * signs. All changes of it are one rename(2), so that a process that is killed
 * leaves the state before or after; instances that have copies of it, and
 * clocks that agree, agree on the key that signs.
 */
#ifndef LATCHKEY_CRYPTO_KEY_DIR_H
#define LATCHKEY_CRYPTO_KEY_DIR_H

#include "crypto/key.h"

#define KEY_DIR_MAX (KEYRING_MAX - 1) /* key_file's has its place, too */

struct key_entry {
	char kid[JWS_THUMBPRINT_BYTES];
	enum jws_alg alg;
	int64_t made_s;
	int64_t from_s;  /* KEY_NEVER: it is next, until it is activated */
	int64_t until_s; /* KEY_NEVER: no other has been activated after it */
};

struct key_dir {
	const char *path;
	int fd; /* locked; -1: it is only read */
	size_t count;
	struct key_entry entries[KEY_DIR_MAX];
};

/*
 * Add the pairs of the directory to a keyring. False, with a line on standard
 * error that says what to do: a file is missing, not safe (crypto/secret.h) or
 * not what it should be. A directory without a list has no keys.
 */
bool key_dir_load(const char *path, struct keyring *ring) MUST_CHECK;

/*
 * Open the directory to change it: nobody else does until key_dir_close().
 * False, with a line on standard error: it cannot be.
 */
bool key_dir_open(const char *path, struct key_dir *out) MUST_CHECK;

/* Close it. One that was not opened has a descriptor of -1. */
void key_dir_close(struct key_dir *dir);

/*
 * Make a pair and add it, as next, or, where from_s is given, to sign from then
 * on. The file gets owner and group of the directory; the group can read it if
 * it can read the directory. *out is the entry. False, with a line on standard
 * error: there is no room, or a file cannot be written.
 */
bool key_dir_add(struct key_dir *dir, enum jws_alg alg, int64_t now_s,
    int64_t from_s, const struct key_entry **out) MUST_CHECK;

/* The entry of a kid; NULL: there is none. */
struct key_entry *key_dir_find(struct key_dir *dir, const char *kid);

/* Write the list of entries as they are now. False: as key_dir_add(). */
bool key_dir_save(struct key_dir *dir) MUST_CHECK;

/*
 * Take an entry off the list, write that, and remove its file. False: as
 * key_dir_add(), and nothing is removed.
 */
bool key_dir_remove(
    struct key_dir *dir, const struct key_entry *entry) MUST_CHECK;

#endif
