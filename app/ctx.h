/*
 * What a service may use: the process's configuration, key and database, and
 * the request's memory and time.
 */
#ifndef LATCHKEY_CTX_H
#define LATCHKEY_CTX_H

#include "conf.h"
#include "crypto/token_cache.h"
#include "db/db.h"
#include "lib/arena.h"
#include "lib/blocklist.h"

/* Which accounts may stand in for a name (svc/decoy.h), which keeps this. */
struct decoy_range {
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
	struct decoy_range decoys;  /* all 0 at first */
	int64_t refused_s; /* db/ratelimit.h last refused somebody; 0: never */
	struct arena *arena;   /* emptied after each request */
	int64_t now_s;         /* read once a request; seconds since 1970 */
	const char *address;   /* of the request's client; NULL: not known */
	int64_t retry_after_s; /* with ERR_LIMIT: when to come again */
	unsigned counted; /* limits that the request was counted for: bits of
	                     svc/ratelimit.h's enum limit */
};

#endif
