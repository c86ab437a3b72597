/*
 * Bringing a database to the schema that this program needs.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/schema.h"
#include "svc/schema.h"

enum err
schema_migrate(struct ctx *c)
{
	const struct migration *m;
	int64_t version;
	enum err e;

	if ((e = db_schema_lock(c)) != ERR_OK ||
	    (e = db_schema_version(c, &version)) != ERR_OK)
		return e;
	for (m = db_schema_migrations; m->name != NULL; m++) {
		if (m->version <= version)
			continue;
		if ((e = db_schema_apply(c, m)) != ERR_OK) {
			fprintf(stderr,
			    "latchkey: migration %03" PRId64 "-%s failed and "
			    "was rolled back\n",
			    m->version, m->name);
			return e;
		}
		printf("applied %03" PRId64 "-%s\n", m->version, m->name);
	}
	printf("the schema is at version %" PRId64 "\n",
	    version > db_schema_needed() ? version : db_schema_needed());
	return ERR_OK;
}

enum err
schema_grant(struct ctx *c, const char *role)
{
	enum err e;

	if ((e = db_schema_grant(c, role)) == ERR_OK)
		printf("granted worker privileges to role %s\n", role);
	return e;
}

enum err
schema_ready(struct ctx *c)
{
	const char *lacking;
	int64_t version;
	enum err e;

	if ((e = db_schema_version(c, &version)) != ERR_OK)
		return e;
	if (version < db_schema_needed())
		return ERR_NOTFOUND;
	if ((e = db_schema_lacking(c, &lacking)) != ERR_OK)
		return e;
	return lacking == NULL ? ERR_OK : ERR_DENIED;
}
