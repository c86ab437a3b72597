/*
 * Proofs of browser sessions: what the cookie of a browser holds.
 */
#ifndef LATCHKEY_CRYPTO_PROOF_H
#define LATCHKEY_CRYPTO_PROOF_H

#include "crypto/mac.h"
#include "crypto/token.h"
#include "lib/scope.h"
#include "lib/text.h"

#define PROOF_NAME_MAX_BYTES 255
#define PROOF_SCOPES_MAX_BYTES (SCOPE_USER_MAX * (SCOPE_MAX_CHARS + 1) - 1)
#define PROOF_MAC_BYTES 16
#define PROOF_FIXED_BYTES 34 /* version, id, user, epoch, end, length */
#define PROOF_MAX_BYTES                                                      \
	(PROOF_FIXED_BYTES + PROOF_NAME_MAX_BYTES + PROOF_SCOPES_MAX_BYTES + \
	    PROOF_MAC_BYTES)
#define PROOF_TEXT_BYTES TEXT_BASE64URL_BYTES(PROOF_MAX_BYTES)

struct proof {
	char sid[TOKEN_SID_CHARS + 1]; /* session id */
	int64_t uid;                   /* users.id */
	int32_t epoch;                 /* of the account at the login */
	bool is_kept;  /* the browser keeps the cookie when it is closed */
	int64_t end_s; /* of the proof, not of the session; since 1970 */
	char name[PROOF_NAME_MAX_BYTES + 1]; /* "": left out, it is longer */
	/* false: left out, or made before proofs had any; who needs them asks
	 * the database */
	bool has_scopes;
	char scopes[PROOF_SCOPES_MAX_BYTES + 1]; /* a list, or "": none */
};

/*
 * The proof in base64url: a version, the members, and a MAC of PROOF_MAC_BYTES.
 * With a name of 20 bytes and no scopes it has 94 characters. end_s is cut to
 * what 32 bits hold, in the year 2106. scopes are as lib/scope.h has a list,
 * and empty where has_scopes is false. False: OpenSSL failed; it is logged.
 */
bool proof_make(const struct secrets *secrets, const struct proof *p,
    char out[PROOF_TEXT_BYTES]) MUST_CHECK;

/*
 * Read one, whatever its end. It has one spelling: what is read here is, byte
 * by byte, what proof_make() makes of it. ERR_UNAUTH: it is none that was made
 * with this key. ERR_INTERNAL: OpenSSL failed.
 */
enum err proof_read(const struct secrets *secrets, const char *text,
    struct proof *out) MUST_CHECK;

#endif
