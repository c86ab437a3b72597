/*
 * Authentication of requests.
 */
#include "base.h"

#include <string.h>

#include "api/auth.h"
#include "http/header.h"
#include "http/params.h"
#include "model.h"
#include "svc/browser.h"
#include "svc/client.h"
#include "svc/session.h"

bool
auth_is_client(enum auth auth)
{
	return auth == AUTH_CLIENT || auth == AUTH_CONFIDENTIAL;
}

/* --- users --- */

/* By a session cookie, which may be renewed. */
static enum err
find_by_cookie(struct req *r, enum auth auth, struct user *u)
{
	struct browser_cookie new = { .value = NULL };
	enum err e;

	if (auth == AUTH_CHECKED)
		return browser_claims(r->ctx, r->session, &r->claims);
	if (auth == AUTH_RENEWED)
		e = browser_renew(r->ctx, r->session, &r->claims, &new);
	else
		e = browser_user(r->ctx, r->session, &r->claims, u, &new);
	if (e == ERR_OK && new.value != NULL)
		header_set_session(r, new.value, new.max_age_s);
	return e;
}

/* By the cookie or token, if it is good. */
static enum err
find_by_proof(struct req *r, enum auth auth, struct user *u)
{
	const char *token = header_bearer(r->authorization);

	if (r->session != NULL)
		return find_by_cookie(r, auth, u);
	if (token == NULL || auth == AUTH_RENEWED)
		return ERR_UNAUTH;
	if (auth == AUTH_CHECKED)
		return session_claims(r->ctx, token, &r->claims);
	return session_user(r->ctx, token, &r->claims, u);
}

/* By the cookie or token, if it was good before the same request. */
static enum err
find_before(struct req *r, struct user *u)
{
	const char *token = header_bearer(r->authorization);
	enum err e = ERR_UNAUTH;

	if (r->session != NULL)
		e = browser_user_before(r->ctx, r->session, &r->claims, u);
	else if (token != NULL)
		e = session_user_before(r->ctx, token, &r->claims, u);
	r->is_repeat = e == ERR_OK;
	return e;
}

enum err
auth_user(struct req *r, enum auth auth)
{
	struct user *u = arena_alloc(r->ctx->arena, sizeof(*u));
	enum err e = find_by_proof(r, auth, u);

	r->user = auth >= AUTH_USER ? u : NULL;
	return e == ERR_UNAUTH && auth == AUTH_REPEATABLE ? find_before(r, u)
	                                                  : e;
}

/* --- clients --- */

enum err
auth_client(struct req *r, enum auth auth)
{
	enum { ID, SECRET, FIELDS };
	static const struct field want[FIELDS] = {
		[ID] = { .name = "client_id" },
		[SECRET] = { .name = "client_secret", .secret = true },
	};
	struct client *client = arena_alloc(r->ctx->arena, sizeof(*client));
	struct client_login said;
	struct param v[FIELDS];
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	said = (struct client_login){ v[ID].text, v[SECRET].text };
	e = header_basic(
	    r->authorization, r->ctx->arena, &said.id, &said.secret);
	if (e == ERR_UNAUTH)
		return e;
	if (e == ERR_OK &&
	    (v[SECRET].given ||
	        (v[ID].given && strcmp(v[ID].text, said.id) != 0))) {
		/* which no client that means well does */
		r->malformed = "The client names or authenticates itself twice";
		return ERR_MALFORMED;
	}
	e = client_authenticate(r->ctx, &said, client);
	/* the built-in client is anybody */
	if (e == ERR_OK && auth == AUTH_CONFIDENTIAL && client->secret == NULL)
		e = ERR_UNAUTH;
	r->client = e == ERR_OK ? client : NULL;
	return e;
}
