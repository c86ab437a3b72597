/*
 * Tables users and latchkey_account: the FastAPI application's accounts, read
 * and written as it does, and Latchkey's own data on them.
 */
#ifndef LATCHKEY_DB_USER_H
#define LATCHKEY_DB_USER_H

#include "ctx.h"
#include "db/db.h"
#include "model.h"

extern const struct db_sql db_user_sql[];

/*
 * The user of this name, compared byte by byte, with 16,384 characters of the
 * full name at most. ERR_NOTFOUND: none. ERR_BUSY, ERR_INTERNAL: as db_run().
 */
enum err db_user_by_name(
    struct ctx *c, const char *username, struct user *out) MUST_CHECK;

/*
 * The same, of an account that has this session, which may have expired just
 * now; NULL: of any. ERR_NOTFOUND: also where the session has ended.
 */
enum err db_user_of_session(struct ctx *c, const char *username,
    const char *session, struct user *out) MUST_CHECK;

/*
 * The user of this name for a login, without the full name, which is NULL.
 * *decoy_hash: the hash of another account, the first with what may be one from
 * the number decoy on; NULL: none is near. It is looked up
 * whether or not the user exists, and takes the same time. out->epoch is that
 * of the moment in which out->password_hash was read. ERR_NOTFOUND: there is no
 * such user, and all else of *out is empty.
 */
enum err db_user_at_login(struct ctx *c, const char *username, int64_t decoy,
    struct user *out, const char **decoy_hash) MUST_CHECK;

#define DB_USER_HASHES 100

/*
 * Possible hashes of the next hundred accounts from this number on, *n into the
 * DB_USER_HASHES places at out.
 */
enum err db_user_hashes(
    struct ctx *c, int64_t from, const char **out, size_t *n) MUST_CHECK;

/* The part of an account that is needed to count it by its hash. */
struct user_hash {
	int64_t id;
	bool is_active;
	const char *hash; /* cut at 1024 characters; NULL: it has none */
};

/*
 * The next accounts behind this number, in the order of their numbers, limit of
 * them at most: *n at *out.
 */
enum err db_user_hashes_after(struct ctx *c, int64_t after, int64_t limit,
    struct user_hash **out, size_t *n) MUST_CHECK;

/*
 * The lowest number of an account, and how many numbers there are from it to
 * the highest; 0 and 0: there is no account.
 */
enum err db_user_range(
    struct ctx *c, int64_t *first, int64_t *count) MUST_CHECK;

/*
 * Insert an active user. fullname may be NULL. u's id is set, and both names as
 * stored, since a trigger may have changed them. ERR_CONFLICT: the name is
 * taken. ERR_BUSY: it may or may not have been inserted.
 */
enum err db_user_insert(struct ctx *c, struct user *u) MUST_CHECK;

/*
 * Replace u's hash. ERR_CONFLICT: the stored hash has changed since u was read;
 * it stays.
 */
enum err db_user_replace_hash(
    struct ctx *c, const struct user *u, const char *hash) MUST_CHECK;

enum password_reason { PASSWORD_BY_OWNER, PASSWORD_BY_OPERATOR };

/*
 * Set u's password hash, record time and actor, and raise the epoch, all or
 * nothing. The session of this id (NULL: none) goes on if it counts: it gets
 * the new epoch, and its refresh token is spent. The owner replaces the hash
 * that was read: ERR_CONFLICT if the stored one has changed since. The operator
 * replaces any: ERR_NOTFOUND if the account is gone. ERR_BUSY: it may or may
 * not have happened.
 */
enum err db_user_change_password(struct ctx *c, const struct user *u,
    const char *hash, enum password_reason reason,
    const char *session) MUST_CHECK;

/*
 * The time of the account's last change of the password, such as
 * "2026-11-26T04:30:00Z", and its actor, "owner" or "operator". ERR_NOTFOUND:
 * never.
 */
enum err db_user_last_change(struct ctx *c, int64_t id, const char **when,
    const char **reason) MUST_CHECK;

/* Set the full name, or none (NULL). ERR_NOTFOUND: no such account. */
enum err db_user_set_fullname(
    struct ctx *c, int64_t id, const char *fullname) MUST_CHECK;

/*
 * Enable or disable an account; disabling raises its epoch in the same
 * statement. ERR_NOTFOUND: there is no such account.
 */
enum err db_user_set_active(struct ctx *c, int64_t id, bool active) MUST_CHECK;

/*
 * Raise the epoch of an account, which ends so many sessions. ERR_NOTFOUND:
 * there is no such account.
 */
enum err db_user_logout(struct ctx *c, int64_t id, int64_t *ended) MUST_CHECK;

/*
 * Set the scopes of an account (NULL: none), and raise its epoch: tokens with
 * others end. ERR_NOTFOUND: there is no such account.
 */
enum err db_user_set_scope(
    struct ctx *c, int64_t id, const char *scope) MUST_CHECK;

/*
 * Keep the present name of an account from all others for keep_s seconds, once
 * it has no longer got it. It is a statement before the one that takes the name
 * away: a sign-up that begins in between is refused already.
 * ERR_NOTFOUND: there is no such account.
 */
enum err db_user_keep_name(
    struct ctx *c, int64_t id, int64_t keep_s) MUST_CHECK;

/*
 * Until when a name is kept, such as "2026-11-26T04:30:00Z". ERR_NOTFOUND: it
 * is not.
 */
enum err db_user_name_free_at(
    struct ctx *c, const char *username, const char **when) MUST_CHECK;

/*
 * Delete an account and end its tokens, if its hash is still this one; NULL:
 * whatever it is. ERR_NOTFOUND: there is no such account, or not with this
 * hash. ERR_CONFLICT: rows of *tables ("todos, notes") refer to it, and nothing
 * was changed. ERR_BUSY: it may or may not be done.
 */
enum err db_user_delete(struct ctx *c, int64_t id, const char *hash,
    const char **tables) MUST_CHECK;

/*
 * Give an account another name and end its tokens. ERR_NOTFOUND: there is no
 * such account. ERR_CONFLICT: the name is taken, or kept from another account.
 */
enum err db_user_rename(
    struct ctx *c, int64_t id, const char *username) MUST_CHECK;

/* A page of accounts. */
struct db_user_page {
	int64_t after;    /* numbers greater than this */
	const char *part; /* of name or full name, in any case; "": all */
	size_t max;       /* so many at most, up to 1000000 */
};

/*
 * The users of a page in the order of their numbers and without their epoch
 * (0), into the array at out; *n: how many there are.
 */
enum err db_user_after(struct ctx *c, const struct db_user_page *page,
    struct user *out, size_t *n) MUST_CHECK;

#endif
