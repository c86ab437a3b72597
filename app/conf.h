/*
 * The configuration: latchkey.conf, its table of keys, and the environment.
 */
#ifndef LATCHKEY_CONF_H
#define LATCHKEY_CONF_H

#include "base.h"

struct conf {
	char *database; /* libpq connection string, no password */
	char *key_file; /* the key that signs tokens */
	char *listen;   /* path of the worker's Unix socket */
	char *greeting; /* what GET / says */
	int64_t access_token_minutes;
	int64_t token_leeway_s;
	int64_t hash_cost; /* yescrypt's, 1 to 11 */
	bool hash_upgrade; /* re-make weaker hashes at login */
	bool hash_memory_kept;
	int64_t hash_memory_max_mib; /* what a hash may take at most */
	int64_t username_max_chars;
	int64_t fullname_max_chars;
	int64_t password_min_chars;
	int64_t db_timeout_ms; /* what one statement may take */
};

/*
 * Read file (NULL: the built-in defaults alone), then LATCHKEY_<KEY> of the
 * environment, into *out. On a mistake says on standard error what is wrong,
 * with file and line, and returns false. What *out holds lives until
 * conf_free().
 */
bool conf_load(const char *file, struct conf *out) MUST_CHECK;

/* Release what conf_load() allocated. */
void conf_free(struct conf *c);

/*
 * Write the table of keys to standard output, a line each:
 * key, type, default, smallest, largest, unit; parted by tabs.
 */
void conf_print_keys(void);

#endif
