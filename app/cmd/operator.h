/*
 * Operators' acts on accounts and schema, recorded in the system's log.
 */
#ifndef LATCHKEY_CMD_OPERATOR_H
#define LATCHKEY_CMD_OPERATOR_H

#include "base.h"

/*
 * Record in the system's log (facility authpriv) that the user of this process
 * has done an act, such as "user disable", to the account of this number; 0: to
 * none, or to an unknown one; or to this object, a client, key or session by
 * its name; NULL: to none. The user is named by its number, the login name
 * of its session, and the name that sudo gives. After ERR_BUSY and ERR_INTERNAL
 * the result is recorded as unknown; after any other error nothing is recorded,
 * since nothing was done, nor without a /dev/log. Source: syslog(3).
 */
void operator_note(
    const char *act, int64_t account, const char *object, enum err result);

#endif
