/*
 * Login endpoint: a token for a name and a password.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "api/api.h"
#include "api/device.h"
#include "api/token.h"
#include "http/params.h"
#include "http/reply.h"
#include "lib/scope.h"

void
token_add_members(struct buf *b, const struct token_reply *t)
{
	buf_addf(
	    b, "\"access_token\":\"%s\",\"token_type\":\"bearer\"", t->token);
	buf_addf(b, ",\"expires_in\":%" PRId64, t->life_s);
	if (t->refresh_token != NULL)
		buf_addf(b, ",\"refresh_token\":\"%s\"", t->refresh_token);
	if (t->scope != NULL) {
		buf_adds(b, ",\"scope\":");
		buf_add_json(b, t->scope, strlen(t->scope));
	}
}

/*
 * No limits of length: they bind sign-ups. A name or password that no account
 * can have is simply wrong here.
 */
enum err
api_token_create(struct req *r)
{
	enum { GRANT_TYPE, USERNAME, PASSWORD, SCOPE, ID, SECRET, FIELDS };
	static const struct field want[FIELDS] = {
		[GRANT_TYPE] = { .name = "grant_type", .must_be = "password" },
		[USERNAME] = { .name = "username", .required = true },
		[PASSWORD] = { .name = "password",
		    .required = true,
		    .secret = true },
		[SCOPE] = { .name = "scope", .ignored = true },
		[ID] = { .name = "client_id", .ignored = true },
		[SECRET] = { .name = "client_secret",
		    .secret = true,
		    .ignored = true },
	};
	struct param v[FIELDS];
	struct login l;
	struct buf *b;
	enum err e;

	if ((e = params_read(r, want, FIELDS, v)) != ERR_OK)
		return e;
	l = (struct login){
		.username = v[USERNAME].text,
		.password = v[PASSWORD].text,
		.device = api_device_cookie(r),
		.offline = !r->ctx->app->conf->refresh_tokens_asked ||
		           scope_has(v[SCOPE].text, SCOPE_OFFLINE),
		.wanted = v[SCOPE].text,
	};
	e = login(r->ctx, &l);
	if (e == ERR_UNAUTH)
		reply_unauthorized(r, "Incorrect username or password");
	if (e != ERR_OK)
		return e == ERR_UNAUTH ? ERR_OK : e;
	b = reply_begin(r, 200, "application/json");
	buf_adds(b, "{");
	token_add_members(b, &(struct token_reply){ .token = l.token,
	                         .life_s = l.token_life_s,
	                         .refresh_token = l.refresh_token,
	                         .scope = l.scope });
	buf_adds(b, "}");
	api_device_remember(r, &l);
	return ERR_OK;
}
