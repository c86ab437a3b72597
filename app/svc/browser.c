/*
 * Browser sessions.
 */
#include "base.h"

#include <string.h>

#include "crypto/proof.h"
#include "db/session.h"
#include "lib/scope.h"
#include "stats/event.h"
#include "svc/browser.h"
#include "svc/session.h"

#define WRITE_S 300 /* between two writes of a session's last use */

static int64_t
proof_life_s(const struct ctx *c)
{
	return c->app->conf->session_proof_minutes * 60;
}

/* A name that does not fit is left out: whoever needs it asks the database. */
static void
put_name(struct proof *p, const char *name)
{
	size_t n = strlen(name);

	if (n < sizeof(p->name))
		memcpy(p->name, name, n + 1);
}

/* The same of scopes: none are taken for granted. */
static void
put_scopes(struct proof *p, const char *scope)
{
	size_t n = scope != NULL ? strlen(scope) : 0;

	p->has_scopes =
	    n < sizeof(p->scopes) && (n == 0 || scope_is_list(scope));
	if (p->has_scopes && n > 0)
		memcpy(p->scopes, scope, n + 1);
}

enum err
browser_cookie(
    struct ctx *c, const struct browser_session *s, struct browser_cookie *out)
{
	struct proof p = { .uid = s->user->id,
		.epoch = s->user->epoch,
		.is_kept = s->keep,
		.end_s = c->now_s + proof_life_s(c) };
	char *text = arena_alloc(c->arena, PROOF_TEXT_BYTES);

	memcpy(p.sid, s->sid, sizeof(p.sid));
	put_name(&p, s->user->username);
	put_scopes(&p, s->user->scope);
	if (p.end_s > s->expires_s)
		p.end_s = s->expires_s;
	out->value = text;
	out->max_age_s = BROWSER_UNTIL_CLOSED;
	if (s->keep)
		out->max_age_s =
		    s->expires_s > c->now_s ? s->expires_s - c->now_s : 0;
	return proof_make(c->app->secrets, &p, text) ? ERR_OK : ERR_INTERNAL;
}

enum err
browser_start(struct ctx *c, const struct user *u, struct browser_cookie *out)
{
	struct session row = {
		.expires_s = c->now_s + c->app->conf->session_days * 86400
	};
	struct browser_session s = { .user = u };
	enum err e;

	if ((e = session_start(c, u, &row)) != ERR_OK)
		return e;
	s.sid = row.id;
	s.expires_s = row.expires_s;
	return browser_cookie(c, &s, out);
}

/* Whatever its end, and whether or not it has ended before that. */
static enum err
read_proof(struct ctx *c, const char *cookie, struct proof *p,
    struct token_claims *out)
{
	size_t scopes;
	enum err e;

	if ((e = proof_read(c->app->secrets, cookie, p)) != ERR_OK)
		return e;
	scopes = strlen(p->scopes);
	*out = (struct token_claims){
		.sub = arena_strndup(c->arena, p->name, strlen(p->name)),
		.uid = p->uid,
		.exp = p->end_s,
		.epoch = p->epoch,
		.sid = arena_strndup(c->arena, p->sid, TOKEN_SID_CHARS),
		.scope = scopes > 0 ? arena_strndup(c->arena, p->scopes, scopes)
		                    : NULL,
	};
	return ERR_OK;
}

/* Whatever its end, where the session's row is asked next. */
static enum err
read_cookie(struct ctx *c, const char *cookie, struct proof *p,
    struct token_claims *out)
{
	enum err e = read_proof(c, cookie, p, out);

	return e == ERR_OK ? session_check_known(out) : e;
}

/*
 * Does it count without the database? One that lasts longer than those that are
 * made now is of a setting before.
 */
static bool
is_fresh(const struct ctx *c, const struct proof *p)
{
	return p->end_s > c->now_s && p->name[0] != '\0' && p->has_scopes &&
	       p->end_s <=
	           c->now_s + proof_life_s(c) + c->app->conf->token_leeway_s;
}

enum err
browser_claims(struct ctx *c, const char *cookie, struct token_claims *out)
{
	struct proof p;
	enum err e;

	if ((e = read_proof(c, cookie, &p, out)) != ERR_OK ||
	    (e = session_check_revoked(c, out)) != ERR_OK)
		return e;
	return is_fresh(c, &p) ? ERR_OK : ERR_CONFLICT;
}

/* Early enough that a session in use never idles for too long. */
static int64_t
write_s(const struct conf *conf)
{
	int64_t spare_s =
	    (conf->session_idle_minutes - conf->session_proof_minutes) * 30;

	return spare_s < WRITE_S ? spare_s : WRITE_S;
}

/*
 * Ask the session's row, of the proof's epoch, or of one that was raised since,
 * and note that it is used. The claims get what the account has now.
 */
static enum err
touch(struct ctx *c, const struct proof *p, bool is_raised, struct touch *t,
    struct token_claims *claims)
{
	enum err e;

	*t = (struct touch){ .id = p->sid,
		.write_s = write_s(c->app->conf),
		.idle_s = c->app->conf->session_idle_minutes * 60,
		.is_raised = is_raised,
		.user = { .id = p->uid, .epoch = p->epoch } };
	if ((e = db_session_touch(c, t)) == ERR_OK) {
		claims->sub = t->user.username;
		claims->scope = t->user.scope;
	}
	return e;
}

/* A new proof of the session that t is of. */
static enum err
make_again(struct ctx *c, const struct proof *p, const struct touch *t,
    struct token_claims *claims, struct browser_cookie *out)
{
	const struct browser_session s = { .sid = p->sid,
		.user = &t->user,
		.expires_s = t->expires_s,
		.keep = p->is_kept };

	claims->exp = c->now_s + proof_life_s(c);
	if (claims->exp > t->expires_s)
		claims->exp = t->expires_s;
	return browser_cookie(c, &s, out);
}

enum err
browser_renew(struct ctx *c, const char *cookie, struct token_claims *claims,
    struct browser_cookie *out)
{
	struct touch t;
	struct proof p;
	enum err e;

	if ((e = read_cookie(c, cookie, &p, claims)) != ERR_OK)
		return e;
	if ((e = touch(c, &p, false, &t, claims)) == ERR_OK)
		e = make_again(c, &p, &t, claims, out);
	event(event_of(FAMILY_RENEWALS, e), NULL);
	return e;
}

/* An old cookie, too, can end its session. */
enum err
browser_end(struct ctx *c, const char *cookie)
{
	struct token_claims claims;
	struct user u = { 0 };
	struct proof p;
	enum err e;

	if (cookie == NULL)
		return ERR_OK;
	if ((e = read_cookie(c, cookie, &p, &claims)) == ERR_OK) {
		u.id = claims.uid;
		e = session_end(c, &u, claims.sid);
	}
	return e == ERR_NOTFOUND || e == ERR_UNAUTH ? ERR_OK : e;
}

enum err
browser_go_on(struct ctx *c, const char *cookie, struct browser_cookie *out)
{
	struct token_claims claims;
	struct touch t;
	struct proof p;
	enum err e;

	/* the cookie's own epoch has ended just now: its row decides */
	if ((e = proof_read(c->app->secrets, cookie, &p)) != ERR_OK ||
	    (e = touch(c, &p, true, &t, &claims)) != ERR_OK)
		return e;
	return make_again(c, &p, &t, &claims, out);
}

enum err
browser_user(struct ctx *c, const char *cookie, struct token_claims *claims,
    struct user *u, struct browser_cookie *out)
{
	struct touch t;
	struct proof p;
	enum err e;

	out->value = NULL;
	if ((e = read_cookie(c, cookie, &p, claims)) != ERR_OK ||
	    (e = touch(c, &p, false, &t, claims)) != ERR_OK)
		return e;
	if (!is_fresh(c, &p)) {
		e = make_again(c, &p, &t, claims, out);
		event(event_of(FAMILY_RENEWALS, e), NULL);
	}
	return e == ERR_OK ? session_account(c, claims, u) : e;
}

enum err
browser_user_before(struct ctx *c, const char *cookie,
    struct token_claims *claims, struct user *out)
{
	struct proof p;
	enum err e;

	if ((e = read_proof(c, cookie, &p, claims)) != ERR_OK)
		return e;
	if (!is_fresh(c, &p))
		return ERR_UNAUTH;
	return session_account_before(c, claims, out);
}
