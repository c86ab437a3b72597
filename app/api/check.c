/*
 * Token check for nginx's auth_request, before a request goes to an
 * application: it uses only memory, and answers in headers.
 */
#include "base.h"

#include "api/api.h"
#include "http/gate.h"
#include "http/reply.h"
#include "lib/scope.h"
#include "lib/text.h"
#include "stats/event.h"

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

/*
 * Has the token the scopes that the location demands? A text in their place
 * that is no list, by a mistake in nginx's configuration, must not admit
 * anybody. Source: RFC 6750, section 3.1.
 */
static bool
has_scopes(struct req *r)
{
	struct buf challenge;

	if (r->scope == NULL)
		return true;
	if (!scope_is_list(r->scope)) {
		event(EVENT_REQUEST_BROKEN, "what=LATCHKEY_SCOPE hint=\"set "
		                            "$latchkey_scope_needed admin\"");
		reply_detail(r, 400, "LATCHKEY_SCOPE is no list of scopes");
		return false;
	}
	if (scope_has_all(r->claims.scope, r->scope))
		return true;
	buf_init(&challenge, r->ctx->arena);
	buf_addf(&challenge,
	    "Bearer error=\"insufficient_scope\", scope=\"%s\"", r->scope);
	reply_begin(r, 403, NULL);
	reply_header(r, "WWW-Authenticate", challenge.s);
	if (r->session != NULL) /* in a browser somebody else may log in */
		gate_offer_login(r);
	return false;
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
	if (!has_scopes(r))
		return ERR_OK;
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
	if (r->claims.scope != NULL)
		reply_header(r, "X-Auth-Scope", r->claims.scope);
	if (r->claims.sid != NULL)
		reply_header(r, "X-Auth-Session", r->claims.sid);
	return ERR_OK;
}
