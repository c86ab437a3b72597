/*
 * Table latchkey_revoked: what has ended before its time.
 */
#ifndef LATCHKEY_DB_REVOKED_H
#define LATCHKEY_DB_REVOKED_H

#include "ctx.h"
#include "db/db.h"

extern const struct db_sql db_revoked_sql[];

#define DB_REVOKED_ALL "1:1:" /* a snapshot that could see nothing */

/* The result of db_revoked_poll(); texts live as long as the arena. */
struct db_revoked_news {
	const char *snapshot; /* for the next one */
	const char *session;  /* of the server: another one after a reconnect */
	int64_t now_s;        /* by the database's clock, since 1970 */
	struct db_rows rows;  /* for db_revoked_entry() */
};

/* One entry. */
struct db_revoked_entry {
	bool is_session;
	uint64_t sid;    /* the first 64 bits of a session's id; or */
	int64_t user_id; /* a user, 0: everybody, and */
	int32_t epoch;   /* from which tokens count again */
	int64_t until_s; /* since 1970 */
};

/*
 * Read the entries that this snapshot could not see: each once, however long
 * the transaction took that wrote it. Errors as db_run().
 */
enum err db_revoked_poll(struct ctx *c, const char *snapshot,
    struct db_revoked_news *out) MUST_CHECK;

/* Entry number i, beginning with 0. False: there are no more. */
bool db_revoked_entry(const struct db_revoked_news *news, int i,
    struct db_revoked_entry *out) MUST_CHECK;

/* Work that one instance does at a time. */
enum db_turn {
	DB_TURN_REMOVE, /* of what is past its time, once a minute */
	DB_TURN_WALK    /* through the sessions, once an hour */
};

/* Is it this instance's turn? It is no other's then. Errors as db_run(). */
enum err db_revoked_turn(
    struct ctx *c, enum db_turn turn, bool *out) MUST_CHECK;

/*
 * Remove some entries whose time passed an hour ago. *more: there are more.
 * Errors as db_run().
 */
enum err db_revoked_remove(struct ctx *c, bool *more) MUST_CHECK;

/*
 * Do the database's transactions have numbers in one order, so that a snapshot
 * shows what is new? Not in those that are spread over several servers: with
 * the extension citus, and YugabyteDB, whose version() says so. There each poll
 * has to read everything. Errors as db_run().
 */
enum err db_revoked_is_ordered(struct ctx *c, bool *out) MUST_CHECK;

/*
 * Note on which server the database is: its system identifier and timeline,
 * such as "7301234567890123456/00000001". *last: the one before it, if it was
 * another; NULL: it is the same, or the first. Of several instances one gets
 * it. Errors as db_run().
 */
enum err db_revoked_note_server(
    struct ctx *c, const char **last, const char **now) MUST_CHECK;

/*
 * End the tokens and sessions of everybody, and clients' own tokens: the lowest
 * epoch rises beyond all that there are. One statement, whose work does not
 * depend on the number of accounts (but one look at each row of
 * latchkey_account), and which nobody waits for. Errors as db_run().
 */
enum err db_revoked_end_all(struct ctx *c) MUST_CHECK;

#endif
