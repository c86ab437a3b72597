/*
 * A request and its reply.
 */
#ifndef LATCHKEY_HTTP_REQ_H
#define LATCHKEY_HTTP_REQ_H

#include "crypto/token.h"
#include "ctx.h"
#include "http/form.h"
#include "http/json.h"
#include "http/method.h"
#include "http/path.h"
#include "lib/buf.h"
#include "lib/origin.h"

#define REQ_BODY_MAX_BYTES \
	65536 /* the largest of route.c; nginx has the same */

/* How a request's body is read; a column of route.c. */
enum body { BODY_NONE, BODY_JSON, BODY_FORM, BODY_EITHER };

/*
 * In which form errors are written (http/reply.c), a column of route.c: as
 * FastAPI does, the same with the challenge of RFC 6750, with OAuth's members
 * beside FastAPI's, as OAuth does, or as FastAPI does until api/page.h makes a
 * page of it.
 */
enum face { FACE_FASTAPI, FACE_BEARER, FACE_LOGIN, FACE_OAUTH, FACE_PAGE };

/* Where a field of http/params.h stands. */
enum source { SOURCE_BODY, SOURCE_QUERY, SOURCE_PATH };

struct client;
struct problem;
struct user;

struct reply {
	int status;
	const char *type;   /* media type; NULL: no body */
	bool may_be_cached; /* else Cache-Control: no-store */
	int64_t max_age_s;  /* cached by anybody as long; 0: not */
	bool handed_over; /* nginx passes the request on, and headers with it */
	bool broken;      /* a header held what no header may hold */
	struct buf headers; /* our own lines, each with its CR LF */
	struct buf body;
};

/* A request that a check is about, as the web server reports it. */
struct guarded {
	const char *method, *uri; /* undecoded path and query */
	const char *accept, *upgrade, *sec_fetch_mode;
};

/* A session cookie that the reply sets (http/header.h). */
struct session_cookie {
	const char *value; /* "": it is removed; NULL: nothing is set */
	int64_t max_age_s;
};

struct req {
	struct ctx *ctx;

	/* from the web server; NULL where it sent none */
	enum method method;
	const char *uri;    /* undecoded path and query, below prefix */
	const char *prefix; /* of paths, as clients see them: "/auth" */
	const char *scope;  /* that a check's token has to have */
	const char *content_type;
	const char *authorization;
	const char *cookie;
	const char *if_none_match;
	const char *accept_language;
	struct origin_headers from; /* the page that sent this */
	/* of a check: the request that the web server asks about */
	struct guarded guarded;
	const char *body; /* never NULL */
	size_t body_len;
	bool body_too_big; /* and therefore not read */
	int64_t
	    waited_ms; /* since the web server passed it on; -1: not known */
	bool gone; /* the client has gone: known where passwords are hashed */

	/* from route.c's table and gates */
	enum face face;
	struct path path;    /* the parameters of its path */
	const char *query;   /* undecoded; never NULL */
	enum body body_kind; /* never BODY_EITHER */
	struct json json;    /* BODY_JSON: an object */
	struct form form;    /* BODY_FORM */
	const char
	    *session; /* value of a session cookie that counts, or NULL */
	/* by api/auth.h, of the rows that ask for it, or api/page.h */
	struct token_claims claims; /* of the token or cookie */
	const struct user *user;
	const struct client *client;

	struct form *parsed_query; /* NULL: no field of it was read yet */
	struct problem *problems;  /* that ERR_INVALID will list */
	const char *malformed;     /* a sentence for ERR_MALFORMED, or NULL */
	bool is_repeat;  /* as svc/session.h's session_user_before() has it */
	bool other_lane; /* the next row of its path is to answer: its cost */
	struct session_cookie new_session;
	struct reply reply;
};

#endif
