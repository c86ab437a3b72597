/*
 * What an operator does to accounts and schema, told to the system's log.
 */
#ifndef LATCHKEY_CMD_OPERATOR_H
#define LATCHKEY_CMD_OPERATOR_H

#include "base.h"

/*
 * Tell the system's log (facility authpriv) that whoever runs this process has
 * done an act, such as "user disable", to the account of this number; 0: to
 * none, or it is not known to which. They are told by the number of their user,
 * the name under which their session logged in, and what sudo says. Of ERR_BUSY
 * and ERR_INTERNAL it is said that the result is unknown; of any other error
 * nothing, since nothing was done. There is no record where nothing listens at
 * /dev/log. Source: syslog(3).
 */
void operator_note(const char *act, int64_t account, enum err result);

#endif
