/*
 * Formats of stored password hashes: their table, and verification of any.
 */
#include "base.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "crypto/mac.h"
#include "crypto/pwformat.h"
#include "crypto/pwkdf.h"
#include "crypto/pwparse.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "stats/metrics.h"

#define WORK_MAX_US INT64_C(5000000)

#define BCRYPT "bcrypt"

/* A format, or one that stands in another's wrapping. */
struct format {
	const char *name;
	const char *prefix; /* in any case if it begins with a brace */
	pwparse *parse;     /* NULL: what follows is a hash of another row, */
	const char *inner;  /* of this name; NULL: of libxcrypt's */
	enum pwspec_digest digest;
	enum pwspec_prehash prehash;
	bool weak; /* quick to guess, or for part of a password only */
};

/*
 * The first row that fits counts, so what begins with nothing stands last.
 * LDAP's {SSHA} is as quick to guess as {SHA}, but takes a guess for each
 * account; it is what directories hold, and gone after a login.
 */
/* clang-format off */
static const struct format formats[] = {
	{ "yescrypt",        "$y$",             .parse = pwparse_yescrypt },
	{ "gost-yescrypt",   "$gy$",            .parse = pwparse_yescrypt },
	{ "scrypt",          "$7$",             .parse = pwparse_scrypt_crypt },
	{ BCRYPT,            "$2a$",            .parse = pwparse_bcrypt },
	{ BCRYPT,            "$2b$",            .parse = pwparse_bcrypt },
	{ BCRYPT,            "$2x$",            .parse = pwparse_bcrypt, .weak = true },
	{ BCRYPT,            "$2y$",            .parse = pwparse_bcrypt },
	{ "sha512crypt",     "$6$",             .parse = pwparse_sha512crypt },
	{ "sha256crypt",     "$5$",             .parse = pwparse_sha256crypt },
	{ "md5crypt",        "$1$",             .parse = pwparse_md5crypt },
	{ "sunmd5",          "$md5",            .parse = pwparse_sunmd5 },
	{ "sha1crypt",       "$sha1$",          .parse = pwparse_sha1crypt },
	{ "nt",              "$3$",             .parse = pwparse_nt, .weak = true },
	{ "bsdicrypt",       "_",               .parse = pwparse_bsdicrypt, .weak = true },
	{ "argon2id",        "$argon2id$",      .parse = pwparse_argon2id },
	{ "argon2i",         "$argon2i$",       .parse = pwparse_argon2i },
	{ "argon2d",         "$argon2d$",       .parse = pwparse_argon2d },
	/* Django */
	{ "pbkdf2-sha256",   "pbkdf2_sha256$",  .parse = pwparse_pbkdf2_django, .digest = PWSPEC_SHA256 },
	{ "pbkdf2-sha1",     "pbkdf2_sha1$",    .parse = pwparse_pbkdf2_django, .digest = PWSPEC_SHA1 },
	{ "scrypt",          "scrypt$",         .parse = pwparse_scrypt_django },
	{ "argon2",          "argon2",          .inner = "argon2" },
	{ "bcrypt-sha256",   "bcrypt_sha256$",  .inner = BCRYPT, .prehash = PWSPEC_SHA256_HEX },
	{ BCRYPT,            "bcrypt$",         .inner = BCRYPT },
	/* passlib */
	{ "pbkdf2-sha256",   "$pbkdf2-sha256$", .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA256 },
	{ "pbkdf2-sha512",   "$pbkdf2-sha512$", .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA512 },
	{ "pbkdf2-sha1",     "$pbkdf2$",        .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA1 },
	{ "pbkdf2-sha1",     "$pbkdf2-sha1$",   .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA1 },
	{ "scrypt",          "$scrypt$",        .parse = pwparse_scrypt_passlib },
	{ "bcrypt-sha256",   "$bcrypt-sha256$", .parse = pwparse_passlib_bcrypt },
	/* Werkzeug */
	{ "pbkdf2-sha256",   "pbkdf2:sha256:",  .parse = pwparse_pbkdf2_werkzeug, .digest = PWSPEC_SHA256 },
	{ "pbkdf2-sha512",   "pbkdf2:sha512:",  .parse = pwparse_pbkdf2_werkzeug, .digest = PWSPEC_SHA512 },
	{ "pbkdf2-sha1",     "pbkdf2:sha1:",    .parse = pwparse_pbkdf2_werkzeug, .digest = PWSPEC_SHA1 },
	{ "scrypt",          "scrypt:",         .parse = pwparse_scrypt_werkzeug },
	/* Keycloak, Firebase */
	{ "pbkdf2-sha256",   "keycloak$pbkdf2-sha256$", .parse = pwparse_pbkdf2_keycloak, .digest = PWSPEC_SHA256 },
	{ "pbkdf2-sha512",   "keycloak$pbkdf2-sha512$", .parse = pwparse_pbkdf2_keycloak, .digest = PWSPEC_SHA512 },
	{ "pbkdf2-sha1",     "keycloak$pbkdf2$", .parse = pwparse_pbkdf2_keycloak, .digest = PWSPEC_SHA1 },
	{ "scrypt-firebase", "$fbscrypt$",      .parse = pwparse_scrypt_firebase },
	/* PHPass, WordPress, Apache */
	{ "phpass",          "$P$",             .parse = pwparse_phpass },
	{ "phpass",          "$H$",             .parse = pwparse_phpass },
	{ "bcrypt-sha384",   "$wp",             .inner = BCRYPT, .prehash = PWSPEC_HMAC_SHA384_BASE64 },
	{ "apr1",            "$apr1$",          .parse = pwparse_apr1 },
	/* LDAP, Dovecot */
	{ "ldap-sha1",       "{SSHA}",          .parse = pwparse_ldap_salted, .digest = PWSPEC_SHA1 },
	{ "ldap-sha256",     "{SSHA256}",       .parse = pwparse_ldap_salted, .digest = PWSPEC_SHA256 },
	{ "ldap-sha384",     "{SSHA384}",       .parse = pwparse_ldap_salted, .digest = PWSPEC_SHA384 },
	{ "ldap-sha512",     "{SSHA512}",       .parse = pwparse_ldap_salted, .digest = PWSPEC_SHA512 },
	{ "ldap-md5",        "{SMD5}",          .parse = pwparse_ldap_salted, .digest = PWSPEC_MD5, .weak = true },
	{ "plain-sha1",      "{SHA}",           .parse = pwparse_ldap_digest, .digest = PWSPEC_SHA1, .weak = true },
	{ "plain-sha256",    "{SHA256}",        .parse = pwparse_ldap_digest, .digest = PWSPEC_SHA256, .weak = true },
	{ "plain-sha512",    "{SHA512}",        .parse = pwparse_ldap_digest, .digest = PWSPEC_SHA512, .weak = true },
	{ "plain-md5",       "{MD5}",           .parse = pwparse_ldap_digest, .digest = PWSPEC_MD5, .weak = true },
	{ "plain-sha1",      "{SHA1}",          .parse = pwparse_ldap_digest, .digest = PWSPEC_SHA1, .weak = true },
	{ "plain-md5",       "{LDAP-MD5}",      .parse = pwparse_ldap_digest, .digest = PWSPEC_MD5, .weak = true },
	{ "plain-md5",       "{PLAIN-MD5}",     .parse = pwparse_hex, .digest = PWSPEC_MD5, .weak = true },
	{ "md5crypt",        "{MD5}",           .inner = "md5crypt" },
	{ "pbkdf2-sha1",     "{PBKDF2}",        .parse = pwparse_pbkdf2_dovecot, .digest = PWSPEC_SHA1 },
	{ "pbkdf2-sha1",     "{PBKDF2}",        .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA1 },
	{ "pbkdf2-sha1",     "{PBKDF2-SHA1}",   .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA1 },
	{ "pbkdf2-sha256",   "{PBKDF2-SHA256}", .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA256 },
	{ "pbkdf2-sha512",   "{PBKDF2-SHA512}", .parse = pwparse_pbkdf2_passlib, .digest = PWSPEC_SHA512 },
	{ "argon2",          "{ARGON2}",        .inner = "argon2" },
	{ "argon2",          "{ARGON2I}",       .inner = "argon2i" },
	{ "argon2",          "{ARGON2ID}",      .inner = "argon2id" },
	{ BCRYPT,            "{BLF-CRYPT}",     .inner = BCRYPT },
	{ "sha512crypt",     "{SHA512-CRYPT}",  .inner = "sha512crypt" },
	{ "sha256crypt",     "{SHA256-CRYPT}",  .inner = "sha256crypt" },
	{ "md5crypt",        "{MD5-CRYPT}",     .inner = "md5crypt" },
	{ "descrypt",        "{DES-CRYPT}",     .inner = "descrypt" },
	{ "crypt",           "{CRYPT}",         .inner = NULL },
	/* Spring */
	{ BCRYPT,            "{bcrypt}",        .inner = BCRYPT },
	{ "argon2",          "{argon2@SpringSecurity_v5_8}", .inner = "argon2" },
	{ "pbkdf2-sha1",     "{pbkdf2}",        .parse = pwparse_pbkdf2_spring, .digest = PWSPEC_SHA1 },
	{ "pbkdf2-sha256",   "{pbkdf2@SpringSecurity_v5_8}", .parse = pwparse_pbkdf2_spring_5_8, .digest = PWSPEC_SHA256 },
	{ "scrypt",          "{scrypt}",        .parse = pwparse_scrypt_spring },
	{ "scrypt",          "{scrypt@SpringSecurity_v5_8}", .parse = pwparse_scrypt_spring },
	/* one digest, as text */
	{ "salted-sha1",     "sha1$",           .parse = pwparse_hex_django, .digest = PWSPEC_SHA1, .weak = true },
	{ "salted-sha256",   "sha256$",         .parse = pwparse_hex_django, .digest = PWSPEC_SHA256, .weak = true },
	{ "salted-md5",      "md5$",            .parse = pwparse_hex_django, .digest = PWSPEC_MD5, .weak = true },
	{ "salted-sha1",     "",                .parse = pwparse_hex_salted, .digest = PWSPEC_SHA1, .weak = true },
	{ "salted-sha256",   "",                .parse = pwparse_hex_salted, .digest = PWSPEC_SHA256, .weak = true },
	{ "salted-md5",      "",                .parse = pwparse_hex_salted, .digest = PWSPEC_MD5, .weak = true },
	{ "plain-sha1",      "",                .parse = pwparse_hex, .digest = PWSPEC_SHA1, .weak = true },
	{ "plain-sha256",    "",                .parse = pwparse_hex, .digest = PWSPEC_SHA256, .weak = true },
	{ "plain-md5",       "",                .parse = pwparse_hex, .digest = PWSPEC_MD5, .weak = true },
	{ "descrypt",        "",                .parse = pwparse_descrypt, .weak = true },
	{ "bigcrypt",        "",                .parse = pwparse_bigcrypt, .weak = true },
};
/* clang-format on */

/* The text behind a format's beginning; NULL: this is not of it. */
static const char *
rest_of(const struct format *f, const char *hash)
{
	size_t n = strlen(f->prefix);
	int differs = f->prefix[0] == '{' ? strncasecmp(hash, f->prefix, n)
	                                  : strncmp(hash, f->prefix, n);

	return differs == 0 ? hash + n : NULL;
}

static bool
parse_row(const struct format *f, const char *hash, struct pwspec *out)
{
	const char *rest = f->parse != NULL ? rest_of(f, hash) : NULL;

	if (rest == NULL)
		return false;
	*out = (struct pwspec){
		.name = f->name,
		.weak = f->weak,
		.digest = f->digest,
	};
	return f->parse(rest, hash, out);
}

/* A hash in another's wrapping; a name stands for those that begin with it. */
static bool
parse_inner(const struct format *f, const char *hash, struct pwspec *out)
{
	const char *rest = f->parse == NULL ? rest_of(f, hash) : NULL;
	size_t i, n = f->inner != NULL ? strlen(f->inner) : 0;

	if (rest == NULL || *rest == '{')
		return false;
	for (i = 0; i < ARRAY_LEN(formats); i++) {
		if (!parse_row(&formats[i], rest, out) ||
		    (n > 0 ? strncmp(out->name, f->inner, n) != 0
		           : out->derive != NULL))
			continue;
		if (f->prehash != PWSPEC_AS_IT_IS) {
			out->prehash = f->prehash;
			out->name = f->name;
		}
		return true;
	}
	return false;
}

static bool
parse(const char *hash, struct pwspec *out)
{
	size_t i;

	if (hash == NULL ||
	    strnlen(hash, PWFORMAT_HASH_MAX + 1) > PWFORMAT_HASH_MAX)
		return false;
	for (i = 0; i < ARRAY_LEN(formats); i++)
		if (parse_row(&formats[i], hash, out) ||
		    parse_inner(&formats[i], hash, out))
			return true;
	return false;
}

static int64_t
mib_of(const struct pwspec *s)
{
	return s->kib <= 1024 ? 1 : (s->kib + 1023) / 1024;
}

static enum pwformat_state
state_of(const struct pwformat_policy *p, const struct pwspec *s)
{
	if (s->us > WORK_MAX_US || mib_of(s) > PWFORMAT_MIB_MAX)
		return PWFORMAT_WORK;
	if (s->weak && !p->weak)
		return PWFORMAT_WEAK;
	return mib_of(s) > p->mib_max ? PWFORMAT_MEMORY : PWFORMAT_GOOD;
}

enum pwformat_state
pwformat_state(const struct pwformat_policy *p, const char *hash,
    struct pwformat_info *out)
{
	struct pwformat_info info = { "unknown", 1 };
	enum pwformat_state state = PWFORMAT_UNKNOWN;
	struct pwspec s;

	if (hash == NULL || *hash == '\0' || *hash == '!' || *hash == '*') {
		info.name = hash == NULL || *hash == '\0' ? "none" : "locked";
		state = PWFORMAT_LOCKED;
	} else if (parse(hash, &s)) {
		info = (struct pwformat_info){ s.name, mib_of(&s) };
		state = state_of(p, &s);
	}
	if (out != NULL)
		*out = info;
	return state;
}

/* --- verification --- */

static enum pwhash_result
verify_crypt(const struct pwspec *s, const char *password, bool *matches)
{
	char text[PWKDF_TEXT_BYTES];
	enum pwhash_result result;

	if (s->prehash == PWSPEC_AS_IT_IS)
		return pwhash_verify(password, s->stored, matches);
	if (!pwkdf_prehash(s, password, text))
		return PWHASH_NO_MEMORY;
	result = pwhash_verify(text, s->stored, matches);
	explicit_bzero(text, sizeof(text));
	return result;
}

/* Each order of a salt and a password costs the same, found or not. */
static enum pwhash_result
verify_bytes(struct pwspec *s, const char *password, bool *matches)
{
	unsigned char made[PWSPEC_BYTES_MAX];
	int64_t start_us = clock_us();
	bool good;

	do {
		good = s->derive(s, password, made);
		*matches |= good && mac_equal(made, s->want.b, s->want.n);
	} while (good && s->order++ < s->last_order);
	metrics_observe(HISTOGRAM_HASH, clock_us() - start_us);
	explicit_bzero(made, sizeof(made));
	return good ? PWHASH_DONE : PWHASH_NO_MEMORY;
}

enum err
pwformat_check(const struct pwformat_policy *p, const char *password,
    const char *hash, bool *matches)
{
	bool fits = strlen(password) <= PWHASH_PASSWORD_MAX_BYTES;
	enum pwhash_result result = PWHASH_INVALID;
	char cut[PWHASH_PASSWORD_MAX_BYTES + 1];
	struct pwspec s;

	*matches = false;
	if (!fits) {
		/* matches nothing, but costs what a wrong password costs */
		memcpy(cut, password, sizeof(cut) - 1);
		cut[sizeof(cut) - 1] = '\0';
		password = cut;
	}
	if (parse(hash, &s) && state_of(p, &s) == PWFORMAT_GOOD)
		result = s.derive == NULL ? verify_crypt(&s, password, matches)
		                          : verify_bytes(&s, password, matches);
	if (result == PWHASH_INVALID)
		result = pwhash_waste(p->cost, password);
	*matches &= fits && result == PWHASH_DONE;
	explicit_bzero(cut, sizeof(cut));
	/* without memory some of libxcrypt's formats have another hash */
	if (result == PWHASH_DONE && !*matches && memory_lacked())
		result = PWHASH_NO_MEMORY;
	return result == PWHASH_DONE ? ERR_OK : pwhash_no_memory(p->cost);
}

const char *
pwformat_name(size_t i)
{
	static const char *const none[] = { "unknown", "locked", "none" };
	size_t row, before, n = 0;

	for (row = 0; row < ARRAY_LEN(formats); row++) {
		if (formats[row].parse == NULL &&
		    formats[row].prehash == PWSPEC_AS_IT_IS)
			continue;
		for (before = 0; before < row; before++)
			if (strcmp(formats[before].name, formats[row].name) ==
			    0)
				break;
		if (before == row && n++ == i)
			return formats[row].name;
	}
	return i - n < ARRAY_LEN(none) ? none[i - n] : NULL;
}
