/*
 * Sessions, and the bearer tokens that belong to them.
 */
#ifndef LATCHKEY_SVC_SESSION_H
#define LATCHKEY_SVC_SESSION_H

#include "crypto/token.h"
#include "ctx.h"
#include "model.h"

/*
 * The claims of an access token, if it is valid now, a user's or a client's
 * own, for this audience (NULL: that of the settings). The database is not
 * asked, so a removed account or client still counts.
 * ERR_UNAUTH: not valid, or a plain token that accept_plain_tokens does not
 * admit. ERR_BUSY: revocation_stale is refuse, and ended sessions are not
 * known.
 */
enum err session_any_claims(struct ctx *c, const char *token,
    const char *audience, struct token_claims *out) MUST_CHECK;

/*
 * The same where the database is asked next, which knows what has ended:
 * revocation_stale does not matter, and there is no ERR_BUSY.
 */
enum err session_known_claims(struct ctx *c, const char *token,
    const char *audience, struct token_claims *out) MUST_CHECK;

/*
 * The claims of session_any_claims() of a user. ERR_UNAUTH: also a client's own
 * token, which is nobody's, whatever its name.
 */
enum err session_claims(
    struct ctx *c, const char *token, struct token_claims *out) MUST_CHECK;

/*
 * The account of an access token, and the token's claims.
 * ERR_UNAUTH: the token is not valid now, or the account is gone, inactive,
 * another one of the same name, or of another epoch, or the token's session has
 * ended, which is asked of its row. ERR_BUSY: the database does not answer.
 */
enum err session_user(struct ctx *c, const char *token,
    struct token_claims *claims, struct user *out) MUST_CHECK;

/*
 * Have these claims, of whatever form, ended before their time? ERR_UNAUTH:
 * they have. ERR_BUSY: nobody can know now, and revocation_stale says that they
 * are refused then.
 */
enum err session_check_revoked(
    struct ctx *c, const struct token_claims *claims) MUST_CHECK;

/*
 * The same where the database is asked next: ERR_UNAUTH only if it is known
 * already that they have, no ERR_BUSY, and no waiting for what is not known
 * yet.
 */
enum err session_check_known(const struct token_claims *claims) MUST_CHECK;

/*
 * The account that valid claims name. Errors as session_user().
 */
enum err session_account(struct ctx *c, const struct token_claims *claims,
    struct user *out) MUST_CHECK;

/*
 * After session_user() said ERR_UNAUTH: the account of a token that would be
 * valid if a change of the password, or a deletion, had not ended it that was
 * sent by this machine within five minutes and got no answer
 * (svc/unsettled.h). Of a deleted one *out is as it was. It admits to nothing
 * but the same request again, with the same password.
 * ERR_UNAUTH: there is no such write, or the token was not valid before.
 */
enum err session_user_before(struct ctx *c, const char *token,
    struct token_claims *claims, struct user *out) MUST_CHECK;

/* The same of claims that were valid before. */
enum err session_account_before(struct ctx *c,
    const struct token_claims *claims, struct user *out) MUST_CHECK;

#define SESSION_AGENT_BYTES 256 /* of a User-Agent are kept */

/*
 * Begin a session of this user, at this request's address, that lasts until
 * s->expires_s, of the client s->client, with a refresh token if it is
 * s->renewable: these three are read, and all else is set. s->id lives until
 * the request ends. It is on disk when this returns. ERR_BUSY: the database
 * does not answer; no token may be given out.
 */
enum err session_start(
    struct ctx *c, const struct user *u, struct session *s) MUST_CHECK;

/* The sessions of a user, the newest first; until the request ends. */
enum err session_list(struct ctx *c, const struct user *u,
    const struct session **out, size_t *n) MUST_CHECK;

/*
 * End a session of this user: its tokens are refused by every check within a
 * second. ERR_NOTFOUND: the user has no such session.
 */
enum err session_end(
    struct ctx *c, const struct user *u, const char *id) MUST_CHECK;

/* End all sessions of this user but this one. */
enum err session_end_others(
    struct ctx *c, const struct user *u, const char *id) MUST_CHECK;

/*
 * When a session of this user ends, as RFC 3339 has it. ERR_NOTFOUND: the user
 * has no such session.
 */
enum err session_find(struct ctx *c, const struct user *u, const char *id,
    const char **expires_at) MUST_CHECK;

/*
 * End the session of this id, whose user may be any, as its operator does.
 * ERR_NOTFOUND: there is no such session.
 */
enum err session_end_any(struct ctx *c, const char *id) MUST_CHECK;

/*
 * End the sessions and tokens of everybody, whether this database knows them or
 * not (db_revoked_end_all()).
 */
enum err session_end_all(struct ctx *c) MUST_CHECK;

/* How large the tables are. Errors as db_run(). */
enum err session_size(struct ctx *c, struct session_size *out) MUST_CHECK;

/* Seconds until a token or a proof that is made now has ended everywhere. */
int64_t session_life_s(const struct conf *conf);

#endif
