/*
 * Token check for nginx's auth_request, before a request goes to an
 * application: it uses only memory, and answers in headers.
 */
#include "base.h"

#include "api/api.h"
#include "http/reply.h"
#include "lib/text.h"

#define PLAIN_MAX_BYTES 254 /* an e-mail address; the head stays small */

/*
 * Is a name the same to applications that take it as it is and to those that
 * decode it: printable ASCII without blanks and %? Any other has no plain form,
 * or somebody could sign up with a name that becomes another's.
 */
static bool
is_plain(const char *name)
{
	size_t n = 0;

	while (name[n] > ' ' && name[n] <= '~' && name[n] != '%')
		n++;
	return name[n] == '\0' && n > 0 && n <= PLAIN_MAX_BYTES;
}

/* Of a token, a cookie, and a cookie that was renewed. */
enum err
api_check(struct req *r)
{
	struct buf name;
	char number[TEXT_I64_BYTES];

	/* an application that takes no name for somebody would let them in */
	if (r->claims.sub[0] == '\0')
		return ERR_UNAUTH;
	reply_begin(r, 200, NULL);
	/* a name may contain anything, CR and LF included */
	buf_init(&name, r->ctx->arena);
	buf_add_percent(&name, r->claims.sub);
	reply_header(r, "X-Auth-User", name.s);
	if (is_plain(r->claims.sub))
		reply_header(r, "X-Auth-User-Plain", r->claims.sub);
	if (r->claims.uid != 0)
		reply_header(
		    r, "X-Auth-User-Id", text_of_i64(r->claims.uid, number));
	reply_header(r, "X-Auth-Expires", text_of_i64(r->claims.exp, number));
	return ERR_OK;
}
