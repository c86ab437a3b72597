/*
 * The command `check-nginx`: mistakes in nginx's configuration.
 */
#ifndef LATCHKEY_CMD_CHECK_NGINX_H
#define LATCHKEY_CMD_CHECK_NGINX_H

#include <stdio.h>

#include "conf.h"

/*
 * Check what `nginx -T` prints, or what a file has of it; arguments, NULL
 * behind the last: --ask or --no-ask, --rules, and the file's name, - for
 * standard input. conf is not used. Prints each mistake with file, line and
 * cure. Returns the exit status: 0 none, 1 some, 2 the check could not be made.
 */
int check_nginx(const struct conf *conf, char *const *arguments) MUST_CHECK;

/* Print how it is used. */
void check_nginx_usage(FILE *out);

#endif
