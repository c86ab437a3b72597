/*
 * Model shared by tables and services: an account.
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

#endif
