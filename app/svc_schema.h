/*
 * Bringing a database to the schema that this program needs.
 */
#ifndef LATCHKEY_SVC_SCHEMA_H
#define LATCHKEY_SVC_SCHEMA_H

#include "ctx.h"

/* What a role of the database needs, for whoever has to grant it. */
#define SCHEMA_GRANTS                                                      \
	"SELECT, INSERT and UPDATE on users, latchkey_throttle, "          \
	"latchkey_account, latchkey_network and latchkey_watermark, "      \
	"USAGE on the sequence of users' id, SELECT on latchkey_migration"

/*
 * Apply the migrations that the database lacks, in order, telling each on
 * standard output. Safe to run twice, and by two at once: the second waits.
 * Errors as db_script(), the reason on standard error; what was applied
 * before stays applied.
 */
enum err schema_migrate(struct ctx *c) MUST_CHECK;

/*
 * Does the database answer, with the schema that this program needs, and may
 * its role use it? ERR_NOTFOUND: `latchkey migrate` has not been run.
 * ERR_DENIED: the role lacks a privilege, see SCHEMA_GRANTS.
 * ERR_BUSY: it does not answer.
 */
enum err schema_ready(struct ctx *c) MUST_CHECK;

#endif
