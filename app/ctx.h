/*
 * Process and request: what a process has opened at its start, and what one
 * request, or one command, carries.
 */
#ifndef LATCHKEY_CTX_H
#define LATCHKEY_CTX_H

#include "conf.h"
#include "lib/arena.h"

/*
 * The resources of a process (app.h). A member that its role does not need is
 * NULL. Behind the last six is what a module remembers from one request to
 * the next; each declares its own.
 */
struct app {
	const struct conf *conf;
	const struct keyring *keyring; /* of tokens: crypto/key.h */
	const struct secrets *secrets; /* of MACs: crypto/mac.h */
	const struct blocklist *blocklist;
	const struct pages *pages; /* html/pages.h */
	struct db *db;
	unsigned needs; /* NEED_ bits that were opened */
	unsigned lanes; /* that this process serves, as ROLE_BIT()s */
	struct token_cache *tokens;         /* NULL: each is verified again */
	struct decoy_range *decoys;         /* svc/decoy.h */
	struct formats_watch *formats;      /* svc/formats.h */
	struct network_memory *networks;    /* svc/network.h */
	struct ratelimit_memory *ratelimit; /* db/ratelimit.h */
	struct client_memory *clients;      /* svc/client.h */
	struct share *share;                /* svc/share.h */
};

struct ctx {
	const struct app *app;
	struct arena *arena;   /* emptied with the request */
	int64_t now_s;         /* read once; seconds since 1970 */
	const char *address;   /* of the client; NULL: not known */
	const char *agent;     /* its User-Agent; NULL: none */
	int64_t retry_after_s; /* with ERR_LIMIT, or ERR_BUSY if it is known:
	                          when to come again */
	unsigned counted;      /* limits that the request was counted for: bits
	                          of svc/ratelimit.h's enum limit */
};

/* A context of this process, and of no request yet. */
void ctx_init(struct ctx *c, const struct app *app, struct arena *arena);

/* End a request: wipe and empty its arena, and forget all that was its own. */
void ctx_reset(struct ctx *c);

#endif
