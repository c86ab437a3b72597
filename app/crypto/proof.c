/*
 * Proofs of browser sessions.
 *
 * Bytes, numbers with the highest byte first:
 *	1	version and flags
 *	16	session id
 *	8	user
 *	4	epoch
 *	4	end
 *	1	length of the name
 *		the name, then the scopes
 *	16	MAC of all before
 */
#include "base.h"

#include <assert.h>
#include <string.h>

#include "crypto/proof.h"
#include "stats/event.h"

#define VERSION 1
#define FLAG_KEPT 1
#define FLAG_SCOPES 2 /* all that the user has are there */
#define FLAGS (FLAG_KEPT | FLAG_SCOPES)

#define ID_BYTES (TOKEN_SID_CHARS / 2)

static void
put(unsigned char **at, uint64_t value, size_t n)
{
	while (n-- > 0)
		*(*at)++ = (unsigned char)(value >> (8 * n));
}

static uint64_t
take(const unsigned char **at, size_t n)
{
	uint64_t value = 0;

	while (n-- > 0)
		value = value << 8 | *(*at)++;
	return value;
}

static void
put_text(unsigned char **at, const char *s, size_t n)
{
	memcpy(*at, s, n);
	*at += n;
}

/* n bytes in lower-case hexadecimal digits. */
static void
take_hex(const unsigned char **at, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (; n > 0; n--, (*at)++) {
		*out++ = digits[**at >> 4];
		*out++ = digits[**at & 15];
	}
	*out = '\0';
}

/* n bytes, which may hold no NUL. */
static bool
take_text(const unsigned char **at, size_t n, char *out)
{
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n;
	return strlen(out) == n;
}

static bool
make_mac(const struct secrets *secrets, const unsigned char *bytes, size_t n,
    unsigned char out[MAC_BYTES])
{
	if (mac_bytes(secrets->key[PURPOSE_PROOF], bytes, n, out))
		return true;
	event_library_failed("proof");
	return false;
}

bool
proof_make(const struct secrets *secrets, const struct proof *p,
    char out[PROOF_TEXT_BYTES])
{
	size_t name = strlen(p->name), scopes = strlen(p->scopes), i;
	unsigned char bytes[PROOF_MAX_BYTES], mac[MAC_BYTES], *at = bytes;
	int64_t end = p->end_s < UINT32_MAX ? p->end_s : UINT32_MAX;

	assert(strlen(p->sid) == TOKEN_SID_CHARS);
	put(&at,
	    VERSION << 4 | (p->is_kept ? FLAG_KEPT : 0) |
	        (p->has_scopes ? FLAG_SCOPES : 0),
	    1);
	for (i = 0; i < ID_BYTES; i++)
		put(&at, text_hex_value(p->sid + 2 * i, 2), 1);
	put(&at, (uint64_t)p->uid, 8);
	put(&at, (uint64_t)p->epoch, 4);
	put(&at, (uint64_t)end, 4);
	put(&at, name, 1);
	put_text(&at, p->name, name);
	put_text(&at, p->scopes, scopes);
	if (!make_mac(secrets, bytes, (size_t)(at - bytes), mac))
		return false;
	memcpy(at, mac, PROOF_MAC_BYTES);
	at += PROOF_MAC_BYTES;
	explicit_bzero(mac, sizeof(mac));
	text_base64url(bytes, (size_t)(at - bytes), out);
	return true;
}

static bool
are_scopes(const struct proof *p)
{
	return p->scopes[0] == '\0' ||
	       (p->has_scopes && scope_is_list(p->scopes));
}

/* The members between version and MAC; n bytes with both. */
static bool
read_members(const unsigned char *at, size_t n, struct proof *out)
{
	size_t name, rest = n - PROOF_FIXED_BYTES - PROOF_MAC_BYTES;
	unsigned head = (unsigned)take(&at, 1);

	out->is_kept = (head & FLAG_KEPT) != 0;
	out->has_scopes = (head & FLAG_SCOPES) != 0;
	take_hex(&at, ID_BYTES, out->sid);
	out->uid = (int64_t)take(&at, 8);
	out->epoch = (int32_t)take(&at, 4);
	out->end_s = (int64_t)take(&at, 4);
	name = (size_t)take(&at, 1);
	return (head & ~(unsigned)FLAGS) == VERSION << 4 && out->uid > 0 &&
	       out->epoch >= 0 && name <= rest &&
	       rest - name <= PROOF_SCOPES_MAX_BYTES &&
	       take_text(&at, name, out->name) &&
	       take_text(&at, rest - name, out->scopes) && are_scopes(out);
}

enum err
proof_read(const struct secrets *secrets, const char *text, struct proof *out)
{
	unsigned char bytes[PROOF_TEXT_BYTES], mac[MAC_BYTES];
	size_t n = strnlen(text, PROOF_TEXT_BYTES), signed_bytes;
	bool good;

	if (n >= PROOF_TEXT_BYTES || !text_base64url_read(text, n, bytes, &n) ||
	    n < PROOF_FIXED_BYTES + PROOF_MAC_BYTES)
		return ERR_UNAUTH;
	signed_bytes = n - PROOF_MAC_BYTES;
	if (!make_mac(secrets, bytes, signed_bytes, mac))
		return ERR_INTERNAL;
	good = mac_equal(mac, bytes + signed_bytes, PROOF_MAC_BYTES);
	explicit_bzero(mac, sizeof(mac));
	return good && read_members(bytes, n, out) ? ERR_OK : ERR_UNAUTH;
}
