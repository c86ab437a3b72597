/*
 * Schema upgrade: a database brought to the schema that this program needs.
 */
#ifndef LATCHKEY_SVC_SCHEMA_H
#define LATCHKEY_SVC_SCHEMA_H

#include "ctx.h"

/*
 * Apply the migrations that the database lacks, in order; told gets each, with
 * ERR_OK or why it failed and was rolled back. *version: the database's in the
 * end, which may be higher than ours. Safe to run twice, and by two at once:
 * the second waits. Errors as db_script(), the reason on standard error; what
 * was applied before stays applied.
 */
enum err schema_migrate(struct ctx *c,
    void (*told)(int64_t version, const char *name, enum err result),
    int64_t *version) MUST_CHECK;

/*
 * Grant the workers' role what it needs in a database that has been migrated.
 * Errors as schema_migrate().
 */
enum err schema_grant(struct ctx *c, const char *role) MUST_CHECK;

/*
 * Does the database answer, with the schema that this program needs, and may
 * its role use it? ERR_NOTFOUND: `latchkey migrate` has not been run.
 * ERR_DENIED: the role lacks a privilege: db_schema_lacking().
 * ERR_BUSY: it does not answer.
 */
enum err schema_ready(struct ctx *c) MUST_CHECK;

/* Obstacles to the use of a database that is ready. */
enum schema_obstacle {
	SCHEMA_NO_OBSTACLE,
	SCHEMA_SHARED,    /* a pooler gives our sessions to others, too */
	SCHEMA_READ_ONLY, /* nothing can be written */
	SCHEMA_HIDDEN,    /* row level security hides accounts, or our rows */
	SCHEMA_OBSTACLES  /* how many there are */
};

/*
 * The first of these that holds, after schema_ready(); of the last what an
 * owner of the tables can do, as SQL in *remedy. ERR_BUSY: the database does
 * not answer.
 */
enum err schema_obstacle(
    struct ctx *c, enum schema_obstacle *out, const char **remedy) MUST_CHECK;

#endif
