/*
 * Token check for nginx's auth_request, before a request goes to an
 * application: it uses only memory, and answers in headers.
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
	/* a name may contain anything, CR and LF included */
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
