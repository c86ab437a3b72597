/*
 * The list of accounts of the command `user`.
 */
#ifndef LATCHKEY_CMD_USER_LIST_H
#define LATCHKEY_CMD_USER_LIST_H

#include "svc/signup.h"

/*
 * Print an account in a line: id, name, full name, state and kind of hash,
 * separated by tabs.
 */
void user_list_line(struct ctx *c, const struct user *u);

/* Are these options of the list, each with its value? They end with NULL. */
bool user_list_is_good(char *const *options) MUST_CHECK;

/*
 * The action `list`: print the accounts that options ask for, and how to go on
 * if there may be more. options are good, or it is ERR_INTERNAL; *why is not
 * changed.
 */
enum err user_list(struct ctx *c, char *const *options,
    struct applicant_problem *why) MUST_CHECK;

#endif
