/*
 * Settings: latchkey.conf, its table of keys, and the environment.
 */
#ifndef LATCHKEY_CONF_H
#define LATCHKEY_CONF_H

#include "role.h"

#define CONF_AUTO 0 /* the value "auto" of a number */
#define CONF_WORKERS_MAX 64

/* The sign-ups that are accepted. */
enum conf_signup { SIGNUP_OPEN, SIGNUP_INVITE, SIGNUP_CLOSED };

struct conf {
	const char *file;            /* where it was read; the caller's */
	char *database;              /* libpq connection string, no password */
	char *key_file;              /* the key that signs tokens */
	char *key_dir;               /* of key pairs; "": none */
	char *secret_file;           /* keys cookies and counts; "": key_file */
	char *listen[ROLE_COUNT];    /* of a lane: a Unix socket's path, or
	                              * ADDRESS:PORT */
	int64_t workers[ROLE_COUNT]; /* processes, or CONF_AUTO */
	int64_t login_backlog; /* connections that may wait, or CONF_AUTO */
	int64_t login_wait_ms; /* a login that waited longer is refused */
	int64_t drain_ms; /* of silence, after which a draining worker exits */
	int64_t signup;   /* enum conf_signup */
	char *site_url;   /* where links of the operator's lead; no slash at
	                   * the end */
	char *product_name;     /* on the pages */
	char *pages_dir;        /* own style, logo, sentences; "": none */
	char *greeting;         /* the answer of GET / */
	char *cors_origins;     /* origins whose pages may ask, and read */
	int64_t jwks_max_age_s; /* published keys may be kept as long */
	int64_t access_token_minutes;
	char *token_issuer; /* that tokens name; "": none */
	char *token_audience;
	int64_t token_leeway_s;
	int64_t plain_until_s; /* plain tokens (crypto/token.h) count before
	                        * this time; 0: never, INT64_MAX: always */
	int64_t session_days;  /* of a renewed session, at most */
	int64_t session_idle_minutes; /* without renewal, after which it ends */
	int64_t
	    session_proof_minutes; /* a cookie counts without the database */
	int64_t refresh_grace_s;   /* a spent refresh token is answered again */
	bool refresh_tokens_asked; /* or /token gives one to everybody */
	bool revocation_stale_accepted; /* tokens count while it cannot be
	                                 * known whether they have ended */
	int64_t hash_cost;              /* yescrypt's, 1 to 11 */
	bool hash_upgrade;              /* re-make weaker hashes at login */
	bool hash_memory_kept;
	int64_t hash_memory_max_mib; /* maximum of a hash */
	bool weak_hashes; /* verify formats that are quick to guess */
	int64_t username_min_chars;
	int64_t username_max_chars;
	char *username_pattern; /* of a whole name (lib/pattern.h); "": any */
	int64_t fullname_max_chars;
	int64_t password_min_chars;
	char *password_blocklist; /* common passwords; "": none is refused */
	int64_t login_failures_per_name; /* these five: in an hour */
	int64_t login_failures_per_address;
	int64_t login_failures_per_client; /* an address or device, at a name */
	int64_t login_failures_per_service; /* 0: no limit */
	int64_t signups_per_address;
	int64_t db_timeout_ms; /* limit of a statement */
	bool confine;          /* workers, to what their role needs */
	char *status_file;     /* the memory that workers count in */
};

/*
 * Read file (NULL: the built-in defaults alone), then LATCHKEY_<KEY> of the
 * environment, into *out. On a mistake says on standard error what is wrong,
 * with file and line, and returns false. The texts of *out live until
 * conf_free().
 */
bool conf_load(const char *file, struct conf *out) MUST_CHECK;

/* Release what conf_load() allocated. */
void conf_free(struct conf *c);

/*
 * Write the table of keys to standard output, a line each:
 * key, type, default, minimum, maximum, unit; separated by tabs.
 */
void conf_print_keys(void);

#endif
