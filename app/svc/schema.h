/*
 * Bringing a database to the schema that this program needs.
 */
#ifndef LATCHKEY_SVC_SCHEMA_H
#define LATCHKEY_SVC_SCHEMA_H

#include "ctx.h"

/*
 * Apply the migrations that the database lacks, in order, telling each on
 * standard output. Safe to run twice, and by two at once: the second waits.
 * Errors as db_script(), the reason on standard error; what was applied
 * before stays applied.
 */
enum err schema_migrate(struct ctx *c) MUST_CHECK;

/*
 * Grant the workers' role what it needs in a database that has been migrated,
 * and say so. Errors as schema_migrate().
 */
enum err schema_grant(struct ctx *c, const char *role) MUST_CHECK;

/*
 * Does the database answer, with the schema that this program needs, and may
 * its role use it? ERR_NOTFOUND: `latchkey migrate` has not been run.
 * ERR_DENIED: the role lacks a privilege: db_schema_lacking().
 * ERR_BUSY: it does not answer.
 */
enum err schema_ready(struct ctx *c) MUST_CHECK;

#endif
