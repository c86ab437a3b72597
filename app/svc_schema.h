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
 * Does the database answer, and has it the schema that this program needs?
 * ERR_NOTFOUND: it answers, but `latchkey migrate` has not been run.
 * ERR_BUSY: it does not answer.
 */
enum err schema_ready(struct ctx *c) MUST_CHECK;

#endif
