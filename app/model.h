/*
 * Model shared by tables and services: an account, a session of it, and a
 * client.
 */
#ifndef LATCHKEY_MODEL_H
#define LATCHKEY_MODEL_H

#include "base.h"

struct user {
	int64_t id;
	const char *username;
	const char *fullname;      /* NULL: none */
	const char *password_hash; /* NULL: cannot log in */
	bool is_active;            /* false for SQL's NULL too */
	int32_t epoch;             /* of its tokens */
	const char *scope;         /* its scopes (lib/scope.h); NULL: none */
};

#define SESSIONS_OF_USER 100 /* beyond these the first to end, ends */
#define SESSION_ID_CHARS 32  /* hexadecimal digits of 128 random bits */

/* A login that has not ended. */
struct session {
	const char *id; /* of SESSION_ID_CHARS */
	int64_t user_id;
	int32_t epoch;       /* of the account when it began */
	int32_t client;      /* number of its client; 0: the built-in one */
	int64_t expires_s;   /* since 1970 */
	const char *address; /* of the client; NULL: not known */
	const char *agent;   /* User-Agent, cut; NULL: none */
	bool renewable;      /* it has a refresh token */
	const char *scope;   /* that its tokens have; NULL: none */
	/* of one that was read: its client's id, and UTC, as RFC 3339 has it */
	const char *client_id;
	const char *created_at, *used_at, *expires_at;
};

/* A program that asks for tokens, by a secret. */
struct client {
	int32_t number;         /* as sessions have it; 0: the built-in one */
	const char *id;         /* client_id of RFC 6749 */
	const char *name;       /* for people; NULL: none */
	const char *secret;     /* its SHA-256, in hexadecimal; NULL: public */
	const char *old_secret; /* the same of the one before; NULL: ended */
	const char *grants;     /* a blank between two, as scopes have */
	const char *scopes;
	const char *audience; /* of its tokens; NULL: that of the settings */
	int32_t epoch;        /* of its tokens: everybody's */
	bool is_enabled;
	/* UTC, as RFC 3339 has it; of the secret before, NULL: ended */
	const char *created_at, *old_until;
};

/* How large the tables of sessions and of what has ended are. */
struct session_size {
	int64_t session_bytes, revoked_bytes; /* on disk, with indexes */
	int64_t users;                        /* of very many about so many */
	int64_t life_s; /* for so long an entry of what has ended counts */
};

#endif
