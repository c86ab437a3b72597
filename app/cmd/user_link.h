/*
 * Links of the command `user`: to sign up, and to set a new password.
 */
#ifndef LATCHKEY_CMD_USER_LINK_H
#define LATCHKEY_CMD_USER_LINK_H

#include "svc/signup.h"

/*
 * The action `invite`: print a link by which somebody signs up. names: for how
 * many hours it works, or nothing; ended by NULL. *why is not changed.
 * ERR_DENIED, with a message: these are no hours. ERR_BUSY: as link_make().
 */
enum err user_link_invite(struct ctx *c, char *const *names,
    struct applicant_problem *why) MUST_CHECK;

/*
 * The action `reset`: the same for a new password. names: the account, and
 * perhaps the hours. ERR_NOTFOUND: there is no such account.
 */
enum err user_link_reset(struct ctx *c, char *const *names,
    struct applicant_problem *why) MUST_CHECK;

#endif
