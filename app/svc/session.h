/*
 * Who is asking.
 */
#ifndef LATCHKEY_SVC_SESSION_H
#define LATCHKEY_SVC_SESSION_H

#include "crypto/token.h"
#include "ctx.h"
#include "model.h"

/*
 * What an access token says, if it is valid now. No database is asked, so an
 * account that is gone since counts still.
 * ERR_UNAUTH: it is not, or it is none of ours and accept_plain_tokens does not
 * let those count.
 */
enum err session_claims(
    struct ctx *c, const char *token, struct token_claims *out) MUST_CHECK;

/*
 * The account that an access token speaks for.
 * ERR_UNAUTH: the token is not valid now, or the account is gone, inactive,
 * another one of the same name, or of another epoch. ERR_BUSY: the database
 * does not answer.
 */
enum err session_user(
    struct ctx *c, const char *token, struct user *out) MUST_CHECK;

#endif
