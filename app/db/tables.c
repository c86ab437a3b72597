/*
 * The list of all tables of statements.
 */
#include "base.h"

#include "db/client.h"
#include "db/link.h"
#include "db/network.h"
#include "db/ratelimit.h"
#include "db/revoked.h"
#include "db/tables.h"
#include "db/session.h"
#include "db/user.h"

const struct db_sql *const db_tables[] = {
	db_user_sql,
	db_ratelimit_sql,
	db_network_sql,
	db_revoked_sql,
	db_session_sql,
	db_link_sql,
	db_client_sql,
	NULL,
};
