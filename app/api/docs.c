/*
 * Greeting, OpenAPI document and the pages that show it. Their scripts are
 * files that nginx serves.
 */
#include "base.h"

#include <string.h>

#include "api/api.h"
#include "http/reply.h"

#include "embedded_web.h" /* made of web/ by the Makefile */

static enum err
send_document(
    struct req *r, const char *type, const unsigned char *bytes, size_t n)
{
	buf_add(reply_begin(r, 200, type), bytes, n);
	r->reply.may_be_cached = true;
	return ERR_OK;
}

enum err
api_root(struct req *r)
{
	const char *greeting = r->ctx->app->conf->greeting;
	struct buf *b = reply_begin(r, 200, "application/json");

	buf_adds(b, "{\"message\":");
	buf_add_json(b, greeting, strlen(greeting));
	buf_adds(b, "}");
	return ERR_OK;
}

/*
 * Below a prefix the document says so, as FastAPI's does below a root_path. The
 * slash at the end is for tokenUrl, which is relative to this.
 */
enum err
api_docs_openapi(struct req *r)
{
	struct buf *b;

	if (r->prefix == NULL)
		return send_document(r, "application/json", web_openapi_json,
		    sizeof(web_openapi_json));
	b = reply_begin(r, 200, "application/json");
	buf_addf(b, "{\"servers\":[{\"url\":\"%s/\"}],", r->prefix);
	buf_add(b, web_openapi_json + 1, sizeof(web_openapi_json) - 1);
	r->reply.may_be_cached = true;
	return ERR_OK;
}

enum err
api_docs_swagger(struct req *r)
{
	return send_document(r, "text/html; charset=utf-8", web_docs_html,
	    sizeof(web_docs_html));
}

enum err
api_docs_redoc(struct req *r)
{
	return send_document(r, "text/html; charset=utf-8", web_redoc_html,
	    sizeof(web_redoc_html));
}

enum err
api_docs_oauth2_redirect(struct req *r)
{
	return send_document(r, "text/html; charset=utf-8",
	    web_oauth2_redirect_html, sizeof(web_oauth2_redirect_html));
}
