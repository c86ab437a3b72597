/*
 * `latchkey status`: the figures of stats/metrics.c as people read them.
 */
#ifndef LATCHKEY_CMD_STATUS_H
#define LATCHKEY_CMD_STATUS_H

#include "conf.h"

/*
 * Print what the `latchkey serve` with conf's status_file has counted. Returns
 * the exit status: a failure, with a line on standard error, if there is none.
 */
int status_print(const struct conf *conf) MUST_CHECK;

#endif
