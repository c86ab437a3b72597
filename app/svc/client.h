/*
 * Clients: programs that ask for tokens, each by its own secret.
 */
#ifndef LATCHKEY_SVC_CLIENT_H
#define LATCHKEY_SVC_CLIENT_H

#include "crypto/token.h"
#include "ctx.h"
#include "model.h"

#define CLIENT_FIRST_PARTY "first-party" /* the built-in one, and /token's */
#define CLIENT_ID_MAX 64
#define CLIENT_NAME_MAX_BYTES 256
#define CLIENT_SCOPES_MAX_BYTES 512
#define CLIENT_AUDIENCE_MAX_BYTES 256
#define CLIENT_GRANTS_MAX_BYTES 63
#define CLIENT_SECRET_CHARS 43        /* 256 random bits in base64url */
#define CLIENT_ROTATION_S (7 * 86400) /* both secrets count */

/* Credentials of the client that sends a request. */
struct client_login {
	const char *id;     /* NULL: nothing, which is the built-in client */
	const char *secret; /* NULL: none */
};

/*
 * The client of a request. The built-in one has no secret, every other one has
 * to send its own, or during a rotation the one before. The row is kept for a
 * second in this process. *out lives until the request ends.
 * ERR_UNAUTH: unknown, disabled, or a wrong secret; nobody learns which.
 * ERR_BUSY: the database does not answer. Source: RFC 6749, section 2.3.
 */
enum err client_authenticate(struct ctx *c, const struct client_login *login,
    struct client *out) MUST_CHECK;

/* May this client use this grant type? */
bool client_has_grant(
    const struct client *client, const char *grant) MUST_CHECK;

/*
 * The scopes that this client gets for those that it asks for (NULL: for all
 * that it may have), a blank between two; NULL: none. ERR_DENIED: one is not
 * its own, or the text is no list of scopes. Source: RFC 6749, section 3.3.
 */
enum err client_scope(const struct client *client, const char *wanted,
    const char **out) MUST_CHECK;

/*
 * The scopes that a user's token may have at this client at most; NULL: all
 * that the user has, at the built-in one.
 */
const char *client_limit(const struct client *client) MUST_CHECK;

/*
 * May this client ask for these scopes (NULL: for none by name) of a user, of
 * whom it gets those that the user has? *offline: offline_access is one, where
 * the client may refresh. ERR_DENIED: as client_scope(), by client_limit().
 */
enum err client_user_scope(
    const struct client *client, const char *wanted, bool *offline) MUST_CHECK;

/* A token of the client itself; it lives until the request ends. */
struct client_token {
	const char *token;
	int64_t life_s; /* from now */
};

/*
 * A token for the client itself, of no user, with these scopes (NULL: none).
 * It has its own session id, without a row: it can be revoked, and ends with
 * everybody's.
 * ERR_INTERNAL: it could not be signed. Source: RFC 6749, section 4.4;
 * RFC 9068.
 */
enum err client_token(struct ctx *c, const struct client *client,
    const char *scope, struct client_token *out) MUST_CHECK;

/* Was this access token given to this client? */
bool client_owns(
    const struct client *client, const struct token_claims *claims) MUST_CHECK;

/* --- for their operator --- */

/* Why a client cannot be added. */
enum client_problem {
	CLIENT_GOOD,
	CLIENT_BAD_ID,
	CLIENT_BAD_NAME,
	CLIENT_BAD_GRANT,
	CLIENT_BAD_SCOPE,
	CLIENT_BAD_AUDIENCE
};

/*
 * Add a client with a new secret, which is shown this once: into *secret, which
 * lives in the arena. ERR_INVALID: *why says what is wrong. ERR_CONFLICT: its
 * id is another client's, or the name of an account, or was that lately.
 */
enum err client_add(struct ctx *c, const struct client *new,
    enum client_problem *why, const char **secret) MUST_CHECK;

/* All clients, the built-in one first; in the arena. */
enum err client_list(
    struct ctx *c, const struct client **out, size_t *n) MUST_CHECK;

/* One of them. ERR_NOTFOUND: there is none of this id. */
enum err client_show(
    struct ctx *c, const char *id, struct client *out) MUST_CHECK;

/*
 * Let a client have tokens, or no further ones; within a second. ERR_DENIED: it
 * is the built-in one. ERR_NOTFOUND: there is none of this id.
 */
enum err client_enable(struct ctx *c, const char *id, bool on) MUST_CHECK;

/*
 * Give a client a new secret, as client_add() does. The one before counts for
 * CLIENT_ROTATION_S more; at_once: it ends, and so does one before that.
 * ERR_DENIED: the built-in one has none. ERR_CONFLICT: three would count.
 * ERR_NOTFOUND: there is no client of this id.
 */
enum err client_rotate(struct ctx *c, const char *id, bool at_once,
    const char **secret) MUST_CHECK;

/* --- what a process keeps of them --- */

#define CLIENT_KEPT 16

/* A client as the database had it at read_ms (clock_ms()); 0: none. */
struct client_kept {
	int64_t read_ms;
	int32_t number, epoch;
	bool is_enabled;
	char id[CLIENT_ID_MAX + 1];
	char secret[65], old_secret[65];
	char grants[CLIENT_GRANTS_MAX_BYTES + 1];
	char scopes[CLIENT_SCOPES_MAX_BYTES + 1];
	char audience[CLIENT_AUDIENCE_MAX_BYTES + 1]; /* "": none */
};

/* An id that no client had at read_ms; 0: none. */
struct client_none {
	int64_t read_ms;
	char id[CLIENT_ID_MAX + 1];
};

/* All zero when it is new. */
struct client_memory {
	struct client_kept kept[CLIENT_KEPT];
	struct client_none none[CLIENT_KEPT];
};

#endif
