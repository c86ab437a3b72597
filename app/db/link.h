/*
 * Table latchkey_link: links to sign up or to set a password.
 */
#ifndef LATCHKEY_DB_LINK_H
#define LATCHKEY_DB_LINK_H

#include "crypto/mac.h"
#include "ctx.h"
#include "db/db.h"
#include "model.h"

extern const struct db_sql db_link_sql[];

/* A link by the hash of its token. */
struct link_key {
	const char *kind; /* "invite", "reset" */
	unsigned char hash[MAC_BYTES];
};

/*
 * Add a link that works for so many hours; u: the account whose password it
 * sets, of which an older one ends, or NULL. Errors as db_run().
 */
enum err db_link_insert(struct ctx *c, const struct link_key *key,
    const struct user *u, int64_t hours) MUST_CHECK;

/*
 * The account of a link that works (of an invitation *out is empty), with what
 * db_user_by_name() reads. ERR_NOTFOUND: it does not, or its account is
 * gone, inactive, or of another epoch.
 */
enum err db_link_find(
    struct ctx *c, const struct link_key *key, struct user *out) MUST_CHECK;

/* Use up a link. ERR_NOTFOUND: it does not work any more. */
enum err db_link_spend(struct ctx *c, const struct link_key *key) MUST_CHECK;

#endif
