/*
 * Tokens in a reply, as endpoints of a login have them.
 */
#ifndef LATCHKEY_API_TOKEN_H
#define LATCHKEY_API_TOKEN_H

#include "http/req.h"

/* The contents of a reply with a token. */
struct token_reply {
	const char *token;
	int64_t life_s;
	const char *refresh_token; /* NULL: none */
	const char *scope;         /* NULL: none */
};

/*
 * The members of a reply in JSON, without braces. A scope is escaped: the
 * database may hold one that no command has set. Source: RFC 6749, section 5.1.
 */
void token_add_members(struct buf *b, const struct token_reply *t);

#endif
