/*
 * Password prompt: typed without echo, or from standard input. Never from the
 * command line, which every user can see.
 */
#ifndef LATCHKEY_CMD_PROMPT_H
#define LATCHKEY_CMD_PROMPT_H

#include "base.h"

#define PROMPT_BYTES 4096 /* a line that a terminal takes, and its NUL */

/*
 * A new password into out. If standard input is a terminal it is asked for
 * twice, without echo; otherwise it is the first line of standard input.
 * False, with a line on standard error: there is none, it is too long (never
 * cut), contains a NUL or the two differ. A signal meanwhile ends the process
 * as it always does, with the terminal as it was. The caller wipes out.
 */
bool prompt_new_password(char out[PROMPT_BYTES]) MUST_CHECK;

#endif
