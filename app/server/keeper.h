/*
 * Keeper: the one process of a service that reads what has ended, and writes it
 * where all others look.
 */
#ifndef LATCHKEY_SERVER_KEEPER_H
#define LATCHKEY_SERVER_KEEPER_H

#include "ctx.h"

/*
 * Read the database ten times a second, and remove what is past its time, until
 * a signal ends the process: it may be any, at any instruction. No other
 * process of the service does so meanwhile.
 */
_Noreturn void keeper_run(const struct app *app);

#endif
