/*
 * Bearer-token authentication.
 */
#ifndef LATCHKEY_SVC_SESSION_H
#define LATCHKEY_SVC_SESSION_H

#include "crypto/token.h"
#include "ctx.h"
#include "model.h"

/*
 * The claims of an access token, if it is valid now. The database is not asked,
 * so a removed account still counts.
 * ERR_UNAUTH: not valid, or a plain token that accept_plain_tokens does not
 * admit.
 */
enum err session_claims(
    struct ctx *c, const char *token, struct token_claims *out) MUST_CHECK;

/*
 * The account of an access token.
 * ERR_UNAUTH: the token is not valid now, or the account is gone, inactive,
 * another one of the same name, or of another epoch. ERR_BUSY: the database
 * does not answer.
 */
enum err session_user(
    struct ctx *c, const char *token, struct user *out) MUST_CHECK;

/* Seconds until a token that is made now has ended everywhere. */
int64_t session_life_s(const struct ctx *c);

#endif
