/*
 * OAuth 2.0 endpoints.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "http/params.h"
#include "http/reply.h"
#include "svc/refresh.h"

/* An error whose code says more than its status. Source: RFC 6749, 5.2. */
static enum err
refuse(struct req *r, const char *code, const char *why)
{
	struct buf *b = reply_begin(r, 400, "application/json");

	buf_addf(
	    b, "{\"error\":\"%s\",\"error_description\":\"%s\"}", code, why);
	return ERR_OK;
}

/* A client that may be left out: there is but one. */
static bool
is_known(const char *client)
{
	return client == NULL || strcmp(client, REFRESH_FIRST_PARTY) == 0;
}

static void
reply_tokens(struct req *r, const struct refreshed *new)
{
	struct buf *b = reply_begin(r, 200, "application/json");

	buf_addf(b, "{\"access_token\":\"%s\",\"token_type\":\"bearer\"",
	    new->token);
	buf_addf(b, ",\"expires_in\":%" PRId64, new->expires_in_s);
	buf_addf(b, ",\"refresh_token\":\"%s\"}", new->refresh_token);
}

enum err
api_oauth2_token(struct req *r)
{
	enum { GRANT_TYPE, REFRESH_TOKEN, CLIENT_ID, FIELDS };
	static const struct field want[FIELDS] = {
		[GRANT_TYPE] = { .name = "grant_type",
		    .required = true,
		    .must_be = "refresh_token" },
		[REFRESH_TOKEN] = { .name = "refresh_token",
		    .required = true,
		    .secret = true },
		[CLIENT_ID] = { .name = "client_id" },
	};
	struct param v[FIELDS];
	struct refreshed new;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	if (!is_known(v[CLIENT_ID].text))
		return refuse(r, "invalid_client", "No such client");
	e = refresh(r->ctx, v[REFRESH_TOKEN].text, REFRESH_FIRST_PARTY, &new);
	if (e == ERR_UNAUTH)
		return refuse(r, "invalid_grant",
		    "The refresh token is not valid, or its session has ended");
	if (e == ERR_OK)
		reply_tokens(r, &new);
	return e;
}

/* Source: RFC 7009. */
enum err
api_oauth2_revoke(struct req *r)
{
	enum { TOKEN, HINT, CLIENT_ID, FIELDS };
	static const struct field want[FIELDS] = {
		[TOKEN] = { .name = "token", .required = true, .secret = true },
		[HINT] = { .name = "token_type_hint", .ignored = true },
		[CLIENT_ID] = { .name = "client_id" },
	};
	struct param v[FIELDS];
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	if (!is_known(v[CLIENT_ID].text))
		return refuse(r, "invalid_client", "No such client");
	e = refresh_revoke(r->ctx, v[TOKEN].text, REFRESH_FIRST_PARTY);
	if (e == ERR_OK)
		reply_begin(r, 200, NULL);
	return e;
}
