/*
 * Metadata of the authorization server, by which OAuth libraries find its
 * endpoints: from the settings alone.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "crypto/key.h"
#include "http/etag.h"
#include "http/params.h"
#include "http/reply.h"

/* How a client with a secret authenticates. */
#define SECRET_METHODS "\"client_secret_basic\",\"client_secret_post\""

/* The part of a URL behind "https://", where it is one that an issuer can be:
 * without a query and a fragment; NULL: it is none. Source: RFC 8414, 2. */
static const char *
host_of(const char *issuer)
{
	const char *host = NULL;

	if (strncmp(issuer, "https://", 8) == 0)
		host = issuer + 8;
	else if (strncmp(issuer, "http://", 7) == 0)
		host = issuer + 7;
	if (host == NULL || strcspn(host, "/?#") == 0 ||
	    host[strcspn(host, "?#")] != '\0')
		return NULL;
	return host;
}

/* Is this the path of the issuer, without its slashes? */
static bool
has_path(const char *host, const char *path)
{
	const char *own = host + strcspn(host, "/");
	size_t n;

	own += strspn(own, "/");
	n = strlen(path);
	return strncmp(own, path, n) == 0 &&
	       own[n + strspn(own + n, "/")] == '\0';
}

/*
 * Where the endpoints are: at the issuer, and below the prefix of the request
 * unless the issuer has it.
 */
static const char *
base_of(const struct req *r, const char *issuer)
{
	const char *prefix = r->prefix != NULL ? r->prefix : "";
	size_t n = strlen(issuer), prefix_n = strlen(prefix);
	struct buf b;

	while (n > 0 && issuer[n - 1] == '/')
		n--;
	buf_init(&b, r->ctx->arena);
	buf_add(&b, issuer, n);
	if (n < prefix_n ||
	    memcmp(issuer + n - prefix_n, prefix, prefix_n) != 0)
		buf_adds(&b, prefix);
	return b.s;
}

/* Are there keys that others can verify by? */
static bool
has_pairs(const struct req *r)
{
	const struct keyring *ring = r->ctx->app->keyring;
	const struct key *k;

	for (k = ring->keys; k < ring->keys + ring->count; k++)
		if (k->public_half != NULL && r->ctx->now_s < k->until_s)
			return true;
	return false;
}

/* The issuer's bytes need no escapes in JSON (token_issuer). */
static enum err
reply_metadata(struct req *r, const char *issuer)
{
	struct buf *b = reply_begin(r, 200, "application/json");
	const char *base = base_of(r, issuer);

	buf_addf(b, "{\"issuer\":\"%s\"", issuer);
	buf_addf(b, ",\"token_endpoint\":\"%s/oauth2/token\"", base);
	buf_addf(b, ",\"revocation_endpoint\":\"%s/oauth2/revoke\"", base);
	buf_addf(
	    b, ",\"introspection_endpoint\":\"%s/oauth2/introspect\"", base);
	if (has_pairs(r))
		buf_addf(b, ",\"jwks_uri\":\"%s/.well-known/jwks.json\"", base);
	buf_adds(b,
	    ",\"response_types_supported\":[],\"grant_types_supported\":"
	    "[\"client_credentials\",\"password\",\"refresh_token\"]"
	    ",\"token_endpoint_auth_methods_supported\":[" SECRET_METHODS
	    ",\"none\"],\"revocation_endpoint_auth_methods_supported\":[" SECRET_METHODS
	    ",\"none\"],\"introspection_endpoint_auth_methods_supported\":[" SECRET_METHODS
	    "],\"scopes_supported\":[\"offline_access\"]}");
	return etag_settle(r, r->ctx->app->conf->jwks_max_age_s);
}

enum err
api_metadata(struct req *r)
{
	const char *issuer = r->ctx->app->conf->token_issuer;

	if (host_of(issuer) != NULL)
		return reply_metadata(r, issuer);
	reply_detail(r, 404, "token_issuer is not set to a URL");
	return ERR_OK;
}

/* Where a client looks that puts the path of the issuer behind. */
enum err
api_metadata_below(struct req *r)
{
	static const struct field want = {
		.name = "path", .source = SOURCE_PATH, .required = true
	};
	const char *host = host_of(r->ctx->app->conf->token_issuer);
	struct param path;
	enum err e;

	if ((e = params_read(r, &want, 1, &path)) != ERR_OK)
		return e;
	return host != NULL && has_path(host, path.text) ? api_metadata(r)
	                                                 : ERR_NOTFOUND;
}
