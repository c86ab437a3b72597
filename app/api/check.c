/*
 * The token check that nginx's auth_request asks for, before a request goes to
 * an application: nothing but memory is looked at, and headers are the answer.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/api.h"
#include "http/reply.h"

enum err
api_check(struct req *r)
{
	struct buf name;
	char number[24];

	reply_begin(r, 200, NULL);
	/* a name may hold anything, CR and LF too */
	buf_init(&name, r->ctx->arena);
	buf_add_percent(&name, r->claims.sub);
	reply_header(r, "X-Auth-User", name.s);
	if (r->claims.uid != 0) {
		snprintf(number, sizeof(number), "%" PRId64, r->claims.uid);
		reply_header(r, "X-Auth-User-Id", number);
	}
	snprintf(number, sizeof(number), "%" PRId64, r->claims.exp);
	reply_header(r, "X-Auth-Expires", number);
	return ERR_OK;
}
