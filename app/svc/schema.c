/*
 * Schema upgrade.
 */
#include "base.h"

#include "db/schema.h"
#include "svc/schema.h"

enum err
schema_migrate(struct ctx *c,
    void (*told)(int64_t version, const char *name, enum err result),
    int64_t *version)
{
	const struct migration *m;
	enum err e;

	if ((e = db_schema_lock(c)) != ERR_OK ||
	    (e = db_schema_version(c, version)) != ERR_OK)
		return e;
	for (m = db_schema_migrations; m->name != NULL; m++) {
		if (m->version <= *version)
			continue;
		e = db_schema_apply(c, m);
		told(m->version, m->name, e);
		if (e != ERR_OK)
			return e;
	}
	if (*version < db_schema_needed())
		*version = db_schema_needed();
	return ERR_OK;
}

enum err
schema_grant(struct ctx *c, const char *role)
{
	return db_schema_grant(c, role);
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

enum err
schema_obstacle(struct ctx *c, enum schema_obstacle *out, const char **remedy)
{
	static const enum schema_obstacle obstacle[] = {
		[DB_SCHEMA_NO_OBSTACLE] = SCHEMA_NO_OBSTACLE,
		[DB_SCHEMA_SHARED] = SCHEMA_SHARED,
		[DB_SCHEMA_READ_ONLY] = SCHEMA_READ_ONLY,
		[DB_SCHEMA_HIDDEN] = SCHEMA_HIDDEN,
	};
	enum db_schema_obstacle found;
	enum err e;

	if ((e = db_schema_obstacle(c, &found, remedy)) == ERR_OK)
		*out = obstacle[found];
	return e;
}
