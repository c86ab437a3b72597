/*
 * The list of all tables of statements.
 */
#ifndef LATCHKEY_DB_TABLES_H
#define LATCHKEY_DB_TABLES_H

#include "db/sql.h"

/* Ends with NULL. A file of db/ that has statements has its row here. */
extern const struct db_sql *const db_tables[];

#endif
