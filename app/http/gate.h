/*
 * Gates before a handler that need no rule of the product: each leaves a reply
 * where it refuses a request.
 */
#ifndef LATCHKEY_HTTP_GATE_H
#define LATCHKEY_HTTP_GATE_H

#include "http/req.h"

/*
 * Pages of other sites, before anything is counted or hashed: any of them could
 * spend its visitors' limits. False: refused with 403.
 */
bool gate_origin(struct req *r, enum origin accepted) MUST_CHECK;

/*
 * The session cookie, which a browser sends with every request, whatever page
 * began it: with an unsafe method, or to upgrade the connection, it counts only
 * from a page of this host (RFC 9110, section 9.2.1). r->session: its value, if
 * it came, once, and without a bearer token. is_check: it is about r->guarded,
 * which has to name a method. False: refused with 403.
 */
bool gate_session(struct req *r, bool is_check) MUST_CHECK;

/*
 * The path that a check is about, if the web server sends it: one that the
 * application may read differently than nginx, which chose the location and its
 * scope by it, is refused with 403. False: refused.
 */
bool gate_guarded_path(struct req *r) MUST_CHECK;

/* Refuse a check with 401, and gate_offer_login(). */
void gate_refuse_check(struct req *r);

/*
 * To a refused check, after its reply is begun: where somebody went to an
 * address, rather than a script, X-Latchkey-Login is the log-in page's, and
 * back.
 */
void gate_offer_login(struct req *r);

/*
 * The lane: a worker that serves another one refuses with 421, since others
 * would wait behind work of another cost. Where passwords are hashed, one that
 * has waited for more than wait_ms, or has lost its client, is refused with
 * 503: it is not to be hashed for nothing. path: of the endpoint, for the log.
 * False: refused.
 */
bool gate_lane(struct req *r, enum role lane, const char *path,
    int64_t wait_ms) MUST_CHECK;

/*
 * The size of a body: ERR_TOOBIG if it has more bytes than that. With BODY_NONE
 * it is not checked. The caller replies.
 */
enum err gate_body(
    const struct req *r, enum body body, unsigned max_bytes) MUST_CHECK;

#endif
