/*
 * What a service may use: the process's configuration, key and database, and
 * the request's memory and time.
 */
#ifndef LATCHKEY_CTX_H
#define LATCHKEY_CTX_H

#include "arena.h"
#include "blocklist.h"
#include "conf.h"
#include "db.h"
#include "token_cache.h"

/* Which accounts may stand in for a name (svc_standin.h), which keeps this. */
struct standin_range {
	int64_t first, count; /* numbers of accounts */
	int64_t read_s;       /* seconds since 1970; 0: not yet */
};

struct ctx {
	const struct conf *conf;
	const struct token_key *key;
	const struct blocklist *blocklist; /* NULL: of no use to who serves */
	unsigned lanes; /* that this worker serves, as LANE_BIT()s */
	struct token_cache *tokens; /* NULL: each is verified each time */
	struct db *db;              /* NULL where LANE_CHECK is all it serves */
	struct standin_range standins; /* all 0 at first */
	int64_t refused_s;   /* db_throttle.h last refused somebody; 0: never */
	struct arena *arena; /* emptied after each request */
	int64_t now_s;       /* read once a request; seconds since 1970 */
	const char *address; /* of the request's client; NULL: not known */
	int64_t retry_after_s; /* with ERR_LIMIT: when to come again */
	unsigned counted; /* limits that the request was counted for: bits of
	                     svc_throttle.h's enum limit */
};

#endif
