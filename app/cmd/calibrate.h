/*
 * What hashes cost on this machine, for whoever has to choose a setting.
 */
#ifndef LATCHKEY_CMD_CALIBRATE_H
#define LATCHKEY_CMD_CALIBRATE_H

#include "conf.h"

/*
 * The command: hash for some seconds, and write to standard output what each
 * cost takes, how many logins a second follow, and which cost fits a wanted
 * time. wanted_ms: 1 to 60000, as it was typed; NULL is 100. Returns the
 * process's exit status.
 */
int calibrate(const struct conf *conf, const char *wanted_ms) MUST_CHECK;

#endif
