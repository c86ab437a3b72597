/*
 * The rules for passwords.
 */
#include "base.h"

#include "pwhash.h"
#include "svc_password.h"
#include "unicode.h"

_Static_assert(PASSWORD_MAX_BYTES == PWHASH_PASSWORD_MAX_BYTES,
    "who chooses a password is told the right limit");
_Static_assert(PASSWORD_HASH_BYTES == PWHASH_BYTES, "a hash fits");

enum err
password_check(struct ctx *c, const char *password, const char *hash,
    bool *matches, bool *stale)
{
	const char *nfc = unicode_nfc(c->arena, password);
	bool as_sent = false;
	enum err e;

	e = pwhash_check(c->conf->hash_cost, c->conf->hash_memory_max_mib, nfc,
	    hash, matches);
	if (e == ERR_OK && nfc != password)
		e = pwhash_check(c->conf->hash_cost,
		    c->conf->hash_memory_max_mib, password, hash, &as_sent);
	if (e != ERR_OK)
		return e;
	*stale = !*matches;
	*matches |= as_sent;
	if (*matches)
		*stale |= pwhash_is_weaker(hash, c->conf->hash_cost);
	return ERR_OK;
}

enum err
password_hash(
    struct ctx *c, const char *password, char out[PASSWORD_HASH_BYTES])
{
	return pwhash_make(
	    c->conf->hash_cost, unicode_nfc(c->arena, password), out);
}
