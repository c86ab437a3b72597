/*
 * Report on the accounts' password hashes, for `check` and `migrate`.
 */
#ifndef LATCHKEY_CMD_FORMATS_H
#define LATCHKEY_CMD_FORMATS_H

#include "conf.h"

/*
 * Say on standard output how many active accounts have hashes of each format,
 * and on standard error how many of them cannot log in, why, and what to set.
 * It takes a separate connection. After limit_ms (0: never) it leaves the rest,
 * and says so. An error is printed and ends nothing: this is a report.
 */
void formats_report(const struct conf *conf, int64_t limit_ms);

#endif
