/*
 * Model shared by tables and services: an account, and a session of it.
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
};

#define SESSIONS_OF_USER 100 /* beyond these the oldest ends */
#define SESSION_ID_CHARS 32  /* hexadecimal digits of 128 random bits */

/* A login that has not ended. */
struct session {
	const char *id; /* of SESSION_ID_CHARS */
	int64_t user_id;
	int32_t epoch;       /* of the account when it began */
	int64_t expires_s;   /* since 1970 */
	const char *address; /* of the client; NULL: not known */
	const char *agent;   /* User-Agent, cut; NULL: none */
	bool renewable;      /* it has a refresh token */
	/* of one that was read: UTC, as RFC 3339 has it */
	const char *created_at, *used_at, *expires_at;
};

#endif
