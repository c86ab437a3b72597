/*
 * Password rules, verification and hashing.
 */
#include "base.h"

#include <string.h>

#include "crypto/pwformat.h"
#include "crypto/pwhash.h"
#include "db/user.h"
#include "lib/blocklist.h"
#include "lib/text.h"
#include "lib/unicode.h"
#include "stats/event.h"
#include "svc/password.h"
#include "svc/ratelimit.h"

#define OWN_NAME "latchkey" /* in no list, but an attacker knows it */

_Static_assert(PASSWORD_MAX_BYTES == PWHASH_PASSWORD_MAX_BYTES,
    "the message states the right limit");
_Static_assert(PASSWORD_HASH_BYTES == PWHASH_BYTES, "a hash fits");

static bool
are_alike(struct arena *a, const char *x, const char *y)
{
	return strcmp(unicode_fold(a, x), unicode_fold(a, y)) == 0;
}

/* Judge by the length alone. nfc: of a text that is UTF-8. */
static enum password_problem
judge_length(const struct ctx *c, const char *nfc)
{
	if ((int64_t)text_chars(nfc) < c->app->conf->password_min_chars)
		return PASSWORD_TOO_SHORT;
	return strlen(nfc) > PASSWORD_MAX_BYTES ? PASSWORD_TOO_LONG
	                                        : PASSWORD_GOOD;
}

enum err
password_judge(struct ctx *c, const char *username, const char *password,
    enum password_problem *out)
{
	const struct blocklist *list = c->app->blocklist;
	bool common = false;
	const char *nfc;
	enum err e;

	*out = PASSWORD_NOT_UTF8;
	if (!text_is_utf8(password, strlen(password)))
		return ERR_OK;
	nfc = unicode_nfc(c->arena, password);
	*out = judge_length(c, nfc);
	if (*out != PASSWORD_GOOD || list->file < 0)
		return ERR_OK;
	e = blocklist_has(list, c->arena, nfc, &common);
	if (e != ERR_OK) {
		event(EVENT_BLOCKLIST, "error=read");
		return e;
	}
	if (common || are_alike(c->arena, nfc, OWN_NAME))
		*out = PASSWORD_COMMON;
	else if (are_alike(c->arena, nfc, username))
		*out = PASSWORD_IS_NAME;
	return ERR_OK;
}

enum event
password_event(const char *hash)
{
	static const struct {
		const char *name; /* as it begins */
		enum event event;
	} table[] = {
		{ "yescrypt", EVENT_HASH_YESCRYPT },
		{ "bcrypt", EVENT_HASH_BCRYPT },
		{ "argon2", EVENT_HASH_ARGON2 },
		{ "scrypt", EVENT_HASH_SCRYPT },
		{ "pbkdf2", EVENT_HASH_PBKDF2 },
		{ "phpass", EVENT_HASH_PHPASS },
		{ "ldap", EVENT_HASH_LDAP },
		{ "plain", EVENT_HASH_DIGEST },
		{ "salted", EVENT_HASH_DIGEST },
	};
	const struct pwformat_policy any = { .weak = true };
	struct pwformat_info info;
	size_t i;

	(void)pwformat_state(&any, hash, &info);
	for (i = 0; i < ARRAY_LEN(table); i++)
		if (strncmp(info.name, table[i].name, strlen(table[i].name)) ==
		    0)
			return table[i].event;
	return EVENT_HASH_UNIX;
}

struct pwformat_policy
password_policy(const struct conf *conf)
{
	return (struct pwformat_policy){
		.cost = conf->hash_cost,
		.mib_max = conf->hash_memory_max_mib,
		.weak = conf->weak_hashes,
	};
}

enum err
password_check(struct ctx *c, const char *password, const struct user *u,
    const char *decoy, struct password_result *out)
{
	const struct pwformat_policy policy = password_policy(c->app->conf);
	const char *nfc = unicode_nfc(c->arena, password);
	bool own =
	    pwformat_state(&policy, u->password_hash, NULL) == PWFORMAT_GOOD;
	const char *hash = own ? u->password_hash : decoy;
	bool as_nfc, as_sent = false;
	enum err e;

	e = pwformat_check(&policy, nfc, hash, &as_nfc);
	if (e == ERR_OK && nfc != password)
		e = pwformat_check(&policy, password, hash, &as_sent);
	if (e != ERR_OK)
		return e;
	/* the decoy is somebody's hash: its password opens nothing here */
	out->matches = own && (as_nfc || as_sent);
	out->stale =
	    out->matches && (!as_nfc || pwhash_is_weaker(hash, policy.cost));
	return ERR_OK;
}

enum err
password_confirm(struct ctx *c, const struct user *u, const char *device,
    const char *password)
{
	struct ratelimit_attempt attempt;
	struct password_result found;
	enum err e;

	if ((e = ratelimit_login(c, u->username, device, &attempt)) != ERR_OK)
		return e;
	e = password_check(c, password, u, NULL, &found);
	if (e == ERR_OK && !found.matches)
		return ERR_DENIED;
	ratelimit_refund(c, &attempt);
	return e;
}

enum err
password_hash(
    struct ctx *c, const char *password, char out[PASSWORD_HASH_BYTES])
{
	return pwhash_make(
	    c->app->conf->hash_cost, unicode_nfc(c->arena, password), out);
}

enum err
password_settle(
    struct ctx *c, const char *username, const char *hash, struct user *out)
{
	struct user stored;

	if (db_user_by_name(c, username, &stored) != ERR_OK)
		return ERR_BUSY;
	if (stored.password_hash == NULL ||
	    strcmp(stored.password_hash, hash) != 0)
		return ERR_CONFLICT;
	*out = stored;
	return ERR_OK;
}
