/*
 * Keeper: the one process of a service that reads what has ended, and writes it
 * where all others look.
 */
#ifndef LATCHKEY_SERVER_KEEPER_H
#define LATCHKEY_SERVER_KEEPER_H

#include "ctx.h"

/*
 * Read the database ten times a second, and at once where another process of
 * the service has ended something, but no more than fifty times; and remove
 * what is past its time, when no other instance does: until a signal ends the
 * process, which may be any, at any instruction. No other process of the
 * service does so meanwhile. A database whose transactions have no common order
 * is read as a whole each second (db/revoked.h).
 */
_Noreturn void keeper_run(const struct app *app);

#endif
