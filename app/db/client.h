/*
 * Table latchkey_client: programs that ask for tokens.
 */
#ifndef LATCHKEY_DB_CLIENT_H
#define LATCHKEY_DB_CLIENT_H

#include "ctx.h"
#include "db/db.h"
#include "model.h"

extern const struct db_sql db_client_sql[];

/* The client of this id. ERR_NOTFOUND: there is none. Errors as db_one(). */
enum err db_client_find(
    struct ctx *c, const char *id, struct client *out) MUST_CHECK;

/* All clients by their ids; until the arena is emptied. Errors as db_run(). */
enum err db_client_list(
    struct ctx *c, const struct client **out, size_t *n) MUST_CHECK;

/*
 * Add a client, enabled. Its id is kept from accounts from now on.
 * ERR_CONFLICT: a client or an account has that id, or an account had it and a
 * token may name it yet. ERR_INVALID: a value breaks a rule of the table.
 */
enum err db_client_insert(struct ctx *c, const struct client *new) MUST_CHECK;

/* Enable or disable a client. ERR_NOTFOUND: there is none of this id. */
enum err db_client_enable(struct ctx *c, const char *id, bool on) MUST_CHECK;

/*
 * Give a client another secret, by its digest. The one before counts for keep_s
 * seconds more; 0: it ends, and one that was before that. ERR_CONFLICT: keep_s
 * is not 0, and one before that counts still, or there is no such client.
 */
enum err db_client_rotate(struct ctx *c, const char *id, const char *secret,
    int64_t keep_s) MUST_CHECK;

/*
 * End a token of a client: a sid without a session. On disk when this returns.
 * Errors as db_run().
 */
enum err db_client_revoke(struct ctx *c, const char *sid) MUST_CHECK;

#endif
