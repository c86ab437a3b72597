/*
 * Table latchkey_session: logins that have not ended.
 */
#ifndef LATCHKEY_DB_SESSION_H
#define LATCHKEY_DB_SESSION_H

#include "ctx.h"
#include "db/db.h"
#include "model.h"

extern const struct db_sql db_session_sql[];

#define DB_BATCH 1000 /* rows that are removed by one statement */

/*
 * Add a session of s->user_id, to last until s->expires_s. It is on disk when
 * this returns. Beyond SESSIONS_OF_USER those of that user end that would end
 * first, and never the new one; a failure of that, which is logged, leaves it
 * to the next login. Errors as db_run().
 */
enum err db_session_insert(struct ctx *c, const struct session *s) MUST_CHECK;

/*
 * The sessions of a user that count, the newest first, at most
 * SESSIONS_OF_USER; in arena memory. Errors as db_run().
 */
enum err db_session_list(struct ctx *c, const struct user *u,
    struct session *out, size_t *n) MUST_CHECK;

/*
 * When a session of this user ends, as JSON has a time. ERR_NOTFOUND: there is
 * none (any more). Errors as db_run().
 */
enum err db_session_find(struct ctx *c, const char *id, int64_t user_id,
    const char **expires_at) MUST_CHECK;

/* A browser's session that is used, by its cookie. */
struct touch {
	const char *id;
	int64_t write_s;   /* it is written where that was so long ago */
	int64_t idle_s;    /* how long a session may go without use */
	bool is_raised;    /* a change has given the session another epoch */
	struct user user;  /* its number and epoch; then what a proof needs */
	int64_t expires_s; /* the result: of the session, since 1970 */
};

/*
 * Note that a session is used. Of any number at once one writes, and does not
 * wait for the disk. ERR_UNAUTH: no such session of that user, of another epoch
 * (unless is_raised), or it has ended. Errors as db_run().
 */
enum err db_session_touch(struct ctx *c, struct touch *t) MUST_CHECK;

/* How a renewal went. */
enum renewal_result {
	RENEWAL_DONE,  /* the next counter is good now */
	RENEWAL_GRACE, /* it was done just before: the same successor */
	RENEWAL_SPENT  /* it was done long ago: somebody has a copy */
};

/* A session to be renewed, by its refresh token. */
struct renewal {
	const char *id;
	int32_t counter;
	int64_t grace_s; /* for so long a spent one is answered again */
	int64_t idle_s;  /* how long a session may go without renewal */
	/* the result; of the account what a token needs */
	enum renewal_result result;
	int64_t expires_s; /* of the session, since 1970 */
	const char *scope; /* of its tokens; NULL: none */
	struct user user;
	struct client client; /* of db_session_live(): its id and audience */
};

/*
 * Renew a session: of several at once with the same counter all get the same
 * successor. A counter ahead of the row's counts: the database forgot, in a
 * crash, that it gave it out. The write is not waited for, which that allows.
 * ERR_UNAUTH: no such session, or it has ended. ERR_BUSY: try again.
 */
enum err db_session_renew(struct ctx *c, struct renewal *r) MUST_CHECK;

/*
 * Read a session that counts, by r->id: its end, its user, its client, and the
 * counter of its refresh token, which is below 0 if it has none. ERR_NOTFOUND:
 * it has ended.
 */
enum err db_session_live(struct ctx *c, struct renewal *r) MUST_CHECK;

/*
 * The result of db_session_renew(), but nothing changes; expires_s is the end
 * of the session if it is not renewed. ERR_UNAUTH: no such session, or it has
 * ended. Errors as db_run().
 */
enum err db_session_look(struct ctx *c, struct renewal *r) MUST_CHECK;

/*
 * End a session whose refresh token was used again after the grace; asked of
 * the row once more, so that a renewal at the same time cannot save it.
 * ERR_NOTFOUND: it had ended already; or it goes on, since its owner changed
 * the password within the grace, which spends a token that may be under way.
 */
enum err db_session_end_reused(
    struct ctx *c, const struct renewal *r) MUST_CHECK;

/*
 * End a session of this user (0: of any): its tokens are refused everywhere
 * within a second. ERR_NOTFOUND: there is no such session (any more).
 */
enum err db_session_end(
    struct ctx *c, int64_t user_id, const char *id) MUST_CHECK;

/* End all sessions of this user but one. Errors as db_run(). */
enum err db_session_end_others(
    struct ctx *c, int64_t user_id, const char *id) MUST_CHECK;

/*
 * Remove some sessions that have expired. *more: there are more. Errors as
 * db_run().
 */
enum err db_session_remove(struct ctx *c, bool *more) MUST_CHECK;

/*
 * Remove some sessions that were not renewed for idle_s seconds, of the part of
 * the table that begins at *page, which is set to where the next step begins.
 * *more: there is one. PostgreSQL alone has such pages. Errors as db_run().
 */
enum err db_session_walk(
    struct ctx *c, int64_t idle_s, int64_t *page, bool *more) MUST_CHECK;

/*
 * How large the tables of sessions and of what has ended are. Errors as
 * db_run().
 */
enum err db_session_size(struct ctx *c, struct session_size *out) MUST_CHECK;

#endif
