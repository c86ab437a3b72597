/*
 * Cost of password hashes on this machine, to choose hash_cost.
 */
#ifndef LATCHKEY_CMD_CALIBRATE_H
#define LATCHKEY_CMD_CALIBRATE_H

#include "conf.h"

/*
 * The command: hash for some seconds, and print memory and time of each cost,
 * the logins a second, and the cost that fits a wanted time. wanted_ms: 1 to
 * 60000, as typed; NULL is 100. Returns the exit status.
 */
int calibrate(const struct conf *conf, const char *wanted_ms) MUST_CHECK;

#endif
