/*
 * The command `check`: is everything there that `serve` needs?
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocklist.h"
#include "bounds.h"
#include "check.h"
#include "db_throttle.h"
#include "db_user.h"
#include "svc_schema.h"

/* The database, its schema, and that every statement fits it. */
static bool
check_database(const struct conf *conf)
{
	static const struct db_sql *const all[] = { db_user_sql,
		db_throttle_sql, NULL };
	static const struct db_sql *const none[] = { NULL };
	struct arena arena;
	struct ctx c = { .conf = conf, .arena = &arena };
	enum err e;

	arena_init(&arena);
	if ((c.db = db_new(conf->database, conf->db_timeout_ms, none)) == NULL)
		return false;
	e = schema_ready(&c);
	db_free(c.db);
	if (e == ERR_OK) {
		c.db = db_new(conf->database, conf->db_timeout_ms, all);
		e = schema_ready(&c);
		db_free(c.db);
	}
	arena_free(&arena);
	if (e == ERR_NOTFOUND)
		fprintf(stderr, "latchkey: the database lacks the schema; run: "
		                "latchkey migrate\n");
	else if (e == ERR_DENIED)
		fprintf(stderr,
		    "latchkey: the database's role needs " SCHEMA_GRANTS "\n");
	else if (e != ERR_OK)
		fprintf(stderr, "latchkey: database: not usable, see above\n");
	return e == ERR_OK;
}

int
check(const struct conf *conf)
{
	static struct token_key key;
	struct blocklist blocklist;
	bool key_good = token_key_load(conf->key_file, &key);
	bool list_good = blocklist_open(conf->password_blocklist, &blocklist);
	bool database_good = check_database(conf);

	explicit_bzero(&key, sizeof(key));
	if (list_good)
		blocklist_close(&blocklist);
	if (!key_good || !list_good || !database_good)
		return EXIT_FAILURE;
	printf("configuration, key, database and schema are good\n");
	bounds_print(conf);
	return EXIT_SUCCESS;
}
